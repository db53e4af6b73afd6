"""Unsaved documents: the latest edit wins, and a session that ends takes its documents with it."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from codectxd.workspace.buffers import Buffers


def winner(buffers: Buffers, path: str = "a") -> tuple[str, bytes] | None:
    latest = buffers.latest(path)
    return None if latest is None else (latest.session, latest.text)


def test_a_document_is_known_from_open_to_close() -> None:
    buffers = Buffers()
    assert winner(buffers) is None
    buffers.open("1", "a", 1, b"x")
    assert winner(buffers) == ("1", b"x")
    buffers.change("1", "a", 2, b"y")
    latest = buffers.latest("a")
    assert latest is not None
    assert (latest.version, latest.text, latest.clock) == (2, b"y", 1)
    assert buffers.close("1", "a")
    assert winner(buffers) is None
    assert not buffers.close("1", "a")
    assert not buffers.close("2", "b")


def test_between_sessions_the_latest_edit_wins() -> None:
    buffers = Buffers()
    buffers.change("1", "a", 1, b"one")
    buffers.change("2", "a", 1, b"two")
    assert winner(buffers) == ("2", b"two")
    buffers.change("1", "a", 2, b"one again")
    assert winner(buffers) == ("1", b"one again")
    buffers.close("1", "a")
    assert winner(buffers) == ("2", b"two")


def test_opening_a_document_does_not_hide_what_another_session_edited() -> None:
    buffers = Buffers()
    buffers.change("1", "a", 5, b"edited")
    buffers.open("2", "a", 1, b"as on disk")
    assert winner(buffers) == ("1", b"edited")
    buffers.end("1")
    buffers.open("3", "a", 1, b"opened later")
    assert winner(buffers) == ("3", b"opened later")
    buffers.open("2", "a", 1, b"opened again")
    assert winner(buffers) == ("2", b"opened again")


def test_a_session_that_ends_takes_its_documents_with_it() -> None:
    buffers = Buffers()
    buffers.open("1", "a", 1, b"1")
    buffers.change("1", "b", 1, b"1")
    buffers.change("2", "b", 1, b"2")
    assert buffers.end("1") == {"a", "b"}
    assert buffers.end("1") == frozenset()
    assert list(buffers.snapshot()) == ["b"]


def test_a_snapshot_is_of_all_sessions_or_of_one_and_stays_as_it_was() -> None:
    buffers = Buffers()
    buffers.change("1", "a", 1, b"old")
    buffers.change("2", "a", 1, b"new")
    buffers.open("1", "b", 1, b"b")
    everything, own = buffers.snapshot(), buffers.snapshot("1")
    buffers.end("1")
    assert {path: buffer.text for path, buffer in everything.items()} == {"a": b"new", "b": b"b"}
    assert {path: buffer.text for path, buffer in own.items()} == {"a": b"old", "b": b"b"}
    assert buffers.snapshot("1") == {}


def test_the_clock_counts_every_edit_of_every_thread() -> None:
    buffers = Buffers()

    def edit(session: str) -> None:
        for version in range(200):
            buffers.change(session, f"{version % 3}", version, b"")
        buffers.end(session)

    threads = [threading.Thread(target=edit, args=(session,)) for session in "1234"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert buffers.clock == 800
    assert buffers.snapshot() == {}


steps = st.tuples(st.sampled_from(["open", "change", "close", "end"]), st.sampled_from("123"), st.sampled_from(["a", "b"]))


@given(st.lists(steps, max_size=30))
def test_any_order_of_steps_leaves_what_a_plain_account_of_them_says(taken: list[tuple[str, str, str]]) -> None:
    buffers = Buffers()
    edits: dict[str, dict[str, tuple[int, int]]] = {"a": {}, "b": {}}
    for number, (step, session, path) in enumerate(taken):
        text = str(number).encode()
        if step == "open":
            buffers.open(session, path, number, text)
            edits[path][session] = (0, number)
        elif step == "change":
            buffers.change(session, path, number, text)
            edits[path][session] = (1, number)
        elif step == "close":
            assert buffers.close(session, path) == (edits[path].pop(session, None) is not None)
        else:
            assert buffers.end(session) == {path for path in edits if edits[path].pop(session, None) is not None}
    expected = {path: str(max(texts.values())[1]).encode() for path, texts in edits.items() if texts}
    assert {path: buffer.text for path, buffer in buffers.snapshot().items()} == expected
