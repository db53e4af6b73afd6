"""HCL: blocks by their labels, what `locals` sets, and what a file sets outside of any block.

Strings, comments and heredocs are passed over, brackets counted. A block with labels that begins at the margin is no part of
another one, which it would be taken for while that one's end is missing. Knows nothing of Terraform but a few words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from codectxd.chunk.nesting import Span
from codectxd.chunk.outlines.common import MOST, Heredocs, named, without_comments

_Token = re.Match[bytes]


def outline(text: bytes) -> list[Span]:
    """Blocks and settings; `locals` is a block that names nothing itself."""
    found: list[Span] = []
    around = [_Bracket(None, 0)]
    for token in _tokens(text):
        kind, mark = token.lastgroup, token.group()
        if kind == "header" and token.group("labels") and _is_at_margin(text, token.start("type")):
            found += _closed(text, around, 1, token.start())
        if kind in ("header", "setting"):
            found += around[-1].begin(text, token)
        if kind == "header" or mark in _OPENING:
            around.append(_Bracket(token, len(around)))
        elif mark in _CLOSING and len(around) > 1:
            # A brace at the margin closes what began there, whatever is still open in it.
            first = 1 if _is_at_margin(text, token.start()) else len(around) - 1
            found += _closed(text, around, first, token.end())
    return (found + _closed(text, around, 0, len(text)))[: 4 * MOST]


class _Bracket:
    """An open bracket, or the file: what it opens, how deep it is, and what is being set in it."""

    def __init__(self, opening: _Token | None, depth: int) -> None:
        self.header = opening if opening is not None and opening.lastgroup == "header" else None
        self.depth = depth
        self.type = self.header.group("type") if self.header is not None else b""
        self.setting: _Token | None = None

    def begin(self, text: bytes, token: _Token) -> list[Span]:
        """The next setting, or a block, begins: the setting before it ends."""
        before, self.setting = self._setting(text, token.start()), token if token.lastgroup == "setting" else None
        return before

    def end(self, text: bytes, end: int) -> Iterator[Span]:
        """What was being set, and the block itself, end at `end`."""
        yield from self._setting(text, end)
        if self.header is None or (self.depth > 1 and self.type not in _PARTS):
            return
        labels = list(_LABEL.finditer(text, *self.header.span("labels")))
        start, type_end = self.header.span("type")
        if labels and labels[-1].end(1) > labels[-1].start(1):
            container = (start, labels[-2].end() if len(labels) > 1 else type_end)
            yield named("key", (start, end), labels[-1].span(1), container)
        elif not labels:
            yield named("block" if self.type == b"locals" else "key", (start, end), (start, type_end))

    def _setting(self, text: bytes, end: int) -> list[Span]:
        if self.setting is None or not (self.depth == 0 or (self.depth == 1 and self.type == b"locals")):
            return []
        start = self.setting.start("key")
        return [named("key", (start, without_comments(text, start, end)), self.setting.span("key"))]


def _closed(text: bytes, around: list[_Bracket], first: int, end: int) -> list[Span]:
    """What the brackets from the `first` on are and hold, where they end at `end`; they are taken away."""
    found = [span for bracket in around[first:] for span in bracket.end(text, end)]
    del around[first:]
    return found


def _tokens(text: bytes) -> Iterator[_Token]:
    heredocs = Heredocs(text)
    at = 0
    while (token := _TOKEN.search(text, at)) is not None:
        at = token.end()
        if token.lastgroup == "heredoc":
            at = heredocs.end(token.group("heredoc"), at)
        elif token.lastgroup is not None:
            yield token


def _is_at_margin(text: bytes, at: int) -> bool:
    return at == 0 or text[at - 1 : at] == b"\n"


_OPENING: Final = (b"{", b"[", b"(")
_CLOSING: Final = (b"}", b"]", b")")
_TOKEN: Final = re.compile(
    rb"\"[^\"\\\n]*+(?:\\.[^\"\\\n]*+)*+\"?|(?:#|//)[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)"
    rb"|<<-?[ \t]*+(?P<heredoc>[A-Za-z_]\w*+)[^\n]*+"
    rb"|^[ \t]*+(?P<header>(?P<type>[A-Za-z_][\w-]*+)(?P<labels>(?:[ \t]++(?:\"[^\"\n]*+\"|[A-Za-z_][\w-]*+))*+)[ \t]*+\{)"
    rb"|^[ \t]*+(?P<setting>(?P<key>[A-Za-z_][\w-]*+)[ \t]*+=(?![=>]))"
    rb"|(?P<mark>[{}\[\]()])",
    re.MULTILINE | re.DOTALL,
)
_LABEL: Final = re.compile(rb"\"?([^\s\"]++)\"?")
_PARTS: Final = (b"group", b"task")
"""Blocks of Nomad that have a name of their own inside of another."""
