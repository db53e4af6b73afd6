"""What the names in a question name: definitions and files. Pure and total.

Knows nothing of scores: it says how much of a name's weight a definition or a file deserves, between 0 and 1.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from codectxd.index.reader import ChunkRow
from codectxd.search.query import Name, Question
from codectxd.types import Role, Symbol

Definition = tuple[int, Symbol]


def definitions(question: Question, found: Sequence[Definition], rows: Mapping[int, ChunkRow]) -> dict[int, float]:
    """Each defining chunk's share: a name's weight is split among its definitions."""
    shares: dict[int, float] = {}
    for name in question.names:
        keys = sorted({key for key, _ in _of_name(name, found, rows, question.asked)})
        for key in keys:
            shares[key] = max(shares.get(key, 0.0), 1.0 / len(keys))
    return shares


def only_definition(question: Question, found: Sequence[Definition], rows: Mapping[int, ChunkRow]) -> int | None:
    """The chunk of the one definition of the one name that was asked for; None if there is more to the question."""
    if not question.only_name:
        return None
    keys = {key for key, _ in _of_name(question.names[0], found, rows, question.asked)}
    return keys.pop() if len(keys) == 1 else None


def file_share(question: Question, path: str) -> float:
    """The share of the question's words that name the file at `path`; a module's main file goes by its folder's name too."""
    folders, _, name = path.casefold().rpartition("/")
    stem = name.lstrip(".").partition(".")[0]
    names = [stem, _PUNCTUATION.sub("", stem)]
    if names[1] in _FOLDER_FILES:
        names.append(folders.rpartition("/")[2])
    return max(question.stems.get(name, 0.0) for name in names)


def place_share(question: Question, row: ChunkRow) -> float:
    """1 where the question points at the file, or at lines of this chunk; a quarter where at other lines of its file."""
    if not question.places:
        return 0.0
    at = [place.line for place in question.places if place.is_at(row.path)]
    lines = [line for line in at if line is not None]
    if not lines:
        return float(bool(at))
    return 1.0 if any(row.start_line < line <= row.end_line for line in lines) else 0.25


_PUNCTUATION = re.compile(r"[\W_]+")
_FOLDER_FILES = frozenset(("init", "index", "mod", "main", "lib"))


def _of_name(
    name: Name, found: Sequence[Definition], rows: Mapping[int, ChunkRow], asked: Collection[Role]
) -> list[Definition]:
    """The definitions that `name` means: in its spelling, within its qualifier, in what was asked for, as far as any are."""
    chosen = [(key, symbol) for key, symbol in found if symbol.name.lower() == name.text.lower() and key in rows]
    chosen = [d for d in chosen if d[1].name == name.text] or chosen
    chosen = [d for d in chosen if _is_within(d[1], rows[d[0]].path, name.qualifier)] or chosen
    chosen = [d for d in chosen if rows[d[0]].role in ("source", *asked)] or chosen
    return [d for d in chosen if not _is_constructor(d[1])] or chosen


def _is_within(symbol: Symbol, path: str, qualifier: str) -> bool:
    """Whether the container, or the file, is what the qualifier's last part names."""
    last = qualifier.rpartition(".")[2]
    return last in (symbol.container.rpartition(".")[2], path.rpartition("/")[2].partition(".")[0])


def _is_constructor(symbol: Symbol) -> bool:
    """Whether it bears its own container's name: who asks for the name asks for the container."""
    return symbol.container.rpartition(".")[2] == symbol.name
