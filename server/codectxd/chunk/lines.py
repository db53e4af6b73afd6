"""Lines of a text, and windows of lines where no definition says how to divide it.

A line ends at `\\n`; a `\\r` before it belongs to the line end. A `\\r` by itself, NEL and U+2028 do not end a line:
tree-sitter, git and the catalogue count lines so too. Blank is what holds only ASCII white space. Pure and total,
linear in the text.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate

Range = tuple[int, int]
"""Lines `[start, end)`."""


def offsets(text: bytes) -> list[int]:
    """Where each line starts, and at the end the length of the text: one entry more than there are lines."""
    lengths = [len(line) + 1 for line in text.split(b"\n")]
    lengths[-1] -= 1
    if not lengths[-1]:
        lengths.pop()
    return [0, *accumulate(lengths)]


def is_blank(text: bytes, starts: list[int], line: int) -> bool:
    """Whether a line holds nothing to see."""
    return not text[starts[line] : starts[line + 1]].strip()


def trimmed(text: bytes, starts: list[int], lines: Range) -> Range | None:
    """The range without blank lines at its ends; None where nothing is left."""
    start, end = lines
    while start < end and is_blank(text, starts, start):
        start += 1
    while start < end and is_blank(text, starts, end - 1):
        end -= 1
    return (start, end) if start < end else None


def windows(text: bytes, starts: list[int], lines: Range, *, longest: int) -> Iterator[Range]:
    """`lines` cut into windows of about the same size, at most `longest` bytes each; a longer line stands alone.

    Cuts are made where the text itself pauses: after blank lines and where it is indented least.
    """
    start, end = lines
    while start < end:
        # As many windows as needed, all of them as large: no crumbs at the end.
        rest = starts[end] - starts[start]
        count = max(-(-rest // longest), -(-(end - start) // _MOST_LINES))
        stop = _stop(text, starts, (start, end), rest / count, longest) if count > 1 else end
        found = trimmed(text, starts, (start, stop))
        if found is not None:
            yield found
        start = stop


def _stop(text: bytes, starts: list[int], lines: Range, aim: float, longest: int) -> int:
    """The best line before which to end the window that begins at the first of `lines`."""
    start, end = lines
    at = starts[start]
    last = max(min(bisect_right(starts, at + longest) - 1, start + _MOST_LINES, end), start + 1)
    first = min(max(bisect_left(starts, at + int(aim * _EARLIEST)), start + 1), last)
    last = max(min(last, bisect_left(starts, at + int(aim * _LATEST))), first)
    best, best_score = first, float("-inf")
    after_blank = is_blank(text, starts, first - 1)
    for line in range(first, last + 1):
        content = text[starts[line] : starts[line + 1]] if line < end else b"."
        bare = content.lstrip()
        if bare:
            score = _pause(content, bare, after_blank) - 16 * abs(starts[line] - at - aim) / aim
            if score >= best_score:
                best, best_score = line, score
        after_blank = not bare
    return best


def _pause(content: bytes, bare: bytes, after_blank: bool) -> float:
    """How well a text may be cut before the line `content`, which is `bare` without its indentation."""
    width = len(content) - len(bare)
    indent = width if content[:1] != b"\t" else 4 * width
    closes = bare[0] in _CLOSING
    return 8 * after_blank - min(indent, _DEEP) / 2 - _DEEP * closes


_EARLIEST = 0.65
_LATEST = 1.3
"""A window is between these shares of the size that it should have."""
_MOST_LINES = 50
_DEEP = 40
_CLOSING = b"})]"
