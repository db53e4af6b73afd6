"""Notebooks in a workspace: what is found in them, and where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from codectxd.engine.prepare import Preparer, digest_of
from codectxd.types import Query, Source, Stamp
from unit.search.worlds import World, embedder

CODE = 'def balance(account):\n    """The sum of an account\'s "entries"."""\n    return sum(account.entries)\n'


def notebook(*sources: str, picture: str = "") -> str:
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [{"data": {"image/png": picture, "text/plain": ["<Phantom>\n", "spectre"]}}],
            "source": source.splitlines(True),
        }
        for source in sources
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}, indent=1)


def test_a_cell_is_found_by_what_it_says_at_its_lines_in_the_file(tmp_path: Path) -> None:
    text = notebook("import ledger\n" * 20, CODE)
    world = World(tmp_path, {"study.ipynb": text, "other.py": "def unrelated():\n    pass\n"})
    hit = world.search(Query("balance of an account", limit=1)).hits[0]
    lines = text.split("\n")
    assert (hit.path, hit.symbol, hit.language) == ("study.ipynb", "balance", "jupyter")
    assert hit.snippet == "\n".join(lines[hit.start_line : hit.end_line])
    assert lines[hit.start_line].strip() == '"def balance(account):\\n",'


def test_what_a_cell_printed_or_drew_is_not_found(tmp_path: Path) -> None:
    world = World(tmp_path, {"study.ipynb": notebook(CODE, picture="deadly" * 3000)})
    for word in ("phantom", "spectre", "deadlydeadly", "cell_type", "metadata"):
        assert world.search_by_words(Query(word)).hits == ()


def test_a_word_is_looked_up_as_the_cell_says_it_not_as_json_writes_it(tmp_path: Path) -> None:
    world = World(tmp_path, {"study.ipynb": notebook("if x:\n\ttabulated()\n")})
    assert [hit.path for hit in world.search_by_words(Query("tabulated")).hits] == ["study.ipynb"]


def test_I13_code_in_a_notebook_has_the_vector_of_the_same_code_in_a_file(tmp_path: Path) -> None:
    preparer = Preparer(tmp_path / "vault.db", embedder)
    parcels = [
        preparer.prepare(Source(path, text, digest_of(text), Stamp(0, 0, 0), language, "source"), None, for_overlay=False)
        for path, text, language in (
            ("study.py", CODE.encode(), "python"),
            ("study.ipynb", notebook(CODE).encode(), "jupyter"),
        )
    ]
    script, study = (parcel.vectors for parcel in parcels)
    assert script is not None
    assert study is not None
    assert script.rows[: script.dimension] == study.rows[: study.dimension]
    assert parcels[1].embedded == 0  # Both are called study, and the chunk's text is known.
    assert parcels[0].embedded_digests()[0] == parcels[1].embedded_digests()[0]
    assert parcels[0].chunking.chunk_digests()[0] != parcels[1].chunking.chunk_digests()[0]
