"""Locks are one process's at a time, can be looked at without harm, and end with their holder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from codectxd import locks

HOLD = "import sys, pathlib; from codectxd import locks; locks.take(pathlib.Path(sys.argv[1])); print(flush=True); input()"


def test_a_lock_is_one_holders_until_it_is_closed(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert not locks.is_held(lock)
    held = locks.take(lock)
    assert held is not None
    assert locks.take(lock) is None
    assert locks.is_held(lock)
    os.close(held)
    assert not locks.is_held(lock)
    again = locks.take(lock)
    assert again is not None
    os.close(again)


def test_looking_at_a_lock_takes_it_from_nobody_and_writes_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert not locks.is_held(lock)
    assert not lock.exists()
    held = locks.take(lock)
    assert held is not None
    locks.sign(held, 4711)
    before = lock.stat()
    assert locks.is_held(lock)
    assert locks.holder(lock) == 4711
    assert lock.stat() == before
    os.close(held)


def test_nobody_signed_a_lock_that_says_nothing(tmp_path: Path) -> None:
    assert locks.holder(tmp_path / "none") is None
    (tmp_path / "lock").write_bytes(b"\xff")
    assert locks.holder(tmp_path / "lock") is None


def test_I2_a_lock_ends_with_its_process_and_no_child_keeps_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdin=pipe, stdout=pipe) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert locks.is_held(lock)
        holder.kill()
    held = locks.take(lock)
    assert held is not None
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=pipe) as child:
        os.close(held)
        assert not locks.is_held(lock)
        child.communicate(b"\n")
