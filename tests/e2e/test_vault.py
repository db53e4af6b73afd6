"""The vault as users meet it: nothing is computed twice, a budget is kept, and what folders hold is never dropped for it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.home import Home
from e2e.support import git
from e2e.test_kills import planted, text_of

NOTEBOOK = '{"cells": [{"cell_type": "code", "source": ["def from_a_cell():\\n", "    return 1\\n"]}], "nbformat": 4}'


@pytest.fixture
def home() -> Iterator[Home]:
    # A short path: a socket's may only have about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    found = Home(folder, "workers = 2\n")
    yield found
    found.close()
    shutil.rmtree(folder, ignore_errors=True)


def computed(home: Home, root: Path, *options: str) -> tuple[int, int]:
    """What an index run parsed and embedded."""
    found: dict[str, Any] = home.json("index", str(root), *options)["workspaces"][0]
    return found["parsed"], found["embedded"]


def parsed(home: Home, root: Path) -> int:
    """What the last index run that had anything to do parsed."""
    found: int = home.json("index", str(root))["workspaces"][0]["build"]["parsed"]
    return found


def test_I13_a_clone_a_worktree_a_rename_and_a_branch_switch_compute_nothing(home: Home, tmp_path: Path) -> None:
    root = planted(tmp_path / "tree")
    (root / "book.ipynb").write_text(NOTEBOOK)
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    assert parsed(home, root) == 201
    git(root, "worktree", "add", "-q", str(tmp_path / "worktree"))
    shutil.copytree(root, tmp_path / "clone", ignore=shutil.ignore_patterns(".git"))
    assert computed(home, tmp_path / "worktree") == (0, 0)
    assert computed(home, tmp_path / "clone") == (0, 0)
    digests = {one["digest"] for one in home.json("status")["workspaces"]}
    assert len(digests) == 1
    assert None not in digests
    git(root, "switch", "-qc", "other")
    for number in range(20):
        (root / "part0" / f"new{number}.py").write_text(text_of(number, version=9))
    git(root, "add", ".")
    git(root, "commit", "-qm", "second")
    home.run("index", str(root))
    git(root, "switch", "-q", "-")
    home.run("index", str(root))
    git(root, "switch", "-q", "other")
    assert computed(home, root) == (0, 0)
    assert computed(home, root, "--force") == (0, 0)


def test_the_budget_is_kept_and_what_a_folder_holds_is_not_dropped_for_it(home: Home, tmp_path: Path) -> None:
    (home.layout.config / "config.toml").write_text("workers = 2\nvault_mb = 0\n")
    kept, gone = planted(tmp_path / "kept"), tmp_path / "gone"
    (kept / "book.ipynb").write_text(NOTEBOOK)
    for number in range(200):
        gone.mkdir(exist_ok=True)
        (gone / f"m{number}.py").write_text(text_of(number, version=7))
    assert parsed(home, gone) == 200
    copy = tmp_path / "again"
    shutil.copytree(gone, copy)
    shutil.rmtree(gone)
    assert parsed(home, kept) == 201
    assert "rows that no index holds were dropped" in home.layout.log.read_text()
    assert computed(home, kept, "--force") == (0, 0)
    assert parsed(home, copy) == 200
