"""A session with a process of one's own instead of the daemon: started for it, spoken to through pipes, gone with it.

For machines on which nothing may listen or stay behind. Knows nothing of what the process does, only how it is started.
"""

from __future__ import annotations

import collections
import contextlib
import queue
import subprocess
import sys
import threading

from codectxd.clients.connection import Connection
from codectxd.errors import DaemonUnreachable

MODULE = "codectxd.daemon"
ARGUMENTS = ("--in-process",)

_CHUNK = 256 * 1024
_LEAVING_S = 15.0
_LAST_LINES = 20


def open_session(*, name: str, folders: list[str], status: bool) -> Connection:
    """An initialized connection to a process that ends when the connection is closed. Raises DaemonUnreachable."""
    with contextlib.ExitStack() as unless_it_works:
        stream = Hosted()
        unless_it_works.callback(stream.close)
        connection = Connection(stream)
        try:
            connection.initialize(name=name, folders=folders, status=status)
        except DaemonUnreachable as problem:
            stream.close()
            raise DaemonUnreachable(f"The search process did not start: {stream.last_words() or problem}.") from problem
        unless_it_works.pop_all()
        return connection


class Hosted:
    """The pipes of such a process, as a connection uses a socket."""

    def __init__(self) -> None:
        # -P: a folder in which somebody happens to search must not become a place to import from.
        command = [sys.executable, "-P", "-m", MODULE, *ARGUMENTS]
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)
        except OSError as problem:
            raise DaemonUnreachable(f"No process can be started to search in: {problem.strerror}.") from problem
        self._chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._said: collections.deque[bytes] = collections.deque(maxlen=_LAST_LINES)
        self._timeout: float | None = None
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._read, self._listen)]
        for thread in self._threads:
            thread.start()

    def settimeout(self, seconds: float | None) -> None:
        """How long `recv` waits."""
        self._timeout = seconds

    def recv(self, _: int) -> bytes:
        """What came next, empty at the end. Raises TimeoutError."""
        try:
            return self._chunks.get(timeout=self._timeout)
        except queue.Empty as nothing:
            raise TimeoutError from nothing

    def sendall(self, data: bytes) -> None:
        """Raises OSError where nobody listens any more."""
        view = memoryview(data)
        while view:
            assert self._process.stdin is not None
            view = view[self._process.stdin.write(view) or 0 :]

    def close(self) -> None:
        """Let the process end, and see that it does."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_LEAVING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join()

    def last_words(self) -> str:
        """The last line that the process wrote on its standard error, without what stands before the message."""
        lines = [line for said in self._said if (line := said.decode(errors="replace").strip())]
        return lines[-1].split(": ", 1)[-1].rstrip(".") if lines else ""

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            while chunk := stream.read(_CHUNK):
                self._chunks.put(chunk)
        self._chunks.put(b"")

    def _listen(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            while said := stream.readline():
                self._said.append(said)
