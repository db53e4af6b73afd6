"""Where processes are forbidden, threads take their place; where they are only short, nothing does."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codectxd.engine.channel import Closed
from codectxd.engine.jobs import Digest, Digested, Prepare
from codectxd.engine.threads import REFUSED, Starter
from codectxd.engine.workers import Died, WorkerProcess


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> list[str]:
    """The modules that were to be started; each was refused with the error of the test."""
    asked: list[str] = []

    def refuse(module: str, arguments: list[str], incoming: Any) -> Any:
        asked.append(module)
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr("codectxd.engine.threads.open_child", refuse)
    monkeypatch.setenv("CODECTX_HOME", str(tmp_path / "home"))
    return asked


@pytest.fixture
def starter() -> Starter:
    return Starter()


@pytest.fixture
def worker(starter: Starter) -> Iterator[WorkerProcess]:
    found = WorkerProcess(5.0, starter.start)
    yield found
    found.kill()


@pytest.mark.parametrize("refused", [errno.EPERM, errno.EACCES, errno.ENOSYS], indirect=True)
def test_a_thread_works_where_processes_are_forbidden(
    refused: list[str], starter: Starter, worker: WorkerProcess, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    for text in (b"def f():\n    return 1\n", b"def g():\n    return 2\n"):
        reply = worker.run(Digest(str(tmp_path), "a.py", text))
        assert isinstance(reply, Digested)
        assert reply.parcel is not None
    assert refused == ["codectxd.engine.worker"], "nobody tries again what is forbidden"
    assert starter.problem == REFUSED
    assert worker.pid == os.getpid()
    worker.retire()
    assert isinstance(worker.run(Digest(str(tmp_path), "a.py", b"x = 3\n")), Digested)


@pytest.mark.parametrize("refused", [errno.ENOMEM, errno.EAGAIN], indirect=True)
def test_a_process_that_is_wanting_for_now_is_not_replaced(
    refused: list[str], starter: Starter, worker: WorkerProcess
) -> None:
    for _ in range(2):
        assert worker.run(Prepare("/nowhere", ["a"])) == Died(None, too_slow=False)
    assert len(refused) == 2
    assert starter.problem is None


@pytest.mark.parametrize("refused", [errno.EPERM], indirect=True)
def test_a_thread_that_fails_is_seen_to_end_as_a_process_is(
    refused: list[str], starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    child, channel = starter.start("codectxd.engine.no_such_module", [], Digested)
    with pytest.raises(Closed):
        channel.receive(10.0)
    assert child.wait(10.0) == 0
    assert child.poll() == 0
    channel.close()
