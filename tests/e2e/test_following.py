"""Two hosts over one workspace, each with processes of its own: one writes, the other follows, and takes over."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from codectxd.config import UserConfig
from codectxd.engine.engine import Engine
from codectxd.engine.host import Host
from codectxd.errors import ServiceError
from codectxd.paths import layout
from codectxd.types import Query

DEADLINE_S = 60.0
N_FILES = 40

StartHost = Callable[..., Host]


@pytest_asyncio.fixture
async def start_host(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StartHost]:
    home, hosts = Path(tempfile.mkdtemp(prefix="cx-")), list[Host]()
    monkeypatch.setenv("CODECTX_HOME", str(home))

    def start(**settings: Any) -> Host:
        (home / "config.toml").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        hosts.append(Host(layout(), UserConfig(**settings)))
        return hosts[-1]

    yield start
    for host in hosts:
        await host.close()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number in range(N_FILES):
        write(tmp_path / "tree", number)
    return tmp_path / "tree"


def write(root: Path, number: int, version: int = 0) -> None:
    path = root / f"part{number % 3}" / f"module{number}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"def {word(number, version)}(one):\n    '''Open the door number {number}.'''\n    return one + {version}\n"
    path.write_text(text * (1 + number % 4))


def word(number: int, version: int = 0) -> str:
    """A word that only this version of this file has, and that nothing splits."""
    return "zq" + "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}{version}") + "x"


async def until(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not in time: {what}"
        await asyncio.sleep(0.005)
    return found


async def hits(host: Host, root: Path, text: str, **options: Any) -> list[str]:
    answer = await host.search([str(root)], Query(text, mode="lexical", content="all", **options))
    return [hit.path for _, hit in answer.hits]


async def found(host: Host, root: Path, text: str) -> list[str]:
    deadline = time.monotonic() + DEADLINE_S
    while not (paths := await hits(host, root, text)):
        assert time.monotonic() < deadline, f"not found in time: {text}"
        await asyncio.sleep(0.01)
    return paths


async def settle(*engines: Engine) -> None:
    for engine in engines:
        assert await engine.wait_fresh(DEADLINE_S, durable=True)


async def pair(start_host: StartHost, root: Path, **settings: Any) -> tuple[Host, Host]:
    """A host that writes, and one that follows it."""
    writer, follower = start_host(**settings), start_host(**settings)
    await settle(writer.open(str(root)))
    await settle(follower.open(str(root)))
    assert role(writer, root) == "writer"
    assert role(follower, root) == "follower"
    return writer, follower


def role(host: Host, root: Path) -> str:
    return host.open(str(root)).status().role


def indexers() -> list[psutil.Process]:
    """The indexers of all hosts, oldest first."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if "codectxd.engine.indexer" in child.cmdline():
                found.append(child)
    return sorted(found, key=lambda process: process.create_time())


async def test_I2_a_second_host_follows_and_finds_what_the_first_wrote(start_host: StartHost, root: Path) -> None:
    writer, follower = await pair(start_host, root)
    assert await hits(follower, root, word(7)) == ["part1/module7.py"]
    one, other = writer.open(str(root)).status(), follower.open(str(root)).status()
    assert (one.files, one.chunks, one.vectors) == (other.files, other.chunks, other.vectors)
    assert (other.phase, other.message) == ("ready", None)
    assert other.writer == indexers()[0].pid


async def test_I4_saved_files_are_found_by_both_and_unsaved_text_by_its_own_alone(start_host: StartHost, root: Path) -> None:
    writer, follower = await pair(start_host, root)
    for version, number in enumerate(range(0, N_FILES, 5), 1):
        write(root, number, version)
        for host in (writer, follower):
            assert await found(host, root, word(number, version)) == [f"part{number % 3}/module{number}.py"]
    (root / "part0/module3.py").unlink()
    typed = {writer: "qwhistlex", follower: "qwalrusx"}
    for host in (writer, follower):
        host.open(str(root)).edit("me", "part1/module1.py", 1, f"def {typed[host]}():\n    pass\n".encode())
    await settle(writer.open(str(root)), follower.open(str(root)))
    for host, other in ((writer, follower), (follower, writer)):
        assert await hits(host, root, word(3)) == []
        assert await hits(host, root, typed[host]) == ["part1/module1.py"]
        assert await hits(host, root, typed[other]) == []
        assert host.open(str(root)).view.overlay.hot_paths() == []
    assert role(follower, root) == "follower"


async def test_I3_the_follower_takes_over_when_the_writer_leaves(start_host: StartHost, root: Path) -> None:
    writer, follower = await pair(start_host, root)
    await writer.close()
    write(root, 4, 9)
    engine = follower.open(str(root))
    await until(lambda: engine.status().role == "writer", "the follower writes")
    assert await found(follower, root, word(4, 9)) == ["part1/module4.py"]
    await settle(engine)
    assert [process.pid for process in indexers()] != []
    assert engine.status().phase == "ready"


async def test_I3_killed_in_a_burst_the_writer_loses_nothing(start_host: StartHost, root: Path) -> None:
    writer, follower = await pair(start_host, root)
    for number in range(0, N_FILES, 2):
        write(root, number, 5)
        if number == 10:
            indexers()[0].kill()
    engines = [host.open(str(root)) for host in (writer, follower)]
    await settle(*engines)
    assert sorted(engine.status().role for engine in engines) == ["follower", "writer"]
    for host in (writer, follower):
        for number in range(N_FILES):
            version = 5 if number % 2 == 0 else 0
            assert await hits(host, root, word(number, version)) == [f"part{number % 3}/module{number}.py"]


async def test_readers_survive_an_index_made_anew_under_them(start_host: StartHost, root: Path) -> None:
    writer, follower = await pair(start_host, root)
    stop, failures, answered = asyncio.Event(), [], []

    async def ask() -> None:
        while not stop.is_set():
            try:
                answered.append(await hits(follower, root, word(7)))
            except ServiceError as problem:
                failures.append(str(problem))

    asking = [asyncio.create_task(ask()) for _ in range(8)]
    for _ in range(2):
        await writer.open(str(root)).reindex(force=True, merge=False, on_progress=lambda progress: None)
    await settle(follower.open(str(root)))
    stop.set()
    await asyncio.gather(*asking)
    assert failures == []
    assert {tuple(paths) for paths in answered} <= {("part1/module7.py",), ()}
    assert await hits(follower, root, word(7)) == ["part1/module7.py"]


async def test_only_the_writer_can_forget_the_index(
    start_host: StartHost, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codectxd.engine.engine._PATIENCE_S", 0.5)
    _, follower = await pair(start_host, root)
    engine = follower.open(str(root))
    await engine.reindex(force=False, merge=False, on_progress=lambda progress: None)
    with pytest.raises(ServiceError, match=f"pid {indexers()[0].pid}"):
        await engine.reindex(force=True, merge=False, on_progress=lambda progress: None)
    assert await hits(follower, root, word(7)) == ["part1/module7.py"]


async def test_a_follower_costs_next_to_nothing_while_nothing_happens(start_host: StartHost, root: Path) -> None:
    _, follower = await pair(start_host, root)
    following = follower.open(str(root)).following
    begun, clock = time.process_time(), time.monotonic()
    for _ in range(200):
        following.beat()
    # Four beats a second: a share of one processor; ten times what it takes, since a busy machine counts its waits too.
    assert (time.process_time() - begun) / 200 * 4 < 0.05, time.monotonic() - clock


async def test_a_writer_at_rest_gives_its_place_to_who_has_something_to_write(start_host: StartHost, root: Path) -> None:
    writer, follower = await pair(start_host, root, indexer_idle_s=4.0)
    engines = [host.open(str(root)) for host in (writer, follower)]
    await until(lambda: engines[1].status().role == "writer" and not indexers(), "nobody writes")
    write(root, 2, 3)
    for host in (writer, follower):
        assert await found(host, root, word(2, 3)) == ["part2/module2.py"]
    await settle(*engines)
    assert os.listdir(layout().workspace(str(root)))
