"""An index above the size for a graph: built beside the scan, used once it finds enough, gone with its base."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codectxd.clients.connection import Connection
from e2e.home import Home, find, fresh, shown, until
from e2e.test_kills import QUESTIONS, planted, write


@pytest.fixture
def home() -> Iterator[Home]:
    # A short path: a socket's may only have about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    found = Home(folder, "workers = 2\ngraph_from = 100\n")
    yield found
    found.close()
    shutil.rmtree(folder, ignore_errors=True)


def graphs(home: Home) -> list[str]:
    return sorted(path.name for path in home.layout.state.glob("workspaces/*/v*/vectors/*.usearch"))


def answers(connection: Connection, root: Path) -> list[Any]:
    return [shown(find(connection, root, question, mode="semantic", limit=5).hits) for question in QUESTIONS]


def test_a_graph_answers_as_the_scan_does_and_follows_what_changes(home: Home, tmp_path: Path) -> None:
    root = planted(tmp_path / "tree")
    scanned = Home(home.layout.state / "scanned", "graph_from = 0\n")
    assert scanned.run("index", str(root))[0] == 0
    with scanned.session(root) as connection:
        assert fresh(connection, root)
        expected = answers(connection, root)
    scanned.close()
    assert home.run("index", str(root))[0] == 0
    until(lambda: "A graph over the vectors is used" in home.layout.log.read_text(), "the graph is used")
    assert len(graphs(home)) == 1
    with home.session(root) as connection:
        assert fresh(connection, root)
        assert answers(connection, root) == expected
        write(root, 7, version=5)
        (root / "new.py").write_text('def polish_marble():\n    """Polish the marble until it shines."""\n')
        until(lambda: find(connection, root, "polish_marble", mode="lexical").hits, "what is new")
        hits = find(connection, root, "make a stone shiny by polishing", mode="semantic").hits
        assert hits[0].path == "new.py"
    assert home.run("stop")[0] == 0
    for path in home.layout.state.glob("workspaces/*/v*/vectors/*.usearch"):
        data = bytearray(path.read_bytes())
        data[len(data) // 3] ^= 8
        path.write_bytes(data)
    (root / "new.py").unlink()
    write(root, 7)
    with home.session(root) as connection:
        assert fresh(connection, root)
        assert answers(connection, root) == expected
    assert "The graph on disk is damaged" in home.layout.log.read_text()
