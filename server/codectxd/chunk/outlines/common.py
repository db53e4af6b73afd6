"""What the scanners share: how a span is made, and how many of them a text may have."""

from __future__ import annotations

import re
from typing import Final

from codectxd.chunk.lines import Range
from codectxd.chunk.nesting import Span

MOST: Final = 200
"""What has more entries than this side by side is a table of data: nobody looks its keys up by name."""


def named(label: str, extent: Range, name: Range, container: Range | None = None) -> Span:
    """A span of bytes `extent` whose name stands at `name`, and what it belongs to at `container`."""
    return Span(extent[0], -extent[1], name[0], name[1], label, container)


def without_comments(text: bytes, start: int, end: int) -> int:
    """Where what is in `[start, end)` ends without the blank lines and # comments after it: they belong to what follows."""
    while (line := text.rfind(b"\n", start, end)) >= 0:
        last = text[line + 1 : end].strip()
        if last and not last.startswith(b"#"):
            break
        end = line
    return end


class Heredocs:
    """The documents written into a text, each up to a line with its word. Few that never end are looked for, and no more."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._patience = 20

    def end(self, word: bytes, at: int) -> int:
        """Where the document ends that begins after `at`; `at` where it does not end."""
        if self._patience:
            closing = re.compile(rb"^[ \t]*" + re.escape(word) + rb"[ \t\r]*$", re.MULTILINE).search(self._text, at)
            if closing is not None:
                return closing.end()
            self._patience -= 1
        return at


def content(pattern: re.Match[bytes], *groups: int) -> Range | None:
    """Where the first of `groups` stands that took part in the match."""
    return next((pattern.span(group) for group in groups if pattern.start(group) >= 0), None)
