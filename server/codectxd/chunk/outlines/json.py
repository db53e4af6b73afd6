"""JSON, with the comments and bare keys of its dialects: the keys of small files, and what is named below a few of them.

Tokens are read by one pattern; nesting is kept on a stack of our own, never followed by calls. Whether the text is valid is
nobody's concern here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from codectxd.chunk.nesting import Span
from codectxd.chunk.outlines.common import MOST, named


def outline(text: bytes, start: int = 0) -> list[Span]:
    """The keys of the object that begins at `start`; nothing for what is large, and for lists."""
    if len(text) - start > _LARGEST:
        return []
    objects: list[list[Span]] = []
    around: list[_Bracket] = []
    before = end = start
    for token in tokens(text, start):
        mark = token.group()
        if mark in (b"{", b"["):
            around.append(_opened(mark, around, objects))
        elif not around:
            break
        elif mark == b":":
            _unclosed(around)
            around[-1].name(before)
        elif mark in (b"}", b"]"):
            around.pop().close(end)
            if not around:
                break
        elif mark == b",":
            around[-1].close(end)
        else:
            around[-1].last = token
        before, end = end, token.end()
    for bracket in around:
        bracket.close(end)
    return [span for pairs in objects if len(pairs) <= MOST for span in pairs]


def tokens(text: bytes, start: int = 0) -> Iterator[re.Match[bytes]]:
    """Every token of `text` but comments: strings with their quotes, bare words and numbers, brackets, colons, commas.

    A string whose closing quote is missing ends with its line: to look for quotes from each of many would take too long.
    """
    return (match for match in _TOKEN.finditer(text, start) if not match.group().startswith(b"/"))


class _Bracket:
    """An open bracket: what was named in it so far, None where nobody looks for that; the pair that is being read."""

    def __init__(self, pairs: list[Span] | None, *, is_list: bool) -> None:
        self.pairs = pairs
        self.is_list = is_list
        self.last: re.Match[bytes] | None = None
        self.key: re.Match[bytes] | None = None

    def name(self, end: int) -> None:
        """What was read last is a key; the pair before it, if a comma is missing, ends at `end`."""
        last = self.last
        self.close(end)
        self.key = last

    def close(self, end: int) -> None:
        """The pair that is being read ends at `end`."""
        if self.key is not None and self.pairs is not None:
            written = self.key.group()
            quoted = written[:1] in (b'"', b"'")
            name = (self.key.start() + quoted, self.key.end() - (quoted and written[-1:] == written[:1]))
            if name[0] < name[1]:
                self.pairs.append(named("key", (self.key.start(), end), name))
        self.key = self.last = None


def _unclosed(around: list[_Bracket]) -> None:
    """A key in a list: the list was never closed, and the key belongs to what is around it."""
    while len(around) > 1 and around[-1].is_list:
        last = around.pop().last
        around[-1].last = last


def _opened(mark: bytes, around: list[_Bracket], objects: list[list[Span]]) -> _Bracket:
    """A bracket below those `around`; the pairs of an object that a person would look into are kept in `objects`."""
    parent = around[-1] if around else None
    key = parent.key.group().strip(b"\"'") if parent is not None and parent.key is not None else b""
    is_wanted = parent is None or (parent.pairs is not None and len(around) <= _DEEPEST.get(key, 0))
    if mark == b"[" or not is_wanted:
        return _Bracket(None, is_list=mark == b"[")
    objects.append([])
    return _Bracket(objects[-1], is_list=False)


_LARGEST: Final = 256 * 1024
_TOKEN: Final = re.compile(
    rb"\"[^\"\\\n]*+(?:\\.[^\"\\\n]*+)*+\"?|'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'?|[{}\[\],:]|[\w$.+-]++"
    rb"|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)",
    re.DOTALL,
)
_DEEPEST: Final = {
    **dict.fromkeys(
        (b"$defs", b"Outputs", b"Parameters", b"Resources", b"components", b"definitions", b"paths", b"resources"), 1
    ),
    b"scripts": 1,
    **dict.fromkeys((b"parameters", b"responses", b"schemas", b"securitySchemes"), 2),
}
"""Keys that hold what somebody named, rather than settings: scripts, schemas, API descriptions, templates; and how many
brackets may be open around their object."""
