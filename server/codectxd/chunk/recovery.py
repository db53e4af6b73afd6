"""What a syntax error hides: a text that is being typed is broken most of the time, and the rest of it is still there.

One open bracket can make a parser take all that follows for its content. Programs are written in paragraphs, though: what
begins at the left margin after a blank line begins anew. Such a paragraph that parses by itself, and does not lie
across something that parsed as a whole (a text block, a comment in it), is believed, and so is one that does once the
brackets that it leaves open are closed: that is what the last thing in a text looks like while it is typed. Where
nothing of a text was understood, what is known of a paragraph by itself is better than nothing. Pure; the parser is
handed in.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

import msgspec

from codectxd.chunk.lines import Range
from codectxd.chunk.nesting import Span, moved


class Part(msgspec.Struct, frozen=True, gc=False):
    """What a part of a text holds by itself, and whether there is no error in it."""

    spans: list[Span]
    is_sound: bool


Parse: TypeAlias = Callable[[bytes], Part | None]
"""Reads a part of a text; None where it was not understood at all."""


def recovered(text: bytes, found: Sequence[Span], damage: Sequence[Range], parse: Parse) -> list[Span]:
    """`found`, mended by paragraphs. `damage` is where the errors are, as ranges of bytes in order."""
    is_lost = damage[:1] == [(0, len(text))]
    mended: list[Span] = []
    starts: list[int] = []
    ends: list[int] = []
    begins = sorted(span.start for span in found)
    scopes = sorted(span.start for span in found if span.label in _AROUND)
    for start, end in _paragraphs(text, sorted(found)):
        at = bisect_right(damage, (end, 0)) - 1
        if at < 0 or damage[at][1] <= start:
            continue
        # All of a text is known not to parse.
        part = parse(text[start:end]) if end - start < len(text) else None
        spans = part.spans if part is not None and part.is_sound else None
        if spans is None and bisect_left(scopes, start) == bisect_left(scopes, end):
            spans = _closed(text, (start, end), parse)
        if spans is None and is_lost and part is not None and bisect_left(begins, start) == bisect_left(begins, end):
            spans = part.spans
        if spans:
            mended += [msgspec.structs.replace(moved(span, start), intact=span.intact) for span in spans]
            starts.append(start)
            ends.append(end)
    return mended + [kept for span in found if (kept := _outside(span, starts, ends)) is not None]


def _paragraphs(text: bytes, found: Sequence[Span]) -> Iterator[Range]:
    """The paragraphs of `text` that are in doubt, by their bytes.

    Nothing intact reaches across the borders of such a paragraph, and no definition at the left margin that begins in it
    ends with it: where one does, the damage is inside of it.
    """
    borders = [0, *(match.end() for match in _BORDER.finditer(text)), len(text)]
    at = intact = reach = 0
    for start, end in pairwise(borders):
        free, swallowed = intact <= start, reach > start
        last = whole = start
        while at < len(found) and found[at].start < end:
            last = max(last, found[at].end)
            whole = last if not _is_indented(text, found[at].start) else whole
            intact = max(intact, found[at].end if found[at].intact else 0)
            at += 1
        reach = max(reach, last)
        closed = not swallowed and last <= end and whole + 1 >= start + len(text[start:end].rstrip())
        if free and intact <= end and not closed:
            yield start, end


def _is_indented(text: bytes, at: int) -> bool:
    line = text.rfind(b"\n", max(at - _LONGEST_INDENT, 0), at) + 1
    return line < at and text[line : line + 1].isspace()


def _closed(text: bytes, paragraph: Range, parse: Parse) -> list[Span] | None:
    """The spans of a paragraph with the brackets closed that it leaves open; None where it is in error all the same."""
    start, end = paragraph
    tail = _closing(text[start:end])
    for ending in (tail, tail + b";") if tail else ():
        part = parse(text[start:end] + ending)
        if part is not None and part.is_sound:
            return [_cut(span, text, paragraph) for span in part.spans]
    return None


def _closing(text: bytes) -> bytes:
    """The brackets that close those which `text` leaves open; none where they do not match."""
    expected: list[bytes] = []
    for found in _BRACKET.finditer(text):
        bracket = found.group()
        if bracket in _CLOSERS:
            expected.append(_CLOSERS[bracket])
        elif bracket in b")]}" and (not expected or expected.pop() != bracket):
            return b""
    return b"".join(b"\n" + bracket for bracket in reversed(expected)) if len(expected) <= _DEEPEST else b""


def _cut(span: Span, text: bytes, paragraph: Range) -> Span:
    """A span without what closed it. A scope whose content is not indented goes on to where such a scope may end."""
    size = paragraph[1] - paragraph[0]
    if span.end <= size:
        return span
    if span.label in _AROUND:
        end = _END_OF_SCOPE.search(text, paragraph[1])
        size = (end.end() if end is not None else len(text)) - paragraph[0]
    return msgspec.structs.replace(span, minus_end=-size, intact=False)


def _outside(span: Span, starts: Sequence[int], ends: Sequence[int]) -> Span | None:
    """What is left of `span` outside of the mended paragraphs, which lie at `starts` to `ends`."""
    at = bisect_right(starts, span.start)
    if at and span.start < ends[at - 1]:
        return None
    if at == len(starts) or span.label in _AROUND:
        return span
    return msgspec.structs.replace(span, minus_end=-min(span.end, starts[at]))


_BORDER: Final = re.compile(rb"\n[ \t\r]*\n(?=[^\s})\]])")
_LONGEST_INDENT: Final = 200
_AROUND: Final = frozenset(("module", "namespace"))
"""What may be around things at the left margin."""
_END_OF_SCOPE: Final = re.compile(rb"\n[ \t\r]*\n\}|\n\}[^\n]*namespace")
_BRACKET: Final = re.compile(rb"\"(?:\\.|[^\"\\\n])*+\"|'(?:\\.|[^'\\\n])*+'|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/|[(){}\[\]]")
_CLOSERS: Final = {b"(": b")", b"[": b"]", b"{": b"}"}
_DEEPEST: Final = 50
