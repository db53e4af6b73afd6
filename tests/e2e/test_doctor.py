"""`codectxd doctor` and `codectxd logs` as commands, over daemons that serve, hang, or are not there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.support import Home, until


def levels(home: Home, workspace: Path) -> tuple[int, dict[str, list[str]], str]:
    """Exit status, the lines by level, and everything that was printed."""
    done = home.run("doctor", str(workspace))
    lines = [line for line in done.stdout.splitlines() if line[:1] != " "]
    return (
        done.returncode,
        {word: [x for x in lines if x.startswith(word)] for word in ("ok", "warning", "PROBLEM")},
        done.stdout,
    )


def test_a_healthy_home_has_no_problem(home: Home, workspace: Path) -> None:
    assert home.run("index", str(workspace)).returncode == 0
    status, found, printed = levels(home, workspace)
    assert (status, found["PROBLEM"]) == (0, []), printed
    for area in ("versions", "permissions", "daemon", "model", "store", "watcher", "workspace"):
        assert any(line.split()[1] == area for line in found["ok"]), area
    assert f"{workspace}: 3 files" in printed


def test_without_a_daemon_none_is_started(home: Home, workspace: Path) -> None:
    status, found, printed = levels(home, workspace)
    assert (status, found["PROBLEM"]) == (0, []), printed
    assert "none is running" in printed
    assert home.daemon_pid() is None


def test_a_daemon_that_hangs_is_a_problem_with_a_remedy(home: Home, workspace: Path) -> None:
    assert home.run("index", str(workspace)).returncode == 0
    pid = home.daemon_pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        status, found, printed = levels(home, workspace)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert status == 3
    assert len(found["PROBLEM"]) == 1, printed
    assert f"kill -9 {pid}" in printed


def test_a_state_folder_that_is_a_file_is_a_problem(home: Home, workspace: Path) -> None:
    home.folder.rmdir()
    home.folder.write_text("no folder\n")
    done = home.run("doctor", str(workspace), cwd=workspace)
    home.folder.unlink()
    home.folder.mkdir()
    assert done.returncode == 3, done.stderr
    assert "is no folder" in done.stdout
    assert "Traceback" not in done.stderr


def test_for_programs_the_findings_are_json(home: Home, workspace: Path) -> None:
    report = json.loads(home.run("doctor", str(workspace), "--json").stdout)
    assert (report["root"], report["worst"]) == (str(workspace), "ok") or report["worst"] == "warning"
    assert {"area", "what", "level", "told", "remedy"} == set(report["findings"][0])


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A home folder of a user, outside of which everything else lies."""
    folder = Path(tempfile.mkdtemp(prefix="cx-home-"))
    yield folder
    shutil.rmtree(folder)


def test_a_bundle_holds_what_a_report_needs_and_no_source(home: Home, workspace: Path, elsewhere: Path) -> None:
    home.environment["HOME"] = str(elsewhere)
    assert home.run("index", str(workspace)).returncode == 0
    assert home.run("search", "call with backoff", str(workspace)).returncode == 0
    target = elsewhere / "report.zip"
    done = home.run("doctor", str(workspace), "--bundle", str(target))
    assert done.returncode == 0, done.stderr
    assert target.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(target) as bundle:
        parts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert set(parts) == {"doctor.json", "versions.json", "settings.json", "status.json", "daemon.log"}
    assert json.loads(parts["status.json"])["running"] is True
    assert "pygls" in json.loads(parts["versions.json"])["distributions"]
    for name, text in parts.items():
        for secret in (str(workspace), workspace.name, str(elsewhere), str(home.folder), "backoff", "def ", "tea"):
            assert secret not in text, f"{secret!r} is in {name}"
    again = home.run("doctor", str(workspace), "--bundle", str(target))
    assert (again.returncode, "already something" in again.stderr) == (2, True)


def test_logs_show_the_end_of_the_log(home: Home, workspace: Path) -> None:
    assert home.run("logs").returncode == 1
    home.run("index", str(workspace))
    done = home.run("logs", "-n", "1")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
    assert done.stdout.splitlines()[0] in home.layout.log.read_text()


def test_logs_can_be_followed_through_a_new_file_until_interrupted(home: Home, tmp_path: Path) -> None:
    printed = tmp_path / "printed"
    home.layout.log.write_text("one\ntwo\nthree\n")
    with printed.open("wb") as out:
        process: subprocess.Popen[Any] = home.start("logs", "--follow", "-n", "2", stdout=out)
    until(lambda: printed.read_text() == "two\nthree\n", "the last lines")
    append(home.layout.log, "four\n")
    until(lambda: printed.read_text().endswith("four\n"), "what was added")
    home.layout.log.rename(home.layout.log.with_suffix(".log.1"))
    append(home.layout.log, "five\n")
    until(lambda: printed.read_text().endswith("four\nfive\n"), "the new file")
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_a_command_says_what_to_do_about_a_daemon_that_hangs(home: Home, workspace: Path) -> None:
    home.run("index", str(workspace))
    pid = home.daemon_pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        done = home.run("stop")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert (done.returncode, f"kill -9 {pid}" in done.stderr) == (3, True)
