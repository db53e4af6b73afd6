"""Homes as people have them: named from where they stand, without a runtime folder, removed under a daemon."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from codectxd.paths import layout
from e2e.home import Home, find, fresh, until

COMMAND = [sys.executable, "-m", "codectxd.clients.cli"]


@pytest.fixture
def place() -> Iterator[Path]:
    # A short path: a socket's may only have about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    (folder / "tree").mkdir()
    (folder / "tree" / "a.py").write_text("def planted_here():\n    return 1\n")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def run(place: Path, environment: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    given = {name: value for name, value in os.environ.items() if name not in ("XDG_RUNTIME_DIR", "CODECTX_HOME")}
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=place, env={**given, **environment}, capture_output=True, text=True, timeout=90
    )
    return done.returncode, done.stdout, done.stderr


def test_a_home_named_from_where_one_stands_is_the_same_everywhere(place: Path) -> None:
    near, far = {"CODECTX_HOME": "near/home"}, {"CODECTX_HOME": str(place / "near" / "home")}
    code, out, said = run(place, near, "search", "planted_here", "tree")
    assert (code, "a.py" in out) == (0, True), said
    assert (place / "near" / "home" / "run" / "daemon.sock").is_socket()
    assert "has stopped" in run(place, far, "stop")[1]
    assert not Path("/near").exists()


@pytest.mark.parametrize("runtime", ["missing", "everybodys"])
def test_a_runtime_folder_that_is_nobodys_is_done_without(
    place: Path, runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "everybodys").mkdir(mode=0o777)
    (place / "everybodys").chmod(0o777)
    names = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR")
    environment = {**{name: str(place / name) for name in names}, "XDG_RUNTIME_DIR": str(place / runtime)}
    (place / "TMPDIR").mkdir()
    code, out, said = run(place, environment, "search", "planted_here", "tree")
    assert (code, "a.py" in out) == (0, True), said
    assert "has stopped" in run(place, environment, "stop")[1]
    assert not (place / "missing").exists()
    assert list((place / "everybodys").iterdir()) == []


def test_the_same_runtime_folder_is_found_whoever_looks(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CODECTX_HOME", raising=False)
    (place / "mine").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(place / "mine"))
    assert layout().runtime == place / "mine" / "codectxd"
    monkeypatch.setenv("XDG_RUNTIME_DIR", "relative")
    assert layout().runtime.is_absolute()
    assert "relative" not in str(layout().runtime)


def test_a_log_that_is_removed_is_made_again(place: Path) -> None:
    home = Home(place / "h")
    with home.session(place / "tree") as connection:
        assert fresh(connection, place / "tree")
        home.layout.log.unlink()
    until(lambda: home.layout.log.exists() and " ended" in home.layout.log.read_text(), "the end of the session")
    assert home.run("logs")[0] == 0
    home.close()


def test_a_daemon_whose_folder_was_removed_serves_who_it_serves_and_leaves(place: Path) -> None:
    home = Home(place / "h")
    root = place / "tree"
    with home.session(root) as connection:
        assert fresh(connection, root)
        daemon = home.daemon()
        assert daemon is not None
        shutil.rmtree(place / "h")
        assert daemon.is_running()
    until(lambda: not daemon.is_running() or daemon.status() == psutil.STATUS_ZOMBIE, "the end of the daemon")
    assert "this one serves who it serves, and leaves" in home.layout.log.read_text(), "the log was made again"
    shutil.rmtree(place / "h")
    (place / "h").mkdir()
    with home.session(root) as connection:
        assert fresh(connection, root)
        assert find(connection, root, "planted_here").hits
    home.close()
