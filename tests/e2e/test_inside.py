"""What is on disk and inside speaks of relative POSIX paths, and of lines and bytes: invariants I9 and I10."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.home import Home, find, names

FILES = {
    "plain.py": "def first_plain(): ...\n",
    "ordner mit ümlaut/größe.py": "x = 'ä😀'; Klasse_😀 = 1\ndef größe_messen(): ...\n",
    "深い/場所/файл.rs": "/* 😀 */ fn deep_😀place() {}\n/* 😀😀 */ fn zweite_größe() {}\n",
    "a b/c#d/e%20f.ts": "const s = '😀'; export function percent_twenty() {}\n",
}
DEFINED = ["first_plain", "größe_messen", "zweite_größe", "percent_twenty"]


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    # A short path: a socket's may only have about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    found = Home(folder)
    yield found
    found.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def tree(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with names and texts in many scripts, indexed."""
    root = tmp_path_factory.mktemp("Größe") / "tree"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    assert home.run("index", str(root))[0] == 0
    return root


def rows(database: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row of every table."""
    db = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for row in db.execute(f'SELECT * FROM "{table}"'):
            yield table, dict(row)
    db.close()


def test_I9_what_is_kept_names_files_by_relative_posix_paths(home: Home, tree: Path) -> None:
    folder = home.layout.workspace(str(tree))
    paths = set()
    for database in (folder / "catalog.db", home.layout.vault):
        for table, row in rows(database):
            if "path" in row:
                paths.add(row["path"])
            if (table, row.get("name")) != ("meta", "root"):
                texts = [v if isinstance(v, bytes) else str(v).encode() for v in row.values()]
                assert [text for text in texts if str(tree).encode() in text] == []
    assert paths == set(FILES)
    for kind in ("lexical", "vectors"):
        files = [path for path in (folder / kind).rglob("*") if path.is_file()]
        assert files
        assert [path for path in files if str(tree).encode() in path.read_bytes()] == []


def test_I9_an_answer_names_its_files_both_ways(home: Home, tree: Path) -> None:
    with home.session(tree) as connection:
        for path in FILES:
            hits = find(connection, tree, FILES[path], limit=4).hits
            hit = next(hit for hit in hits if hit.path == path)
            assert hit.uri == (tree / path).as_uri()


def test_I10_what_is_kept_counts_lines_and_bytes(home: Home, tree: Path) -> None:
    found = set()
    for table, row in rows(home.layout.workspace(str(tree)) / "catalog.db"):
        if table == "symbols" and row["name"] in DEFINED:
            path = next(path for path, text in FILES.items() if f" {row['name']}(" in text)
            line = FILES[path].encode().split(b"\n")[row["line"]]
            assert line[row["start_column"] : row["end_column"]].decode() == row["name"]
            found.add(row["name"])
    assert found == set(DEFINED)


def test_I10_what_is_sent_counts_utf16_code_units(home: Home, tree: Path) -> None:
    with home.session(tree) as connection:
        for name in DEFINED:
            (symbol,) = [one for one in names(connection, tree, name) if one.name == name]
            path = next(path for path, text in FILES.items() if f" {name}(" in text)
            start, end = symbol.location.range.start, symbol.location.range.end
            line = FILES[path].split("\n")[start.line].encode("utf-16-le")
            assert start.line == end.line
            assert line[2 * start.character : 2 * end.character].decode("utf-16-le") == name
