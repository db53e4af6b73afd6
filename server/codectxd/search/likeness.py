"""Whether a text repeats another: as it is but for blanks, or nearly, with other names and values or a few other lines.

Pure and total, for any language: a text is its tokens. Runs of tokens are compared in which a name is told by how long ago
it was there last, so that `for a in b: a += 1` and `for x in y: x += 1` are one, and `x += y` is another. Knows nothing of
files or scores.
"""

from __future__ import annotations

import re
from typing import Final

from codectxd.types import Likeness

_RUN: Final = 10
"""Tokens in a run: two or three statements' worth, of which few are alike by chance once names are taken out."""
_FEWEST: Final = 24
"""Tokens that a piece must have to be called near, or to be called a copy as a part of a longer sample."""
_NEAR: Final = 0.7
"""The share of one's runs that the other must have. Of 300 functions of Python's library whose local names were changed,
96 % have more, 97 % of those in which every name, number and blank was; of what else is found for the functions as they are,
3.4 % has."""


class Text:
    """A text to compare with others."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._joined = f" {' '.join(self._tokens)} "
        self._runs = _runs(self._tokens)

    def likeness(self, text: str) -> tuple[Likeness, float] | None:
        """What `text` is to this one, and how much of it is alike, between 0 and 1; None where they are no copies.

        Either may be a part of the other: a copy among other lines is a copy.
        """
        tokens = _TOKEN.findall(text)
        if not tokens or not self._tokens:
            return None
        joined = f" {' '.join(tokens)} "
        if self._joined in joined or (len(tokens) >= _FEWEST and joined in self._joined):
            return "duplicate", 1.0
        runs = _runs(tokens)
        sizes = [len(of_one) for of_one, count in ((self._runs, len(self._tokens)), (runs, len(tokens))) if count >= _FEWEST]
        share = len(self._runs & runs) / min(sizes) if sizes else 0.0
        return ("near", min(share, 1.0)) if share >= _NEAR else None


def _runs(tokens: list[str]) -> frozenset[tuple[str | int, ...]]:
    """Every run of so many tokens, in which a name is how many tokens ago it was there last, if that is not too long ago."""
    codes: list[str | int] = []
    last: dict[str, int] = {}
    for at, token in enumerate(tokens):
        kind = _shape(token)
        if kind is None:
            ago = at - last.get(token, at)
            codes.append(ago if ago <= _RUN else 0)
            last[token] = at
        else:
            codes.append(kind)
    return frozenset(zip(*(codes[first:] for first in range(_RUN)), strict=False))


def _shape(token: str) -> str | None:
    """What stands for a token in a run wherever it is; None for a name."""
    first = token[0]
    if first.isdigit():
        return "0"
    if first in "\"'`" and len(token) > 1:
        return '""'
    return None if (first.isalpha() or first == "_") and token not in _KEYWORDS else token


_TOKEN: Final = re.compile(r"[^\W\d]\w*|\d[\w.]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`[^`\n]*`|[^\w\s]")
_KEYWORDS: Final = frozenset(
    (
        "and",
        "await",
        "break",
        "case",
        "catch",
        "class",
        "continue",
        "def",
        "do",
        "elif",
        "else",
        "except",
        "finally",
        "fn",
        "for",
        "foreach",
        "func",
        "if",
        "import",
        "in",
        "is",
        "not",
        "or",
        "raise",
        "return",
        "switch",
        "throw",
        "try",
        "while",
        "with",
        "yield",
    )
)
"""Words that say what a statement does, in most languages. Those that are names in others (`function`, `end`, `type`) are
not here: a keyword that counts as a name does little harm, and a name that counts as a keyword much."""
