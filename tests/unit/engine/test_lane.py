"""The lane goes on, whatever one of its sources or its worker does; real worker processes."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator

import pytest

from codectxd.engine.jobs import Warm, Warmed
from codectxd.engine.lane import Lane, Outcome, Task
from codectxd.engine.workers import Died, WorkerProcess

DEADLINE_S = 60.0


class Once:
    """Offers one task, perhaps after a defect."""

    def __init__(self, *, broken: bool) -> None:
        self._broken = broken
        self._offered = False
        self.outcomes: list[Outcome] = []
        self.done = threading.Event()

    def next_task(self) -> Task | None:
        if self._broken:
            self._broken = False
            raise RuntimeError("a defect")
        if self._offered:
            return None
        self._offered = True
        return Task(Warm(), self._take)

    def due_in(self) -> float | None:
        return None if self._offered else 0.0

    def _take(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.done.set()


@pytest.fixture
def lane() -> Iterator[Lane]:
    found = Lane(20.0)
    yield found
    found.close()


def test_a_defect_of_one_source_ends_nobodys_freshness(lane: Lane) -> None:
    broken, sound = Once(broken=True), Once(broken=False)
    lane.add(broken)
    lane.add(sound)
    lane.start()
    assert sound.done.wait(DEADLINE_S)
    assert broken.done.wait(DEADLINE_S)
    assert sound.outcomes == broken.outcomes == [Warmed()]


def test_a_worker_that_cannot_be_started_is_an_answer() -> None:
    worker = WorkerProcess(20.0)
    lowest_free = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest_free)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        assert worker.run(Warm()) == Died(None, too_slow=False)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    try:
        assert worker.run(Warm()) == Warmed()
    finally:
        worker.kill()
