"""Copies, and what is nearly one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd.search.likeness import Text

TOTAL = """def total(prices, tax):
    whole = 0
    for price in prices:
        if price.is_taxed:
            whole += price.amount * (1 + tax)
        else:
            whole += price.amount
    return round(whole, 2)
"""


def likeness(one: str, other: str) -> str | None:
    found = Text(one).likeness(other)
    return found[0] if found is not None else None


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (TOTAL, "duplicate"),
        (TOTAL.replace("    ", "\t").replace(" + ", "+").replace("\n", "\n\n"), "duplicate"),
        (f"import math\n\n\n{TOTAL}\n\nprint(total([], 0))\n", "duplicate"),
        (TOTAL.replace("whole", "result").replace("price", "item").replace("tax", "rate"), "near"),
        (TOTAL.replace("2)", "4)").replace("    return", "    log(whole)\n    return"), "near"),
        (TOTAL.replace("whole += price.amount * (1 + tax)", "whole += whole * (1 + whole)"), None),
        (TOTAL.replace("for", "while").replace("if", "with").replace("+=", "-=").replace("return", "yield"), None),
        ("class Cart:\n    prices: list[Price]\n    tax = 1\n    amount = 2\n", None),
        ("", None),
    ],
)
def test_what_a_text_is_to_another(other: str, expected: str | None) -> None:
    assert likeness(TOTAL, other) == expected
    assert likeness(other, TOTAL) == expected, "either may be the longer one"


def test_a_short_text_is_a_copy_or_nothing() -> None:
    assert likeness("whole += price.amount", TOTAL) == "duplicate"
    assert likeness("result += item.amount", TOTAL) is None
    assert likeness(TOTAL, "whole = 0") is None, "everything holds a line like that"


@given(st.text(max_size=200), st.text(max_size=200))
def test_I6_any_texts_can_be_compared(one: str, other: str) -> None:
    found = Text(one).likeness(other)
    assert found is None or 0 < found[1] <= 1


@given(st.text(alphabet="abc ()=+\n", min_size=1, max_size=200).filter(str.strip))
def test_every_text_is_a_copy_of_itself(text: str) -> None:
    assert likeness(text, text) == "duplicate"
