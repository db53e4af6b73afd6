"""What end-to-end tests are made of: homes, editors, bare sockets, and conditions with deadlines."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import psutil
from lsprotocol import types
from pytest_lsp import LanguageClient

from codectxd.clients import spawn
from codectxd.paths import Layout

DEADLINE_S = 60.0
"""For whatever must happen; a test machine can be slow."""

FILES = {
    "README.md": "# Shop\n\nA small shop that sells tea.\n",
    "shop/__init__.py": "",
    "shop/cart.py": (
        "class Cart:\n"
        '    """What a customer is about to buy."""\n'
        "\n"
        "    def __init__(self):\n"
        "        self.lines = []\n"
        "\n"
        "    def add(self, article, count):\n"
        "        self.lines.append((article, count))\n"
        "\n"
        "    def total_price(self, discount):\n"
        '        """Sum of all lines, less the discount."""\n'
        "        return sum(article.price * count for article, count in self.lines) * (1 - discount)\n"
    ),
    "shop/retry.py": (
        "import time\n"
        "\n"
        "\n"
        "def call_with_backoff(function, attempts):\n"
        '    """Call again after a failure, waiting twice as long each time."""\n'
        "    for attempt in range(attempts):\n"
        "        try:\n"
        "            return function()\n"
        "        except ConnectionError:\n"
        "            time.sleep(2**attempt)\n"
    ),
}


def executable() -> list[str]:
    """The installed command, or, in a checkout that is only on the path, its module."""
    found = shutil.which("codectxd", path=os.path.dirname(sys.executable))
    return [found] if found else [sys.executable, "-P", "-m", "codectxd.clients.cli"]


def path_with_command(folder: Path) -> str:
    """A PATH on which `codectxd` is the command that is tested, by a script put into `folder`."""
    folder.mkdir()
    script = folder / "codectxd"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(executable())} "$@"\n')
    script.chmod(0o755)
    return os.pathsep.join([str(folder), os.environ["PATH"]])


class Home:
    """One CODECTX_HOME with at most one daemon."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.layout = Layout(state=folder, runtime=folder / "run", config=folder)
        self.environment = {**os.environ, "CODECTX_HOME": str(folder), "PYTHONWARNINGS": "default"}

    def run(self, *arguments: str, cwd: Path | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return subprocess.run(
            [*executable(), *arguments],
            env=self.environment,
            cwd=cwd or self.folder,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
            **options,
        )

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*executable(), *arguments], env=self.environment, cwd=self.folder, **options)

    def raw(self, *, initialized: tuple[Path, ...] | None = None) -> Raw:
        """A bare connection to the daemon that runs, as ill-behaved as the test wants it."""
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.settimeout(DEADLINE_S)
        stream.connect(str(self.layout.socket))
        peer = Raw(stream)
        if initialized is not None:
            peer.initialize(*initialized)
        return peer

    def daemon_pid(self) -> int | None:
        found = spawn.running_daemon(self.layout)
        return found.pid if found else None

    def processes(self) -> list[psutil.Process]:
        """Every process that works for this home, whoever started it."""
        return [one for one in psutil.process_iter() if self._owns(one)]

    def _owns(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("CODECTX_HOME") == str(self.folder) and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def end(self) -> None:
        """Stop the daemon as a person would, and see that everything ended with it."""
        self.run("stop")
        try:
            until(lambda: not self.processes(), "every process has ended")
        finally:
            for process in self.processes():
                with contextlib.suppress(psutil.Error):
                    process.kill()


class Raw:
    """One end of the daemon's socket, without manners."""

    def __init__(self, stream: socket.socket) -> None:
        self.stream = stream
        self._file = stream.makefile("rb")

    def initialize(self, *folders: Path, **capabilities: Any) -> Any:
        named = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders]
        return self.ask("initialize", {"capabilities": capabilities, "workspaceFolders": named}, number=0)

    def ask(self, method: str, params: Any = None, number: int = 1) -> Any:
        """The response to a request, errors included; what is notified meanwhile is dropped."""
        self.send({"id": number, "method": method, "params": params})
        while (message := self.receive()).get("id") != number:
            assert message, f"the daemon hung up instead of answering {method}"
        return message

    def send(self, message: dict[str, Any]) -> None:
        self.stream.sendall(frame(message))

    def receive(self) -> Any:
        """The next message, or {} at the end of the stream."""
        length = 0
        while (line := self._file.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return msgspec.json.decode(self._file.read(length)) if line else {}

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.stream.close()


def frame(message: dict[str, Any]) -> bytes:
    body = msgspec.json.encode({"jsonrpc": "2.0", **message})
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def until(condition: Callable[[], object], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Wait for a condition; fail by its name."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.01)


async def until_async(condition: Callable[[], Awaitable[object]], what: str, deadline_s: float = DEADLINE_S) -> None:
    """The same on a loop, for conditions that are coroutines."""
    async with asyncio.timeout(deadline_s):
        while not await condition():  # noqa: ASYNC110 - the condition is another process'.
            await asyncio.sleep(0.01)


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


class Editor:
    """pytest-lsp's client with `codectxd --stdio` at its other end, and what tests ask of it."""

    def __init__(self, client: LanguageClient) -> None:
        self.client = client

    async def initialize(self, *roots: Path, **fields: Any) -> types.InitializeResult:
        folders = [types.WorkspaceFolder(uri=root.as_uri(), name=root.name) for root in roots]
        params = types.InitializeParams(
            capabilities=types.ClientCapabilities(), process_id=os.getpid(), workspace_folders=folders, **fields
        )
        result = await self.client.initialize_session(params)
        assert isinstance(result, types.InitializeResult)
        return result

    async def ask(self, method: str, **params: Any) -> Any:
        """The answer to one of our own requests, as plain JSON."""
        async with asyncio.timeout(DEADLINE_S):
            return plain(await self.client.protocol.send_request_async(method, params))

    async def fresh(self) -> None:
        answer = await self.ask("codectx/waitFresh", timeoutMs=int(DEADLINE_S * 1000))
        assert answer["fresh"], answer

    async def search(self, query: str, **params: Any) -> Any:
        return await self.ask("codectx/search", query=query, **params)

    async def symbols(self, query: str) -> Sequence[Any]:
        async with asyncio.timeout(DEADLINE_S):
            found = await self.client.workspace_symbol_async(types.WorkspaceSymbolParams(query=query))
        return found or []

    def open(self, path: Path, text: str | None = None, version: int = 1) -> None:
        self.open_uri(path.as_uri(), path.read_text() if text is None else text, version)

    def open_uri(self, uri: str, text: str, version: int = 1) -> None:
        item = types.TextDocumentItem(uri=uri, language_id="python", version=version, text=text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))

    def change(self, path: Path, version: int, line: int, columns: tuple[int, int], text: str) -> None:
        place = types.Range(types.Position(line, columns[0]), types.Position(line, columns[1]))
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                text_document=types.VersionedTextDocumentIdentifier(uri=path.as_uri(), version=version),
                content_changes=[types.TextDocumentContentChangePartial(range=place, text=text)],
            )
        )

    def close(self, path: Path) -> None:
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(text_document=types.TextDocumentIdentifier(uri=path.as_uri()))
        )

    async def leave(self) -> int:
        """Shut down and exit as editors do; the relay's exit status."""
        await self.client.shutdown_session()
        return await self.ended()

    async def ended(self) -> int:
        """The relay's exit status, once it has ended."""
        server = self.client._server
        assert server is not None
        async with asyncio.timeout(DEADLINE_S):
            return await server.wait()

    @property
    def pid(self) -> int:
        """The relay's."""
        assert self.client._server is not None
        return self.client._server.pid


def plain(value: Any) -> Any:
    """pygls' nested named tuples as the dicts they came from."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: plain(item) for key, item in value._asdict().items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value
