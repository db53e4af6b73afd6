"""What processes cost, against processes whose cost is known."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from codectxd.evaluate import processes

PARENT = (
    "import subprocess, sys\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import sys; sys.stdin.read()'], stdin=subprocess.PIPE)\n"
    "print(child.pid, flush=True)\n"
    "sys.stdin.read()\n"
    "child.communicate()\n"
)


@contextmanager
def parent_and_child() -> Iterator[tuple[int, int]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "MARK": "here"}
    )
    assert process.stdout is not None
    try:
        yield process.pid, int(process.stdout.readline())
    finally:
        process.communicate()


def test_a_family_is_a_process_and_its_descendants() -> None:
    with parent_and_child() as pair:
        assert set(processes.family(pair[0])) == set(pair)
        assert all(map(processes.lives, pair))
    assert processes.family(pair[0]) == []
    assert not any(map(processes.lives, pair))


def test_an_ended_process_that_nobody_asked_about_does_not_live() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not processes.lives(process.pid)
    process.communicate()


def test_memory_is_counted_in_megabytes() -> None:
    before = processes.memory_mb([os.getpid()])
    block = bytearray(os.urandom(50_000_000))
    assert 40 < processes.memory_mb([os.getpid()]) - before < 60, len(block)


def test_processor_time_grows_with_work() -> None:
    before = processes.cpu_seconds([os.getpid()])
    while processes.cpu_seconds([os.getpid()]) < before + 0.05:
        sum(range(100_000))


def test_a_process_is_known_by_its_environment() -> None:
    with parent_and_child() as (parent, _):
        assert processes.runs_under(parent, "MARK", "here")
        assert not processes.runs_under(parent, "MARK", "elsewhere")


def test_processes_that_are_gone_cost_nothing() -> None:
    gone = 2**22 + 1
    assert (processes.family(gone), processes.memory_mb([gone]), processes.cpu_seconds([gone])) == ([], 0, 0)
    assert not processes.runs_under(gone, "MARK", "here")
