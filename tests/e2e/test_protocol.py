"""Editors and the daemon: what is asked and answered, and who cannot hurt whom."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codectxd.wire import messages
from e2e.support import DEADLINE_S, Editor, Home, Raw, frame, until, until_async

StartEditor = Callable[[], Awaitable[Editor]]


async def test_a_session_from_initialize_to_exit(editor: Editor, workspace: Path) -> None:
    result = await editor.initialize(workspace)
    assert result.server_info is not None
    assert result.server_info.name == "codectxd"
    assert result.capabilities.position_encoding == "utf-16"
    await editor.fresh()
    answer = await editor.search("call again after a failure, with longer and longer pauses")
    assert answer["hits"][0]["path"] == "shop/retry.py"
    assert answer["freshness"]["words"] == answer["freshness"]["vectors"] == 1.0
    assert await editor.leave() == 0


async def test_a_hit_names_the_lines_it_shows(editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    await editor.fresh()
    hit = (await editor.search("total price less the discount"))["hits"][0]
    path = workspace / "shop/cart.py"
    assert hit["uri"] == path.as_uri()
    lines = path.read_text().splitlines()[hit["range"]["start"]["line"] : hit["range"]["end"]["line"] + 1]
    assert hit["snippet"].rstrip("\n").split("\n") == lines
    assert hit["range"]["end"]["character"] == len(lines[-1])
    assert hit["unsaved"] is False


async def test_symbols_are_found_by_name(editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    await editor.fresh()
    found = [one for one in await editor.symbols("total_price") if one.name == "total_price"]
    assert [one.location.uri for one in found] == [(workspace / "shop/cart.py").as_uri()]
    start, end = found[0].location.range.start, found[0].location.range.end
    assert (start.line, start.character, end.character) == (9, 8, 8 + len("total_price"))
    assert "Cart" in found[0].container_name
    await editor.symbols("")


async def test_unsaved_text_is_found_and_dropped_on_close(editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    await editor.fresh()
    path = workspace / "shop/cart.py"
    editor.open(path)
    editor.change(path, 2, 0, (0, 0), "def wrap_as_gift_parcel(ribbon):\n    return ribbon\n\n\n")
    hit = await found(editor, "wrap_as_gift_parcel")
    assert hit["path"] == "shop/cart.py"
    assert hit["unsaved"] is True
    assert any(one.name == "wrap_as_gift_parcel" for one in await editor.symbols("wrap_as_gift"))
    editor.change(path, 3, 0, (4, 23), "hide_in_plain_😀paper")
    editor.change(path, 4, 0, (18, 20), "")  # The emoji alone, two units wide.
    hit = await found(editor, "hide_in_plain_paper")
    assert hit["snippet"].startswith("def hide_in_plain_paper(ribbon)")
    assert await missing(editor, "wrap_as_gift_parcel")
    editor.close(path)
    assert await missing(editor, "hide_in_plain_paper")
    assert "hide_in_plain_paper" not in path.read_text()


async def test_a_document_that_was_emptied_hides_what_is_saved(editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    await editor.fresh()
    assert [one.name for one in await editor.symbols("total_price")][:1] == ["total_price"]
    path = workspace / "shop/cart.py"
    editor.open(path, "")
    assert await missing(editor, "total_price")
    assert not any(one.name == "total_price" for one in await editor.symbols("total_price"))
    editor.close(path)
    assert (await found(editor, "total_price"))["path"] == "shop/cart.py"


async def test_a_query_may_leave_unsaved_text_out(editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    await editor.fresh()
    path = workspace / "shop/cart.py"
    editor.open(path, path.read_text() + "\n\ndef wrap_as_gift_parcel():\n    pass\n")
    await found(editor, "wrap_as_gift_parcel")
    saved_only = await editor.search("wrap_as_gift_parcel", includeUnsaved=False)
    assert not any("wrap_as_gift_parcel" in hit["snippet"] for hit in saved_only["hits"])


async def test_what_an_editor_has_open_gains_a_little_in_its_own_answers_only(
    editor: Editor, workspace: Path, home: Home
) -> None:
    await editor.initialize(workspace)
    await editor.fresh()

    async def gains() -> dict[str, float]:
        hits = (await editor.search("total price less the discount", explain=True))["hits"]
        named = {hit["path"]: {one["name"]: one["value"] for one in hit["why"]["boosts"]} for hit in reversed(hits)}
        return {path: boosts["open or edited lately"] for path, boosts in named.items() if "open or edited lately" in boosts}

    assert await gains() == {}
    editor.open(workspace / "shop/cart.py")
    assert set(await gains()) == {"shop/cart.py"}
    told = home.run("search", "total price less the discount", str(workspace), "--explain").stdout
    assert "cart.py" in told
    assert "open or edited lately" not in told
    editor.close(workspace / "shop/cart.py")
    assert await gains() == {}


async def test_saved_text_is_found_without_being_asked_to(editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    await editor.fresh()
    (workspace / "shop/label.py").write_text("def print_address_label(parcel):\n    return parcel\n")
    hit = await found(editor, "print_address_label")
    assert hit["path"] == "shop/label.py"
    assert hit["unsaved"] is False


async def test_documents_that_are_no_file_of_the_workspace_are_left_alone(
    editor: Editor, workspace: Path, tmp_path: Path
) -> None:
    await editor.initialize(workspace)
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text("def far_away(): ...\n")
    editor.open(elsewhere)
    editor.open_uri("untitled:Untitled-1", "def untitled_thing(): ...")
    editor.open_uri("git:/x/y.py?ref=~", "def of_the_past(): ...")
    editor.close(elsewhere)
    await editor.fresh()
    assert (await editor.search("total price"))["hits"]
    assert await missing(editor, "untitled_thing")
    assert not editor.client.messages


async def test_folders_come_and_go(editor: Editor, workspace: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "stock.py").write_text("def count_the_stock(shelves):\n    return len(shelves)\n")
    await editor.initialize(workspace)
    change_folders(editor, added=[other])
    hit = await found(editor, "count_the_stock")
    assert hit["uri"] == (other / "stock.py").as_uri()
    change_folders(editor, removed=[other])
    assert await missing(editor, "count_the_stock")


@pytest.mark.parametrize("field", ["rootUri", "rootPath"])
async def test_older_editors_name_one_root(home: Home, editor: Editor, workspace: Path, field: str) -> None:
    await editor.initialize(workspace)
    named = workspace.as_uri() if field == "rootUri" else str(workspace)
    with home.raw() as peer:
        peer.ask("initialize", {"capabilities": {}, field: named})
        answer = peer.ask(messages.WAIT_FRESH, {"timeoutMs": int(DEADLINE_S * 1000)})
        assert answer["result"]["fresh"]
        assert peer.ask(messages.SEARCH, {"query": "total price"})["result"]["hits"]


async def test_a_workspace_without_a_file_to_index_answers_with_nothing(editor: Editor, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    await editor.initialize(empty)
    await editor.fresh()
    answer = await editor.search("anything at all")
    assert answer["hits"] == []
    assert list(await editor.symbols("anything")) == []
    [status] = (await editor.ask(messages.STATUS))["workspaces"]
    assert (status["phase"], status["files"], status["skipped"]) == ("ready", 0, 1)
    assert status["skippedFiles"][0]["examples"] == ["picture.png"]


async def test_what_is_like_a_selection_is_found_in_unsaved_text_too(editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    await editor.fresh()
    path, copy = workspace / "shop/cart.py", (workspace / "shop/retry.py").read_text()
    editor.open(path, f"# Typed, not saved.\n\n\n{copy}")

    async def similar(**params: Any) -> list[str]:
        answer = await editor.ask(messages.SIMILAR, **params)
        return [f"{one['path']}:{one['range']['start']['line']}" for one in answer["hits"]]

    cursor = {"line": 8, "character": 3}
    selection = {"start": {"line": 6, "character": 0}, "end": {"line": 12, "character": 9}}
    assert (await similar(uri=path.as_uri(), range={"start": cursor, "end": cursor}))[0] == "shop/retry.py:0"
    assert (await similar(uri=path.as_uri(), range=selection, limit=1)) == ["shop/retry.py:0"]

    async def is_found() -> bool:
        found = await similar(uri=(workspace / "shop/retry.py").as_uri(), limit=1)
        return found == ["shop/cart.py:0"]

    await until_async(is_found, "the copy in the buffer is found")
    editor.open_uri("untitled:Untitled-1", f"Notes\n\n{copy}")
    assert set(await similar(uri="untitled:Untitled-1", limit=2)) == {"shop/retry.py:0", "shop/cart.py:0"}
    assert await similar(text=copy, roots=[]) == []
    assert set(await similar(text=copy, limit=2)) == {"shop/retry.py:0", "shop/cart.py:0"}
    for params, said in (
        ({"uri": "untitled:Nowhere"}, "not open"),
        ({"uri": (workspace / "none.py").as_uri()}, "no such file"),
        ({"uri": path.as_uri(), "range": {"start": {"line": 99, "character": 0}, "end": cursor}}, "no line 100"),
        ({"text": " "}, "empty"),
        ({}, "not open"),
    ):
        assert said in await refused(editor, messages.INVALID_PARAMS, messages.SIMILAR, **params)


async def test_files_are_listed_new_documents_among_them(editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    await editor.fresh()
    editor.open(workspace / "shop/till.py", "def ring():\n    return 1\n")

    async def paths(**params: Any) -> list[tuple[str, bool]]:
        answer = await editor.ask(messages.LIST_PATHS, query="shop/*.py", **params)
        return [(one["path"], one["unsaved"]) for one in answer["paths"]]

    async def is_listed() -> bool:
        return await paths() == [("shop/cart.py", False), ("shop/retry.py", False), ("shop/till.py", True)]

    await until_async(is_listed, "the new document is listed")
    assert await paths(includeUnsaved=False) == [("shop/cart.py", False), ("shop/retry.py", False)]
    answer = await editor.ask(messages.LIST_PATHS, skipped=True)
    assert [(one["path"], one["reason"], one["language"]) for one in answer["paths"]] == [
        ("shop/__init__.py", "empty", None)
    ]
    assert "limit" in await refused(editor, messages.INVALID_PARAMS, messages.LIST_PATHS, limit=0)


async def test_an_editor_without_a_folder_is_told_so(editor: Editor) -> None:
    await editor.initialize()
    assert list(await editor.symbols("x")) == []
    assert "No folder" in await refused(editor, messages.INVALID_PARAMS, messages.SEARCH, query="x")


async def test_reindex_tells_its_progress(home: Home, editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    with home.raw(initialized=(workspace,)) as peer:
        peer.send({"id": 7, "method": messages.REINDEX, "params": {"force": True, "workDoneToken": "t"}})
        kinds = []
        while (message := peer.receive()).get("id") != 7:
            assert message["method"] == "$/progress"
            assert message["params"]["token"] == "t"
            kinds.append(message["params"]["value"]["kind"])
    assert kinds[0] == "begin"
    assert kinds[-1] == "end"
    [status] = message["result"]["workspaces"]
    assert (status["phase"], status["files"]) == ("ready", 3)


async def test_status_is_told_to_those_who_asked_for_it(home: Home, editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    with home.raw() as curious, home.raw(initialized=(workspace,)) as other:
        curious.initialize(workspace, experimental={"codectxStatus": True})
        while (message := curious.receive())["params"]["phase"] != "ready":
            assert message["method"] == messages.STATUS_CHANGED
        assert message["params"]["root"] == str(workspace)
        other.send({"id": 9, "method": messages.STATUS, "params": {}})
        assert other.receive()["id"] == 9  # And nothing before.


ERRORS: list[tuple[str, Any, int, str]] = [
    ("codectx/nosuch", {}, messages.METHOD_NOT_FOUND, "codectx/nosuch"),
    ("textDocument/hover", {}, messages.METHOD_NOT_FOUND, "textDocument/hover"),
    ("workspace/executeCommand", {"command": "x"}, messages.METHOD_NOT_FOUND, "executeCommand"),
    (messages.SEARCH, {"query": "a", "limit": "ten"}, messages.INVALID_PARAMS, "limit"),
    (messages.SEARCH, {"query": 7}, messages.INVALID_PARAMS, "query"),
    (messages.SEARCH, {"query": "a", "mode": "psychic"}, messages.INVALID_PARAMS, "mode"),
    (messages.SEARCH, {"query": "a", "languages": "python"}, messages.INVALID_PARAMS, "languages"),
    (messages.SEARCH, {"query": "a", "languages": [1]}, messages.INVALID_PARAMS, "languages"),
    (messages.SEARCH, {}, messages.INVALID_PARAMS, "query"),
    (messages.SEARCH, None, messages.INVALID_PARAMS, "query"),
    (messages.SEARCH, ["a"], messages.INVALID_PARAMS, "object"),
    (messages.SEARCH, {"query": "a", "limit": 0}, messages.INVALID_PARAMS, "limit"),
    (messages.SEARCH, {"query": "a", "limit": 10**9}, messages.INVALID_PARAMS, "limit"),
    (messages.SEARCH, {"query": ""}, messages.INVALID_PARAMS, "empty"),
    (messages.SEARCH, {"query": " \n\t "}, messages.INVALID_PARAMS, "empty"),
    (messages.SEARCH, {"query": "a", "roots": ["/nonexistent/folder"]}, messages.INVALID_PARAMS, "/nonexistent/folder"),
    (messages.SEARCH, {"query": "a", "roots": ["nonsense"]}, messages.INVALID_PARAMS, "nonsense"),
    (messages.SEARCH, {"query": "a", "roots": ["file:///%FF%FE"]}, messages.INVALID_PARAMS, "no such"),
    (messages.REINDEX, {"force": "yes"}, messages.INVALID_PARAMS, "force"),
    (messages.WAIT_FRESH, {"timeoutMs": []}, messages.INVALID_PARAMS, "timeoutMs"),
    (messages.STATUS, {"roots": 1}, messages.INVALID_PARAMS, "roots"),
    (messages.WORKSPACE_SYMBOL, {}, messages.INVALID_PARAMS, "query"),
    ("initialize", {"capabilities": {}}, messages.INVALID_REQUEST, "already"),
]


async def test_a_mistake_is_answered_with_its_error(home: Home, editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    with home.raw(initialized=(workspace,)) as peer:
        for method, params, code, word in ERRORS:
            error = peer.ask(method, params).get("error", {})
            assert error.get("code") == code, (method, params, error)
            assert word in error["message"], (method, params, error)
        for message in ({"method": "nosuch/notification"}, {"method": "textDocument/didChange", "params": {"x": 1}}):
            peer.send(message)
        assert "result" in peer.ask(messages.STATUS, {})


async def test_malformed_json_is_answered_and_the_session_goes_on(home: Home, editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    with home.raw(initialized=(workspace,)) as peer:
        for body in (b'{"jsonrpc": "2.0", "id": 1,', b"\xff\xff\xff", b"[" * 50_000):
            peer.stream.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            assert peer.receive()["error"]["code"] == messages.PARSE_ERROR
        for body in (b"7", b"[]", b'{"jsonrpc":"2.0"}', b'{"jsonrpc":"2.0","id":{},"method":"x"}'):
            peer.stream.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            assert peer.receive()["error"]["code"] == messages.INVALID_REQUEST
        assert "result" in peer.ask(messages.STATUS, {})


async def test_order_is_kept_between_initialize_and_exit(home: Home, editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    with home.raw() as peer:
        assert peer.ask(messages.STATUS, {})["error"]["code"] == messages.NOT_INITIALIZED
        peer.initialize(workspace)
        assert peer.ask("shutdown") == {"jsonrpc": "2.0", "id": 1, "result": None}
        assert peer.ask(messages.STATUS, {})["error"]["code"] == messages.INVALID_REQUEST
        peer.send({"method": "exit"})
        assert peer.receive() == {}


async def test_a_request_can_be_cancelled(home: Home, editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    with home.raw(initialized=(workspace,)) as peer:
        # While files keep changing nothing is fresh for long, so that the wait is on when it is cancelled.
        wait = frame({"id": 5, "method": messages.WAIT_FRESH, "params": {"timeoutMs": 600_000, "durable": True}})
        cancel = frame({"method": "$/cancelRequest", "params": {"id": 5}})
        peer.stream.sendall(wait + cancel)
        assert peer.receive()["error"]["code"] == messages.REQUEST_CANCELLED
        for params in ({"id": 5}, {"id": "unknown"}, {"id": []}, {}, None):
            peer.send({"method": "$/cancelRequest", "params": params})
        assert "result" in peer.ask(messages.STATUS, {})


@pytest.mark.parametrize("harm", ["kill", "garbage", "endless header", "half a message", "absurd length", "no length"])
async def test_I12_a_session_cannot_hurt_the_daemon(
    home: Home, start_editor: StartEditor, workspace: Path, harm: str
) -> None:
    good, bad = await start_editor(), await start_editor()
    await good.initialize(workspace)
    await bad.initialize(workspace)
    await good.fresh()
    bad.open(workspace / "shop/cart.py", "def of_the_bad_session():\n    pass\n")
    await found(good, "of_the_bad_session")
    pid = home.daemon_pid()
    do_harm(harm, home, bad)
    assert await missing(good, "of_the_bad_session")  # Its unsaved text left with it.
    await good.fresh()
    assert (await good.search("total price"))["hits"][0]["path"] == "shop/cart.py"
    assert home.daemon_pid() == pid
    assert await good.leave() == 0


async def test_I12_a_client_that_never_reads_costs_no_memory(home: Home, editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    await editor.fresh()
    pid = home.daemon_pid()
    assert pid is not None
    before = psutil.Process(pid).memory_info().rss
    with home.raw(initialized=(workspace,)) as deaf:
        deaf.stream.setblocking(False)
        request = frame({"id": 1, "method": messages.SEARCH, "params": {"query": "price", "content": "all"}})
        sent = send_until_full(deaf, request * 50)
        await until_async(lambda: quiet(pid), "the daemon rests though requests wait")
        sent += send_until_full(deaf, request * 50)
        assert (await editor.search("total price"))["hits"]
        assert psutil.Process(pid).memory_info().rss - before < 100_000_000
        assert sent < 50_000_000


async def test_I12_requests_in_flight_end_with_their_session(home: Home, editor: Editor, workspace: Path) -> None:
    await editor.initialize(workspace)
    for _ in range(20):
        with home.raw(initialized=(workspace,)) as peer:
            peer.send({"id": 1, "method": messages.REINDEX, "params": {"force": True}})
    await editor.fresh()
    assert (await editor.search("total price"))["hits"]
    until(lambda: sessions(home) == 2, "only the editor's session and this one are left")


async def test_what_a_script_pipes_in_is_answered_before_it_ends(home: Home, workspace: Path) -> None:
    asked = [
        {"id": 1, "method": "initialize", "params": {"capabilities": {}, "rootUri": workspace.as_uri()}},
        {"id": 2, "method": messages.WAIT_FRESH, "params": {"timeoutMs": 9_000}},
    ]
    done = await asyncio.to_thread(home.run, "--stdio", input="".join(frame(one).decode() for one in asked))
    assert done.returncode == 0, done.stderr
    assert '"id":1,"result"' in done.stdout
    assert '"id":2,"result":{"fresh":true' in done.stdout


def change_folders(editor: Editor, *, added: list[Path] | None = None, removed: list[Path] | None = None) -> None:
    event = types.WorkspaceFoldersChangeEvent(
        added=[types.WorkspaceFolder(path.as_uri(), path.name) for path in added or ()],
        removed=[types.WorkspaceFolder(path.as_uri(), path.name) for path in removed or ()],
    )
    editor.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))


async def found(editor: Editor, word: str) -> Any:
    """The first hit that shows `word`, as soon as there is one."""
    hits: list[Any] = []

    async def there() -> bool:
        hits[:] = [hit for hit in (await editor.search(word))["hits"] if word in hit["snippet"]]
        return bool(hits)

    await until_async(there, f"{word} is found")
    return hits[0]


async def missing(editor: Editor, word: str) -> bool:
    """True once no hit shows `word`."""

    async def gone() -> bool:
        return not any(word in hit["snippet"] for hit in (await editor.search(word))["hits"])

    await until_async(gone, f"{word} is gone")
    return True


async def refused(editor: Editor, code: int, method: str, **params: Any) -> str:
    with pytest.raises(JsonRpcException) as caught:
        await editor.ask(method, **params)
    assert caught.value.code == code
    return caught.value.message


def do_harm(harm: str, home: Home, bad: Editor) -> None:
    """Leave badly; all but the first over the relay's own pipe, as a broken editor would."""
    if harm == "kill":
        os.kill(bad.pid, signal.SIGKILL)
        return
    assert bad.client._server is not None
    pipe = bad.client._server.stdin
    assert pipe is not None
    pipe.write(
        {
            "garbage": os.urandom(4096) + b"\n" + b"\0" * 1000,
            "endless header": b"x" * 1_000_000,
            "half a message": b'Content-Length: 1000\r\n\r\n{"jsonrpc": "2.0", ',
            "absurd length": b"Content-Length: 99999999999\r\n\r\n{}",
            "no length": b"Content-Type: text/plain\r\n\r\n{}",
        }[harm]
    )
    pipe.close()


def send_until_full(peer: Raw, data: bytes) -> int:
    """Send until neither the daemon nor the kernel takes more; the bytes sent."""
    sent = 0
    try:
        while sent < 50_000_000:
            sent += peer.stream.send(data)
    except BlockingIOError:
        pass
    return sent


async def quiet(pid: int) -> bool:
    """Whether a process used next to no time for a moment."""
    process = psutil.Process(pid)
    before = process.cpu_times()
    await asyncio.sleep(0.3)
    after = process.cpu_times()
    return after.user + after.system - before.user - before.system < 0.05


def sessions(home: Home) -> int:
    with home.raw(initialized=()) as peer:
        count: int = peer.ask(messages.STATUS, {})["result"]["sessions"]
        return count
