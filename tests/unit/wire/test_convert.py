"""Conversion to and from the wire: URIs, UTF-16 columns, domain types."""

from __future__ import annotations

import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd import types
from codectxd.wire import convert, messages
from codectxd.wire.positions import Encoding


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/me/a.py", "/home/me/a.py"),
        ("file:///home/me/with%20space.py", "/home/me/with space.py"),
        ("file:///home/me/with space.py", "/home/me/with space.py"),
        ("file:///home/me/%C3%A9t%C3%A9.py", "/home/me/été.py"),
        ("file:///home/me/été.py", "/home/me/été.py"),
        ("file:///home/me/a%23b%3Fc.py", "/home/me/a#b?c.py"),
        ("file:///home/me/a#b.py", "/home/me/a#b.py"),
        ("file:///home/me/100%25.py", "/home/me/100%.py"),
        ("FILE:///x", "/x"),
        ("file://localhost/x", "/x"),
        ("file:/x/y", "/x/y"),
        ("file:////x//y/", "/x/y"),
        ("file:///a/../b", "/b"),
        ("file:///c%3A/x", "/c:/x"),
        ("file:///C:/x", "/C:/x"),
    ],
)
def test_a_file_uri_names_its_path(uri: str, path: str) -> None:
    assert convert.from_uri(uri) == path


@pytest.mark.parametrize(
    "uri",
    [
        "", "file:", "file://", "file:x", "untitled:Untitled-1", "git:/x/y", "vscode-notebook-cell:/x#1", "http://h/x", "file://host/x",
        "file://C:/x", "file:///a%00b", "/x/y", "c:\\x",
    ],
)  # fmt: skip
def test_what_is_no_local_file_is_none(uri: str) -> None:
    assert convert.from_uri(uri) is None


@pytest.mark.parametrize("path", ["/home/me", "file:///home/me"])
def test_a_folder_is_named_by_uri_or_path(path: str) -> None:
    assert convert.from_uri_or_path(path) == "/home/me"


@given(st.binary(min_size=1, max_size=40).filter(lambda raw: b"\0" not in raw and b"/" not in raw))
def test_a_path_survives_its_uri_whatever_its_bytes(raw: bytes) -> None:
    if raw in (b".", b".."):
        return
    name = os.fsdecode(raw)
    assert convert.from_uri(convert.to_uri("/r", name)) == "/r/" + name


def test_a_path_that_is_not_utf8_can_be_printed() -> None:
    assert convert.printable(os.fsdecode(b"a\xffb")) == "a\ufffdb"


def test_lone_surrogates_become_one_unit_each() -> None:
    assert convert.replace_surrogates("a\ud83d b \ude00 😀") == "a\ufffd b \ufffd 😀"


def _hit(**changes: object) -> types.Hit:
    found = types.Hit(
        path="src/a.py",
        start_line=3,
        end_line=5,
        snippet="def f():\n    return '😀'",
        symbol="f",
        kind="function",
        language="python",
        score=1.5,
        matched=("lexical", "symbol"),
        unsaved=True,
    )
    return msgspec.structs.replace(found, **changes)


def test_a_hits_range_ends_where_its_last_line_ends() -> None:
    wire = convert.hit("/r", _hit(), "utf-16")
    assert wire.uri == "file:///r/src/a.py"
    assert (wire.range.start.line, wire.range.start.character) == (3, 0)
    assert (wire.range.end.line, wire.range.end.character) == (4, 15)
    assert wire.unsaved


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 17), ("utf-16", 15), ("utf-32", 14)])
def test_a_hits_range_ends_in_the_clients_units(encoding: Encoding, column: int) -> None:
    assert convert.hit("/r", _hit(), encoding).range.end.character == column


def test_a_hit_at_file_level_has_no_symbol() -> None:
    wire = convert.hit("/r", _hit(symbol="", kind="lines"), "utf-16")
    assert wire.symbol is None
    assert wire.kind is None


def test_a_hit_says_why_only_when_asked() -> None:
    assert b"why" not in messages.encode(convert.hit("/r", _hit(), "utf-16"))
    why = types.Why(lexical_rank=1, semantic_rank=None, terms=("f",), boosts=(types.Boost("exact", 2.0),))
    sent = messages.to_builtins(convert.hit("/r", _hit(why=why), "utf-16"))
    assert sent["why"] == {
        "lexicalRank": 1,
        "semanticRank": None,
        "terms": ["f"],
        "boosts": [{"name": "exact", "value": 2.0}],
    }


def test_a_symbol_is_lsps_symbol_information() -> None:
    line = "x = '😀'; def naïve(): pass".encode()
    at = line.index(b"na")
    found = types.SymbolHit(
        path="a.py",
        symbol=types.Symbol("naïve", "function", "m.C", 7, at, at + len("naïve".encode()), 9, 0),
        line_text=line,
        unsaved=False,
    )
    assert messages.to_builtins(convert.symbol("/r", found, "utf-16")) == {
        "name": "naïve",
        "kind": 12,
        "location": {
            "uri": "file:///r/a.py",
            "range": {"start": {"line": 7, "character": 14}, "end": {"line": 7, "character": 19}},
        },
        "containerName": "m.C",
    }


def test_freshness_names_at_most_twenty_stale_files() -> None:
    as_of = types.Freshness(3, "abc", 1.0, 0.5, stale=tuple(f"{n}.py" for n in range(50)), pending=50)
    assert len(convert.freshness(as_of).stale) == messages.MAX_STALE


class _Group(msgspec.Struct, frozen=True):
    reason: str
    count: int
    meaning: str
    examples: tuple[str, ...]


class _Status(msgspec.Struct, frozen=True):
    skipped_files: tuple[_Group, ...]
    root: str = "/r"
    phase: str = "ready"
    files: int = 1
    chunks: int = 2
    vectors: int = 2
    pending: int = 0
    skipped: int = 1
    model: str = "m"
    branch: str | None = None
    generation: int = 4
    watcher: str = "inotify"
    stage_seconds: dict[str, float] = msgspec.field(default_factory=lambda: {"read": 0.5})


def test_a_status_is_taken_by_its_fields() -> None:
    group = _Group("binary", 1, "The file is binary.", (os.fsdecode(b"\xff.bin"),))
    sent = messages.to_builtins(convert.workspace_status(_Status((group,))))
    assert sent["stageSeconds"]["read"] == 0.5
    assert sent["stageSeconds"]["commit"] == 0.0
    assert sent["skippedFiles"] == [
        {"reason": "binary", "count": 1, "meaning": "The file is binary.", "examples": ["\ufffd.bin"]}
    ]
