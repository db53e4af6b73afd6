"""Columns, in the unit that client and daemon agreed on: bytes, UTF-16 code units, or characters.

The only module that knows how LSP counts. Pure and total: a column beyond its line is the line's end, one inside a
character is that character's, bytes that are not UTF-8 count as replacement characters.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

Encoding: TypeAlias = Literal["utf-8", "utf-16", "utf-32"]

KNOWN: tuple[Encoding, ...] = get_args(Encoding)

DEFAULT: Encoding = "utf-16"
"""What LSP has where nothing was agreed on."""


def negotiate(offered: Iterable[object]) -> Encoding:
    """The first of the client's encodings, which stand in its order of preference, that is known here."""
    for name in offered:
        for known in KNOWN:
            if name == known:
                return known
    return DEFAULT


def width(text: str, encoding: Encoding) -> int:
    """The number of units in `text`."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def column(line: bytes, byte: int, encoding: Encoding) -> int:
    """The column of the byte offset `byte` in `line`."""
    head = line[: max(byte, 0)]
    if head.isascii():
        return len(head)
    while byte < len(line) and head and line[len(head)] & 0xC0 == 0x80:
        head = head[:-1]
    return len(head) if encoding == "utf-8" else width(head.decode("utf-8", "replace"), encoding)


def text_index(line: str, character: int, encoding: Encoding) -> int:
    """The index into `line` of the column `character`, at most the line's length."""
    if character <= 0:
        return 0
    # No character is wider than four bytes, so that a column this far to the right is beyond any.
    if encoding == "utf-32" or line.isascii() or character >= 4 * len(line):
        return min(character, len(line))
    return _index_by_bytes(line, character) if encoding == "utf-8" else _index_by_units(line, character)


def _index_by_bytes(line: str, character: int) -> int:
    data = line.encode("utf-8", "surrogatepass")
    while 0 < character < len(data) and data[character] & 0xC0 == 0x80:
        character -= 1
    return len(data[:character].decode("utf-8", "surrogatepass"))


def _index_by_units(line: str, character: int) -> int:
    units = 0
    for index, letter in enumerate(line):
        units += 2 if ord(letter) > 0xFFFF else 1
        if units > character:
            return index
    return len(line)
