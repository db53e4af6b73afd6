"""The documents an editor holds open, kept in step with its incremental changes.

pygls has such a thing, but it takes a form feed or a line separator within a line for the end of the line, which LSP
does not, and from then on every change lands in the wrong place; and it rebuilds the whole text for each of the
thousands of changes of one replace-all. A document here is a list of lines, and a change is a splice. Knows nothing of
sockets or of the engine; positions beyond the text are its end, so nothing raises on what an editor sends.
"""

from __future__ import annotations

import re

from codectxd.wire import messages, positions
from codectxd.wire.positions import Encoding

_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


class TextDocumentItem(messages.Wire, frozen=True):
    uri: str
    text: str
    version: int = 0
    language_id: str = ""


class DidOpenParams(messages.Wire, frozen=True):
    text_document: TextDocumentItem


class DocumentId(messages.Wire, frozen=True):
    uri: str
    version: int | None = None


class Change(messages.Wire, frozen=True):
    """A splice, or, without a range, the whole text."""

    text: str
    range: messages.Range | None = None


class DidChangeParams(messages.Wire, frozen=True):
    text_document: DocumentId
    content_changes: list[Change]


class DocumentParams(messages.Wire, frozen=True):
    """What didClose and didSave have in common."""

    text_document: DocumentId


class Document:
    """One open document. Every line but the last ends with its line end; the last has none and may be empty."""

    def __init__(self, text: str, version: int, encoding: Encoding = positions.DEFAULT) -> None:
        self.version = version
        self._encoding = encoding
        self._lines = _split(text)

    def apply(self, change: Change) -> None:
        """Apply one change; ends outside the text are moved to its end, an inverted range is turned round."""
        if change.range is None:
            self._lines = _split(change.text)
            return
        start, end = sorted((self._place(change.range.start), self._place(change.range.end)))
        text = self._lines[start[0]][: start[1]] + change.text + self._lines[end[0]][end[1] :]
        self._splice(start[0], end[0], text)

    def text(self) -> bytes:
        """The whole text as UTF-8, lone surrogates replaced."""
        return "".join(self._lines).encode("utf-8", "replace")

    def _place(self, position: messages.Position) -> tuple[int, int]:
        if position.line >= len(self._lines):
            return len(self._lines) - 1, len(self._lines[-1])
        body = self._lines[max(position.line, 0)].rstrip("\r\n")
        character = position.character if position.line >= 0 else 0
        return max(position.line, 0), positions.text_index(body, character, self._encoding)

    def _splice(self, first: int, last: int, text: str) -> None:
        """Replace lines first to last; a CR and an LF that come to stand side by side become one line end."""
        if first > 0 and text.startswith("\n") and self._lines[first - 1].endswith("\r"):
            first -= 1
            text = self._lines[first] + text
        lines = _split(text)
        if last + 1 < len(self._lines):
            lines.pop()  # Empty: the text ends with the line end of line `last`.
        self._lines[first : last + 1] = lines


def _split(text: str) -> list[str]:
    """Lines with their ends, and what follows the last line end, be it empty."""
    if "\r" in text:
        return _LINE_END.split(text)
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + lines[-1:]
