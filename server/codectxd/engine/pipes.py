"""A pair of pipes that does what a channel needs of a socket, for where there are no Unix sockets to hand to a child.

A descriptor is closed when nobody uses it any more and not before: its number may be another file's by then. So closing
does not end a read that is under way; the other side, which sees its input end, does by ending too.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import sys
import threading
import time
from collections.abc import Iterator

_CHUNK = 1 << 20
_LOOK_S = 0.005


class Pipes:
    """What comes in by `source` and goes out by `target`, both of which are this object's from now on."""

    def __init__(self, source: int, target: int) -> None:
        self._source = _Descriptor(source)
        self._target = _Descriptor(target)

    def sendall(self, data: bytes) -> None:
        """Raises OSError where nobody reads any more."""
        view = memoryview(data)
        with self._target.used() as descriptor:
            while view:
                view = view[os.write(descriptor, view) :]

    def recv_into(self, view: memoryview) -> int:
        """Fill the beginning of `view` with what is there, waiting for the first byte; 0 at the end."""
        with self._source.used() as descriptor:
            data = os.read(descriptor, min(len(view), _CHUNK))
        view[: len(data)] = data
        return len(data)

    def is_readable(self, timeout_s: float) -> bool:
        """Whether something, or the end, comes within the time."""
        with self._source.used() as descriptor:
            return _is_readable(descriptor, timeout_s)

    def close(self) -> None:
        """Let the other side see the end."""
        self._target.close()
        self._source.close()


class _Descriptor:
    """Closed once it is to be and nobody uses it."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._lock = threading.Lock()
        self._users = 0
        self._closed = False

    @contextlib.contextmanager
    def used(self) -> Iterator[int]:
        """The number, for as long as it is needed. Raises OSError where it is closed."""
        with self._lock:
            if self._closed:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            self._users += 1
        try:
            yield self._number
        finally:
            with self._lock:
                self._users -= 1
                if self._closed and not self._users:
                    os.close(self._number)

    def close(self) -> None:
        with self._lock:
            if not self._closed and not self._users:
                os.close(self._number)
            self._closed = True


def _is_readable(descriptor: int, timeout_s: float) -> bool:
    if sys.platform != "win32":
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(1000 * timeout_s))
    # Windows waits for sockets only: look again and again, as Python's own multiprocessing does.
    import _winapi
    import msvcrt

    deadline = time.monotonic() + timeout_s
    while True:
        try:
            available, _ = _winapi.PeekNamedPipe(msvcrt.get_osfhandle(descriptor), 0)
        except OSError:  # The end.
            return True
        if available or time.monotonic() >= deadline:
            return bool(available)
        time.sleep(_LOOK_S)
