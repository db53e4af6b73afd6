"""Incremental changes, against a model that keeps the text in the units that columns count."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codectxd.wire import positions
from codectxd.wire.documents import Change, Document
from codectxd.wire.messages import Position, Range
from codectxd.wire.positions import Encoding

TEXT = st.text(alphabet=st.sampled_from("ab\n\n\r\x0c\u2028é😀"), max_size=25)
POSITION = st.builds(Position, st.integers(0, 8), st.integers(0, 12))
CHANGE = st.builds(Change, TEXT, st.none() | st.builds(Range, POSITION, POSITION))
CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}


def _encoded(text: str, encoding: Encoding) -> bytes:
    return text.encode(CODECS[encoding])


def _offset(text: str, position: Position, encoding: Encoding) -> int:
    """The model: an offset in units, by LSP's three line ends."""
    size = len(_encoded("a", encoding))
    starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]
    if position.line >= len(starts):
        return len(_encoded(text, encoding)) // size
    line = re.match(r"[^\r\n]*", text[starts[position.line] :])
    assert line
    units = 0
    for letter in line.group():
        width = len(_encoded(letter, encoding)) // size
        if units + width > position.character:
            break
        units += width
    return len(_encoded(text[: starts[position.line]], encoding)) // size + units


def _model(text: str, change: Change, encoding: Encoding) -> str:
    if change.range is None:
        return change.text
    start, end = sorted(_offset(text, at, encoding) for at in (change.range.start, change.range.end))
    raw, size = _encoded(text, encoding), len(_encoded("a", encoding))
    return (raw[: size * start] + _encoded(change.text, encoding) + raw[size * end :]).decode(CODECS[encoding])


@settings(max_examples=300)
@given(st.sampled_from(positions.KNOWN), TEXT, st.lists(CHANGE, max_size=8))
def test_changes_give_the_text_that_the_editor_has(encoding: Encoding, text: str, changes: list[Change]) -> None:
    document = Document(text, 1, encoding)
    for change in changes:
        document.apply(change)
        text = _model(text, change, encoding)
        assert document.text() == text.encode()


@pytest.mark.parametrize("separator", ["\x0c", "\x0b", "\x1c", "\x85", "\u2028", "\u2029"])
def test_only_cr_and_lf_end_a_line(separator: str) -> None:
    document = Document(f"a{separator}b\nc\n", 1)
    document.apply(Change("X", Range(Position(1, 0), Position(1, 1))))
    assert document.text() == f"a{separator}b\nX\n".encode()


def test_a_replace_all_is_thousands_of_changes() -> None:
    document = Document("x = old\n" * 20_000, 1)
    for line in range(20_000):
        document.apply(Change("new", Range(Position(line, 4), Position(line, 7))))
    assert document.text() == b"x = new\n" * 20_000
