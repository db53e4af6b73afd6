"""The code that benchmarks run over: copies of real folders, as git repositories of their own.

The default is the standard library of the running Python without its tests, some 800 files that every machine has. The
original is only read.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

_LEFT_OUT = {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__", "lib-dynload"}
_SETTINGS = ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false", "-c", "gc.auto=0")


def standard_library() -> Path:
    """The folder of the running Python's standard library."""
    return Path(sysconfig.get_path("stdlib"))


def copy(source: Path, target: Path) -> int:
    """Copy the files of `source`, without tests and installed packages, into the new folder `target`; their number."""
    count = 0
    for folder, names, files in os.walk(source):
        names[:] = sorted(name for name in names if name not in _LEFT_OUT and not name.startswith("."))
        here = target / Path(folder).relative_to(source)
        here.mkdir(parents=True, exist_ok=True)
        for name in files:
            if _is_plain(Path(folder, name)):
                shutil.copyfile(Path(folder, name), here / name)
                count += 1
    return count


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and os.access(path, os.R_OK)


def commit(folder: Path, message: str, *, branch: str | None = None) -> None:
    """Commit all of `folder`, on the new branch `branch` if given. Raises CalledProcessError where git does."""
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    if branch:
        git(folder, "switch", "-q", "-c", branch)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)


def git(folder: Path, *arguments: str) -> None:
    """Run git in `folder`, under no settings but our own."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *_SETTINGS, *arguments], cwd=folder, env=environment, check=True, capture_output=True)


def sources(folder: Path, *, at_most: int) -> list[Path]:
    """The Python files of `folder` up to `at_most` bytes, in the order of their paths."""
    return sorted(path for path in folder.rglob("*.py") if 0 < path.stat().st_size <= at_most)


def files(folder: Path, *, at_most: int) -> list[Path]:
    """The files of `folder` up to `at_most` bytes that are not git's, in the order of their paths."""
    every = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size <= at_most)
    return [path for path in every if ".git" not in path.relative_to(folder).parts]


def spread(paths: list[Path], count: int) -> list[Path]:
    """`count` of `paths` at even distances by size, the largest among them: few small ones would flatter."""
    by_size = sorted(paths, key=lambda path: (path.stat().st_size, path))
    step = max(len(by_size) / count, 1.0)
    return [by_size[-1 - int(i * step)] for i in range(min(count, len(by_size)))]
