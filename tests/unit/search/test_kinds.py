"""What kind of thing a query is, and where it points."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd.search.kinds import Place, kind_of, message_of, places
from codectxd.search.query import parse
from codectxd.types import Query

PYTHON_TRACE = """Traceback (most recent call last):
  File "/usr/lib/shop/cart.py", line 12, in total
    return sum(prices)
TypeError: cannot add a price to nothing"""


@given(st.text(max_size=300))
def test_I6_kinds_are_read_from_any_text(text: str) -> None:
    found = places(text)
    assert kind_of(text, found, only_name=False) in ("signature", "error", "path", "question")
    assert isinstance(message_of(text), str)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("shop/cart.py", [Place("shop/cart.py")]),
        ("what does cart.py do", [Place("cart.py")]),
        ("http/cookies", [Place("http/cookies")]),
        ("src\\Shop\\Cart.cs", [Place("src/shop/cart.cs")]),
        (PYTHON_TRACE, [Place("usr/lib/shop/cart.py", 12)]),
        ("at total (src/cart.js:12:3)", [Place("src/cart.js", 12)]),
        ("panicked at src/cart.rs:12:5:", [Place("src/cart.rs", 12)]),
        ("at shop.Cart.total(Cart.java:12)", [Place("cart.java", 12)]),
        ("/home/me/shop/cart.go:33 +0x1d", [Place("home/me/shop/cart.go", 33)]),
        ("where are prices added up", []),
        ("Cart.total", []),
        ("version 1.2 of the cart", []),
    ],
)
def test_a_place_is_a_file_as_people_and_programs_write_it(text: str, found: list[Place]) -> None:
    assert list(places(text)) == found


@pytest.mark.parametrize(
    ("asked", "path", "meant"),
    [
        ("shop/cart.py", "src/shop/cart.py", True),
        ("usr/lib/shop/cart.py", "shop/cart.py", True),
        ("http/cookies", "http/cookies.py", True),
        ("cart.py", "shop/Cart.py", True),
        ("cart.py", "shop/my_cart.py", False),
        ("shop/cart.py", "farm/cart.py", False),
    ],
)
def test_either_may_say_more_of_the_way_to_a_file(asked: str, path: str, meant: bool) -> None:
    assert Place(asked).is_at(path) is meant


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Cart", "identifier"),
        ("where is Cart defined", "identifier"),
        ("def total(prices, tax=0)", "signature"),
        ("func Total(prices []int) -> int", "signature"),
        (PYTHON_TRACE, "error"),
        ("TypeError: cannot add a price", "error"),
        ("error: the cart is empty", "error"),
        ("Cannot add a price to nothing", "error"),
        ("the cart is not open and takes no goods", "error"),
        ("Expected a price but was nothing", "error"),
        ("a price must be positive", "error"),
        ("how is a cart that is not open told apart", "question"),
        ("why must prices be positive", "question"),
        ("the cart is not open?", "question"),
        ("missing", "identifier"),
        ("expected/prices", "path"),
        ("shop/cart.py", "path"),
        ("where are prices added up", "question"),
        ("how are errors of the cart reported", "question"),
    ],
)
def test_the_kind_of_a_query(text: str, kind: str) -> None:
    assert parse(Query(text)).kind == kind


def test_what_an_error_says_is_without_its_class_and_its_frames() -> None:
    assert message_of(PYTHON_TRACE) == "cannot add a price to nothing"
    assert message_of("shop.errors.Empty: the cart is empty") == "the cart is empty"
    assert message_of("thread 'main' panicked at src/cart.rs:12:5:\nthe cart is empty") == "the cart is empty"


def test_the_file_of_a_frame_is_no_quoted_part() -> None:
    assert parse(Query(PYTHON_TRACE)).quotes == ()
    assert [quote.text for quote in parse(Query('prices "in the cart" of a shop')).quotes] == ["in the cart"]
