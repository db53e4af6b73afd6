"""Vectors with and without a delta: the same answers, also where an index changes over or its indexer is killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from codectxd.index.catalog import CatalogView
from codectxd.index.vectors import VectorState
from e2e.home import Home, fresh, same, until
from e2e.test_kills import WORDS, fresh_build, planted, settle, write

WITHOUT = "workers = 2\ndelta = false\n"
KILLING = str(Path(__file__).parents[1] / "model" / "killing")


@pytest.fixture
def home() -> Iterator[Home]:
    # A short path: a socket's may only have about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    found = Home(folder, WITHOUT)
    found.environment["PYTHONPATH"] = os.pathsep.join([KILLING, found.environment["PYTHONPATH"]])
    yield found
    found.close()
    shutil.rmtree(folder, ignore_errors=True)


def vectors(home: Home) -> VectorState:
    """Which rows are the world's, in the one workspace of `home`."""
    (catalogue,) = home.layout.state.glob("workspaces/*/v*/catalog.db")
    with closing(CatalogView(catalogue)) as view:
        return msgspec.json.decode(view.meta()["vectors"], type=VectorState)


def change_over(home: Home, config: str) -> None:
    assert home.run("stop")[0] == 0
    (home.layout.state / "config.toml").write_text(config)


def test_I3_without_a_delta_a_publication_that_is_killed_at_any_step_loses_nothing(home: Home, tmp_path: Path) -> None:
    tree = planted(tmp_path / "tree")
    assert home.run("index", str(tree))[0] == 0
    steps = ["vault", "append words", "append vectors", "flip", "sweep", "done"]
    with home.session(tree) as connection:
        assert fresh(connection, tree)
        for number, step in enumerate(steps):
            before = vectors(home)
            (home.layout.state / "kill-at").write_text(step)
            write(tree, number, version=9)
            until(lambda step=step: step in killed(home), f"a kill before {step}")  # type: ignore[misc]
            assert fresh(connection, tree)
            assert vectors(home).generation > before.generation
            assert vectors(home).delta_rows == 0
    same(settle(home, tree, WORDS, scan=False), fresh_build(tree, WORDS))


def killed(home: Home) -> list[str]:
    found = home.layout.state / "killed"
    return found.read_text().splitlines() if found.exists() else []


def test_an_index_changes_over_to_no_delta_and_back(home: Home, tmp_path: Path) -> None:
    tree = planted(tmp_path / "tree")
    change_over(home, "workers = 2\n")
    settle(home, tree, WORDS, scan=True)
    until(lambda: not vectors(home).delta_rows, "what a build left in the delta is folded in the background")
    for number in range(3):
        write(tree, number, version=5)
    settle(home, tree, WORDS, scan=False)
    assert vectors(home).delta_rows > 0
    change_over(home, WITHOUT)
    found = settle(home, tree, WORDS, scan=True)
    assert (vectors(home).delta_rows, vectors(home).base_rows) == (0, found["counts"][1])
    write(tree, 7, version=5)
    settle(home, tree, WORDS, scan=False)
    change_over(home, "workers = 2\n")
    write(tree, 8, version=5)
    found = settle(home, tree, WORDS, scan=True)
    assert vectors(home).delta_rows > 0
    same(found, fresh_build(tree, WORDS))
