"""Nothing leaves the machine, and nothing is written but in the state folder: of ours, and of the libraries we bring."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from e2e.home import Home, find, fresh

TALKING = (b"events.data.microsoft.com", b"OneCollector/1.0", b"google-analytics.com", b"ingest.sentry.io")
"""Where libraries are known to report to."""
NATIVE = ("onnxruntime", "tokenizers", "tantivy", "usearch", "numkong", "tree_sitter", "msgspec")


@pytest.fixture
def home() -> Iterator[Home]:
    # A short path: a socket's may only have about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    found = Home(folder / "state", "workers = 2\n")
    yield found
    found.close()
    shutil.rmtree(folder, ignore_errors=True)


def test_nothing_is_written_beside_the_state_folder_and_nobody_is_called(home: Home, tmp_path: Path) -> None:
    person, root = tmp_path / "person", tmp_path / "tree"
    person.mkdir()
    root.mkdir()
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "TMPDIR"):
        home.environment[name] = str(person)
    for number in range(40):
        (root / f"m{number}.py").write_text(f"def retry_{number}():\n    return {number}\n")
    before = sorted(root.rglob("*"))
    assert home.run("index", str(root))[0] == 0
    with home.session(root) as connection:
        assert fresh(connection, root)
        assert find(connection, root, "try again", mode="semantic").hits
        daemon = home.daemon()
        assert daemon is not None
        everybody = [daemon, *home.children()]
        assert len(everybody) > 1
        assert [one for process in everybody for one in _connections(process)] == []
    assert home.run("doctor")[0] in (0, 3)
    assert home.run("stop")[0] == 0
    assert sorted(person.rglob("*")) == []
    assert sorted(root.rglob("*")) == before


def _connections(process: psutil.Process) -> list[Any]:
    """To other machines. Some children live for a moment only: they read a file, and are gone."""
    with suppress(psutil.NoSuchProcess):
        return process.net_connections(kind="inet")
    return []


@pytest.mark.parametrize("name", NATIVE)
def test_no_library_that_comes_with_it_knows_where_to_report(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    places = spec.submodule_search_locations or [str(Path(spec.origin or "").parent)]
    found = [path for place in places for path in Path(place).rglob("*.so*")]
    assert found
    assert [(path.name, word) for path in found for word in TALKING if word in path.read_bytes()] == []
