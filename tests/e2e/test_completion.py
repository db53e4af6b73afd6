"""Completion, asked for in the shells themselves: somebody types a part of a word and the tabulator key."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.support import DEADLINE_S, Home

READY = "ready-to-type"
KILL_LINE = "\x15"

TYPED = [
    ("codectxd sear", "codectxd search "),
    ("codectxd search --expl", "codectxd search --explain "),
    ("codectxd search x --mode sem", "codectxd search x --mode semantic "),
    ("codectxd search x --content do", "codectxd search x --content docs "),
    ("codectxd search x app", "codectxd search x apples.txt "),
    ("codectxd index ora", "codectxd index oranges/"),
    ("codectxd model us", "codectxd model use "),
    ("codectxd bench last", "codectxd bench last-definition "),
    ("codectxd help doc", "codectxd help doctor "),
    ("codectxd eval app", "codectxd eval apples.txt "),
    ("codectxd eval --fail", "codectxd eval --fail-under "),
    ("codectxd doctor --bundle app", "codectxd doctor --bundle apples.txt "),
]


def program(shell: str) -> str:
    """The shell. The test fails where it is not installed."""
    found = shutil.which(shell)
    if found is None:
        pytest.fail(f"{shell} is not installed: the package of that name brings it, and .ci/run installs it.")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file and a folder in it."""
    here = tmp_path / "here"
    (here / "oranges").mkdir(parents=True)
    (here / "apples.txt").write_text("an apple\n")
    return here


def script(home: Home, folder: Path, shell: str) -> Path:
    """The file that a user of `shell` makes."""
    done = home.run("completion", shell)
    assert done.returncode == 0, done.stderr
    target = folder.parent / "scripts" / "_codectxd"
    target.parent.mkdir()
    target.write_text(done.stdout)
    return target


class Terminal:
    """A shell at the other end of a terminal."""

    def __init__(self, argv: list[str], cwd: Path) -> None:
        self._end, other = pty.openpty()
        environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "TERM": "dumb", "LC_ALL": "C"}
        self.process = subprocess.Popen(
            argv, stdin=other, stdout=other, stderr=other, cwd=cwd, env=environment, close_fds=True
        )
        os.close(other)
        self.shown = ""

    def types(self, text: str) -> None:
        os.write(self._end, text.encode())

    def sees(self, wanted: str) -> None:
        """Wait until the terminal shows `wanted` after what was seen before."""
        deadline = time.monotonic() + DEADLINE_S
        while wanted not in self.shown:
            assert time.monotonic() < deadline, f"{wanted!r} never came, but {self.shown!r}"
            if select.select([self._end], [], [], 0.1)[0]:
                self.shown += os.read(self._end, 65536).decode(errors="replace")
        self.shown = self.shown.partition(wanted)[2]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._end)


@contextlib.contextmanager
def terminal(argv: list[str], folder: Path, prepare: str) -> Iterator[Terminal]:
    opened = Terminal(argv, folder)
    try:
        # In two parts, so that it is seen when it is printed and not when it is typed.
        opened.types(f"{prepare}; echo {READY[:5]}''{READY[5:]}\n")
        opened.sees(READY)
        yield opened
    finally:
        opened.close()


def last_word(line: str) -> str:
    return line.split()[-1]


def test_bash_completes(home: Home, folder: Path) -> None:
    prepare = f"PS1='> '; bind 'set enable-bracketed-paste off'; source '{script(home, folder, 'bash')}'"
    with terminal([program("bash"), "--norc", "--noprofile", "-i"], folder, prepare) as shell:
        for typed, completed in TYPED:
            shell.types(f"{typed}\t")
            shell.sees(completed)
            shell.types(KILL_LINE)


def test_zsh_completes(home: Home, folder: Path) -> None:
    scripts = script(home, folder, "zsh").parent
    prepare = f"PS1='> '; fpath=('{scripts}' $fpath); autoload -Uz compinit; compinit -u -D"
    with terminal([program("zsh"), "-f", "-i"], folder, prepare) as shell:
        for typed, completed in TYPED:
            shell.types(f"{typed}\t")
            # It may show the one word there is with its description, rather than type it.
            shell.sees(last_word(completed))
            shell.types(KILL_LINE)


def test_fish_completes(home: Home, folder: Path) -> None:
    prepare = f"source '{script(home, folder, 'fish')}'"
    for typed, completed in TYPED:
        done = subprocess.run(
            [program("fish"), "--no-config", "-c", f"{prepare}; complete -C '{typed}'"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder.parent)},
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
        )
        offered = [line.split("\t")[0] for line in done.stdout.splitlines()]
        assert last_word(completed) in offered, (typed, done.stdout, done.stderr)
