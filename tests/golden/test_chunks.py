"""Chunks and symbols over the case files of `fixtures/chunks`.

A case file is prose, then one `-- path --` section with a file, then two with what is expected: `-- chunks --`, a line each
of `first-last kind symbol`, and `-- symbols --`, a line each of `line-last:column-column kind path #chunk`. Lines count from
1 and include the last, columns are bytes and exclude it. `UPDATE_GOLDEN=1` writes what comes out now in place of what was
expected, to be reviewed as a diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from codectxd.chunk.chunker import Chunked, chunk
from codectxd.chunk.languages import language_of
from codectxd.types import Symbol

CASES = sorted((Path(__file__).parents[2] / "fixtures" / "chunks").glob("*.case"))
CASE = re.compile(r"(.+?^-- (\S+) --\n)(.*?)^-- chunks --\n(.*?)^-- symbols --\n(.*)\Z", re.MULTILINE | re.DOTALL)


def chunk_lines(chunked: Chunked) -> str:
    """The chunks as a case file writes them."""
    return "".join(f"{c.start_line + 1}-{c.end_line} {c.kind} {c.symbol}".rstrip() + "\n" for c in chunked.chunks)


def symbol_lines(chunked: Chunked) -> str:
    """The symbols as a case file writes them."""
    return "".join(
        f"{s.line + 1}-{s.end_line + 1}:{s.column}-{s.end_column} {s.kind} {path(s)} #{s.chunk}\n" for s in chunked.symbols
    )


def path(symbol: Symbol) -> str:
    """The dotted path of a symbol itself."""
    return f"{symbol.container}.{symbol.name}" if symbol.container else symbol.name


def check_chunks(case: Path) -> None:
    """Chunk the file of a case and compare chunks and symbols."""
    match = CASE.fullmatch(case.read_text("utf-8"))
    assert match is not None, f"{case.name} is no case file"
    head, name, source, *expected = match.groups()
    chunked = chunk(source.encode(), language_of(name, source.encode()))
    found = [chunk_lines(chunked), symbol_lines(chunked)]
    if found != expected and os.environ.get("UPDATE_GOLDEN"):
        case.write_text(f"{head}{source}-- chunks --\n{found[0]}-- symbols --\n{found[1]}", "utf-8")
    else:
        assert found == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_chunks_follow_the_definitions_of_each_case(case: Path) -> None:
    check_chunks(case)
