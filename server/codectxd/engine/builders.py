"""Who prepares the files of scans: a pool of workers fed with portions, a bounded distance ahead of the writer.

Each worker process has a thread here that waits for it. A scan takes as many of the pool's workers as its mode says, or has
a pipeline of its own; several scans share the pool in turn. Processes rest (end) when no scan is left, so that their memory
comes back, and one that has grown large is replaced. Knows nothing of the index.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import msgspec

from codectxd import system
from codectxd.engine.channel import Closed, StartChild
from codectxd.engine.jobs import Prepare, Prepared
from codectxd.engine.modes import Choice
from codectxd.engine.pipeline import Pipeline
from codectxd.engine.scan import ScanRun
from codectxd.engine.workers import WorkerProcess, prepare_all
from codectxd.types import BuildMode

log = logging.getLogger(__name__)

FAILED = "Files could not be prepared: the daemon's log says why."
_LARGE_BYTES = 400_000_000
"""A worker that holds more than this starts afresh: a large file leaves its parser's memory in pieces."""


class Work(Protocol):
    """Whose files are prepared: a scan, or a pass in the background, of which nothing is taken while a scan waits.

    `source` and `within_s` as in `Prepare`; `held_bytes` is what a worker holds beyond the usual.
    """

    root: str
    ticket: int
    choice: Choice
    known: dict[str, bytes]
    source: str
    within_s: float | None
    cancelled: bool
    unwritten: int

    @property
    def background(self) -> bool: ...
    @property
    def held_bytes(self) -> int: ...
    def is_wanted(self) -> bool: ...


class Built(msgspec.Struct, frozen=True):
    """These paths of a scan, or of a pass, were dealt with, in this mode, or a problem stopped it: of the workspace, or,
    `weak`, of the workers."""

    run: Work
    mode: BuildMode
    prepared: list[Prepared]
    paths: list[str]
    problem: str | None = None
    weak: bool = False


class Builders:
    """A pool. `done` is called on its threads; each call must be answered by `consumed`, which lets the next begin."""

    def __init__(
        self, workers: int, deadline_s: float, done: Callable[[Built], None], start: StartChild | None = None
    ) -> None:
        """`workers` at most."""
        self._done = done
        self._deadline_s = deadline_s
        self._start = start
        self._workers = [WorkerProcess(deadline_s, start) for _ in range(workers)]
        self._threads: list[threading.Thread] = []
        self._feeds: list[_Feed] = []
        self._pipelines: list[Pipeline] = []
        self._busy: set[int] = set()
        self._changed = threading.Condition()
        self._closed = False

    def add(self, run: Work, batches: Iterable[list[str]]) -> None:
        """Have the files of `run` prepared, in these portions, as its mode says."""
        if isinstance(run, ScanRun) and run.choice.mode == "pipeline":
            self._add_pipeline(run, batches)
            return
        with self._changed:
            self._feeds.append(_Feed(run, iter(batches)))
            self._changed.notify_all()
        for worker in self._workers[len(self._threads) : run.choice.workers]:
            thread = threading.Thread(target=self._work, args=(len(self._threads), worker), name="build", daemon=True)
            self._threads.append(thread)
            thread.start()

    def narrow(self, run: ScanRun) -> None:
        """The mode of `run` is a simpler one from now on: processes that it has no use for end. What its pipeline had begun,
        if it had one, comes back as problems."""
        for pipeline in [one for one in self._pipelines if one.run is run]:
            pipeline.kill()
        with self._changed:
            # A machine that cannot carry them may not carry one that is wanted beside one that waits.
            for number in set(range(run.choice.workers, len(self._workers))) - self._busy:
                self._workers[number].retire()
            self._changed.notify_all()

    def consumed(self, run: Work) -> None:
        """One `done` for `run` was dealt with."""
        with self._changed:
            run.unwritten -= 1
            self._changed.notify_all()

    def pids(self) -> list[int]:
        """The live processes."""
        pipes = [pid for one in self._pipelines for pid in one.pids()]
        return [pid for pid in (worker.pid for worker in self._workers) if pid is not None] + pipes

    def queues(self, run: ScanRun) -> dict[str, int]:
        """What waits for each stage of `run`, in portions."""
        waiting = {name: size for one in self._pipelines if one.run is run for name, size in one.queues().items()}
        return {**waiting, "write": run.unwritten}

    def rest(self, *, idle: bool) -> None:
        """End the processes where nothing is left to do that anybody wants; the next portion starts them again."""
        if idle:
            for worker in self._workers:
                worker.retire()
            self._pipelines = [one for one in self._pipelines if one.pids()]

    def close(self) -> None:
        """End everything, whatever is under way."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for worker in self._workers:
            worker.kill()
        for pipeline in self._pipelines:
            pipeline.kill()

    def _add_pipeline(self, run: ScanRun, batches: Iterable[list[str]]) -> None:
        def done(prepared: list[Prepared], paths: list[str], problem: str | None, weak: bool) -> None:
            with self._changed:
                self._changed.wait_for(lambda: run.unwritten < run.choice.ahead or run.cancelled or self._closed)
                run.unwritten += 1
            self._done(Built(run, "pipeline", prepared, paths, problem, weak))

        pipeline = Pipeline(run, self._deadline_s, done, self._start)
        self._pipelines.append(pipeline)
        pipeline.start(batches)

    def _work(self, number: int, worker: WorkerProcess) -> None:
        while (portion := self._next(number)) is not None:
            run, batch = portion
            mode = run.choice.mode
            known = {path: run.known[path] for path in batch if path in run.known}
            try:
                job = Prepare(run.root, batch, known, run.source, run.within_s)
                prepared, broke = prepare_all(worker, job, is_wanted=run.is_wanted)
            except Closed:
                return
            except Exception:
                # Whatever it was: a thread that ends here leaves its portion, and whoever waits for it, without an answer.
                log.exception("%s: files could not be prepared", run.root)
                self._done(Built(run, mode, [], batch, FAILED))
                continue
            weak = broke is not None and broke.weak
            self._done(Built(run, mode, prepared, batch, broke.message if broke else None, weak))
            if number >= run.choice.workers or _is_large(worker, run.held_bytes):
                worker.retire()

    def _next(self, number: int) -> tuple[Work, list[str]] | None:
        """The next portion for the worker of this number, once there is one; None at the end."""
        with self._changed:
            self._busy.discard(number)
            while not self._closed:
                waiting = len(self._feeds)
                for feed in self._in_turn():
                    batch = self._taken(feed, number)
                    if batch is not None:
                        self._busy.add(number)
                        return feed.run, batch
                if len(self._feeds) == waiting:  # Else a scan is over, and it is the turn of what waited for it.
                    self._changed.wait()
        return None

    def _in_turn(self) -> list[_Feed]:
        """Scans, if there are any; else what goes on in the background."""
        scans = [feed for feed in self._feeds if not feed.run.background]
        return scans or list(self._feeds)

    def _taken(self, feed: _Feed, number: int) -> list[str] | None:
        run = feed.run
        if not run.cancelled and (number >= run.choice.workers or run.unwritten >= run.choice.ahead):
            return None
        batch = None if run.cancelled else next(feed.batches, None)
        self._feeds.remove(feed)
        if batch is not None:
            run.unwritten += 1
            self._feeds.append(feed)  # Behind the others: scans take turns.
        return batch


def _is_large(worker: WorkerProcess, beyond: int) -> bool:
    return worker.pid is not None and system.resident_bytes_of(worker.pid) > _LARGE_BYTES + beyond


class _Feed(msgspec.Struct, eq=False):
    """The portions that nobody has taken yet."""

    run: Work
    batches: Iterator[list[str]]
