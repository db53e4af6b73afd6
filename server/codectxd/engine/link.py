"""The indexer as the daemon sees it: one child process, started when there is something to write, replaced when it died.

What was sent and not confirmed is the engines' to send again: `lost` tells them. Thread-safe.
"""

from __future__ import annotations

import contextlib
import logging
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

from codectxd.engine.channel import Channel, Child, Closed, StartChild, open_child
from codectxd.engine.jobs import IndexerJob, IndexerReply, Published, Scanned

log = logging.getLogger(__name__)

_MAX_DEATHS = 5
_DEATHS_WITHIN_S = 30.0


class IndexerLink:
    """At most one indexer process."""

    def __init__(
        self, reply: Callable[[IndexerReply], None], lost: Callable[[bool], None], start: StartChild | None = None
    ) -> None:
        """`reply` gets every message, `lost` hears of each end that this side did not ask for, both on the link's thread;
        `lost(False)` says that the process dies again and again and is not started any more for now. `start` starts it:
        `channel.open_child`, where nothing else is given."""
        self._reply = reply
        self._lost = lost
        self._lock = threading.Lock()
        self._start = start or open_child
        self._process: Child | None = None
        self._channel: Channel[Any] | None = None
        self._deaths: list[float] = []
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The live process."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def prepare(self) -> None:
        """Have the process started: there will be something to send soon."""
        with contextlib.suppress(Closed, OSError):
            self._started()

    def send(self, job: IndexerJob) -> None:
        """Hand over a job; one that gets lost on the way is sent again by its engine when `lost` was called."""
        with contextlib.suppress(Closed):
            self._started().send(job)

    def close(self) -> None:
        """Let the process end what it is at, and be gone."""
        with self._lock:
            self._closed = True
            process, channel = self._process, self._channel
        if channel is not None:
            channel.close()
        if process is not None:
            try:
                process.wait(3.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _started(self) -> Channel[Any]:
        with self._lock:
            if self._closed:
                raise Closed("the link is closed")
            if self._channel is None:
                self._process, self._channel = self._start("codectxd.engine.indexer", [], IndexerReply)
                arguments = (self._process, self._channel)
                threading.Thread(target=self._listen, args=arguments, name="indexer", daemon=True).start()
            return self._channel

    def _listen(self, process: Child, channel: Channel[Any]) -> None:
        try:
            while True:
                message = channel.receive()
                if message is not None:
                    if _is_work_done(message):
                        self._deaths.clear()
                    self._reply(message)
        except Closed:
            pass
        except Exception:
            # Whatever a message led to: who waits for this indexer must hear that nobody listens to it any more.
            log.exception("a message of the indexer could not be used; another one is started")
            process.kill()
        with self._lock:
            if self._channel is channel:
                self._process = self._channel = None
            closed = self._closed
        channel.close()
        code = process.wait()
        if closed:
            return
        if code:
            log.warning("the indexer ended with %s; it is started again when needed", code)
            now = time.monotonic()
            self._deaths = [at for at in self._deaths if now - at < _DEATHS_WITHIN_S] + [now]
        self._lost(len(self._deaths) < _MAX_DEATHS)


def _is_work_done(message: IndexerReply) -> bool:
    """Whether the process has done what others may have died of: deaths in a row are those without any."""
    return isinstance(message, Scanned) or (isinstance(message, Published) and message.sequence > 0)
