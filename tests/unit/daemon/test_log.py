"""The log's file: kept small, made again where it is moved or removed, and where standard error goes."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from codectxd.daemon.log import LOG_FILES, LogFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "daemon.log"


@pytest.fixture
def log(path: Path) -> Iterator[LogFile]:
    found = LogFile(path, with_errors=False)
    yield found
    found.close()


def say(log: LogFile, text: str) -> None:
    log.handle(logging.LogRecord("codectxd", logging.INFO, __file__, 1, text, None, None))


def test_a_file_that_is_removed_with_its_folder_is_made_again(log: LogFile, path: Path) -> None:
    say(log, "one")
    shutil.rmtree(path.parent)
    say(log, "two")
    say(log, "three")
    assert path.read_text() == "two\nthree\n"
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_file_that_is_moved_or_replaced_gets_no_more(log: LogFile, path: Path) -> None:
    say(log, "one")
    path.rename(path.with_name("moved"))
    say(log, "two")
    other = path.with_name("other")
    other.write_text("another's\n")
    other.replace(path)
    say(log, "three")
    assert (path.with_name("moved").read_text(), path.read_text()) == ("one\n", "another's\nthree\n")


def test_a_large_file_makes_room_for_a_new_one(log: LogFile, path: Path) -> None:
    log.maxBytes = 100
    for number in range(20):
        say(log, f"{number}: " + "x" * 40)
    names = {found.name for found in path.parent.iterdir()}
    assert names == {"daemon.log", *(f"daemon.log.{number + 1}" for number in range(LOG_FILES))}
    assert path.read_text().startswith("18: ")
    assert all(found.stat().st_size <= 100 for found in path.parent.iterdir())


def test_what_cannot_be_written_is_lost_and_the_next_message_is_not(
    log: LogFile, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    say(log, "one")
    shutil.rmtree(path.parent)
    path.parent.write_text("no folder")
    say(log, "two")
    path.parent.unlink()
    say(log, "three")
    assert path.read_text() == "three\n"


def test_standard_error_goes_where_the_log_is(path: Path) -> None:
    program = f"""
import logging, os, shutil, sys
from pathlib import Path
from codectxd.daemon.log import LogFile
path = Path({str(path)!r})
logging.getLogger().addHandler(LogFile(path, with_errors=True))
print("first", file=sys.stderr, flush=True)
shutil.rmtree(path.parent)
print("lost", file=sys.stderr, flush=True)
logging.warning("told")
print("last", file=sys.stderr, flush=True)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    assert path.read_text() == "told\nlast\n"
