"""Chunks and symbols of Jupyter notebooks: one chunk for a cell, large ones divided, tiny ones joined to a neighbour.

A chunk is a run of the file's own lines, as everywhere, so that what is found is a place in it and can be compared with
it; these are the lines with the source of cells. What is looked up in a chunk is what these lines say, as code and prose:
JSON's quotes are undone by `cells.plain`. Outputs, pictures and metadata are in no chunk: the one exception to the rule
that chunks cover every line. What was joined has some metadata between its cells, and `plain` passes over it.

A cell of code is read in the language of the kernel, its magic commands aside; headings of Markdown cells are sections,
which hold the cells after them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from codectxd.chunk import cells, lines
from codectxd.chunk.cells import Cell, Source
from codectxd.chunk.extents import extents
from codectxd.chunk.nesting import SCOPES, Definition
from codectxd.chunk.outline import definitions
from codectxd.chunk.pieces import MOST_LINES, TARGET, TINY, Piece, merged, pieces
from codectxd.types import Chunk, Symbol


class _Run(msgspec.Struct, frozen=True):
    """Lines `[start, end)` of the file that say `size` bytes. Of several that were joined, the largest has `most` bytes and
    gives the symbol. `opens` says that a section begins with them, `is_bare` that they are nothing but headings."""

    start: int
    end: int
    size: int
    most: int
    symbol: str
    kind: str
    opens: bool
    is_bare: bool


class _Name(msgspec.Struct, frozen=True):
    """A definition: its name's bytes in the file, its last line, and its level among the headings (0 for code)."""

    name: str
    kind: str
    container: str
    start: int
    end_line: int
    level: int


class _Section(msgspec.Struct, frozen=True):
    level: int
    path: str


def chunked(text: bytes) -> tuple[list[Chunk], list[Symbol]] | None:
    """Chunks and symbols of a notebook in the order of their places; None for what is none (see `cells.read`)."""
    notebook = cells.read(text)
    if notebook is None:
        return None
    starts = lines.offsets(text)
    runs: list[_Run] = []
    names: list[_Name] = []
    around: list[_Section] = []
    for cell in notebook.cells:
        reading = _Reading(text, starts, cell, notebook.language, around)
        runs += reading.runs
        names += reading.names
    runs = list(_joined(text, starts, runs))
    chunks = [Chunk(run.start, run.end, starts[run.start], starts[run.end], run.symbol, run.kind) for run in runs]
    return chunks, list(_symbols(starts, _ended(names, starts), chunks))


class _Reading:
    """One cell: its `runs` of lines and its `names`. `around` are the sections it stands in, which its headings change."""

    def __init__(self, text: bytes, starts: list[int], cell: Cell, kernel: str, around: list[_Section]) -> None:
        self._text, self._starts, self._cell = text, starts, cell
        self._source = Source(text, cell)
        self._scope = around[-1].path if around else ""
        is_prose = cell.type == "markdown"
        said = self._source.text
        code, language = (said, "markdown") if is_prose else _code(said, kernel) if cell.type == "code" else (said, "text")
        self._found = definitions(code, language)
        self._paths = [definition.path for definition in self._found]
        self.names: list[_Name] = []
        for number, definition in enumerate(self._found):
            level = _level(said, definition) if is_prose else 0
            container = self._opened(number, level, around) if is_prose else definition.container
            self._name(definition, container, level)
        self.runs = list(self._runs(code, language))

    def _opened(self, number: int, level: int, around: list[_Section]) -> str:
        """A heading opens a section: what that is in."""
        while around and around[-1].level >= level:
            around.pop()
        container = around[-1].path if around else ""
        name = self._found[number].name
        self._paths[number] = f"{container}.{name}" if container and len(container) < _LONGEST_PATH else name
        around.append(_Section(level, self._paths[number]))
        return container

    def _name(self, definition: Definition, container: str, level: int) -> None:
        start = self._source.in_file(definition.name_start)
        written = definition.name.encode()
        # A name that is not written in the file as it is said there is nothing to jump to.
        if definition.kind not in SCOPES and self._text[start : start + len(written)] == written:
            end = self._source.in_file(max(definition.end - 1, definition.name_start))
            self.names.append(_Name(definition.name, definition.kind, container, start, self._line(end), level))

    def _runs(self, code: bytes, language: str) -> Iterator[_Run]:
        firsts = [self._line(start) for start, _ in self._cell.strings]
        if not self._source.is_by_line or any(b <= a for a, b in pairwise(firsts)):
            # What its lines say cannot be told apart: it is cut where the file has lines.
            for start, end in lines.windows(self._text, self._starts, (firsts[0], firsts[-1] + 1), longest=TARGET):
                size = self._starts[end] - self._starts[start]
                yield self._run(Piece(0, 0, size, -1, -1, "window", size), start, end)
            return
        starts = lines.offsets(code)
        found = merged(pieces(code, starts, self._found, extents(code, starts, self._found, language)), starts)
        for piece in found:
            yield self._run(piece, firsts[piece.start], firsts[piece.end - 1] + 1)

    def _run(self, piece: Piece, start: int, end: int) -> _Run:
        owner = self._found[piece.label] if piece.label >= 0 else None
        symbol = self._paths[piece.label] if owner is not None else ""
        symbol, kind = (symbol, owner.kind) if owner is not None and symbol else (self._scope, "section")
        opens = any(name.level and self._line(name.start) == start for name in self.names)
        n_lines = sum(bool(line.strip()) for line in self._source.text.split(b"\n"))
        is_bare = opens and n_lines == len(self.names)
        return _Run(start, end, piece.size, piece.size, symbol, kind if symbol else "lines", opens, is_bare)

    def _line(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1


def _code(said: bytes, kernel: str) -> tuple[bytes, str]:
    """A cell's code with its magic commands made harmless, letter for letter, and its language."""
    language = _KERNELS.get(kernel.rstrip("0123456789."), kernel)
    if language != "python":
        return said, language
    magic = _CELL_MAGIC.match(said)
    if magic is not None and magic.group(1).lower() in _OTHER_LANGUAGES:
        return said, "text"
    return _MAGIC.sub(lambda line: (b"pass#" + b" " * len(line.group()))[: len(line.group())], said), language


def _level(said: bytes, heading: Definition) -> int:
    """1 for `# a` and for what is underlined by =, and so on."""
    line = said[heading.start : heading.name_start].lstrip()
    underline = said[heading.name_end : heading.name_end + _LONGEST_PATH].lstrip()
    return line.count(b"#") if line.startswith(b"#") else 1 if underline.startswith(b"=") else 2


def _joined(text: bytes, starts: list[int], runs: Sequence[_Run]) -> Iterator[_Run]:
    """Runs with tiny neighbours joined to them: a heading to what follows it, a line of code to the next one."""
    group: _Run | None = None
    for run in runs:
        if group is None:
            group = run
        elif _belongs(text, starts, group, run):
            larger = group if group.most >= run.most else run
            size = group.size + run.size
            group = _Run(
                group.start,
                run.end,
                size,
                larger.most,
                larger.symbol,
                larger.kind,
                group.opens,
                group.is_bare and run.is_bare,
            )
        else:
            yield group
            group = run
    if group is not None:
        yield group


def _belongs(text: bytes, starts: list[int], group: _Run, run: _Run) -> bool:
    if min(group.size, run.size) >= TINY or group.size + run.size > TARGET or run.end - group.start > MOST_LINES:
        return False
    if run.opens and not group.is_bare:
        return False
    gap = text[starts[group.end] : starts[run.start]]
    return len(gap) < _LONGEST_GAP and not cells.plain(gap)


def _ended(names: Sequence[_Name], starts: list[int]) -> Iterator[_Name]:
    """The names, those of sections with the last line before the next section of the same or a higher level."""
    for number, name in enumerate(names):
        following = (other.start for other in names[number + 1 :] if 0 < other.level <= name.level)
        end = bisect_right(starts, next(following, starts[-1])) - 2
        yield msgspec.structs.replace(name, end_line=end) if name.level else name


def _symbols(starts: list[int], names: Iterator[_Name], chunks: Sequence[Chunk]) -> Iterator[Symbol]:
    firsts = [chunk.start_line for chunk in chunks]
    for name in names:
        line = bisect_right(starts, name.start) - 1
        column = name.start - starts[line]
        chunk = max(bisect_right(firsts, line) - 1, 0)
        yield Symbol(
            name.name, name.kind, name.container, line, column, column + len(name.name.encode()), name.end_line, chunk
        )


_LONGEST_PATH: Final = 400
_LONGEST_GAP: Final = 600
"""Between cells that are joined there is only what describes them; where there are outputs, they are left apart."""
_KERNELS: Final = {"": "python", "ipython": "python", "ir": "r", "node": "javascript", "c++": "c++", "sh": "bash"}
_MAGIC: Final = re.compile(rb"(?m)^[ \t]*+[%!?][^\n]*+")
_CELL_MAGIC: Final = re.compile(rb"\s*+%%(\w++)")
_OTHER_LANGUAGES: Final = frozenset(
    b"""
    ai bash bigquery cmd configure cpp css cu cuda cypher cython dot file fortran graphviz html javascript js json julia kql
    latex markdown matlab mermaid mysql octave perl powershell prolog r ruby rust scala script sh shell sparkr sparql sql svg
    sx system typescript writefile yaml
    """.split()
)
"""Cell magics after which there is no Python. What any other one is followed by is code, as it is after `%%time`."""
