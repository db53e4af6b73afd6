"""However a command ends: one line that says what to do, and an exit status; never a traceback."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from e2e.support import DEADLINE_S, Home, executable


def ended(home: Home, line: str, *arguments: str) -> tuple[int, list[str]]:
    """Exit status and stderr of a shell's `line`, in which `"$@"` is the command."""
    command = ["sh", "-c", line, "sh", *executable(), *arguments]
    done = subprocess.run(
        command, cwd=home.folder, env=home.environment, stderr=subprocess.PIPE, text=True, timeout=DEADLINE_S, check=False
    )
    return done.returncode, done.stderr.splitlines()


@pytest.mark.parametrize("arguments", [["search", "tea"], ["doctor"], ["similar", "a.py:1"], ["files"]])
def test_a_current_folder_that_is_gone_is_told(home: Home, arguments: list[str]) -> None:
    status, said = ended(home, 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', *arguments)
    assert (status, len(said)) == (2 if arguments[-1] == "a.py:1" else 3, 1), said
    assert "is gone: change to one that exists" in said[0] or "no such file or folder" in said[0]


@pytest.mark.parametrize("arguments", [["status"], ["doctor"], ["--help"], ["help", "search"], ["completion", "bash"]])
def test_output_that_cannot_be_written_is_told(home: Home, arguments: list[str]) -> None:
    told = ended(home, 'exec "$@" > /dev/full', *arguments)
    assert told == (3, ["codectxd: The answer cannot be written to standard output: No space left on device."])
    assert ended(home, 'exec "$@" >&-', *arguments) == (
        3,
        ["codectxd: Standard output is closed: send it to a file, a pipe or /dev/null."],
    )


def test_other_streams_may_be_closed(home: Home, workspace: Path) -> None:
    assert ended(home, f'cd "{workspace}" && exec "$@" 2>&- > found', "search", "price") == (0, [])
    assert "cart.py" in (workspace / "found").read_text()
    status, said = ended(home, 'exec "$@" <&-', "similar", "-")
    assert (status, said) == (2, ["codectxd: There is nothing on stdin to compare: pipe a text in."])


def test_a_state_folder_that_cannot_be_one_is_named(home: Home, workspace: Path) -> None:
    for taken in ("/dev/null", str(workspace / "README.md")):
        home.environment["CODECTX_HOME"] = taken
        for arguments in (["search", "tea"], ["search", "tea", "--in-process"]):
            status, said = ended(home, f'cd "{workspace}" && exec "$@"', *arguments)
            assert status == 3
            assert len(said) == 1
            assert f"{taken} cannot be a folder, since something else stands there: remove it" in said[0]
            assert not said[0].endswith("..")


def test_what_names_nothing_is_refused(home: Home, workspace: Path) -> None:
    for arguments, told in (
        (["tea", ""], "The name of a file or folder is empty"),
        (["tea", "--glob", ""], "The glob '' can match nothing"),
        (["tea", "--glob", "["], "The glob '[' can match nothing"),
        (["tea", "--glob", "*" * 2000], "A glob has 1,000 characters at most"),
    ):
        done = home.run("search", *arguments, cwd=workspace)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert told in done.stderr
    assert os.path.isdir(home.folder)
