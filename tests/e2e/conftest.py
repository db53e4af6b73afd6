"""The real command, a real repository, a home of its own for each test, and no process left behind."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from pytest_lsp import ClientServerConfig, LanguageClient

from e2e.support import FILES, Editor, Home, executable, git


@pytest.fixture
def home() -> Iterator[Home]:
    # Short, since a socket's path may only have about a hundred bytes; pytest's own folders are longer.
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    made = Home(folder)
    try:
        yield made
        made.end()
    finally:
        for process in made.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A small repository with one commit."""
    root = (tmp_path / "shop repo").resolve()
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "Open the shop")
    return root


@pytest_asyncio.fixture
async def start_editor(home: Home) -> AsyncIterator[Callable[[], Awaitable[Editor]]]:
    """Starts an editor; for tests that need several. None of them survives the test."""
    clients: list[LanguageClient] = []

    async def start() -> Editor:
        config = ClientServerConfig(server_command=[*executable(), "--stdio"], server_env=home.environment)
        client = await config.start()
        assert isinstance(client, LanguageClient)
        clients.append(client)
        return Editor(client)

    yield start
    for client in clients:
        if client._server is not None and client._server.returncode is None:
            client._server.kill()
        await client.stop()


@pytest_asyncio.fixture
async def editor(start_editor: Callable[[], Awaitable[Editor]]) -> Editor:
    """One editor that is not initialized yet."""
    return await start_editor()
