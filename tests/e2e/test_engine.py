"""The engine over a real workspace: its own indexer and workers, a home of its own; driven as the daemon drives it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
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
from codectxd.engine.models import Models
from codectxd.engine.status import EngineStatus
from codectxd.errors import ServiceError
from codectxd.paths import layout
from codectxd.types import Freshness, Hit, Query

DEADLINE_S = 60.0
TRAPS = """
import os, signal, sys

def trap(event, arguments):
    if event != "open" or not isinstance(arguments[0], str):
        return
    name = os.path.basename(arguments[0])
    if name == "endless.py":
        while True:
            pass
    elif name == "stopped.py":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif name == "crashing.py":
        os.kill(os.getpid(), signal.SIGSEGV)

sys.addaudithook(trap)
"""
"""Put where every child process imports it: files of these names do to a worker what a broken grammar would."""

FILES = {
    "shop/cart.py": "class Cart:\n    def total(self, lines):\n        return sum(line.price for line in lines)\n",
    "shop/retry.py": "def retry_with_backoff(call):\n    '''Call again after a pause.'''\n    return call()\n",
    "docs/guide.md": "# Guide\n\nHow the walrus learned to whistle.\n",
}

StartHost = Callable[..., Host]


@pytest_asyncio.fixture
async def start_host(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StartHost]:
    """Starts hosts that share one home; what is given is the user's config file."""
    home, hosts = Path(tempfile.mkdtemp(prefix="cx-")), list[Host]()
    monkeypatch.setenv("CODECTX_HOME", str(home))
    (home / "traps").mkdir()
    (home / "traps" / "sitecustomize.py").write_text(TRAPS)
    monkeypatch.setenv("PYTHONPATH", f"{home / 'traps'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")

    def start(**settings: Any) -> Host:
        (home / "config.toml").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        hosts.append(Host(layout(), UserConfig(**settings)))
        return hosts[-1]

    yield start
    for host in hosts:
        await host.close()
    assert children("codectxd.engine") == [], "processes were left behind"
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found = tmp_path / "tree"
    plant(found, FILES)
    return found


def plant(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True, env=environment)


async def until(condition: Callable[[], Any], what: str) -> Any:
    """What `condition` gives once it is true."""
    deadline = time.monotonic() + DEADLINE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not in time: {what}"
        await asyncio.sleep(0.005)
    return found


async def index(host: Host, root: Path, *, force: bool = False) -> EngineStatus:
    engine = host.open(str(root))
    await engine.reindex(force=force, on_progress=lambda progress: None)
    assert await engine.wait_fresh(DEADLINE_S, durable=True)
    return engine.status()


async def ask(host: Host, root: Path, text: str, **options: Any) -> tuple[list[Hit], Freshness]:
    answer = await host.search([str(root)], Query(text, content="all", **options))
    return [hit for _, hit in answer.hits], answer.freshness


async def paths(host: Host, root: Path, text: str, **options: Any) -> list[str]:
    return [hit.path for hit in (await ask(host, root, text, **options))[0]]


def children(module: str) -> list[psutil.Process]:
    """Descendants of this process that run a module of the engine."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if module in " ".join(child.cmdline()):
                found.append(child)
    return found


def builders() -> list[psutil.Process]:
    """The workers of the indexer."""
    indexers = {process.pid for process in children("engine.indexer")}
    return [worker for worker in children("engine.worker") if worker.ppid() in indexers]


def skipped(engine: Engine) -> dict[str, set[str]]:
    """Paths by the reason why they are not indexed."""
    return {group.reason: set(group.examples) for group in engine.status().skipped_files}


# -- I8 -----------------------------------------------------------------------------------------------------------------


async def test_I8_a_question_asked_at_once_is_answered_at_once(start_host: StartHost, root: Path) -> None:
    host = start_host()
    hits, freshness = await ask(host, root, "retry with backoff")
    assert (hits, freshness.words, freshness.vectors) == ([], 0.0, 0.0)
    await index(host, root)
    hits, freshness = await ask(host, root, "retry with backoff")
    assert hits[0].path == "shop/retry.py"
    assert (freshness.words, freshness.vectors, freshness.degraded, freshness.pending) == (1.0, 1.0, (), 0)


async def test_I8_search_answers_by_words_while_the_model_is_still_loading(
    start_host: StartHost, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = start_host()
    await index(first, root)
    await first.close()
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()
    load = Models._load

    def wait_and_load(models: Models, source: str) -> None:
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(DEADLINE_S)
        load(models, source)

    monkeypatch.setattr(Models, "_load", wait_and_load)
    host = start_host()
    engine = host.open(str(root))
    await until(lambda: engine.view.snapshot, "the index of the first run")
    hits, freshness = await ask(host, root, "retry with backoff")
    assert [hit.path for hit in hits] == ["shop/retry.py"]
    assert "semantic" in freshness.degraded
    gate.set()
    assert await engine.wait_fresh(DEADLINE_S, durable=True)
    assert (await ask(host, root, "retry with backoff"))[1].degraded == ()


async def test_I8_search_answers_in_the_middle_of_a_scan_and_says_how_much_is_there(
    start_host: StartHost, root: Path
) -> None:
    plant(root, {f"part/module{at}.py": f"def function_{at}():\n    return 'planted{at}x'\n" for at in range(400)})
    host = start_host(workers=1)
    engine = host.open(str(root))
    await until(lambda: engine.scans.listed and engine.scans.done and builders(), "the middle of the scan")
    (stopped,) = builders()
    stopped.send_signal(signal.SIGSTOP)
    try:
        # Whatever was on its way is taken in; nothing more can come.
        hits, freshness = await ask(host, root, "function", limit=500, mode="lexical")
        await until(lambda: engine.view.snapshot, "the first group")
        hits, freshness = await ask(host, root, "function", limit=500, mode="lexical")
        assert 0.0 < freshness.words < 1.0
        assert 0 < freshness.pending <= 403
        assert engine.status().phase == "indexing"
        assert len(hits) <= 403 - freshness.pending
    finally:
        stopped.send_signal(signal.SIGCONT)
    assert await engine.wait_fresh(DEADLINE_S, durable=True)
    assert len(await paths(host, root, "function", limit=500, mode="lexical")) >= 200
    assert (await ask(host, root, "planted399x"))[1].words == 1.0


async def test_I4_files_that_change_and_vanish_in_the_middle_of_a_scan_are_as_they_are_when_it_is_over(
    start_host: StartHost, root: Path
) -> None:
    plant(root, {f"part/module{at}.py": f"def function_{at}():\n    return 'older'\n" for at in range(400)})
    host = start_host(workers=1)
    engine = host.open(str(root))
    await until(lambda: engine.scans.listed and engine.scans.done and builders(), "the middle of the scan")
    (stopped,) = builders()
    stopped.send_signal(signal.SIGSTOP)
    for at in range(0, 400, 2):
        (root / f"part/module{at}.py").unlink()
    plant(root, {f"part/module{at}.py": f"def newer_{at}():\n    return 'newer'\n" for at in range(1, 400, 40)})
    (root / "part/module21.py").write_bytes(b"\0\0\0")
    # All of it is looked at now, by the other worker, while the scan cannot go on.
    await until(lambda: engine.reconciler.pending() == 0, "a look at what changed")
    stopped.send_signal(signal.SIGCONT)
    assert await engine.wait_fresh(DEADLINE_S, durable=True)
    assert engine.status().files == 3 + 200 - 1
    assert skipped(engine) == {"binary": {"part/module21.py"}}
    assert len(await host.symbols([str(root)], "newer_", 500)) == 10
    assert len(await host.symbols([str(root)], "function_", 500)) == 200 - 10 - 1


async def test_I4_without_any_event_all_is_found_once_it_was_waited_for(start_host: StartHost, root: Path) -> None:
    host = start_host()
    await index(host, root)
    engine = host.open(str(root))
    assert engine.around._watcher is not None
    # As when its folder was moved away and back.
    engine.around._watcher.stop()
    plant(root, {"shop/cart.py": "def numbat():\n    return 1\n", "new/quokka.py": "def quokka():\n    return 1\n"})
    (root / "shop/retry.py").unlink()
    assert await engine.wait_fresh(DEADLINE_S, durable=True)
    assert engine.status().files == 3
    assert len(await host.symbols([str(root)], "numbat", 9)) == len(await host.symbols([str(root)], "quokka", 9)) == 1
    await until(lambda: engine.status().watcher == "ok", "it is watched anew")
    assert not engine.freshness().degraded


async def test_a_document_opened_before_its_file_was_known_is_not_unsaved(start_host: StartHost, root: Path) -> None:
    host = start_host()
    engine = host.open(str(root))
    engine.edit("editor", "shop/cart.py", 1, FILES["shop/cart.py"].encode())
    engine.edit("editor", "shop/retry.py", 1, b"def quokka():\n    return 1\n")
    assert await engine.wait_fresh(DEADLINE_S, durable=True)
    hits = {hit.path: hit.unsaved for hit in (await ask(host, root, "cart quokka walrus"))[0]}
    assert hits == {"shop/cart.py": False, "shop/retry.py": True, "docs/guide.md": False}


# -- workers that hang or die -------------------------------------------------------------------------------------------


NAMED = {"took too long": {"endless.py", "stopped.py"}, "crashed the parser": {"crashing.py"}}
TRAPPED = dict.fromkeys(("endless.py", "stopped.py", "crashing.py"), "def never_read():\n    pass\n")


async def test_a_build_ends_workers_that_hang_names_their_files_and_search_goes_on(
    start_host: StartHost, root: Path
) -> None:
    plant(root, TRAPPED)
    host = start_host(file_deadline_s=2.0, workers=2)
    engine = host.open(str(root))
    answers = 0
    while not await engine.wait_fresh(0.05, durable=True):
        await ask(host, root, "walrus")
        answers += 1
    assert skipped(engine) == NAMED
    assert answers > 0
    assert engine.status().files == len(FILES)
    for path in TRAPPED:
        (root / path).rename(root / f"freed_{path}")
    assert await engine.wait_fresh(DEADLINE_S, durable=True)
    assert set(await paths(host, root, "never_read", limit=3)) == {f"freed_{path}" for path in TRAPPED}
    assert skipped(engine) == {}


async def test_saved_files_that_hang_a_worker_are_named_and_others_are_followed(start_host: StartHost, root: Path) -> None:
    host = start_host(file_deadline_s=2.0, workers=1)
    plant(root, {"stopped.txt": "def gone_again():\n    pass\n"})
    await index(host, root)
    engine = host.open(str(root))
    plant(root, {**TRAPPED, "new.py": "def quokka():\n    return 1\n"})
    assert (await paths(host, root, "walrus"))[0] == "docs/guide.md"
    assert await engine.wait_fresh(DEADLINE_S, durable=True)
    assert skipped(engine) == NAMED
    assert (await paths(host, root, "quokka"))[0] == "new.py"
    assert await host.symbols([str(root)], "never_read", 9) == []
    plant(root, {"newer.py": "def numbat():\n    return 1\n"})
    assert await engine.wait_fresh(DEADLINE_S, durable=True)
    assert (await paths(host, root, "numbat"))[0] == "newer.py"
    assert skipped(engine) == NAMED


async def test_unsaved_text_is_found_although_the_worker_that_was_to_read_it_hangs(
    start_host: StartHost, root: Path
) -> None:
    host = start_host(file_deadline_s=0.5, workers=1)
    await index(host, root)
    engine = host.open(str(root))
    assert host._lane.worker_pid is not None
    worker = psutil.Process(host._lane.worker_pid)
    worker.send_signal(signal.SIGSTOP)
    engine.edit("editor", "shop/retry.py", 1, b"def quokka():\n    return 1\n")
    assert (await paths(host, root, "retry_with_backoff"))[0] == "shop/retry.py", "search goes on"
    assert await engine.wait_fresh(DEADLINE_S, durable=False)
    assert (await paths(host, root, "quokka"))[0] == "shop/retry.py"
    assert not worker.is_running()


async def test_workers_killed_by_a_bystander_cost_no_file_and_no_unsaved_text(start_host: StartHost, root: Path) -> None:
    host = start_host(workers=1)
    await index(host, root)
    engine = host.open(str(root))
    for at in range(8):
        for worker in children("engine.worker"):
            worker.kill()
        (root / f"saved{at}.py").write_text(f"def saved_{at}():\n    return {at}\n")
        engine.edit("editor", "shop/cart.py", at, f"def typed_{at}():\n    return {at}\n".encode())
        for worker in children("engine.worker"):
            worker.kill()
        assert await engine.wait_fresh(DEADLINE_S, durable=False)
        assert await paths(host, root, f"saved_{at}", mode="lexical", limit=1) == [f"saved{at}.py"]
        assert await paths(host, root, f"typed_{at}", mode="lexical", limit=1) == ["shop/cart.py"]
    assert skipped(engine) == {}


# -- nothing is paid twice ----------------------------------------------------------------------------------------------


async def test_I13_an_unchanged_restart_parses_and_embeds_nothing(start_host: StartHost, root: Path) -> None:
    first = start_host()
    before = await index(first, root)
    assert (before.parsed, before.embedded > 0) == (3, True)
    await first.close()
    host = start_host()
    after = await index(host, root)
    assert (after.parsed, after.embedded, after.generation >= before.generation) == (0, 0, True)
    assert await paths(host, root, "retry with backoff", limit=1) == ["shop/retry.py"]


async def test_I13_the_same_text_elsewhere_is_neither_parsed_nor_embedded_again(
    start_host: StartHost, root: Path, tmp_path: Path
) -> None:
    host = start_host()
    await index(host, root)
    shutil.copytree(root, tmp_path / "clone")
    clone = await index(host, tmp_path / "clone")
    assert (clone.files, clone.parsed, clone.embedded) == (3, 0, 0)
    forced = await index(host, root, force=True)
    assert (forced.files, forced.parsed, forced.embedded) == (3, 0, 0)
    one, other = [{(h.path, h.score) for h in (await ask(host, tree, "retry"))[0]} for tree in (root, tmp_path / "clone")]
    assert one == other


async def test_I13_a_branch_switch_back_parses_and_embeds_nothing(start_host: StartHost, root: Path) -> None:
    plant(root, {f"part/module{at}.py": f"def function_{at}():\n    return 'here{at}x'\n" for at in range(40)})
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "main")
    host = start_host()
    engine = host.open(str(root))
    assert (await index(host, root)).files == 43
    git(root, "checkout", "-b", "other")
    plant(root, {f"part/module{at}.py": f"def function_{at}():\n    return 'there{at}x'\n" for at in range(20, 60)})
    (root / "part/module1.py").unlink()
    git(root, "add", "-A")
    git(root, "commit", "-m", "other")
    assert await engine.wait_fresh(DEADLINE_S, durable=True)
    assert (await ask(host, root, "there30x"))[1].head == "other"
    assert (await paths(host, root, "there30x", mode="lexical"))[0] == "part/module30.py"
    for branch, here, there in (("main", 40, 0), ("other", 19, 40)):
        git(root, "checkout", branch)
        assert await engine.wait_fresh(DEADLINE_S, durable=True)
        assert len(await paths(host, root, "here", mode="lexical", limit=99)) == here
        assert len(await paths(host, root, "there", mode="lexical", limit=99)) == there
        status = await index(host, root)
        assert (status.files, status.parsed, status.embedded, status.branch) == (43 if there == 0 else 62, 0, 0, branch)


# -- what an answer is --------------------------------------------------------------------------------------------------


async def test_I1_what_left_the_tree_is_not_found(start_host: StartHost, root: Path) -> None:
    host = start_host()
    await index(host, root)
    (root / "shop/retry.py").unlink()
    # Not even before anybody noticed: the lines are checked against the text.
    assert "shop/retry.py" not in await paths(host, root, "retry_with_backoff")
    assert await host.open(str(root)).wait_fresh(DEADLINE_S, durable=True)
    assert "shop/retry.py" not in await paths(host, root, "retry_with_backoff")
    assert await host.symbols([str(root)], "retry_with_backoff", 9) == []


async def test_I15_ties_break_by_path_whatever_the_order_in_which_files_came(start_host: StartHost, root: Path) -> None:
    text = "def identical(call):\n    return call()\n"
    names = [f"{letter}/same.py" for letter in "gcabfed"]
    plant(root, dict.fromkeys(names, text))
    host = start_host()
    await index(host, root)
    wanted = sorted(names)
    assert await paths(host, root, "identical", mode="lexical") == wanted
    engine = host.open(str(root))
    for name in ("b/same.py", "a/same.py"):
        (root / name).unlink()
        assert await engine.wait_fresh(DEADLINE_S, durable=True)
        plant(root, {name: text})
        assert await engine.wait_fresh(DEADLINE_S, durable=False)
        assert await paths(host, root, "identical", mode="lexical") == wanted
        assert await engine.wait_fresh(DEADLINE_S, durable=True)
        assert await paths(host, root, "identical", mode="lexical") == wanted


async def test_I16_nothing_in_the_workspace_is_touched(start_host: StartHost, root: Path) -> None:
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "main")
    before = listing(root)
    host = start_host()
    await index(host, root)
    engine = host.open(str(root))
    engine.edit("editor", "shop/cart.py", 1, b"def quokka():\n    return 1\n")
    assert await engine.wait_fresh(DEADLINE_S, durable=True)
    assert await paths(host, root, "quokka", mode="lexical") == ["shop/cart.py"]
    await host.symbols([str(root)], "Cart", 9)
    engine.end_session("editor")
    await index(host, root, force=True)
    assert listing(root) == before


def listing(root: Path) -> dict[str, tuple[int, ...]]:
    """Every path below `root`, git's included, with all that stat says but the time of reading."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in (".", *folders, *files):
            path = os.path.join(folder, name)
            stat = os.lstat(path)
            found[path] = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino, stat.st_mode)
    return found


# -- a state folder that is taken away ----------------------------------------------------------------------------------


async def test_a_state_folder_that_is_deleted_is_made_again(start_host: StartHost, root: Path) -> None:
    host = start_host()
    await index(host, root)
    shutil.rmtree(layout().state / "workspaces")
    (layout().state / "vault.db").unlink()
    (root / "new.py").write_text("def quokka():\n    return 1\n")
    engine = host.open(str(root))
    await until(lambda: engine.reconciler.pending() == 0 and not engine.scans.outstanding, "quiet")
    await index_again(host, root)
    assert await paths(host, root, "quokka", mode="lexical") == ["new.py"]
    assert (await paths(host, root, "retry with backoff"))[0] == "shop/retry.py"
    await host.close()
    second = start_host()
    status = await index(second, root)
    assert (status.files, status.parsed) == (4, 0)


async def test_a_state_folder_that_cannot_be_written_is_said_in_one_line_and_used_again_once_it_can(
    start_host: StartHost, root: Path
) -> None:
    # Also where the tests run as root, whom no mode of a folder stops: a file stands in the way.
    host = start_host()
    folder = layout().state / "workspaces"
    folder.write_text("in the way")
    engine = host.open(str(root))
    with pytest.raises(ServiceError) as problem:
        await engine.reindex(force=False, on_progress=lambda progress: None)
    assert "\n" not in str(problem.value)
    assert engine.status().phase == "failed"
    assert engine.status().message
    hits, freshness = await ask(host, root, "retry")
    assert (hits, freshness.words) == ([], 0.0)
    folder.unlink()
    assert (await index_again(host, root)).phase == "ready"
    assert (await paths(host, root, "retry with backoff"))[0] == "shop/retry.py"


async def index_again(host: Host, root: Path) -> EngineStatus:
    """Index; where the first try meets what was wrong, the next one must do."""
    with contextlib.suppress(ServiceError):
        return await index(host, root)
    return await index(host, root)
