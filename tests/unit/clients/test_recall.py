"""What passes between an editor and a daemon is remembered as far as the next daemon needs it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from codectxd.clients.recall import Recall
from codectxd.wire import messages

INITIALIZE = {"id": 0, "method": "initialize", "params": {"processId": 7, "capabilities": {"x": [1]}, "rootUri": None}}


def body(message: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", **message})


def say(recall: Recall, method: str, params: Any = None, **fields: Any) -> str:
    return recall.said(body({"method": method, "params": params, **fields}))


def again(recall: Recall) -> list[Any]:
    return [msgspec.json.decode(one) for one in recall.again()]


def lost(recall: Recall) -> list[Any]:
    return [msgspec.json.decode(one) for one in recall.lost()]


def hear_initialize(recall: Recall, encoding: str | None = None) -> None:
    capabilities = {} if encoding is None else {"positionEncoding": encoding}
    assert recall.heard(body({"id": 0, "result": {"capabilities": capabilities, "serverInfo": {"name": "x"}}}))


@pytest.fixture
def recall() -> Recall:
    """Of a session that has begun."""
    made = Recall()
    assert made.said(body(INITIALIZE)) == "request"
    hear_initialize(made)
    assert say(made, "initialized", {}) == "state"
    return made


def open_document(recall: Recall, uri: str = "file:///a.py", text: str = "a = 1\n") -> None:
    item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    assert say(recall, "textDocument/didOpen", {"textDocument": item}) == "state"


def change(recall: Recall, *changes: dict[str, Any], uri: str = "file:///a.py", version: int | None = 2) -> None:
    params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}
    assert say(recall, "textDocument/didChange", params) == "state"


def splice(line: int, first: int, last: int, text: str) -> dict[str, Any]:
    return {
        "range": {"start": {"line": line, "character": first}, "end": {"line": line, "character": last}},
        "text": text,
    }


def test_before_anything_was_said_nothing_is_said_again() -> None:
    recall = Recall()
    assert (again(recall), lost(recall)) == ([], [])


def test_who_the_editor_is_is_said_again_and_the_answer_kept_from_it(recall: Recall) -> None:
    first, second = again(recall)
    assert first["params"] == INITIALIZE["params"]
    assert first["id"] != INITIALIZE["id"]
    assert second["method"] == "initialized"
    assert not recall.heard(body({"id": first["id"], "result": {"capabilities": {}}}))
    assert recall.heard(body({"id": 0, "result": 1}))


def test_an_initialize_without_an_answer_is_said_again_as_it_was() -> None:
    recall = Recall()
    recall.said(body(INITIALIZE))
    assert lost(recall) == []
    assert [message["id"] for message in again(recall)] == [0]


def test_folders_and_documents_are_said_again_as_they_are_now(recall: Recall) -> None:
    event = {"event": {"added": [{"uri": "file:///b", "name": "b"}], "removed": []}}
    assert say(recall, "workspace/didChangeWorkspaceFolders", event) == "state"
    open_document(recall)
    open_document(recall, "file:///closed.py")
    open_document(recall, "file:///untouched.py", "u\r\n\u2028\n")
    change(recall, splice(0, 0, 1, "😀b"), splice(0, 3, 4, ""), version=7)
    change(recall, {"text": "whole"}, uri="file:///never-opened.py")
    say(recall, "textDocument/didClose", {"textDocument": {"uri": "file:///closed.py"}})
    _, _, folders, *documents = again(recall)
    assert folders["params"] == event
    opened = [message["params"]["textDocument"] for message in documents if message["method"] == "textDocument/didOpen"]
    assert opened == [
        {"uri": "file:///a.py", "text": "😀b= 1\n", "version": 7, "languageId": "python"},
        {"uri": "file:///untouched.py", "text": "u\r\n\u2028\n", "version": 1, "languageId": "python"},
    ]
    # Of a document in several sessions the latest edit counts: one that was edited is edited again, to what it is.
    edited = [message["params"] for message in documents if message["method"] == "textDocument/didChange"]
    assert edited == [{"textDocument": {"uri": "file:///a.py", "version": 7}, "contentChanges": []}]


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)])
def test_changes_are_counted_in_the_unit_that_the_daemon_agreed_to(encoding: str, column: int) -> None:
    recall = Recall()
    recall.said(body(INITIALIZE))
    hear_initialize(recall, encoding)
    open_document(recall, text="😀x")
    change(recall, splice(0, column, column + 1, "y"))
    assert again(recall)[1]["params"]["textDocument"]["text"] == "😀y"


def test_what_waits_for_an_answer_gets_one(recall: Recall) -> None:
    for number in (1, "two", 3):
        assert say(recall, messages.SEARCH, {"query": "x"}, id=number) == "request"
    assert recall.heard(body({"id": 1, "result": []}))
    found = lost(recall)
    assert [(message["id"], message["error"]["code"]) for message in found] == [
        ("two", messages.CONTENT_MODIFIED),
        (3, messages.CONTENT_MODIFIED),
    ]
    assert lost(recall) == []


def test_a_shutdown_without_an_answer_is_done(recall: Recall) -> None:
    say(recall, "shutdown", id=5)
    assert [(message["id"], message["result"]) for message in lost(recall)] == [(5, None)]
    assert recall.shut_down
    assert not recall.left
    say(recall, "exit")
    assert recall.left


def test_progress_that_was_begun_is_ended(recall: Recall) -> None:
    for token, kinds in (("a", ("begin", "report")), (7, ("begin",)), ("done", ("begin", "end"))):
        for kind in kinds:
            assert recall.heard(body({"method": "$/progress", "params": {"token": token, "value": {"kind": kind}}}))
    recall.heard(body({"method": "$/progress", "params": {"token": "partial", "value": [{"name": "x"}]}}))
    assert [message["params"] for message in lost(recall)] == [
        {"token": "a", "value": {"kind": "end"}},
        {"token": 7, "value": {"kind": "end"}},
    ]


def test_half_an_emoji_does_not_stop_it(recall: Recall) -> None:
    text = b'{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///a.py","text":"a\\ud83d"}}}'
    assert recall.said(text) == "state"
    assert again(recall)[2]["params"]["textDocument"]["text"] == "a\ufffd"


@pytest.mark.parametrize(
    "text",
    [
        b"", b"7", b"[]", b"{}", b"\xff", b'{"id":{}}', b'{"method":7}', b"[" * 100_000,
        b'{"method":"textDocument/didOpen","params":[]}', b'{"method":"textDocument/didChange"}',
        b'{"id":3,"result":{"deep":1}}', b'{"method":"$/progress","params":{"value":3}}', b'{"method":"unknown/thing"}',
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_let_pass(recall: Recall, text: bytes) -> None:
    before = again(recall)
    assert recall.said(text) == "other"
    assert recall.heard(text)
    assert (again(recall), lost(recall)) == (before, [])
