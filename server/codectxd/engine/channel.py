"""Messages between the daemon and its child processes: MessagePack structs in length-prefixed frames over a socket pair.

No pickle: a child that speaks garbage gives an error, not code. `open_child` starts a Python module of this package whose
standard input is its end of the pair, so that the end of the parent, however it came, is seen as the end of the file. On
Windows, which has no such pairs for children, standard input and output are two pipes, and do the same.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import stat
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import msgspec

from codectxd.engine.pipes import Pipes

_FRAME = struct.Struct("<I")
_MAX_FRAME = 1 << 30

In = TypeVar("In")


class Closed(Exception):
    """The other side is gone."""


class Channel(Generic[In]):
    """One end. `send` may be called from several threads, `receive` from one at a time."""

    def __init__(self, end: socket.socket | Pipes, incoming: Any) -> None:
        """`incoming` is the type, or union of types, that the other side sends."""
        self._end = end
        self._decoder: msgspec.msgpack.Decoder[In] = msgspec.msgpack.Decoder(incoming)
        self._encoder = msgspec.msgpack.Encoder()
        self._sending = threading.Lock()

    def send(self, message: object) -> None:
        """Raises Closed where nobody listens any more."""
        body = self._encoder.encode(message)
        try:
            with self._sending:
                self._end.sendall(_FRAME.pack(len(body)))
                self._end.sendall(body)
        except (OSError, ValueError) as problem:
            raise Closed(str(problem)) from problem

    def receive(self, timeout_s: float | None = None) -> In | None:
        """The next message, or None when none begins within the time. Raises Closed at the end, or on garbage."""
        try:
            if timeout_s is not None and not self._is_readable(timeout_s):
                return None
            (size,) = _FRAME.unpack(self._read(_FRAME.size))
            if size > _MAX_FRAME:
                raise Closed(f"a frame of {size} bytes")
            return self._decoder.decode(self._read(size))
        except (OSError, ValueError, msgspec.MsgspecError) as problem:
            raise Closed(str(problem)) from problem

    def _is_readable(self, timeout_s: float) -> bool:
        if isinstance(self._end, Pipes):
            return self._end.is_readable(timeout_s)
        return bool(select.select([self._end], [], [], timeout_s)[0])

    def _read(self, size: int) -> bytearray:
        data = bytearray(size)
        view, at = memoryview(data), 0
        while at < size:
            count = self._end.recv_into(view[at:])
            if not count:
                raise Closed("the other side is gone")
            at += count
        return data

    def close(self) -> None:
        """Tell the other side that this one is gone; a `receive` under way in another thread ends, over pipes with the other
        side."""
        if isinstance(self._end, socket.socket):
            with contextlib.suppress(OSError):
                self._end.shutdown(socket.SHUT_RDWR)
        self._end.close()


class Child(Protocol):
    """What a channel's owner needs of the process at its other end."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def kill(self) -> None: ...


StartChild: TypeAlias = Callable[[str, list[str], Any], tuple[Child, "Channel[Any]"]]


def open_child(module: str, arguments: list[str], incoming: Any) -> tuple[subprocess.Popen[bytes], Channel[Any]]:
    """Start `python -m module` with this package's interpreter; its standard error is ours. Raises OSError."""
    if sys.platform == "win32":
        return open_child_by_pipes(module, arguments, incoming)
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=_child_environment(),
            )
        except OSError:
            ours.close()
            raise
    return process, Channel(ours, incoming)


def open_child_by_pipes(module: str, arguments: list[str], incoming: Any) -> tuple[subprocess.Popen[bytes], Channel[Any]]:
    """The same with a pipe for each direction."""
    command, pipe = [sys.executable, "-m", module, *arguments], subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, bufsize=0, env=_child_environment())
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        ends = Pipes(os.dup(process.stdout.fileno()), os.dup(process.stdin.fileno()))
    return process, Channel(ends, incoming)


def parent_channel(incoming: Any) -> Channel[Any]:
    """In a child: its end of the pair, or of the pipes, that its parent made."""
    source, target = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    if stat.S_ISSOCK(os.fstat(source).st_mode):
        os.close(target)
        return Channel(socket.socket(fileno=source), incoming)
    os.dup2(2, 1)  # What is printed is no message.
    return Channel(Pipes(source, target), incoming)


def _child_environment() -> dict[str, str]:
    # The child must import this very package, however the parent found it.
    package_root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    found = os.environ.get("PYTHONPATH", "")
    paths = [package_root, *(part for part in found.split(os.pathsep) if part and part != package_root)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TOKENIZERS_PARALLELISM": "false"}
