"""From nested definitions to runs of lines: what is large is opened, what is small is merged with its neighbours.

Knows sizes and nesting; nothing of names and of syntax. A loop over a stack of its own, never recursion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

import msgspec

from codectxd.chunk import lines
from codectxd.chunk.lines import Range
from codectxd.chunk.nesting import Definition

LONGEST: Final = 2_400
"""No piece is larger, unless one line is."""
TARGET: Final = 1_400
"""Small neighbours are merged up to this size; a type or a section is opened above it, and windows stay below it."""
ALONE: Final = 700
"""A definition of this size is a chunk by itself."""
TINY: Final = 160
"""Less than this is no chunk: it goes to a neighbour, even across scopes."""
MOST_LINES: Final = 80
"""Small neighbours of very short lines are merged up to this many."""


class Piece(msgspec.Struct, frozen=True, gc=False):
    """Lines `[start, end)` of `size` bytes; `owner` is the definition whose lines they are, -1 at file level.

    `scope` is the innermost definition around them, which is `owner` itself unless they are all of it. `place` says what
    they are to it: the "whole", a "window" of something large, its "end", or what stands "between" other pieces. Of
    several pieces that were joined, `owner` and `place` are those of the largest, which has `most` bytes.
    """

    start: int
    end: int
    size: int
    owner: int
    scope: int
    place: Literal["whole", "window", "end", "between"]
    most: int

    @property
    def label(self) -> int:
        """The innermost definition that has more than half of the bytes."""
        return self.owner if self.most * 2 > self.size else self.scope


def pieces(text: bytes, starts: list[int], found: Sequence[Definition], extents: Sequence[Range]) -> Iterator[Piece]:
    """The lines of a text in order, without blank lines between the pieces; `extents` are the definitions' lines."""
    children = _children(found, extents)
    todo = _opened((0, len(starts) - 1), -1, children.get(-1, []), extents)
    while todo:
        extent, owner, child = todo.pop()
        inner = children.get(child, []) if child >= 0 else []
        if inner and starts[extent[1]] - starts[extent[0]] > _limit(found[child]):
            todo += _opened(extent, child, inner, extents)
        elif child >= 0:
            # A part of a file in another language is a scope even where it is small: it does not join its neighbours.
            yield from _of_definition(text, starts, extent, child, child if found[child].kind in _PARTS else owner)
        else:
            closes = owner >= 0 and extent[1] == extents[owner][1]
            yield from _of_rest(text, starts, extent, owner, "end" if closes else "between")


def merged(found: Iterable[Piece], starts: Sequence[int]) -> list[Piece]:
    """Pieces with their small neighbours joined to them."""
    groups: list[Piece] = []
    for piece in found:
        if len(groups) > 1 and _falls_back(groups[-2], groups[-1], piece, starts):
            groups[-2:] = [_joined(groups[-2], groups[-1], starts)]
        if groups and _belongs(groups[-1], piece, starts):
            groups[-1] = _joined(groups[-1], piece, starts)
        else:
            groups.append(piece)
    if len(groups) > 1 and groups[-1].size < TINY and _fit(groups[-2], groups[-1], starts):
        groups[-2:] = [_joined(groups[-2], groups[-1], starts)]
    return groups


def _children(found: Sequence[Definition], extents: Sequence[Range]) -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for number, definition in enumerate(found):
        if extents[number][0] < extents[number][1]:
            children.setdefault(definition.parent, []).append(number)
    return children


def _opened(extent: Range, owner: int, inner: Sequence[int], extents: Sequence[Range]) -> list[_Task]:
    """What stands in `extent`, last first: the definitions `inner` (with their number) and what is around them (-1)."""
    start, end = extent
    tasks: list[_Task] = []
    for child in inner:
        first, last = extents[child]
        if start < first:
            tasks.append(((start, first), owner, -1))
        tasks.append(((first, last), owner, child))
        start = last
    if start < end:
        tasks.append(((start, end), owner, -1))
    return tasks[::-1]


def _limit(definition: Definition) -> int:
    """The size above which a definition is opened at the definitions in it: functions are for reading in one go."""
    if definition.kind in _PARTS:
        return 0
    return LONGEST if definition.kind in ("function", "method") else TARGET


def _of_definition(text: bytes, starts: list[int], extent: Range, owner: int, scope: int) -> Iterator[Piece]:
    """A definition that fits stays whole; another one is cut to the target."""
    size = starts[extent[1]] - starts[extent[0]]
    windows = list(lines.windows(text, starts, extent, longest=LONGEST if size <= LONGEST else TARGET))
    for start, end in windows:
        size = starts[end] - starts[start]
        if len(windows) == 1:
            yield Piece(start, end, size, owner, scope, "whole", size)
        else:
            yield Piece(start, end, size, owner, owner, "window", size)


def _of_rest(text: bytes, starts: list[int], extent: Range, owner: int, place: Literal["end", "between"]) -> Iterator[Piece]:
    windows = list(lines.windows(text, starts, extent, longest=TARGET))
    for start, end in windows:
        size = starts[end] - starts[start]
        yield Piece(start, end, size, owner, owner, place if len(windows) == 1 else "window", size)


def _belongs(group: Piece, piece: Piece, starts: Sequence[int]) -> bool:
    """Whether `piece` is to be joined to the `group` before it."""
    if not _fit(group, piece, starts):
        return False
    if group.size < TINY or (piece.size < TINY and piece.place == "end"):
        return True
    return (
        group.scope == piece.scope
        and max(group.size, piece.size) < ALONE
        and group.size + piece.size <= TARGET
        and piece.end - group.start <= MOST_LINES
        and "window" not in (group.place, piece.place)
    )


def _falls_back(before: Piece, last: Piece, piece: Piece, starts: Sequence[int]) -> bool:
    """Whether the tiny `last` definition of a scope, which `piece` does not belong to, goes to its sibling `before` it."""
    last_of_scope = last.place == "whole" and last.scope == before.scope != piece.scope
    return last.size < TINY and last_of_scope and _fit(before, last, starts)


def _fit(one: Piece, other: Piece, starts: Sequence[int]) -> bool:
    return starts[other.end] - starts[one.start] <= LONGEST + TINY


def _joined(one: Piece, other: Piece, starts: Sequence[int]) -> Piece:
    larger = one if one.most >= other.most else other
    scope = other.scope if one.size < TINY else one.scope
    size = starts[other.end] - starts[one.start]
    return Piece(one.start, other.end, size, larger.owner, scope, larger.place, larger.most)


_PARTS: Final = ("block", "scope")
_Task = tuple[Range, int, int]
