"""Worker processes as their parent sees them: started when needed, ended when they hang, replaced when they died.

`WorkerProcess.run` blocks its thread for one job. A worker that dies names the file it had turned to; the job is then
done again without that file, or with that file alone to be sure: a worker that was killed for another reason (no memory, an
impatient administrator) must not cost a file its place in the index. Knows nothing of what jobs mean.
"""

from __future__ import annotations

import contextlib
import logging
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from codectxd import system
from codectxd.engine.channel import Channel, Child, Closed, StartChild, open_child
from codectxd.engine.jobs import Began, Broke, Digested, Prepare, Prepared, Refreshed, Warmed, WorkerJob, WorkerReply
from codectxd.types import Skipped

log = logging.getLogger(__name__)

TOO_SLOW = "took too long"
TOO_MUCH_MEMORY = "took too much memory"
CRASHED = "crashed the parser"
REASONS = {
    TOO_SLOW: "Reading or parsing it took longer than the deadline for one file; the worker was ended.",
    TOO_MUCH_MEMORY: "Parsing it took more memory than one worker may have.",
    CRASHED: "The worker ended abruptly on it, twice; it is left alone until it changes.",
}
_GRACE_S = 5.0
_MAX_FAILURES = 5
_PAUSE_S = 0.2


class Died(msgspec.Struct, frozen=True):
    """The worker is gone: the path it had turned to (None: not even begun), and whether it had taken too long."""

    path: str | None
    too_slow: bool


class WorkerProcess:
    """One worker, replaced by a new one after each death. `run` on one thread at a time; `kill` from any."""

    def __init__(self, deadline_s: float, start: StartChild | None = None) -> None:
        """`start` starts a process: `channel.open_child`, where nothing else is given."""
        self._deadline_s = deadline_s
        self._start = start or open_child
        self._process: Child | None = None
        self._channel: Channel[Any] | None = None
        self._closed = False
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The live process, if any."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> Channel[Any]:
        """Have a process ready; the way to it."""
        with self._lock:
            if self._closed:
                raise Closed("the pool is closed")
            if self._process is None or self._process.poll() is not None:
                self._forget()
                self._process, self._channel = self._start("codectxd.engine.worker", [str(self._deadline_s)], WorkerReply)
            assert self._channel is not None
            return self._channel

    def run(self, job: WorkerJob) -> Prepared | Refreshed | Digested | Warmed | Broke | Died:
        """Have the worker do `job`. Raises Closed after `kill`."""
        try:
            channel = self.start()
        except OSError as problem:
            # No memory or no descriptors for a process: nobody's file is at fault, and whoever waits must hear of it.
            log.warning("a worker could not be started: %s", problem)
            return Died(None, too_slow=False)
        path = None
        try:
            channel.send(job)
            while True:
                reply = channel.receive(self._deadline_s + _GRACE_S)
                if reply is None:
                    return self._dead(path, too_slow=True)
                if not isinstance(reply, Began):
                    return reply  # type: ignore[no-any-return]
                path = reply.path
        except Closed:
            if self._closed:
                raise
            return self._dead(path, too_slow=False)

    def kill(self) -> None:
        """End the process for good; a `run` under way raises Closed."""
        self._closed = True
        with self._lock:
            self._forget()

    def retire(self) -> None:
        """End the process; the next `run` starts another."""
        with self._lock:
            self._forget()

    def _dead(self, path: str | None, *, too_slow: bool) -> Died:
        code = None
        process = self._process
        if process is not None and not too_slow:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(1.0)
        with self._lock:
            self._forget()
        return Died(path, too_slow or system.ended_by_alarm(code))

    def _forget(self) -> None:
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()
        self._process = self._channel = None


def prepare_all(
    worker: WorkerProcess, job: Prepare, *, is_wanted: Callable[[], bool] = lambda: True
) -> tuple[list[Prepared], Broke | None]:
    """Have every path of `job` prepared or skipped by name, whatever happens to workers on the way, while it is wanted."""
    done: list[Prepared] = []
    waiting, suspects, failures = [job.paths], set[str](), 0
    while waiting and is_wanted():
        paths = waiting.pop()
        reply = worker.run(msgspec.structs.replace(job, paths=paths))
        failures = failures + 1 if isinstance(reply, Died) and reply.path is None else 0
        if failures:
            time.sleep(_PAUSE_S * failures)  # What kept it from starting may pass: others that end give memory back.
        if failures == _MAX_FAILURES:
            return done, Broke("Worker processes end as soon as they are started; the log says why.", weak=True)
        if isinstance(reply, Prepared):
            done.append(reply)
        elif isinstance(reply, Broke):
            return done, reply
        elif isinstance(reply, Died):
            waiting += _after_death(reply, paths, suspects, done)
    return done, None


def _after_death(died: Died, paths: list[str], suspects: set[str], done: list[Prepared]) -> list[list[str]]:
    """What is still to be done after a worker died over `paths`."""
    if died.path is None:
        return [paths]  # It had begun nothing: none of these paths is at fault.
    rest = [path for path in paths if path != died.path]
    if died.too_slow or died.path in suspects:
        reason = TOO_SLOW if died.too_slow else CRASHED
        done.append(Prepared([], [Skipped(died.path, reason)], [], [], {}))
        return [rest] if rest else []
    suspects.add(died.path)
    return [part for part in (rest, [died.path]) if part]
