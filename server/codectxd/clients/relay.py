"""`codectxd --stdio`: an editor's language server, which passes its messages to the daemon and back.

Messages pass whole, one at a time in each direction; a side that does not read makes the other wait. When the daemon is
killed, another one is started and told what it must know (`recall`), and what was asked of the old one is answered with
an error: the editor goes on as if nothing had happened. A daemon that was asked to end is only started again once the
editor wants something. Leaves with 0 when the editor shut down or closed its end, with 1 when it said `exit` without
`shutdown`, with 3 and one line on stderr when there is no daemon to be had, or none that lives.
"""

from __future__ import annotations

import collections
import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Iterable
from typing import Final

from codectxd.clients import spawn
from codectxd.clients.recall import Recall
from codectxd.errors import DaemonUnreachable
from codectxd.paths import Layout
from codectxd.wire import framing, messages
from codectxd.wire.framing import Failure, FrameError, Frames, Message

_PAUSES_S: Final = (0.0, 0.2, 0.5, 1.0, 2.0)
"""Before each attempt to find or start another daemon."""

_LIVES: Final = 5
_WITHIN_S: Final = 60.0
"""A daemon that ends this often in this time ends of what it is told."""

_MOST_HELD: Final = 1_000
"""Requests that wait for a daemon; an editor that has more of them waits itself."""

_CHUNK: Final = 256 * 1024


def relay(layout: Layout) -> int:
    """Serve the editor on stdin and stdout until it leaves. Raises DaemonUnreachable where there is no daemon to be had."""
    spawn.replace_older(layout)
    return _Relay(layout, sys.stdin.fileno(), sys.stdout.fileno()).run()


class _EditorGone(Exception):
    """Nobody reads what is written any more."""


class _Relay:
    """Two threads: `run` passes on what the daemon says and replaces it, the other one what the editor says."""

    def __init__(self, layout: Layout, source: int, target: int) -> None:
        self._layout = layout
        self._source = source
        self._target = target
        self._recall = Recall()
        self._news = threading.Condition()
        """Guards the next four and the recall; never held while anything is written."""
        self._stream: socket.socket | None = None
        self._held: list[bytes] = []
        self._wanted = False
        self._left = False
        self._to_daemon = threading.Lock()
        """Held while something is written to the daemon, so that a new one first hears what it must know."""
        self._to_editor = threading.Lock()
        self._losses: collections.deque[float] = collections.deque(maxlen=_LIVES)

    def run(self) -> int:
        """The exit status, once the editor left."""
        stream: socket.socket | None = spawn.connect(self._layout)
        self._stream = stream
        threading.Thread(target=self._pass_up, name="editor to daemon", daemon=True).start()
        try:
            while stream is not None:
                with stream:
                    self._pass_down(stream)
                self._lose()
                stream = self._another()
        except _EditorGone:
            return 0
        return 1 if self._recall.left and not self._recall.shut_down else 0

    # -- from the editor to the daemon, on a thread of its own ------------------------------------------------------------

    def _pass_up(self) -> None:
        frames = Frames(lambda: os.read(self._source, _CHUNK))
        try:
            while (body := frames.next()) is not None:
                self._say(body)
        except FrameError as problem:
            # No message can be told from the next any more.
            with contextlib.suppress(_EditorGone):
                self._write([framing.encode(Message(id=None, error=Failure(messages.PARSE_ERROR, str(problem))))])
        except OSError:
            pass  # The terminal or the pipe is gone.
        self._leave()

    def _say(self, body: bytes) -> None:
        with self._to_daemon:
            with self._news:
                said, stream = self._recall.said(body), self._stream
                if stream is None and said == "request":
                    self._held.append(body)
                self._wanted = self._wanted or said != "other"
                self._left = self._left or (stream is None and self._recall.left)
                self._news.notify_all()
            if stream is not None:
                with contextlib.suppress(OSError):  # The other thread notices that the daemon is gone, and makes up for it.
                    stream.sendall(framing.framed(body))
        with self._news:
            self._news.wait_for(lambda: len(self._held) < _MOST_HELD or self._left)

    def _leave(self) -> None:
        with self._news:
            self._left, stream = True, self._stream
            self._news.notify_all()
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_WR)

    # -- from the daemon to the editor ------------------------------------------------------------------------------------

    def _pass_down(self, stream: socket.socket) -> None:
        """Until the daemon is gone."""
        frames = Frames(lambda: stream.recv(_CHUNK))
        with contextlib.suppress(OSError, FrameError):
            while (body := frames.next()) is not None:
                with self._news:
                    is_for_editor = self._recall.heard(body)
                if is_for_editor:
                    self._write([framing.framed(body)])

    def _write(self, frames: Iterable[bytes]) -> None:
        """To the editor. Raises _EditorGone."""
        with self._to_editor:
            for frame in frames:
                view = memoryview(frame)
                while view:
                    try:
                        view = view[os.write(self._target, view) :]
                    except OSError as problem:
                        raise _EditorGone from problem

    # -- one daemon after another -----------------------------------------------------------------------------------------

    def _lose(self) -> None:
        with self._news:
            self._stream = None
            # A daemon that was asked to end removes its socket; one that was killed does not.
            self._wanted = os.path.lexists(self._layout.socket)
            self._left = self._left or self._recall.left
            told = list(self._recall.lost())
        if not self._left:
            self._losses.append(time.monotonic())
            self._write(framing.framed(body) for body in told)

    def _another(self) -> socket.socket | None:
        """A daemon that knows what it must, once it is wanted; None where the editor left. Raises DaemonUnreachable."""
        try:
            return self._connected()
        except DaemonUnreachable:
            with self._news:
                told = list(self._recall.lost())
            with contextlib.suppress(_EditorGone):
                self._write(framing.framed(body) for body in told)
            raise

    def _connected(self) -> socket.socket | None:
        with self._news:
            self._news.wait_for(lambda: self._wanted or self._left)
        problem: DaemonUnreachable | None = None
        for pause_s in _PAUSES_S:
            with self._news:
                if self._news.wait_for(lambda: self._left, timeout=pause_s):
                    return None
            self._check_lives()
            try:
                stream = spawn.connect(self._layout)
            except DaemonUnreachable as found:
                problem = found
                continue
            if self._introduce(stream):
                return stream
        if self._left:
            return None
        raise problem or self._short_lived()

    def _introduce(self, stream: socket.socket) -> bool:
        """Whether a daemon was told all that it must know."""
        with self._to_daemon:
            with self._news:
                if self._left:
                    stream.close()
                    return False
                bodies = [*self._recall.again(), *self._held]
                self._held.clear()
                self._stream = stream
                self._news.notify_all()
            try:
                for body in bodies:
                    stream.sendall(framing.framed(body))
            except OSError:
                stream.close()
                self._lose()
                return False
        return True

    def _check_lives(self) -> None:
        if len(self._losses) == _LIVES and time.monotonic() - self._losses[0] < _WITHIN_S:
            raise self._short_lived()

    def _short_lived(self) -> DaemonUnreachable:
        return DaemonUnreachable(f"The daemon ends again and again while the editor uses it: {self._layout.log} says why.")
