"""Notices are few, late rather than many, and always the latest."""

from __future__ import annotations

import asyncio
from typing import Any

from codectxd.daemon.notices import INTERVAL_S, StatusNotices, Troubles
from codectxd.engine.status import EngineStatus, Progress


class Listener:
    """What a session is to its notices."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.slow = False

    def notify(self, method: str, params: Any) -> None:
        self.told.append((method, params))

    def crowded(self) -> bool:
        return self.slow

    async def until_told(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.told) < count:  # noqa: ASYNC110 - the condition is the list's length.
                await asyncio.sleep(INTERVAL_S / 20)


class Workspace:
    """What an engine is to notices."""

    def __init__(self, root: str, generation: int = 0, problem: str | None = None) -> None:
        self.root = root
        self.problem = problem
        self._generation = generation

    def indexing(self) -> Progress | None:
        return None

    def status(self) -> EngineStatus:
        return _status(self.root, self._generation)


def _status(root: str, generation: int) -> EngineStatus:
    counts = dict.fromkeys(("files", "chunks", "vectors", "pending", "skipped", "done", "total", "parsed", "embedded"), 0)
    return EngineStatus(
        root=root,
        phase="ready",
        model="m",
        branch=None,
        generation=generation,
        watcher="ok",
        stage_seconds={},
        skipped_files=(),
        message=None,
        **counts,
    )


async def test_of_many_changes_the_first_and_the_last_are_told() -> None:
    listener = Listener()
    notices = StatusNotices(listener, lambda root: True)
    for generation in range(1000):
        notices.changed(Workspace("/r", generation))
    await listener.until_told(2)
    notices.end()
    assert [params.generation for _, params in listener.told] == [0, 999]


async def test_each_workspace_has_its_own_turn() -> None:
    listener = Listener()
    notices = StatusNotices(listener, lambda root: root != "/other")
    for root in ("/a", "/b", "/other"):
        notices.changed(Workspace(root, 1))
    notices.end()
    assert [params.root for _, params in listener.told] == ["/a", "/b"]


async def test_a_slow_client_is_told_the_latest_once_it_reads() -> None:
    listener = Listener()
    listener.slow = True
    notices = StatusNotices(listener, lambda root: True)
    notices.changed(Workspace("/r", 1))
    notices.changed(Workspace("/r", 2))
    assert listener.told == []
    listener.slow = False
    await listener.until_told(1)
    notices.end()
    assert [params.generation for _, params in listener.told] == [2]


async def test_a_problem_is_told_once_and_only_to_those_it_concerns() -> None:
    listener = Listener()
    notices = Troubles(listener, lambda root: root != "/other")
    for problem in ("The disk is full.", None, "The disk is full.", "It is read-only."):
        notices.changed(Workspace("/r", problem=problem))
    notices.changed(Workspace("/other", problem="The disk is full."))
    assert [params for _, params in listener.told] == [
        {"type": 1, "message": "/r: The disk is full."},
        {"type": 1, "message": "/r: It is read-only."},
    ]
