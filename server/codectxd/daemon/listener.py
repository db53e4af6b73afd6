"""The composition root of the daemon: socket, sessions, engines, and the way out.

One per user: it runs only while its process holds the daemon's lock, so that the socket it finds is a stale one. It
ends on SIGTERM, SIGINT, `codectx/stop`, or when no client was connected for a while. Knows no method.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

import codectxd
from codectxd.config import UserConfig
from codectxd.daemon.greeting import Greeting, Incoming, greeted
from codectxd.daemon.hosting import Hosting, without_garbage
from codectxd.paths import Layout
from codectxd.wire import messages

if TYPE_CHECKING:
    from codectxd.daemon.session import Session

logger = logging.getLogger(__name__)

STREAM_LIMIT = 256 * 1024
"""Bytes read ahead of one session; also the longest header line."""

LOOK_S = 5.0
"""How often is looked whether clients still find the socket: somebody may have removed the folder that it lies in."""

GRACE_S = 2.0
"""How long sessions may take to be sent what is queued when the daemon ends."""


class Daemon:
    """The process' one listener. Everything happens on the loop that runs `run`."""

    def __init__(self, layout: Layout, config: UserConfig) -> None:
        self.hosting = Hosting(layout, config)
        self._layout = layout
        self._config = config
        self._sessions: dict[Session, asyncio.Task[None]] = {}
        self._arriving: set[asyncio.Task[None]] = set()
        self._loading: asyncio.Task[None] | None = None
        self._names = (f"session-{number}" for number in itertools.count(1))
        self._stopped = asyncio.Event()
        self._idle: asyncio.TimerHandle | None = None
        self._socket: tuple[int, int] | None = None

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until told to stop; `ready` is called once clients can connect."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        self._layout.socket.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._accept, self._layout.socket, limit=STREAM_LIMIT)
        self._socket = self._found()
        try:
            self._say_who_serves()
            logger.info("codectxd %s serves on %s as %d", codectxd.__version__, self._layout.socket, os.getpid())
            self._watch_idleness()
            self._look_for_socket()
            ready()
            await self._stopped.wait()
        finally:
            server.close()
            if self._is_found():
                self._layout.socket.unlink(missing_ok=True)
                self._layout.daemon_file.unlink(missing_ok=True)
            await self._close()

    def _found(self) -> tuple[int, int] | None:
        """Which file is at the socket's path."""
        try:
            found = self._layout.socket.lstat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _is_found(self) -> bool:
        """Whether a client that looks for the daemon finds this one."""
        return self._found() == self._socket

    def _look_for_socket(self) -> None:
        """Leave where nobody can find this daemon any more, once who found it in time has left."""
        if self._is_found():
            asyncio.get_running_loop().call_later(LOOK_S, self._look_for_socket)
            return
        logger.warning("%s is gone or another daemon's: this one serves who it serves, and leaves", self._layout.socket)
        self._socket = None
        self._watch_idleness()

    def _say_who_serves(self) -> None:
        try:
            self._layout.daemon_file.write_bytes(msgspec.json.encode({"pid": os.getpid(), "version": codectxd.__version__}))
        except OSError as problem:
            # It is for people, who have no use for a daemon that does not start because of it; a full disk passes.
            logger.warning("%s cannot be written: %s", self._layout.daemon_file, problem)

    def stop(self) -> None:
        """End the daemon soon."""
        self._stopped.set()

    def about(self, workspaces: list[messages.WorkspaceStatus]) -> messages.Status:
        """The daemon's status, around those of its workspaces."""
        return self.hosting.about(len(self._sessions), workspaces)

    def belongs_to(self, pid: int) -> None:
        """A session's client has this process; the daemon notices its end by its socket."""

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._arriving.add(task)
        self._watch_idleness()
        incoming = Incoming(reader)
        try:
            greeting = await greeted(incoming, writer)
            await self._loaded()
        except BaseException:
            writer.close()
            raise
        finally:
            self._arriving.discard(task)
            self._watch_idleness()
        session = self._begun(incoming, writer, greeting)
        self._sessions[session] = task
        self._watch_idleness()
        try:
            await session.run()
        finally:
            del self._sessions[session]
            logger.info("%s ended", session.session_name)
            self._watch_idleness()

    async def _loaded(self) -> None:
        """Wait until sessions can be served, which is prepared once, for the first that comes."""
        failed = self._loading is not None and self._loading.done() and self._loading.exception() is not None
        if self._loading is None or failed:  # What was in its way, as too many open files, may have passed.
            self._loading = asyncio.get_running_loop().create_task(asyncio.to_thread(_load_session))
        await asyncio.shield(self._loading)

    def _begun(self, incoming: Incoming, writer: asyncio.StreamWriter, greeting: Greeting | None) -> Session:
        """The session of a client that was greeted, or that began with something else."""
        from codectxd.daemon.handlers import METHODS, welcome
        from codectxd.daemon.session import Session

        session = Session(self, METHODS, (incoming, writer), next(self._names))
        logger.info("%s begins", session.session_name)
        if greeting is not None:
            welcome(session, greeting.params, greeting.able)
        return session

    def _watch_idleness(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        alone = not (self._sessions or self._arriving)
        if alone and self._socket is None:
            self.stop()
        elif alone and self._config.idle_exit_s > 0:
            self._idle = asyncio.get_running_loop().call_later(self._config.idle_exit_s, self._leave)

    def _leave(self) -> None:
        """Nobody was connected for long: end, unless there is work that was asked for and is not done."""
        if self.hosting.is_busy():
            self._watch_idleness()
        else:
            self.stop()

    async def _close(self) -> None:
        for task in self._arriving:
            task.cancel()
        for session in list(self._sessions):
            session.end()
        if self._sessions:
            await asyncio.wait(self._sessions.values(), timeout=GRACE_S)
        for session in list(self._sessions):
            session.abort()
        await self.hosting.close()
        logger.info("codectxd ended")


def _load_session() -> None:
    """Import what serves sessions: pygls, which takes most of a start."""
    with without_garbage():
        import codectxd.daemon.handlers
        import codectxd.daemon.session  # noqa: F401
