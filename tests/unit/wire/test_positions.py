"""Columns in each of LSP's three encodings, against Python's own codecs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd.wire import positions
from codectxd.wire.positions import Encoding

LETTERS = st.text(alphabet=st.sampled_from("ab é€漢😀\t"), max_size=30)
ENCODINGS = st.sampled_from(positions.KNOWN)


def _width(text: str, encoding: Encoding) -> int:
    codec, size = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[encoding]
    return len(text.encode(codec)) // size


@given(LETTERS, st.integers(0, 30), ENCODINGS)
def test_columns_count_units(text: str, cut: int, encoding: Encoding) -> None:
    head, line = text[:cut], text.encode()
    units = _width(head, encoding)
    assert positions.width(head, encoding) == units
    assert positions.column(line, len(head.encode()), encoding) == units
    assert positions.text_index(text, units, encoding) == len(head)


@given(st.binary(max_size=20), st.text(max_size=20), st.integers(-2, 90), ENCODINGS)
def test_columns_are_total(line: bytes, text: str, column: int, encoding: Encoding) -> None:
    assert 0 <= positions.column(line, column, encoding) <= 3 * len(line)
    assert 0 <= positions.text_index(text, column, encoding) <= len(text)


@pytest.mark.parametrize(("encoding", "inside"), [("utf-8", 2), ("utf-8", 4), ("utf-16", 2)])
def test_a_column_inside_a_character_is_that_characters(encoding: Encoding, inside: int) -> None:
    assert positions.text_index("a😀b", inside, encoding) == 1
    assert positions.column("a😀b".encode(), 3, encoding) == 1


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ((), "utf-16"),
        (("utf-8", "utf-16"), "utf-8"),
        (("utf-16", "utf-8"), "utf-16"),
        (("utf-32",), "utf-32"),
        (("utf-7", None, 3, ["utf-8"], "utf-32"), "utf-32"),
        (("UTF-8",), "utf-16"),
    ],
)
def test_the_clients_first_known_encoding_is_chosen(offered: tuple[object, ...], chosen: str) -> None:
    assert positions.negotiate(offered) == chosen
