"""How much of a message stands in a text, word for word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd.search.verbatim import share_said

MESSAGE = ["cannot", "add", "a", "price", "to", "nothing"]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ('raise TypeError("cannot add a price to nothing")', 1.0),
        ('raise TypeError("cannot add a "\n    "price to nothing")', 1.0),
        ('raise TypeError(f"Cannot add a {thing} to nothing")', 3 / 6),
        ("nothing to price: cannot add it", 0.0),
        ("a price is added to nothing", 0.0),
        ("", 0.0),
    ],
)
def test_runs_of_three_words_count(text: str, share: float) -> None:
    assert share_said(MESSAGE, text) == pytest.approx(share)


@given(st.lists(st.sampled_from("abcd"), max_size=30), st.text(alphabet="abcd ", max_size=80))
def test_I6_a_share_is_a_share(words: list[str], text: str) -> None:
    assert 0.0 <= share_said(words, text) <= 1.0
