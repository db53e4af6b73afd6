"""The daemon's warm worker: one process that keeps buffers and saved files fresh, fed by one thread.

Engines offer work and are asked in turn; what they offer is always the newest state, so a burst costs one job. Knows
nothing of what the jobs mean.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

import msgspec

from codectxd.engine.channel import Closed, StartChild
from codectxd.engine.jobs import Broke, Digested, Prepared, Refreshed, Warm, Warmed, WorkerJob
from codectxd.engine.workers import Died, WorkerProcess

log = logging.getLogger(__name__)

_AFTER_A_DEFECT_S = 0.5

Outcome = Prepared | Refreshed | Digested | Warmed | Broke | Died


class Task(msgspec.Struct, frozen=True):
    """A job, and whom to tell what became of it."""

    job: WorkerJob
    done: Callable[[Outcome], None]


class Source(Protocol):
    """Who offers work."""

    def next_task(self) -> Task | None:
        """The most urgent job that is due, or None."""
        ...

    def due_in(self) -> float | None:
        """Seconds until a job will be due; None when none is in sight."""
        ...


class Lane:
    """The thread and its worker."""

    def __init__(self, deadline_s: float, start: StartChild | None = None) -> None:
        """`start` as of `WorkerProcess`."""
        self._worker = WorkerProcess(deadline_s, start)
        self._sources: list[Source] = []
        self._wake = threading.Condition()
        self._woken = self._closed = False
        self._cold: list[str] = []
        self._thread = threading.Thread(target=self._run, name="lane", daemon=True)

    @property
    def worker_pid(self) -> int | None:
        """The live worker."""
        return self._worker.pid

    def start(self) -> None:
        """Have a warm worker and serve."""
        self._thread.start()

    def add(self, source: Source) -> None:
        """Ask `source` for work from now on."""
        with self._wake:
            self._sources.append(source)
        self.wake()

    def remove(self, source: Source) -> None:
        """Ask `source` no more."""
        with self._wake:
            self._sources = [one for one in self._sources if one is not source]

    def wake(self) -> None:
        """A source has something new."""
        with self._wake:
            self._woken = True
            self._wake.notify()

    def warm(self, model: str = "") -> None:
        """Nothing more urgent uses the processor: have the worker load what its first job with this model will need."""
        self._cold = [*(one for one in self._cold if one != model), model]
        self.wake()

    def close(self) -> None:
        """End the worker; what was under way is dropped."""
        with self._wake:
            self._closed = self._woken = True
            self._wake.notify()
        self._worker.kill()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(2.0)

    def _run(self) -> None:
        while not self._closed:
            try:
                self._turn()
            except Closed:
                return
            except Exception:
                # One workspace's defect must not end the freshness of all, nor make a busy loop.
                log.exception("a task of the lane failed")
                with self._wake:
                    self._wake.wait(_AFTER_A_DEFECT_S)

    def _turn(self) -> None:
        task = self._next()
        if task is None and self._cold:
            self._worker.run(Warm(self._cold.pop()))
        elif task is None:
            self._worker.start()
            self._wait()
        else:
            task.done(self._worker.run(task.job))

    def _next(self) -> Task | None:
        with self._wake:
            self._woken = False
            sources = list(self._sources)
        for source in sources:
            task = source.next_task()
            if task is not None:
                with self._wake:
                    # The one who was served goes to the end, so that a busy workspace does not starve another.
                    if source in self._sources:
                        self._sources = [*(one for one in self._sources if one is not source), source]
                return task
        return None

    def _wait(self) -> None:
        with self._wake:
            sources = list(self._sources)
        waits = [wait for source in sources if (wait := source.due_in()) is not None]
        with self._wake:
            if not self._woken:
                self._wake.wait(min(waits, default=None))
