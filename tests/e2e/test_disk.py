"""A disk that takes nothing more, or nothing at all: what is there is found, a line says why, and it goes on by itself.

Real file systems, mounted in a namespace of their own by a child process: a namespace of mounts alone where the tests run
as root, one with a user's own root elsewhere.
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


@pytest.fixture
def folder() -> Iterator[Path]:
    # A short path: a socket's may only have about a hundred bytes.
    made = Path(tempfile.mkdtemp(prefix="cxm-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.parametrize("scenario", ["full", "read_only"])
def test_a_disk_that_refuses_is_told_and_made_up_for(scenario: str, folder: Path) -> None:
    enter = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--user", "--mount", "--map-root-user"]
    command = [*enter, sys.executable, scarce.__file__, scenario, str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    if ran.returncode == scarce.NOT_ALLOWED or "unshare failed" in ran.stderr:
        pytest.skip("nobody may mount anything here")
    assert ran.returncode == 0, ran.stderr
