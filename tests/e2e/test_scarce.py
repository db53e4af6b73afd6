"""Less than a system usually gives: what is there is found, a line says what is missing, and it goes on by itself.

A disk that takes nothing more, or nothing at all; few watches; no privileges. All of it is real, in a namespace of its own,
of mounts where the tests run as root, with a user's own root elsewhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e import scarce

OWN_ROOT = ["unshare", "--user", "--mount", "--map-root-user"]
NO_PRIVILEGES = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


@pytest.fixture
def folder() -> Iterator[Path]:
    # A short path: a socket's may only have about a hundred bytes.
    made = Path(tempfile.mkdtemp(prefix="cxm-"))
    yield made
    subprocess.run(["chmod", "-R", "u+rwx", str(made)], check=False)
    shutil.rmtree(made, ignore_errors=True)


def run(enter: list[str], scenario: str, folder: Path) -> None:
    command = [*enter, sys.executable, scarce.__file__, scenario, str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    if ran.returncode == scarce.NOT_ALLOWED or "unshare failed" in ran.stderr:
        pytest.skip("nobody may do that here")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("scenario", ["full", "read_only"])
def test_a_disk_that_refuses_is_told_and_made_up_for(scenario: str, folder: Path) -> None:
    run(["unshare", "--mount"] if os.getuid() == 0 else OWN_ROOT, scenario, folder)


def test_a_limit_of_watches_is_told_and_made_up_for(folder: Path) -> None:
    run(OWN_ROOT, "few_watches", folder)


def test_no_privilege_is_needed(folder: Path) -> None:
    run(NO_PRIVILEGES if os.getuid() == 0 else [], "unprivileged", folder)
