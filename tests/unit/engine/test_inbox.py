"""Dirty paths are merged, and a burst is let pass but not for ever."""

from __future__ import annotations

import threading
import time

import pytest

from codectxd.engine.inbox import Inbox


def test_nothing_is_due_in_an_empty_inbox() -> None:
    inbox = Inbox()
    assert (inbox.due_in(), inbox.is_empty(), len(inbox), inbox.take()) == (None, True, 0, frozenset())


def test_a_path_is_there_once_however_often_it_was_marked() -> None:
    inbox = Inbox()
    for _ in range(500):
        inbox.mark(("a", "b"))
    assert len(inbox) == 2
    assert inbox.take() == {"a", "b"}
    assert inbox.is_empty()


def test_everything_stands_for_all_paths() -> None:
    inbox = Inbox()
    inbox.mark(("a",))
    inbox.mark_everything()
    assert not inbox.is_empty()
    assert inbox.take() is None
    assert inbox.is_empty()
    inbox.mark(("b",))
    assert inbox.take() == {"b"}


def test_very_many_paths_are_everything() -> None:
    inbox = Inbox()
    inbox.mark([str(number) for number in range(100_000)])
    assert inbox.take() is None


def test_what_was_marked_is_due_after_a_short_silence_and_at_the_latest_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    inbox, waited = Inbox(), 0
    inbox.mark(("a",))
    first = inbox.due_in()
    assert first is not None
    assert 0 < first < 0.05
    while inbox.due_in():
        # Somebody writes on and on, never silent for long enough.
        clock[0] += first / 2
        waited += 1
        inbox.mark(("a",))
    assert 2 < waited < 100
    assert clock[0] - 100.0 < 0.2
    inbox.take()
    inbox.mark(("a",))
    assert inbox.due_in() == pytest.approx(first)
    clock[0] += first
    assert inbox.due_in() == 0.0


def test_everything_is_due_soon_too(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.5]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    inbox = Inbox()
    inbox.mark_everything()
    clock[0] += 0.1
    assert inbox.due_in() == 0.0


def test_nothing_is_lost_between_many_threads_and_a_taker() -> None:
    inbox, taken = Inbox(), set[str]()

    def mark(name: int) -> None:
        for number in range(300):
            inbox.mark((f"{name}/{number}",))

    threads = [threading.Thread(target=mark, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken |= inbox.take() or frozenset()
    taken |= inbox.take() or frozenset()
    assert len(taken) == 1200
