"""`python -m codectxd.daemon [--detach | --in-process]`: the daemon's process, from nothing to serving and back.

With `--in-process` it serves its own standard input and output alone, listens nowhere, and leaves nothing but the index. In
the foreground it logs to the terminal too. With `--detach` the command returns once clients can connect (0) or once
that failed (3), and the daemon goes on in a session of its own, a child of nobody. Heavy imports come after the lock.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable

from codectxd import config, locks, paths, system
from codectxd.daemon.log import LogFile
from codectxd.errors import UsageError

logger = logging.getLogger("codectxd.daemon")

LEAVING_S = 15.0
"""How long a daemon that was asked to end may take, before a new one gives up waiting for its place."""

_FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


def main(arguments: list[str]) -> int:
    """Exit status: 0 it ended as asked, or another daemon serves; 2 the settings are wrong; 3 it could not serve."""
    os.umask(0o077)
    system.be_frugal()
    layout = paths.layout()
    try:
        paths.make_private(layout.state)
        if "--in-process" in arguments:
            return _serve_alone(layout)
        if sys.platform == "win32":
            raise UsageError("There is no daemon on Windows, which lacks what it listens on: use --in-process.")
        paths.make_private(layout.runtime)
        detached = "--detach" in arguments
        ready = _detach(layout) if detached else _nothing
        _log_to(layout, also_terminal=not detached)
        return _serve(layout, ready)
    except UsageError as problem:
        logger.error("%s", problem)
        return 2
    except OSError as problem:
        logger.error("The daemon cannot serve: %s", problem)
        return 3


def _serve(layout: paths.Layout, ready: Callable[[], None]) -> int:
    lock = _lock(layout)
    if lock is None:
        logger.info("Another daemon of this user serves already; this one leaves.")
        ready()
        return 0
    settings = config.load_user(layout.config_file)
    from codectxd.daemon.listener import Daemon

    async def serve() -> None:
        await Daemon(layout, settings).run(ready)

    try:
        asyncio.run(serve())
    finally:
        os.close(lock)
    return 0


def _serve_alone(layout: paths.Layout) -> int:
    _log_to_terminal()
    settings = config.load_user(layout.config_file)
    source, target = _own_streams()
    from codectxd.daemon.hosting import without_garbage

    with without_garbage():
        from codectxd.daemon.alone import Alone

    async def serve() -> None:
        await Alone(layout, settings).run(source, target)

    asyncio.run(serve())
    return 0


def _own_streams() -> tuple[int, int]:
    """Standard input and output, for the protocol alone: no child inherits them, and what is printed goes to stderr."""
    source, target = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    os.close(nowhere)
    return source, target


def _lock(layout: paths.Layout) -> int | None:
    """The lock that the serving daemon holds until its process ends, however it ends; None where another one serves.

    A daemon on its way out has removed its socket and still holds the lock: that one is waited for.
    """
    deadline = time.monotonic() + LEAVING_S
    while (lock := locks.take(layout.daemon_lock)) is None:
        if layout.socket.exists() or time.monotonic() > deadline:
            return None
        time.sleep(0.02)
    return lock


def _detach(layout: paths.Layout) -> Callable[[], None]:
    """Go on as a child of nobody, in a session of its own; what is returned lets the command that waits return."""
    told, tell = os.pipe()
    if os.fork():
        os.close(tell)
        os._exit(0 if os.read(told, 1) else 3)
    os.close(told)
    os.setsid()
    os.chdir("/")
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        log = os.open(layout.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError:  # A disk that became read-only still has an index that can be asked.
        log = os.dup(nowhere)
    for stream, target in ((0, nowhere), (1, nowhere), (2, log)):
        os.dup2(target, stream)
    os.close(nowhere)
    os.close(log)

    def ready() -> None:
        os.write(tell, b"1")
        os.close(tell)

    return ready


def _nothing() -> None:
    """Nobody waits for a daemon in the foreground."""


def _log_to(layout: paths.Layout, *, also_terminal: bool) -> None:
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    handlers: list[logging.Handler] = []
    try:
        handlers.append(LogFile(layout.log, with_errors=not also_terminal))
    except (OSError, UsageError) as problem:
        logger.warning("The log %s cannot be written: %s", layout.log, problem)
    if also_terminal:
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        handler.setFormatter(logging.Formatter(_FORMAT))
        root.addHandler(handler)
    logging.getLogger("pygls").setLevel(logging.WARNING)


def _log_to_terminal() -> None:
    """What an editor shows of its server: what went wrong, and nothing else."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format=_FORMAT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
