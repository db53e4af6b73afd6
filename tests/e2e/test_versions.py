"""Daemons and clients of different versions (I11): the newest daemon wins, and nobody is thrown out."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import codectxd
from codectxd.clients import spawn
from e2e.support import DEADLINE_S, Home

OLDER = "0.0.9"


@pytest.fixture
def older(home: Home, tmp_path: Path) -> dict[str, str]:
    """The environment in which the package is an older one: the same but for its version."""
    package = Path(codectxd.__file__).parent
    copy = tmp_path / "older" / "codectxd"
    shutil.copytree(package, copy, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "data"))
    (copy / "embed" / "data").symlink_to(package / "embed" / "data")
    (copy / "__init__.py").write_text(f'__version__ = "{OLDER}"\n')
    return {**home.environment, "PYTHONPATH": str(copy.parent)}


def _run(environment: dict[str, str], module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", module, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


def _version(home: Home) -> str | None:
    running = spawn.running_daemon(home.layout)
    return running.version if running else None


def test_I11_a_newer_client_replaces_an_older_daemon_that_nobody_uses(
    home: Home, older: dict[str, str], workspace: Path
) -> None:
    assert _run(older, "codectxd.daemon", "--detach").returncode == 0
    assert _version(home) == OLDER
    done = home.run("search", "total price", cwd=workspace)
    assert done.returncode == 0, done.stderr
    assert _version(home) == codectxd.__version__


def test_I11_a_newer_editor_replaces_it_too(home: Home, older: dict[str, str]) -> None:
    assert _run(older, "codectxd.daemon", "--detach").returncode == 0
    assert home.run("--stdio", input="").returncode == 0
    assert _version(home) == codectxd.__version__


def test_I11_a_newer_client_uses_an_older_daemon_that_serves_others(
    home: Home, older: dict[str, str], workspace: Path
) -> None:
    assert _run(older, "codectxd.daemon", "--detach").returncode == 0
    with home.raw(initialized=(workspace,)):
        done = home.run("search", "total price", cwd=workspace)
        assert done.returncode == 0, done.stderr
        assert _version(home) == OLDER


def test_I11_an_older_client_uses_a_newer_daemon(home: Home, older: dict[str, str], workspace: Path) -> None:
    assert home.run("serve", "--detach").returncode == 0
    done = _run(older, "codectxd.clients.cli", "search", "total price", str(workspace))
    assert done.returncode == 0, done.stderr
    assert _version(home) == codectxd.__version__
