"""Notebooks as they lie on disk: the cells of a Jupyter file, what they say, and where each letter of that is written.

A notebook is JSON, and a cell's source is a string, or a list of them that makers of notebooks write one to a line. Here is
what undoes that; `notebook` makes chunks of it. Pure and total: what is no notebook has no cells.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from itertools import pairwise
from typing import Final

import msgspec

from codectxd.chunk.lines import Range
from codectxd.chunk.outlines.json import tokens


class Cell(msgspec.Struct, frozen=True):
    """A cell: its type ("code", "markdown", ...), and the strings of its source with their quotes, as ranges of bytes."""

    type: str
    strings: tuple[Range, ...]


class Notebook(msgspec.Struct, frozen=True):
    """The cells that say something, in order, and the language of the kernel ("" where none is named)."""

    cells: tuple[Cell, ...]
    language: str


class Source:
    """What a cell says, as UTF-8, and where that stands in the file."""

    def __init__(self, text: bytes, cell: Cell) -> None:
        self._file = text
        self._strings = cell.strings
        said = [_said(text[start:end]) for start, end in cell.strings]
        self.text = b"".join(said)
        self._offsets = [0]
        for part in said:
            self._offsets.append(self._offsets[-1] + len(part))
        self.is_by_line = all(b"\n" not in part[:-1] for part in said) and all(part[-1:] == b"\n" for part in said[:-1])
        """Whether each string is a line."""

    def in_file(self, offset: int) -> int:
        """Where in the file the byte at `offset` of the source is written."""
        number = min(max(bisect_right(self._offsets, offset) - 1, 0), len(self._strings) - 1)
        start, end = self._strings[number]
        return start + _raw_offset(self._file[start:end], offset - self._offsets[number])


def read(text: bytes) -> Notebook | None:
    """The cells of a notebook; None for what is none, has no cells, or has several of them on one line."""
    scan = _Scan(text)
    if not scan.is_whole or not scan.cells:
        return None
    for cell, following in pairwise(scan.cells):
        if text.find(b"\n", cell.strings[-1][1], following.strings[0][0]) < 0:
            return None
    return Notebook(tuple(scan.cells), scan.language)


def said_in(part: bytes, language: str) -> str:
    """What lines of a file in `language` say: themselves, but for a notebook's, which say it as JSON does."""
    return plain(part) if language == "jupyter" else part.decode("utf-8", "replace")


def plain(part: bytes) -> str:
    """What a run of lines of a notebook's file says: its sources without JSON's quotes, and nothing else.

    Knows no more than these lines: one that is nothing but a string is a line of a source, as in the chunks of `notebook`.
    """
    said: list[bytes] = []
    for line in part.split(b"\n"):
        whole = _WHOLE_LINE.fullmatch(line)
        if whole is not None:
            said.append(_said(whole.group(1)))
        elif b'"source"' in line or b'"input"' in line:
            said += filter(None, (b"".join(map(_said, _STRING.findall(source))) for source in _SOURCE.findall(line)))
        # What ends a cell ends a line, so that of cells that were joined each begins on a line of its own.
        if said and not said[-1].endswith(b"\n") and not (whole is not None and whole.group(2)):
            said.append(b"\n")
    return (b"".join(said) if said or b'"' in part else part).decode("utf-8", "replace")


class _Scan:
    """One pass over the tokens of a notebook."""

    def __init__(self, text: bytes) -> None:
        self.cells: list[Cell] = []
        self.language = ""
        self._brackets: list[bytes] = []
        self._path: list[bytes] = []
        """The key under which each open bracket stands, empty for the outermost and for what is in a list."""
        self._key: bytes | None = None
        self._last = b""
        self._type = ""
        self._strings: list[Range] = []
        self.is_whole = text.lstrip()[:1] == b"{" and all(map(self._takes, tokens(text))) and not self._brackets

    def _takes(self, token: re.Match[bytes]) -> bool:
        """Read the next token; whether it may stand there."""
        mark = token.group()
        if mark in (b"{", b"["):
            self._brackets.append(mark)
            self._path.append(self._key or b"")
        elif mark in (b"}", b"]"):
            if not self._brackets or self._brackets.pop() + mark not in (b"{}", b"[]"):
                return False
            self._close()
        elif mark == b":":
            self._key = self._last
            return True
        elif mark[:1] == b'"':
            self._string(mark, token.span())
            return len(mark) > 1 and mark.endswith(b'"')
        elif mark != b",":
            return mark[:1] != b"'"
        self._key = None
        return True

    def _string(self, written: bytes, place: Range) -> None:
        if self._key is None and self._brackets[-1:] == [b"{"]:
            self._last = written[1:-1]
            return
        inside = self._inside_cell()
        if inside is not None and (inside[0] if len(inside) == 1 else self._key if not inside else b"") in _SOURCES:
            self._strings.append(place)
        elif inside == [] and self._key == b"cell_type":
            self._type = written[1:-1].decode("utf-8", "ignore")
        elif (b".".join(self._path), self._key) in _LANGUAGES:
            self.language = written[1:-1].decode("utf-8", "ignore").lower()

    def _inside_cell(self) -> list[bytes] | None:
        """The path below the cell that is being read; None outside of cells."""
        return next((self._path[len(way) :] for way in _WAYS if self._path[: len(way)] == way), None)

    def _close(self) -> None:
        if self._inside_cell() == []:
            if self._strings:
                self.cells.append(Cell(self._type, tuple(self._strings)))
            self._type, self._strings = "", []
        self._path.pop()


def _said(string: bytes) -> bytes:
    """What a string of JSON says; as it is written, where it is no valid one."""
    try:
        return str(json.loads(string, strict=False)).encode("utf-8", "replace")
    except ValueError:
        return string[1:-1]


def _raw_offset(string: bytes, offset: int) -> int:
    """Where in a string, quotes included, the byte at `offset` of what it says is written."""
    for piece in _PIECE.finditer(string, 1, len(string) - 1):
        written = piece.group()
        size = len(written) if written[:1] != b"\\" else len(_said(b'"' + written + b'"'))
        if offset < size:
            return piece.start() + (offset if written[:1] != b"\\" else 0)
        offset -= size
    return len(string) - 1


_WAYS: Final = ([b"", b"cells", b""], [b"", b"worksheets", b"", b"cells", b""])
"""The paths of a cell, since the fourth version of the format and before it."""
_SOURCES: Final = (b"source", b"input")
_LANGUAGES: Final = ((b".metadata.kernelspec", b"language"), (b".metadata.language_info", b"name"))
_STRING: Final = re.compile(rb"\"[^\"\\\n]*+(?:\\.[^\"\\\n]*+)*+\"")
_WHOLE_LINE: Final = re.compile(rb"[ \t]*+(" + _STRING.pattern + rb")[ \t]*+(,?)[ \t\r]*+")
_SOURCE: Final = re.compile(
    rb"\"(?:source|input)\"[ \t]*+:[ \t]*+(\[(?:[ \t]*+" + _STRING.pattern + rb"[ \t]*+,?)*+|" + _STRING.pattern + rb")"
)
_PIECE: Final = re.compile(rb"[^\\]++|\\u[dD][89aAbB]..\\u[dD][c-fC-F]..|\\u.{4}|\\.", re.DOTALL)
