"""The threads that answer questions, a few for all workspaces, and how a question is called off.

Whoever no longer waits for an answer stops the work on it: a question that waits for its turn never begins, one that is
being answered is told, and ends at its next checkpoint. Knows nothing of what is asked.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias, TypeVar

_T = TypeVar("_T")

IsCancelled: TypeAlias = Callable[[], bool]
"""Whether nobody waits for the answer any more."""


class Readers:
    """A pool. `ask` on an event loop."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="read")

    async def ask(self, question: Callable[[IsCancelled], _T]) -> _T:
        """The answer. Raises what the question raises; when cancelled, the question is called off."""
        called_off = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, question, called_off.is_set)
        finally:
            called_off.set()

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
