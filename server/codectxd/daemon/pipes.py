"""A pair of pipes as asyncio's streams: standard input and output, for a session that needs no socket.

asyncio can listen to pipes by itself on some systems, and only to some kinds of pipes; a thread for each direction can
everywhere. Neither direction runs ahead of who reads it: what is not read yet stays in the pipe, or makes `drain` wait.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from typing import Any

_CHUNK = 64 * 1024
_AHEAD = 4
"""Chunks that may be on their way from the pipe to the loop."""
_HIGH, _LOW = 256 * 1024, 64 * 1024
"""Bytes waiting to be written at which the sender waits, and goes on."""


def open_streams(source: int, target: int, limit: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Streams over two descriptors, which are theirs from now on. Called on the loop."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit, loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport = _Transport(loop, protocol, source, target)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


class _Transport(asyncio.Transport):
    """On the loop but for `_read_on` and `_write_on`, which are threads."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, protocol: asyncio.StreamReaderProtocol, source: int, target: int
    ) -> None:
        super().__init__({"pipe": target})
        self._loop = loop
        self._protocol = protocol
        self._source = source
        self._target = target
        self._room = threading.Semaphore(_AHEAD)
        self._paused = self._closing = self._lost = self._waiting = False
        self._held_back = 0
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._unsent = 0
        protocol.connection_made(self)
        threading.Thread(target=self._read_on, name="read input", daemon=True).start()
        threading.Thread(target=self._write_on, name="write output", daemon=True).start()

    # -- reading ----------------------------------------------------------------------------------------------------------

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        for _ in range(self._held_back):
            self._room.release()
        self._held_back = 0

    def _read_on(self) -> None:
        chunk = b"-"
        while chunk:
            self._room.acquire()
            try:
                chunk = os.read(self._source, _CHUNK)
            except OSError:
                chunk = b""
            self._tell(self._take, chunk)

    def _take(self, chunk: bytes) -> None:
        if self._lost:
            return
        if not chunk:
            self._protocol.eof_received()
            return
        self._protocol.data_received(chunk)
        if self._paused:
            self._held_back += 1
        else:
            self._room.release()

    # -- writing ----------------------------------------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if self._closing:
            return
        self._unsent += len(data)
        self._outbox.put(bytes(data))
        if self._unsent > _HIGH and not self._waiting:
            self._waiting = True
            self._protocol.pause_writing()

    def get_write_buffer_size(self) -> int:
        return self._unsent

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """End once what is queued was written."""
        if not self._closing:
            self._closing = True
            self._outbox.put(None)

    def abort(self) -> None:
        """End now."""
        self.close()
        self._lose(None)

    def _write_on(self) -> None:
        try:
            while (data := self._outbox.get()) is not None:
                view = memoryview(data)
                while view:
                    view = view[os.write(self._target, view) :]
                self._tell(self._sent, len(data))
        except OSError as problem:  # Nobody reads any more.
            self._tell(self._lose, problem)
        else:
            self._tell(self._lose, None)

    def _sent(self, count: int) -> None:
        self._unsent -= count
        if self._waiting and self._unsent <= _LOW:
            self._waiting = False
            self._protocol.resume_writing()

    def _lose(self, problem: Exception | None) -> None:
        if not self._lost:
            self._lost = self._closing = True
            self._protocol.connection_lost(problem)

    def _tell(self, method: Any, argument: object) -> None:
        """Have `method` called on the loop, which may have ended."""
        try:
            self._loop.call_soon_threadsafe(method, argument)
        except RuntimeError:
            return
