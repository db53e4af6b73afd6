"""Text in, chunks and symbols out: chunks that tile the file along its definitions. Pure and total (I5, I6). Notebooks are
left to `notebook`.

The way: definitions are nested ranges of lines; a range that is small enough is a piece, a larger one is opened into its
header, what it holds and what stands between; a large one that holds no definition is cut into windows. Then small
neighbours in the same scope are merged. Neither recursion nor a tree walk is used, so depth costs nothing.

A chunk's symbol is the innermost definition that has more than half of it, crumbs that were swept to it aside. So several
small methods bear the name of their class, and a class's first line that went to a long method the method's. Small
functions of a file have nothing in common but the file: their chunk has no symbol.
"""

from __future__ import annotations

from bisect import bisect_right

import msgspec

from codectxd.chunk import lines, notebook
from codectxd.chunk.extents import extents
from codectxd.chunk.nesting import SCOPES, Definition
from codectxd.chunk.outline import definitions
from codectxd.chunk.pieces import Piece, merged, pieces
from codectxd.types import Chunk, Symbol

CHUNKER_VERSION = 4
"""To be raised whenever the same text yields other chunks or symbols, or its file another role: it is part of the vault's
key, and an index made by another version is made anew."""

MAX_CHUNKS = 65_535


class Chunked(msgspec.Struct, frozen=True):
    """A file's chunks in order, and its definitions in the order of their places."""

    chunks: tuple[Chunk, ...]
    symbols: tuple[Symbol, ...]


def chunk(text: bytes, language: str) -> Chunked:
    """Chunks and symbols of a text in `language` (`languages.language_of`); any bytes will do, in any language."""
    cells = notebook.chunked(text) if language == "jupyter" else None
    if cells is not None and len(cells[0]) <= MAX_CHUNKS:
        return Chunked(tuple(cells[0]), tuple(cells[1]))
    starts = lines.offsets(text)
    found = definitions(text, language)
    runs = pieces(text, starts, found, extents(text, starts, found, language))
    groups = merged(runs, starts)
    chunks = _chunks(groups, starts, found)
    return Chunked(tuple(chunks), tuple(_symbols(found, starts, chunks)))


def _chunks(groups: list[Piece], starts: list[int], found: list[Definition]) -> list[Chunk]:
    if len(groups) > MAX_CHUNKS:
        groups = [*groups[: MAX_CHUNKS - 1], msgspec.structs.replace(groups[MAX_CHUNKS - 1], end=groups[-1].end)]
    chunks = []
    for piece in groups:
        owner = found[piece.label] if piece.label >= 0 else None
        symbol, kind = (owner.path, owner.kind) if owner is not None and owner.path else ("", "lines")
        chunks.append(Chunk(piece.start, piece.end, starts[piece.start], starts[piece.end], symbol, kind))
    return chunks


def _symbols(found: list[Definition], starts: list[int], chunks: list[Chunk]) -> list[Symbol]:
    firsts = [chunk.start_line for chunk in chunks]
    symbols = []
    for definition in found:
        if definition.kind in SCOPES:
            continue
        line = bisect_right(starts, definition.name_start) - 1
        end_line = bisect_right(starts, max(definition.end - 1, definition.name_start)) - 1
        column = definition.name_start - starts[line]
        symbols.append(
            Symbol(
                definition.name,
                definition.kind,
                definition.container,
                line,
                column,
                column + definition.name_end - definition.name_start,
                end_line,
                max(bisect_right(firsts, line) - 1, 0),
            )
        )
    symbols.sort(key=lambda symbol: (symbol.line, symbol.column))
    return symbols
