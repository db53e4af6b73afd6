"""What a preprocessor leaves of a text: of the branches of each condition, one.

`#if` may stand wherever a line ends, in the middle of a list or with half a block in each branch. A grammar that reads all
branches as one text then sees braces that do not match. Which branch a build takes is known to nobody here: the first one,
unless it says itself that it is never taken. Directives and the other branches are blanked, byte for byte. Pure.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

import msgspec

from codectxd.chunk.lines import Range


class Reduced(msgspec.Struct, frozen=True, gc=False):
    """A text without directives and without the branches in `dropped`, ranges of bytes in order."""

    text: bytes
    dropped: tuple[Range, ...]

    def drops(self, extent: Range) -> bool:
        """Whether all of `extent` is in one of the branches that were left out."""
        at = bisect_right(self.dropped, (extent[0], len(self.text))) - 1
        return at >= 0 and extent[1] <= self.dropped[at][1]


def reduced(text: bytes, language: str) -> Reduced:
    """`text` with one branch of each condition."""
    blanked: list[Range] = []
    dropped: list[Range] = []
    open_conditions: list[_Condition] = []
    for found in _DIRECTIVE.finditer(text):
        word, condition = found.group(1), found.group(2)
        if word in _OPENING:
            around = not open_conditions or open_conditions[-1].is_taken
            taken = around and not _is_never(word, condition, language)
            open_conditions.append(_Condition(around, taken, taken, found.end()))
        elif open_conditions:
            last = open_conditions.pop()
            if last.is_around and not last.is_taken:
                dropped.append((last.start, found.start()))
            if word != b"endif":
                taken = last.is_around and not last.was_taken
                open_conditions.append(_Condition(last.is_around, taken, last.was_taken or taken, found.end()))
        blanked.append(found.span())
    return Reduced(_without(text, sorted(blanked + dropped)), tuple(sorted(dropped)))


class _Condition(msgspec.Struct, frozen=True, gc=False):
    """A branch that began at `start`: whether it is taken, whether one before it was, and whether what is around it is."""

    is_around: bool
    is_taken: bool
    was_taken: bool
    start: int


def _is_never(word: bytes, condition: bytes, language: str) -> bool:
    """Whether a branch is for nobody: `#if 0`; or, in C, for C++."""
    if language == "c" and b"__cplusplus" in condition:
        return word != b"ifndef" and b"!" not in condition
    return word == b"if" and _NEVER.match(condition) is not None


def _without(text: bytes, ranges: Sequence[Range]) -> bytes:
    """`text` with spaces in these ranges, which may lie in each other; lines end where they did."""
    parts: list[bytes] = []
    at = 0
    for start, end in ranges:
        parts.append(text[at : max(start, at)])
        parts.append(_NOT_LINE_END.sub(b" ", text[max(start, at) : end]))
        at = max(end, at)
    return b"".join((*parts, text[at:]))


_OPENING: Final = frozenset((b"if", b"ifdef", b"ifndef"))
_DIRECTIVE: Final = re.compile(
    rb"^[ \t]*+#[ \t]*+(if|ifdef|ifndef|elif|elseif|elifdef|else|endif)\b((?:[^\n\\]|\\(?:\r?\n|.)?)*+)", re.MULTILINE
)
_NEVER: Final = re.compile(rb"[ \t]*(?:0|false|FALSE|NEVER)[ \t\r]*(?:$|//|/\*)")
_NOT_LINE_END: Final = re.compile(rb"[^\r\n]")
