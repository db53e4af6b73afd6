"""The workers of a build: as many as there are cores, fed with portions of scans, a bounded distance ahead of the writer.

Each worker process has a thread here that waits for it. Processes rest (end) when no scan is left, so that their memory
comes back. Knows nothing of the index.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

import msgspec

from codectxd.engine.channel import Closed, StartChild
from codectxd.engine.jobs import Prepare, Prepared
from codectxd.engine.scan import ScanRun
from codectxd.engine.workers import WorkerProcess, prepare_all

log = logging.getLogger(__name__)

_AHEAD_PER_WORKER = 4


class Built(msgspec.Struct, frozen=True):
    """`count` paths of a scan were dealt with, or a problem of the whole workspace stopped it."""

    run: ScanRun
    prepared: list[Prepared]
    count: int
    problem: str | None = None


class Builders:
    """A pool. `done` is called on its threads; each call must be answered by `consumed`, which lets the next begin."""

    def __init__(
        self, workers: int, deadline_s: float, done: Callable[[Built], None], start: StartChild | None = None
    ) -> None:
        self._done = done
        self._portions: queue.SimpleQueue[tuple[ScanRun, list[str]] | None] = queue.SimpleQueue()
        self._ahead = threading.Semaphore(workers * _AHEAD_PER_WORKER)
        self._workers = [WorkerProcess(deadline_s, start) for _ in range(workers)]
        self._threads: list[threading.Thread] = []

    def add(self, run: ScanRun) -> None:
        """Have every due file of `run` prepared."""
        if not self._threads:
            self._threads = [threading.Thread(target=self._work, args=(w,), daemon=True) for w in self._workers]
            for thread in self._threads:
                thread.start()
        for batch in run.batches():
            self._portions.put((run, batch))

    def consumed(self) -> None:
        """One `done` was dealt with."""
        self._ahead.release()

    def rest(self, *, idle: bool) -> None:
        """End the processes where nothing is left to do that anybody wants; the next portion starts them again."""
        if idle:
            for worker in self._workers:
                worker.retire()

    def close(self) -> None:
        """End everything, whatever is under way."""
        for _ in self._threads:
            self._portions.put(None)
        for worker in self._workers:
            worker.kill()

    def _work(self, worker: WorkerProcess) -> None:
        while (portion := self._portions.get()) is not None:
            run, batch = portion
            if run.cancelled:
                continue
            self._ahead.acquire()
            known = {path: run.known[path] for path in batch if path in run.known}
            try:
                job = Prepare(run.root, batch, known)
                prepared, broke = prepare_all(worker, job, is_wanted=run.is_wanted)
            except Closed:
                return
            except Exception:
                # Whatever it was: a thread that ends here leaves its portion, and whoever waits for it, without an answer.
                log.exception("%s: files could not be prepared", run.root)
                self._done(Built(run, [], len(batch), "Files could not be prepared: the daemon's log says why."))
                continue
            self._done(Built(run, prepared, len(batch), broke.message if broke else None))
