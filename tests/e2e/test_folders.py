"""Workspace folders that come, go and lie in one another, and the open documents in and outside of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from codectxd.wire import messages
from e2e.support import DEADLINE_S, Home, Raw, until

OUTER = "def weigh_the_parcel(scale):\n    return scale.read()\n"
INNER = "def print_the_stamp(printer):\n    return printer.run()\n"


@pytest.fixture
def nested(tmp_path: Path) -> tuple[Path, Path]:
    """A folder, and one in it."""
    outer = tmp_path / "post office"
    inner = outer / "stamps"
    inner.mkdir(parents=True)
    (outer / "parcel.py").write_text(OUTER)
    (inner / "stamp.py").write_text(INNER)
    return outer, inner


@pytest.fixture
def peer(home: Home) -> Iterator[Raw]:
    """A session that says what no client library would."""
    home.run("serve", "--detach")
    with home.raw() as made:
        yield made


def test_text_moves_between_nested_folders_as_these_come_and_go(peer: Raw, nested: tuple[Path, Path]) -> None:
    outer, inner = nested
    peer.initialize(outer, inner)
    open_document(peer, (inner / "stamp.py").as_uri(), INNER + "\n\ndef lick_the_stamp():\n    pass\n")
    hit = found(peer, "lick_the_stamp")
    # In both folders, and answered for by the inner one, once.
    assert (hit["path"], hit["unsaved"]) == ("stamp.py", True)
    assert [one["path"] for one in search(peer, "print_the_stamp")].count("stamp.py") == 1
    assert len([one for one in names(peer, "print_the_stamp") if one["name"] == "print_the_stamp"]) == 1
    folders(peer, removed=[inner])
    hit = found(peer, "lick_the_stamp")
    assert (hit["path"], hit["unsaved"]) == ("stamps/stamp.py", True)
    folders(peer, removed=[outer])
    assert "No folder" in peer.ask(messages.SEARCH, {"query": "lick_the_stamp"})["error"]["message"]
    assert not shown(search(peer, "lick_the_stamp", roots=[outer.as_uri()]), "lick_the_stamp")
    assert not shown(search(peer, "lick_the_stamp", roots=[inner.as_uri()]), "lick_the_stamp")
    change(peer, (inner / "stamp.py").as_uri(), [{"text": INNER + "\n\ndef wet_the_stamp():\n    pass\n"}])
    folders(peer, added=[inner])
    assert found(peer, "wet_the_stamp")["path"] == "stamp.py"


def test_a_folder_within_another_sessions_folder_takes_no_text_from_it(
    home: Home, peer: Raw, nested: tuple[Path, Path]
) -> None:
    outer, inner = nested
    with home.raw(initialized=(inner,)) as other:
        peer.initialize(outer)
        assert found(other, "print_the_stamp")
        open_document(peer, (inner / "stamp.py").as_uri(), "def lick_the_stamp():\n    pass\n")
        assert found(peer, "lick_the_stamp")["path"] == "stamps/stamp.py"


def test_a_document_outside_every_folder_waits_for_one(peer: Raw, nested: tuple[Path, Path]) -> None:
    outer, inner = nested
    peer.initialize()
    uri = (outer / "parcel.py").as_uri()
    open_document(peer, uri, OUTER)
    change(peer, uri, [{"text": "def send_the_parcel():\n    pass\n"}])
    folders(peer, added=[inner])
    assert found(peer, "print_the_stamp")
    assert not shown(search(peer, "send_the_parcel"), "send_the_parcel")
    folders(peer, added=[outer])
    assert found(peer, "send_the_parcel")["path"] == "parcel.py"


INITIALIZE: list[dict[str, Any]] = [
    {"workspaceFolders": None, "rootUri": None, "rootPath": None},
    {"workspaceFolders": [], "rootUri": None},
    {"workspaceFolders": [{"uri": "untitled:x", "name": "x"}, {"uri": "file:///nonexistent", "name": "y"}]},
    {"workspaceFolders": "none", "rootUri": 7, "capabilities": None},
    {"workspaceFolders": [{"name": 3}], "capabilities": {"general": [], "window": 3, "experimental": "x"}},
    {"capabilities": {"general": {"positionEncodings": "utf-8"}, "workspace": {"didChangeWatchedFiles": None}}},
]


def test_an_editor_that_names_no_folder_that_exists_is_served_all_the_same(home: Home) -> None:
    home.run("serve", "--detach")
    for fields in INITIALIZE:
        with home.raw() as peer:
            answer = peer.ask("initialize", {"processId": None, "capabilities": {}, **fields})["result"]
            assert answer["capabilities"]["positionEncoding"] == "utf-16"
            assert peer.ask(messages.WORKSPACE_SYMBOL, {"query": "x"})["result"] == []
            assert peer.ask(messages.STATUS, {"roots": []})["result"]["workspaces"] == []


ELSEWHERE = [
    "untitled:Untitled-1",
    "vscode-notebook-cell:/x/y.ipynb#W0sZmlsZQ%3D%3D",
    "git:/x/y.py?%7B%22ref%22%3A%22~%22%7D",
    "output:extension-output-codectx",
    "http://example.org/a.py",
    "file://otherhost/a.py",
    "file:///c%3A/Users/x/a.py",
    "file:///C:/Users/x/a.py",
    "file:///%FF%FE%00.py",
    "",
    ":",
    "file:",
    "file:///" + "very-long-" * 50_000,
    "file:///" + "d/" * 20_000 + "a.py",
]


def test_documents_that_are_nothing_to_the_workspace_are_ignored(peer: Raw, nested: tuple[Path, Path]) -> None:
    outer, _ = nested
    peer.initialize(outer)
    inside = [
        outer.as_uri() + "/" + name for name in ("x" * 5_000 + ".py", "a/../../b.py", ".git/a.py", "", "%00", "stamps")
    ]
    for uri in [*ELSEWHERE, *inside]:
        for _ in range(2):
            open_document(peer, uri, "def nowhere_to_be_found():\n    pass\n")
        change(peer, uri, [{"text": "def nowhere_to_be_found():\n    return 1\n"}])
        peer.send({"method": "textDocument/didSave", "params": {"textDocument": {"uri": uri}}})
        peer.send({"method": "workspace/didChangeWatchedFiles", "params": {"changes": [{"uri": uri, "type": 3}]}})
        peer.send({"method": "workspace/didRenameFiles", "params": {"files": [{"oldUri": uri, "newUri": uri + "x"}]}})
    assert found(peer, "weigh_the_parcel")
    assert fresh(peer)
    hits = shown(search(peer, "nowhere_to_be_found", content="all"), "nowhere_to_be_found")
    # Only what is named like a file of the folder; it may be saved there one day.
    assert {hit["path"] for hit in hits} <= {"x" * 5_000 + ".py", "stamps"}
    for uri in [*ELSEWHERE, *inside]:
        close(peer, uri)
        close(peer, uri)
    assert fresh(peer)
    assert not shown(search(peer, "nowhere_to_be_found", content="all"), "nowhere_to_be_found")


def test_an_open_document_keeps_its_text_when_its_file_is_renamed(peer: Raw, nested: tuple[Path, Path]) -> None:
    outer, _ = nested
    peer.initialize(outer)
    old, new = outer / "parcel.py", outer / "packet.py"
    open_document(peer, old.as_uri(), OUTER + "\n\ndef tie_with_string():\n    pass\n")
    assert found(peer, "tie_with_string")["path"] == "parcel.py"
    old.rename(new)
    close(peer, old.as_uri())
    open_document(peer, new.as_uri(), OUTER + "\n\ndef tie_with_string():\n    pass\n")
    files = [{"oldUri": old.as_uri(), "newUri": new.as_uri()}]
    peer.send({"method": "workspace/didRenameFiles", "params": {"files": files}})
    until(lambda: found(peer, "tie_with_string")["path"] == "packet.py", "the text has its new name")
    assert fresh(peer)
    assert {hit["path"] for hit in shown(search(peer, "weigh_the_parcel"), "weigh_the_parcel")} == {"packet.py"}


def test_changes_come_as_editors_send_them_not_as_they_should(peer: Raw, nested: tuple[Path, Path]) -> None:
    outer, _ = nested
    uri = (outer / "parcel.py").as_uri()
    peer.initialize(outer)
    # Never opened, saved without a change, opened twice, versions that go back or are missing, nothing changed.
    change(peer, uri, [{"text": "def of_a_document_never_opened():\n    pass\n"}])
    peer.send({"method": "textDocument/didSave", "params": {"textDocument": {"uri": uri}}})
    assert found(peer, "weigh_the_parcel")["unsaved"] is False
    assert not shown(search(peer, "of_a_document_never_opened"), "of_a_document_never_opened")
    open_document(peer, uri, "def opened_once():\n    pass\n", version=7)
    open_document(peer, uri, "def opened_twice():\n    pass\n", version=3)
    assert found(peer, "opened_twice")
    change(peer, uri, [{"text": "def of_a_lower_version():\n    pass\n"}], version=1)
    assert found(peer, "of_a_lower_version")
    change(peer, uri, [{"text": "def of_no_version():\n    pass\n"}], version=None)
    change(peer, uri, [], version=-5)
    assert found(peer, "of_no_version")
    # Beyond every end, and the wrong way round.
    far = {"start": {"line": 2**31 - 1, "character": 2**31 - 1}, "end": {"line": 1, "character": 10**9}}
    change(peer, uri, [{"range": far, "text": "    pass\n\n\ndef behind_the_end():\n    pass\n"}])
    assert "def behind_the_end" in found(peer, "behind_the_end")["snippet"]
    assert not shown(search(peer, "opened_once"), "opened_once")


def test_a_file_open_under_two_names_keeps_the_text_of_the_one_left_open(peer: Raw, nested: tuple[Path, Path]) -> None:
    outer, _ = nested
    (outer.parent / "link").symlink_to(outer)
    one, other = outer / "parcel.py", outer.parent / "link" / "parcel.py"
    peer.initialize(outer)
    open_document(peer, one.as_uri(), "def under_its_own_name():\n    pass\n")
    open_document(peer, other.as_uri(), OUTER)
    change(peer, other.as_uri(), [{"text": "def under_another_name():\n    pass\n"}])
    assert found(peer, "under_another_name")["path"] == "parcel.py"
    close(peer, other.as_uri())
    assert found(peer, "under_its_own_name")["path"] == "parcel.py"


NAMES = ["a b.py", "100%.py", "c#.py", "what?.py", "Größe/ärger.py", "%20.py", "😀.py"]


def test_a_name_is_the_same_however_its_uri_is_written(peer: Raw, nested: tuple[Path, Path]) -> None:
    outer, _ = nested
    paths = [outer / name for name in NAMES]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_text(OUTER)
    peer.initialize(outer)
    for nth, path in enumerate(paths):
        written = [path.as_uri(), "file:///" + quote(str(path)[1:], safe=""), path.as_uri().replace("file:", "FILE:")]
        for number, uri in enumerate(written):
            open_document(peer, uri, f"def written_as_{nth}_{number}():\n    pass\n")
            hit = found(peer, f"written_as_{nth}_{number}")
            assert (hit["path"], hit["unsaved"]) == (NAMES[nth], True)
            close(peer, uri)


def open_document(peer: Raw, uri: str, text: str, version: int = 1) -> None:
    item = {"uri": uri, "languageId": "python", "version": version, "text": text}
    peer.send({"method": "textDocument/didOpen", "params": {"textDocument": item}})


def change(peer: Raw, uri: str, changes: list[dict[str, Any]], version: int | None = 2) -> None:
    params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}
    peer.send({"method": "textDocument/didChange", "params": params})


def close(peer: Raw, uri: str) -> None:
    peer.send({"method": "textDocument/didClose", "params": {"textDocument": {"uri": uri}}})


def folders(peer: Raw, *, added: list[Path] | None = None, removed: list[Path] | None = None) -> None:
    event = {
        name: [{"uri": path.as_uri(), "name": path.name} for path in paths or ()]
        for name, paths in (("added", added), ("removed", removed))
    }
    peer.send({"method": "workspace/didChangeWorkspaceFolders", "params": {"event": event}})


def fresh(peer: Raw) -> bool:
    answer: bool = peer.ask(messages.WAIT_FRESH, {"timeoutMs": int(DEADLINE_S * 1000)})["result"]["fresh"]
    return answer


def search(peer: Raw, word: str, **params: Any) -> list[Any]:
    answer = peer.ask(messages.SEARCH, {"query": word, **params})
    hits: list[Any] = answer["result"]["hits"]
    return hits


def names(peer: Raw, word: str) -> list[Any]:
    found: list[Any] = peer.ask(messages.WORKSPACE_SYMBOL, {"query": word})["result"]
    return found


def shown(hits: list[Any], word: str) -> list[Any]:
    return [hit for hit in hits if word in hit["snippet"]]


def found(peer: Raw, word: str) -> Any:
    """The first hit that shows `word`, as soon as there is one."""
    hits: list[Any] = []

    def there() -> bool:
        hits[:] = shown(search(peer, word), word)
        return bool(hits)

    until(there, f"{word} is found")
    return hits[0]
