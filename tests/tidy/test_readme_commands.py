"""Every command of the README is run, as a new user would, in a fresh copy of the repository with a home of its own.

All shell blocks of the README are run from the first to the last, so a command that is added is a command that is tested.
One thing is not as for a new user: the packages that codectxd depends on are those of this environment, so that no network
is needed. `.ci/run`, which runs this test, installs them as a user does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from codectxd.evaluate import corpus
from tidy.source import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.M | re.S)

CHECK_ALL = "./.ci/run"
"""The one command that is not run here, since it runs this."""

LONGEST_S = 300


def commands() -> list[str]:
    """The lines of all shell blocks."""
    lines = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]
    return [re.sub(r"  +# .*", "", line) for line in lines if line.strip()]


def shown() -> list[tuple[str, str]]:
    """Commands that are shown with what they print, each with the first line of that."""
    return [(lines[0], lines[1]) for _, text in BLOCKS if (lines := text.split("\n"))[0].startswith("$ ")]


class Newcomer(NamedTuple):
    """Somebody with a clone and an empty home."""

    clone: Path
    environment: dict[str, str]

    def types(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.clone,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
        )


@pytest.fixture(scope="module")
def newcomer() -> Iterator[Newcomer]:
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    clone = folder / "codectxd"
    _clone(clone)
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    environment = {
        **kept,
        "HOME": str(folder),
        "CODECTX_HOME": str(folder / "home"),
        "PATH": os.pathsep.join([str(clone / ".venv" / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(_lent_packages(folder / "lent")),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads this as: no isolation. The build uses this environment's hatchling.
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    (folder / "home").mkdir()
    someone = Newcomer(clone, environment)
    try:
        yield someone
    finally:
        someone.types("codectxd stop || true")
        shutil.rmtree(folder, ignore_errors=True)


def _clone(target: Path) -> None:
    """What a clone would be once the working tree was committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=REPOSITORY, capture_output=True, check=True
    ).stdout.decode()
    for name in listed.split("\0"):
        if name and (REPOSITORY / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, target / name)
    corpus.commit(target, "All")


def _lent_packages(folder: Path) -> Path:
    """The packages of this environment, but for codectxd itself and pip, in a folder to be put on a path."""
    folder.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(("codectxd", "pip")):
            (folder / entry.name).symlink_to(entry)
    return folder


def test_the_first_command_sets_up_and_answers_a_question(newcomer: Newcomer) -> None:
    done = newcomer.types(commands()[0])
    assert done.returncode == 0, done.stderr
    assert "server/codectxd/engine/workers.py:" in done.stdout
    assert done.stdout.count("server/codectxd/") >= 3


@pytest.mark.parametrize("command", [command for command in commands()[1:] if command != CHECK_ALL])
def test_a_command_of_the_readme_works(newcomer: Newcomer, command: str) -> None:
    done = newcomer.types(command)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize(("command", "first_line"), shown())
def test_an_answer_that_the_readme_shows_is_what_comes(newcomer: Newcomer, command: str, first_line: str) -> None:
    printed = newcomer.types(command.removeprefix("$ ")).stdout
    assert printed.splitlines()[0].split(":")[0] == first_line.split(":")[0]


def test_the_installed_command_is_the_one_that_was_tried(newcomer: Newcomer) -> None:
    where = newcomer.types('.venv/bin/python -P -c "import codectxd; print(codectxd.__file__)"').stdout
    assert where.startswith(str(newcomer.clone / ".venv"))


def test_only_shell_blocks_hold_commands() -> None:
    others = [line for language, text in BLOCKS if language != "sh" for line in text.splitlines()]
    assert [line for line in others if line.startswith(("codectxd ", "python", "pip", "./"))] == []


def test_the_command_that_checks_everything_is_there_and_is_what_ci_runs() -> None:
    assert CHECK_ALL in commands()
    assert os.access(REPOSITORY / CHECK_ALL, os.X_OK)
    assert f"run: {CHECK_ALL}\n" in (REPOSITORY / ".github" / "workflows" / "ci.yml").read_text()
    assert re.search(r"^pytest ", (REPOSITORY / CHECK_ALL).read_text(), re.M)


def test_the_readme_names_every_command() -> None:
    told = subprocess.run([sys.executable, "-m", "codectxd.clients.cli", "--help"], capture_output=True, text=True).stdout
    names = re.findall(r"^    (\w+)  ", told, re.M)
    assert len(names) >= 7
    assert [name for name in names if f"codectxd {name}" not in README] == []
