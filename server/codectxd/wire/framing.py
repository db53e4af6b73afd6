"""JSON-RPC messages in LSP's framing, without input or output: headers and bodies to messages and back.

Both ends of the socket use it. Knows neither methods nor parameters.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec

from codectxd.wire import convert, messages

MAX_HEADERS = 32
"""Header lines of one message; LSP has two."""


MAX_HEADER = 256 * 1024
"""Bytes of one header line."""


class FrameError(Exception):
    """The stream is not LSP's framing, so that no message can be told from the next: the connection must end."""


class RpcError(Exception):
    """A message that gets an error for an answer; the connection goes on."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Failure(msgspec.Struct, frozen=True):
    """JSON-RPC's error object."""

    code: int
    message: str
    data: Any = None


class Message(msgspec.Struct, frozen=True):
    """Any JSON-RPC message: a request has a method and an id, a notification no id, a response no method."""

    jsonrpc: str = "2.0"
    id: str | int | msgspec.UnsetType | None = msgspec.UNSET
    method: str | msgspec.UnsetType = msgspec.UNSET
    params: Any = msgspec.UNSET
    result: Any = msgspec.UNSET
    error: Failure | msgspec.UnsetType | None = msgspec.UNSET


class Headers:
    """The headers of one message, fed line by line."""

    def __init__(self) -> None:
        self._length: int | None = None
        self._lines = 0

    def feed(self, line: bytes) -> int | None:
        """The body's length once `line` is the empty line that ends the headers. Raises FrameError."""
        if not line.strip():
            return self._end()
        self._lines += 1
        name, colon, value = line.partition(b":")
        if not colon or self._lines > MAX_HEADERS:
            raise FrameError("This is not LSP: a header line was expected.")
        if name.strip().lower() == b"content-length":
            self._length = _length(value.strip())
        return None

    def _end(self) -> int:
        if self._length is None:
            raise FrameError("This is not LSP: the Content-Length header is missing.")
        return self._length


def _length(value: bytes) -> int:
    if not value.isdigit() or len(value) > 18:
        raise FrameError("The Content-Length header is not a number.")
    length = int(value)
    if length > messages.MAX_BODY:
        raise FrameError(f"A message of {length} bytes is too long: {messages.MAX_BODY} are allowed.")
    return length


class Frames:
    """The messages' bodies in a stream of bytes, one after the other."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        """`read` waits for some more bytes, and gives none at the end of the stream."""
        self._read = read
        self._received = bytearray()

    def next(self) -> bytes | None:
        """The next body; None at the end of the stream, be it within a message. Raises FrameError, and as `read` does."""
        headers = Headers()
        while (line := self._line()) is not None:
            length = headers.feed(line)
            if length is not None:
                return self._take(length) if self._has(length) else None
        return None

    def _line(self) -> bytes | None:
        searched = 0
        while (end := self._received.find(b"\n", searched)) < 0:
            searched = len(self._received)
            if searched > MAX_HEADER:
                raise FrameError("This is not LSP: a header line does not end.")
            if not self._has(searched + 1):
                return None
        return self._take(end + 1)

    def _has(self, length: int) -> bool:
        while len(self._received) < length:
            chunk = self._read()
            if not chunk:
                return False
            self._received += chunk
        return True

    def _take(self, length: int) -> bytes:
        taken = bytes(memoryview(self._received)[:length])
        del self._received[:length]
        return taken


def encode(message: Message) -> bytes:
    """The frame of `message`."""
    return framed(msgspec.json.encode(message))


def framed(body: bytes) -> bytes:
    """The frame of a message's body."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def decode(body: bytes) -> Message:
    """The message in `body`. Raises RpcError where it is not JSON or not a message."""
    plain = _parse(body)
    try:
        message = msgspec.convert(plain, Message)
    except msgspec.ValidationError as problem:
        raise RpcError(messages.INVALID_REQUEST, f"This is not a JSON-RPC message: {problem}.") from problem
    nothing = None if message.method is not msgspec.UNSET else msgspec.UNSET
    if message.jsonrpc != "2.0" or message.id is nothing:
        raise RpcError(messages.INVALID_REQUEST, "This is not a JSON-RPC 2.0 message.")
    return message


def _parse(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _parse_leniently(body)


def _parse_leniently(body: bytes) -> Any:
    """Editors send lone surrogates, half of an emoji being typed; msgspec refuses them, the standard library does not."""
    try:
        return _clean(json.loads(body))
    except (ValueError, RecursionError) as problem:
        raise RpcError(messages.PARSE_ERROR, f"The message is not JSON: {problem}.") from problem


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return convert.replace_surrogates(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value
