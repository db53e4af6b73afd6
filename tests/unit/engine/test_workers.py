"""Worker processes die and hang, and what they were at is done all the same, or named."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from codectxd.engine.channel import Closed, open_child, open_child_by_pipes
from codectxd.engine.jobs import Broke, Digest, Digested, Prepare, Prepared
from codectxd.engine.workers import CRASHED, TOO_SLOW, Died, WorkerProcess, prepare_all
from codectxd.types import Skipped

TRAPS = """
import os, signal, sys

def trap(event, arguments):
    if event != "open" or not isinstance(arguments[0], str):
        return
    name = os.path.basename(arguments[0])
    if name.startswith("endless"):
        while True:
            pass
    if name.startswith("stopped"):
        os.kill(os.getpid(), signal.SIGSTOP)
    if name.startswith("crashing"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if name.startswith("once") and not os.path.exists(arguments[0] + ".died"):
        os.mkdir(arguments[0] + ".died")
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(trap)
"""
"""What a grammar, or somebody with a kill command, may do to a worker, by the name of the file that it reads."""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "traps").mkdir()
    (tmp_path / "traps" / "sitecustomize.py").write_text(TRAPS)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'traps'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setenv("CODECTX_HOME", str(tmp_path / "home"))
    # No more than a moment, where the worker cannot even be ended by its own clock.
    monkeypatch.setattr("codectxd.engine.workers._GRACE_S", 0.5)
    (tmp_path / "tree").mkdir()
    for name in ("a.py", "b.py", "c.py", "endless.py", "stopped.py", "crashing.py", "once.py"):
        (tmp_path / "tree" / name).write_text(f"def in_{name[0]}():\n    return 1\n")
    return str(tmp_path / "tree")


@pytest.fixture(params=[open_child, open_child_by_pipes])
def worker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerProcess]:
    monkeypatch.setattr("codectxd.engine.workers.open_child", request.param)
    found = WorkerProcess(3.0)
    yield found
    found.kill()


def results(prepared: list[Prepared]) -> tuple[list[str], list[Skipped]]:
    return sorted(p.path for one in prepared for p in one.parcels), [skip for one in prepared for skip in one.skipped]


@pytest.mark.parametrize(
    ("victim", "reason"), [("endless.py", TOO_SLOW), ("stopped.py", TOO_SLOW), ("crashing.py", CRASHED)]
)
def test_a_file_that_ends_workers_is_named_and_the_others_are_prepared(
    victim: str, reason: str, root: str, worker: WorkerProcess
) -> None:
    prepared, broke = prepare_all(worker, Prepare(root, ["a.py", victim, "b.py", "c.py"]))
    assert broke is None
    assert results(prepared) == (["a.py", "b.py", "c.py"], [Skipped(victim, reason)])


def test_a_worker_killed_once_over_a_file_costs_no_file(root: str, worker: WorkerProcess) -> None:
    prepared, broke = prepare_all(worker, Prepare(root, ["a.py", "once.py", "b.py"]))
    assert broke is None
    assert results(prepared) == (["a.py", "b.py", "once.py"], [])


def test_a_worker_killed_between_two_jobs_is_replaced(root: str, worker: WorkerProcess) -> None:
    worker.start()
    first = worker.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    prepared, broke = prepare_all(worker, Prepare(root, ["a.py"]))
    assert (results(prepared), broke) == ((["a.py"], []), None)
    assert worker.pid not in (None, first)


def test_a_worker_that_hangs_before_it_began_names_no_file(
    root: str, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.start()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    assert worker.run(Digest(root, "a.py", b"x = 1\n")) == Died(None, too_slow=True)
    reply = worker.run(Digest(root, "a.py", b"x = 1\n"))
    assert isinstance(reply, Digested)
    assert reply.parcel is not None


def test_the_process_of_a_file_that_took_too_long_is_gone(root: str, worker: WorkerProcess) -> None:
    worker.start()
    assert worker.pid is not None
    process = psutil.Process(worker.pid)
    assert worker.run(Prepare(root, ["stopped.py"])) == Died("stopped.py", too_slow=True)
    assert not process.is_running()


def test_workers_that_cannot_start_are_a_problem_of_the_workspace_and_of_no_file(
    root: str, worker: WorkerProcess, tmp_path: Path
) -> None:
    (tmp_path / "traps" / "sitecustomize.py").write_text("import os\nos._exit(9)\n")
    prepared, broke = prepare_all(worker, Prepare(root, ["a.py", "b.py"]))
    assert results(prepared) == ([], [])
    assert isinstance(broke, Broke)


def test_a_problem_of_the_workspace_is_an_answer(root: str, worker: WorkerProcess) -> None:
    Path(root, "codectx.toml").write_text("no such setting = 1")
    prepared, broke = prepare_all(worker, Prepare(root, ["a.py"]))
    assert prepared == []
    assert broke is not None
    assert "codectx.toml" in broke.message


def test_killing_ends_a_run_under_way(root: str, worker: WorkerProcess) -> None:
    ended = threading.Event()

    def run() -> None:
        with pytest.raises(Closed):
            worker.run(Prepare(root, ["endless.py"]))
        ended.set()

    thread = threading.Thread(target=run)
    thread.start()
    worker.kill()
    assert ended.wait(10.0)
    thread.join()
    with pytest.raises(Closed):
        worker.start()
