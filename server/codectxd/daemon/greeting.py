"""The first message of a connection. Most of a daemon's start is the import of pygls, for which no editor should wait: an
`initialize` that comes first is answered from here, before there is a session to answer anything else.

Knows nothing of sessions; whatever else comes first is left for them.
"""

from __future__ import annotations

import asyncio

import msgspec

from codectxd.daemon import capabilities
from codectxd.daemon.capabilities import Abilities, InitializeParams
from codectxd.wire.framing import FrameError, Headers, Message, RpcError, decode, encode


class Incoming:
    """The bodies of the messages on a connection, one after the other."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._first: asyncio.Task[bytes | None] | None = None

    async def peek(self) -> bytes | None:
        """The first body, which `next` gives once more; None where it will raise, or where there is none."""
        self._first = asyncio.get_running_loop().create_task(self._read())
        try:
            await asyncio.wait([self._first])
        except asyncio.CancelledError:
            self._first.cancel()
            raise
        return None if self._first.exception() is not None else self._first.result()

    async def next(self) -> bytes | None:
        """The next body, or None at the end of the stream. Raises FrameError, IncompleteReadError, ConnectionError."""
        first, self._first = self._first, None
        return await (first or self._read())

    async def _read(self) -> bytes | None:
        headers = Headers()
        while True:
            try:
                line = await self._reader.readline()
            except ValueError as problem:  # asyncio's word for a line beyond its limit.
                raise FrameError("This is not LSP: a header line does not end.") from problem
            if not line:
                return None
            length = headers.feed(line)
            if length is not None:
                return await self._reader.readexactly(length)


class Greeting(msgspec.Struct, frozen=True):
    """What a client said of itself, and was answered to."""

    params: InitializeParams
    able: Abilities


async def greeted(incoming: Incoming, writer: asyncio.StreamWriter) -> Greeting | None:
    """Answer an `initialize` that comes first; None, and nothing is taken, where it does not, or makes no sense."""
    body = await incoming.peek()
    asked = _asked(body) if body is not None else None
    if asked is None:
        return None
    await incoming.next()
    number, params = asked
    able = capabilities.abilities(params.capabilities)
    writer.write(encode(Message(id=number, result=capabilities.answer(able))))
    return Greeting(params, able)


def _asked(body: bytes) -> tuple[str | int, InitializeParams] | None:
    """The id and the parameters of a request to `initialize`; None for anything else."""
    try:
        message = decode(body)
        if message.method != "initialize" or not isinstance(message.id, str | int):
            return None
        told = {} if message.params is None or message.params is msgspec.UNSET else message.params
        return message.id, msgspec.convert(told, InitializeParams)
    except (RpcError, msgspec.ValidationError):
        return None
