"""Children as threads, where the system forbids this process to have any: everything works, and nothing can be ended.

A file that hangs its grammar hangs its thread, and while a parser holds the interpreter's lock everybody else too. So this
is only done where a process was refused, for a host that may; and it is said in the status.
"""

from __future__ import annotations

import errno
import importlib
import logging
import os
import threading
from typing import Any

from codectxd.engine.channel import Channel, Child, open_child
from codectxd.engine.pipes import Pipes

log = logging.getLogger(__name__)

_REFUSED = (errno.EPERM, errno.EACCES, errno.ENOSYS)
REFUSED = "The system allows no worker processes: a file that hangs its grammar is not ended, and answers may be slow."


class Starter:
    """Starts children as processes for as long as that is allowed."""

    def __init__(self) -> None:
        self.problem: str | None = None
        """Why children are threads: a sentence for the user."""

    def start(self, module: str, arguments: list[str], incoming: Any) -> tuple[Child, Channel[Any]]:
        """As `channel.open_child`. Raises OSError where a process is wanting for another reason, memory for one."""
        if self.problem is None:
            try:
                return open_child(module, arguments, incoming)
            except OSError as problem:
                if problem.errno not in _REFUSED:
                    raise
                log.warning("%s (%s)", REFUSED, problem.strerror)
                self.problem = REFUSED
        return self._open_in_thread(module, arguments, incoming)

    def _open_in_thread(self, module: str, arguments: list[str], incoming: Any) -> tuple[Child, Channel[Any]]:
        (reads, theirs_out), (theirs_in, writes) = os.pipe(), os.pipe()
        child = ThreadChild(module, arguments, Pipes(theirs_in, theirs_out), self)
        return child, Channel(Pipes(reads, writes), incoming)


class ThreadChild:
    """What is asked of a process, answered for a thread that runs `serve` of a module."""

    def __init__(self, module: str, arguments: list[str], ends: Pipes, starter: Starter) -> None:
        self.pid = os.getpid()
        self._thread = threading.Thread(
            target=_serve, args=(module, arguments, ends, starter), name=module.rpartition(".")[2], daemon=True
        )
        self._thread.start()

    def poll(self) -> int | None:
        """None while it runs."""
        return None if self._thread.is_alive() else 0

    def wait(self, timeout: float | None = None) -> int:
        """Wait so long, or not at all: one that hangs is left alone."""
        self._thread.join(timeout or 0.0)
        return 0

    def kill(self) -> None:
        """A thread cannot be ended; nobody listens to it any more."""


def _serve(module: str, arguments: list[str], ends: Pipes, starter: Starter) -> None:
    # Imported by name, since the module may import what starts it.
    try:
        importlib.import_module(module).serve_in_thread(arguments, ends, starter.start)
    except Exception:
        # The end of its channel tells whoever waits, as the end of a process would; what it was stands in the log alone.
        log.exception("%s ended", module)
    finally:
        ends.close()
