"""Questions are answered on few threads, and called off when nobody waits for the answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from codectxd.engine.readers import IsCancelled, Readers

DEADLINE_S = 20.0


@pytest_asyncio.fixture
async def readers() -> AsyncIterator[Readers]:
    made = Readers(2)
    yield made
    made.close()


class Question:
    """One that goes on until it is called off, or let go."""

    def __init__(self) -> None:
        self.begun, self.ended, self.go = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, is_cancelled: IsCancelled) -> str:
        self.begun.set()
        while not is_cancelled() and not self.go.wait(0.001):
            pass
        self.ended.set()
        return "called off" if is_cancelled() else "answered"


async def _until(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, DEADLINE_S)


async def test_a_question_that_is_being_answered_is_told_when_nobody_waits_any_more(readers: Readers) -> None:
    question = Question()
    waiting = asyncio.ensure_future(readers.ask(question))
    await _until(question.begun)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await _until(question.ended)


async def test_a_question_called_off_while_it_waits_for_its_turn_never_begins(readers: Readers) -> None:
    answered, superseded, last = [Question(), Question()], [Question() for _ in range(20)], Question()
    busy = asyncio.gather(*(readers.ask(question) for question in answered))
    for question in answered:
        await _until(question.begun)
    typed = [asyncio.ensure_future(readers.ask(question)) for question in superseded]
    await asyncio.sleep(0)
    for one in typed:
        one.cancel()
    assert all(isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*typed, return_exceptions=True))
    newest = asyncio.ensure_future(readers.ask(last))
    for question in (*answered, last):
        question.go.set()
    assert await busy == ["answered", "answered"]
    assert await newest == "answered"
    assert not any(question.begun.is_set() for question in superseded)


async def test_what_was_answered_is_not_called_off(readers: Readers) -> None:
    question = Question()
    question.go.set()
    assert await readers.ask(question) == "answered"


async def test_what_a_question_raises_is_raised(readers: Readers) -> None:
    def fail(is_cancelled: IsCancelled) -> str:
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        await readers.ask(fail)
