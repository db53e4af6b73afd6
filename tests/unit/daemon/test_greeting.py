"""An editor is answered before anything is loaded that could serve it; what comes first and is no greeting is left alone."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from codectxd.config import UserConfig
from codectxd.daemon import listener
from codectxd.daemon.greeting import Greeting, Incoming, greeted
from codectxd.paths import Layout
from codectxd.wire.framing import FrameError, framed

HELLO = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}, "rootUri": "file:///w"}}
OTHERS = [
    {**HELLO, "method": "codectx/status"},
    {"jsonrpc": "2.0", "method": "initialize", "params": {}},
    {**HELLO, "params": [1, 2]},
    {**HELLO, "params": "x"},
]


class Sent:
    """Stands where the connection's writer would: keeps what is written."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data


def with_stream(received: bytes, work: Callable[[Incoming], Awaitable[None]]) -> None:
    async def run() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(received)
        reader.feed_eof()
        await work(Incoming(reader))

    asyncio.run(run())


def frame(message: object) -> bytes:
    return framed(msgspec.json.encode(message))


def test_a_greeting_is_answered_and_taken() -> None:
    async def work(incoming: Incoming) -> None:
        sent = Sent()
        greeting = await greeted(incoming, sent)  # type: ignore[arg-type]
        assert isinstance(greeting, Greeting)
        assert greeting.params.folders() == ["file:///w"]
        answer = msgspec.json.decode(sent.data.partition(b"\r\n\r\n")[2])
        assert (answer["id"], answer["result"]["serverInfo"]["name"]) == (1, "codectxd")
        assert await incoming.next() == b"{}"
        assert await incoming.next() is None

    with_stream(frame(HELLO) + framed(b"{}"), work)


@pytest.mark.parametrize("first", [*map(msgspec.json.encode, OTHERS), b"no JSON", b"[]", b"\xff"])
def test_what_comes_first_and_is_no_greeting_is_left_for_the_session(first: bytes) -> None:
    async def work(incoming: Incoming) -> None:
        sent = Sent()
        assert await greeted(incoming, sent) is None  # type: ignore[arg-type]
        assert sent.data == b""
        assert await incoming.next() == first

    with_stream(framed(first), work)


def test_what_is_no_lsp_is_told_to_whoever_reads_on() -> None:
    async def work(incoming: Incoming) -> None:
        assert await greeted(incoming, Sent()) is None  # type: ignore[arg-type]
        with pytest.raises(FrameError):
            await incoming.next()

    with_stream(b"GET / HTTP/1.1\r\n", work)


def test_an_end_is_an_end() -> None:
    async def work(incoming: Incoming) -> None:
        assert await greeted(incoming, Sent()) is None  # type: ignore[arg-type]
        assert await incoming.next() is None

    with_stream(b"", work)


def test_nothing_heavy_is_loaded_by_then() -> None:
    code = "import sys, codectxd.daemon.listener; print([m for m in ('pygls', 'lsprotocol', 'numpy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_who_comes_later_makes_nothing_be_kept_for_ever(tmp_path: Path) -> None:
    code = f"""
import asyncio, gc
from pathlib import Path
from codectxd.config import UserConfig
from codectxd.daemon.listener import Daemon
from codectxd.paths import Layout

async def run():
    folder = Path({str(tmp_path)!r})
    daemon = Daemon(Layout(folder, folder, folder), UserConfig())
    await asyncio.gather(daemon._loaded(), daemon._loaded())
    frozen = gc.get_freeze_count()
    kept = [[] for _ in range(1000)]
    await daemon._loaded()
    return frozen > 0 and gc.get_freeze_count() == frozen and gc.isenabled()

print(asyncio.run(run()))
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True\n"


def test_what_could_not_be_loaded_once_is_loaded_for_who_comes_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[None] = []

    def load() -> None:
        tries.append(None)
        if len(tries) == 1:
            raise OSError("too many open files")

    monkeypatch.setattr(listener, "_load_session", load)

    async def run() -> None:
        daemon = listener.Daemon(Layout(tmp_path, tmp_path, tmp_path), UserConfig())
        with pytest.raises(OSError, match="too many open files"):
            await daemon._loaded()
        await daemon._loaded()
        await daemon._loaded()

    asyncio.run(run())
    assert len(tries) == 2
