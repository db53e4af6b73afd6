"""Trees as people have them: reached through links, checked out twice, half ignored, with a repository out of order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from codectxd.config import UserConfig
from codectxd.engine.host import Host
from codectxd.paths import layout
from codectxd.types import Query
from codectxd.wire import messages
from e2e.support import DEADLINE_S, Home, Raw, git

CART = "def weigh_the_parcel(scale):\n    return scale.read()\n"
STAMP = "def print_the_stamp(printer):\n    return printer.run()\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with two files that it tracks, and one that it ignores."""
    found = tmp_path.resolve() / "root"
    for path, text in {"cart.py": CART, "gen/stamp.py": STAMP, ".gitignore": "gen/\n"}.items():
        (found / path).parent.mkdir(parents=True, exist_ok=True)
        (found / path).write_text(text)
    git(found, "init", "-q")
    git(found, "add", "-A")
    git(found, "commit", "-q", "-m", "x")
    return found


@pytest.fixture
def peer(home: Home) -> Iterator[Raw]:
    home.run("serve", "--detach")
    with home.raw() as made:
        yield made


@pytest_asyncio.fixture
async def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Host]:
    monkeypatch.setenv("CODECTX_HOME", str(tmp_path / "h"))
    made = Host(layout(), UserConfig())
    yield made
    await made.close()


async def settled(host: Host, root: Path) -> Any:
    engine = host.open(str(root))
    assert await engine.wait_fresh(DEADLINE_S, durable=True)
    return engine


async def found(host: Host, root: Path, text: str) -> list[str]:
    answer = await host.search([str(root)], Query(text, content="all"))
    return [hit.path for _, hit in answer.hits if text in hit.snippet]


def ask(peer: Raw, method: str, **params: Any) -> Any:
    answer = peer.ask(method, params)
    assert "error" not in answer, answer
    return answer["result"]


def test_a_root_that_is_a_link_is_one_workspace_answered_by_the_name_it_was_given(home: Home, peer: Raw, root: Path) -> None:
    link = root.with_name("link")
    link.symlink_to("root")
    peer.initialize(link)
    ask(peer, messages.WAIT_FRESH, timeoutMs=60_000)
    spelled = (link / "cart.py").as_uri()
    assert ask(peer, messages.SEARCH, query="weigh_the_parcel")["hits"][0]["uri"] == spelled
    assert ask(peer, messages.WORKSPACE_SYMBOL, query="weigh_the_parcel")[0]["location"]["uri"] == spelled
    assert ask(peer, messages.LIST_PATHS, query="cart.py")["paths"][0]["uri"] == spelled
    document = {"uri": spelled, "languageId": "python", "version": 1, "text": CART + "\n\ndef lick_the_stamp():\n    pass\n"}
    peer.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
    ask(peer, messages.WAIT_FRESH, timeoutMs=60_000)
    hit = ask(peer, messages.SEARCH, query="lick_the_stamp")["hits"][0]
    assert (hit["uri"], hit["unsaved"]) == (spelled, True)
    with home.raw(initialized=(root,)) as other:
        ask(other, messages.WAIT_FRESH, timeoutMs=60_000)
        assert ask(other, messages.SEARCH, query="weigh_the_parcel")["hits"][0]["uri"] == (root / "cart.py").as_uri()
        assert [one["root"] for one in ask(other, messages.STATUS)["workspaces"]] == [str(root)]


def test_the_home_folder_is_refused_with_one_sentence(home: Home, peer: Raw, root: Path) -> None:
    home.environment["HOME"] = str(root)
    ran = home.run("index", str(root))
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.count("\n") == 1
    assert "is your home folder" in ran.stderr
    (root / "codectx.toml").write_text("")
    assert home.run("index", str(root)).returncode == 0


async def test_a_second_worktree_parses_and_embeds_nothing(host: Host, root: Path) -> None:
    first = (await settled(host, root)).status()
    assert first.parsed > 0 < first.embedded
    git(root, "worktree", "add", "-q", "-b", "side", str(root.with_name("side")))
    side = (await settled(host, root.with_name("side"))).status()
    assert (side.branch, side.parsed, side.embedded) == ("side", 0, 0)
    assert await found(host, root.with_name("side"), "weigh_the_parcel") == ["cart.py"]


async def test_what_is_forced_in_is_searched_and_followed_and_let_go(host: Host, root: Path) -> None:
    engine = await settled(host, root)
    assert await found(host, root, "print_the_stamp") == []
    (root / ".codectxignore").write_text("!/gen/\n")
    await settled(host, root)
    assert await found(host, root, "print_the_stamp") == ["gen/stamp.py"]
    (root / "gen" / "stamp.py").write_text(STAMP.replace("print_the_stamp", "wet_the_stamp"))
    await settled(host, root)
    assert await found(host, root, "wet_the_stamp") == ["gen/stamp.py"]
    assert engine.status().watcher == "ok"
    (root / ".codectxignore").write_text("cart.py\n")
    await settled(host, root)
    assert await found(host, root, "wet_the_stamp") == await found(host, root, "weigh_the_parcel") == []


async def test_git_that_fails_is_named_and_the_files_are_found_all_the_same(host: Host, root: Path) -> None:
    git(root, "add", "-f", "gen/stamp.py")
    engine = await settled(host, root)
    assert await found(host, root, "print_the_stamp") == ["gen/stamp.py"]
    index = (root / ".git" / "index").read_bytes()
    (root / ".git" / "index").write_bytes(b"nonsense")
    await settled(host, root)
    assert await found(host, root, "weigh_the_parcel") == ["cart.py"]
    assert await found(host, root, "print_the_stamp") == []
    assert engine.freshness().degraded == ("git",)
    status = engine.status()
    assert status.phase == "ready"
    assert "index" in status.message
    (root / "cart.py").write_text(CART.replace("weigh", "drop"))
    await settled(host, root)
    assert await found(host, root, "drop_the_parcel") == ["cart.py"]
    (root / ".git" / "index").write_bytes(index)
    await settled(host, root)
    assert await found(host, root, "print_the_stamp") == ["gen/stamp.py"]
    assert (engine.freshness().degraded, engine.status().message) == ((), None)


async def test_a_workspace_that_nobody_uses_is_closed_and_opens_again(host: Host, root: Path) -> None:
    def inotify() -> int:
        return sum("inotify" in _link(fd) for fd in os.listdir("/proc/self/fd"))

    before = inotify()
    engine = await settled(host, root)
    engine.join("editor")
    host.idle_s = 0.0
    host.rest()
    assert host.engines() == [engine], "somebody has it open"
    engine.part("editor")
    async with asyncio.timeout(DEADLINE_S):
        while host.engines():
            host.rest()
            await asyncio.sleep(0.01)
        while inotify() > before:  # noqa: ASYNC110 - it is closed on another thread.
            await asyncio.sleep(0.01)
    again = await settled(host, root)
    assert again is not engine
    assert await found(host, root, "weigh_the_parcel") == ["cart.py"]
    assert (again.status().parsed, again.status().embedded) == (0, 0)


def _link(descriptor: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""
