"""Snippets: the whole lines of a chunk that are shown. Pure and total; knows nothing of files or scores."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from codectxd.chunk.terms import Expander

MAX_LINES = 40
"""A screen: who wants more opens the file, and an agent pays for every line."""
MAX_CHARACTERS = 8_000
"""Against lines of data; the first line is shown whole all the same."""


class Snippet(msgspec.Struct, frozen=True):
    """Lines `[start_line, end_line)` of a file, joined by the line ends they have there; the last line's is left out."""

    text: str
    start_line: int
    end_line: int


def snippet(text: str, start_line: int, terms: Collection[str] = (), must: int | None = None) -> Snippet:
    """The lines of a chunk that starts at `start_line`, without blank ones at its ends, as far as the limits allow.

    Where they do not allow all, the lines with the most of `terms` are shown, and line `must` of the chunk among them: what
    was found must be seen.
    """
    lines = text.split("\n")
    first, last = 0, len(lines)
    while first < last - 1 and not lines[first].strip():
        first += 1
    while last > first + 1 and not lines[last - 1].strip():
        last -= 1
    if last - first > MAX_LINES and (terms or must is not None):
        first = _best_start(lines, first, last, frozenset(terms), must)
    last = _within_limits(lines, first, last)
    return Snippet("\n".join(lines[first:last]).removesuffix("\r"), start_line + first, start_line + last)


def _best_start(lines: list[str], first: int, last: int, terms: frozenset[str], must: int | None) -> int:
    """Where a screen of lines begins that holds line `must` and the most different terms; the earliest of several."""
    expander = Expander()
    found = [terms.intersection(expander.expand(line).split()) for line in lines[first:last]]
    starts = range(len(found) - MAX_LINES + 1)
    if must is not None and first <= must < last:
        starts = starts[max(0, must - first - MAX_LINES + 1) : must - first + 1]
    return first + max(starts, key=lambda at: (len(frozenset().union(*found[at : at + MAX_LINES])), -at))


def _within_limits(lines: list[str], first: int, last: int) -> int:
    """The end of the longest run of lines from `first` on that the limits allow; at least one line."""
    left = MAX_CHARACTERS
    for at in range(first, min(last, first + MAX_LINES)):
        left -= len(lines[at]) + 1
        if left < 0:
            return max(at, first + 1)
    return min(last, first + MAX_LINES)
