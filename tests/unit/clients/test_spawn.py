"""Finding the daemon: one that listens and never answers is not waited for without end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from codectxd.clients import cli, spawn
from codectxd.paths import Layout


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Layout]:
    """A home whose daemon takes connections and says nothing."""
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    layout = Layout(state=folder, runtime=folder / "run", config=folder)
    layout.runtime.mkdir(mode=0o700)
    monkeypatch.setenv("CODECTX_HOME", str(folder))
    monkeypatch.setattr(spawn, "START_S", 0.2)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(layout.socket))
        listener.listen()
        yield layout
    shutil.rmtree(folder)


def test_a_session_is_given_up_at_a_deadline(deaf: Layout) -> None:
    with pytest.raises(TimeoutError):
        spawn.open_session(deaf, name="test")
    with pytest.raises(TimeoutError):
        spawn.find_session(deaf, name="test", timeout_s=0.1)


def test_the_command_line_says_what_to_do(deaf: Layout, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["search", "anything", str(tmp_path)]) == 3
    assert "codectxd doctor" in capsys.readouterr().err


def test_a_machine_without_a_runtime_folder_is_no_reason_for_a_word() -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("XDG_RUNTIME_DIR", "CODECTX_HOME")}
    program = "from codectxd.paths import layout; layout()"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
