"""Notebooks: what of them is searched, and where it stands. What is found in cells is held by the case files."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from codectxd.chunk.cells import Source, plain, read
from codectxd.chunk.chunker import chunk


def notebook(*cells: tuple[str, str], outputs: tuple[str, ...] = (), indent: int | None = 1) -> bytes:
    """A notebook of (type, source) as Jupyter writes it; every cell of code has the outputs."""
    made: list[dict[str, Any]] = [
        {"cell_type": kind, "metadata": {}, "source": said.splitlines(True)} for kind, said in cells
    ]
    for cell in made:
        if cell["cell_type"] == "code":
            cell |= {"execution_count": 1, "outputs": [{"output_type": "stream", "text": list(outputs)}] if outputs else []}
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4}, indent=indent, sort_keys=True).encode()


def said(text: bytes) -> list[str]:
    """What is looked up in each chunk."""
    return [plain(text[c.start_byte : c.end_byte]) for c in chunk(text, "jupyter").chunks]


LONG = "".join(f"x{n} = 'some words that fill this line {n}'\n" for n in range(6))
SOURCES = st.text(st.sampled_from("aZ_ \"\\'\n\t#é\U0001f600\u2028{}[],:%!"), max_size=60)


def test_a_chunk_says_what_its_cell_says() -> None:
    text = notebook(
        ("markdown", '# "Title" \\ é\n\n' + LONG), ("code", "def f():\n    return '\\n\"'\n" + LONG), outputs=("ghost\n",)
    )
    assert said(text) == ['# "Title" \\ é\n\n' + LONG, "def f():\n    return '\\n\"'\n" + LONG]


def test_outputs_are_in_no_chunk() -> None:
    text = notebook(("code", LONG), ("code", "print(1)"), ("code", "print(2)"), outputs=("ghost\n", "spirit"))
    chunks = chunk(text, "jupyter").chunks
    assert [b"ghost" in text[c.start_byte : c.end_byte] for c in chunks] == [False, False, False]


def test_tiny_cells_are_joined_unless_outputs_stand_between_them() -> None:
    cells = (("markdown", "# A"), ("code", "import os"), ("markdown", "Words."), ("markdown", "## B"), ("code", "run()"))
    assert said(notebook(*cells)) == ["# A\nimport os\nWords.\n", "## B\nrun()\n"]
    assert said(notebook(*cells, outputs=("ghost",))) == ["# A\n", "import os\nWords.\n", "## B\n", "run()\n"]


def test_a_large_cell_is_divided_at_its_functions() -> None:
    functions = "".join(f"def f{n}():\n" + "    call_something(1, 2, 3)\n" * 40 + "\n\n" for n in range(3))
    chunks = chunk(notebook(("code", functions)), "jupyter").chunks
    assert [c.symbol for c in chunks] == ["f0", "f1", "f2"]


def test_what_is_no_notebook_is_cut_into_windows() -> None:
    whole = notebook(("code", LONG), ("markdown", "# A"))
    assert read(whole) is not None
    for text in (whole[:-3], b"[" + whole + b"]", b'{"cells": []}', notebook(("code", "")), b"x = 1\n", b"{'cells': []}"):
        assert read(text) is None
        assert len(chunk(text, "jupyter").chunks) == 1


def test_a_notebook_on_one_line_is_one_chunk_that_says_its_sources_alone() -> None:
    text = notebook(("code", "a[0] = ']'\n"), ("markdown", "# A"), outputs=("ghost",), indent=None)
    assert said(text) == ["a[0] = ']'\n# A\n"]


@given(st.lists(st.tuples(st.sampled_from(["code", "markdown"]), SOURCES), min_size=1, max_size=6), st.booleans())
def test_I5_chunks_of_a_notebook_cover_its_sources(cells: list[tuple[str, str]], with_output: bool) -> None:
    text = notebook(*cells, outputs=("ghost\n",) if with_output else ())
    found = read(text)
    if found is None:
        return
    lines = "\n".join(said(text)).split("\n")
    assert set(lines) >= {line for _, source in cells for line in source.split("\n") if line.encode().strip()}
    assert "ghost" not in lines


@given(SOURCES)
def test_every_letter_of_a_source_is_found_in_the_file(source: str) -> None:
    text = json.dumps({"cells": [{"source": source}]}, ensure_ascii=random.Random(source).random() < 0.5).encode()
    found = read(text)
    if found is None:
        return
    cell = Source(text, found.cells[0])
    assert cell.text.decode() == source
    for offset in range(len(cell.text)):
        letter = cell.text[offset : offset + 1]
        at = cell.in_file(offset)
        assert text[at : at + 1] in (letter, b"\\")
