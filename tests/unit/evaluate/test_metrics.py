"""What an answer is worth, by cases worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd.evaluate.metrics import Found, Wanted, ndcg, ranks, recall, reciprocal_rank

SECOND = 1 / math.log2(3)
THIRD = 1 / math.log2(4)


def files(*paths: str) -> list[Found]:
    return [Found(path, 1, 10) for path in paths]


def test_the_first_place_is_worth_all_and_the_second_less() -> None:
    assert ndcg(ranks(files("a.py", "b.py"), [Wanted("a.py")])) == 1.0
    assert ndcg(ranks(files("b.py", "a.py"), [Wanted("a.py")])) == pytest.approx(SECOND)
    assert ndcg(ranks(files("b.py"), [Wanted("a.py")])) == 0.0


def test_a_second_piece_of_a_file_takes_a_place() -> None:
    hits = [Found("b.py", 1, 5), Found("b.py", 9, 12), Found("a.py", 1, 5)]
    assert ndcg(ranks(hits, [Wanted("a.py")])) == pytest.approx(THIRD)


def test_all_targets_in_the_first_places_are_worth_all() -> None:
    found = ranks(files("b.py", "a.py", "c.py"), [Wanted("a.py"), Wanted("b.py")])
    assert ndcg(found) == pytest.approx(1.0)
    assert ndcg(ranks(files("a.py", "x.py", "b.py"), [Wanted("a.py"), Wanted("b.py")])) == pytest.approx(
        (1 + THIRD) / (1 + SECOND)
    )


def test_one_hit_that_answers_two_targets_counts_once() -> None:
    found = ranks([Found("a.py", 1, 50)], [Wanted("a.py", 1, 10), Wanted("a.py", 20, 30)])
    assert found == [1, 1]
    assert ndcg(found) == pytest.approx(1 / (1 + SECOND))
    assert recall(found) == 1.0


@pytest.mark.parametrize(
    ("hit", "answers"), [((1, 4), False), ((1, 5), True), ((7, 7), True), ((9, 20), True), ((10, 20), False)]
)
def test_a_hit_answers_where_it_shares_a_line_with_the_target(hit: tuple[int, int], answers: bool) -> None:
    assert ranks([Found("a.py", *hit)], [Wanted("a.py", 5, 9)]) == [1 if answers else None]


def test_paths_match_by_their_last_parts_and_not_by_a_piece_of_a_name() -> None:
    assert ranks(files("src/lib/a.py"), [Wanted("lib/a.py")]) == [1]
    assert ranks(files("a.py"), [Wanted("lib/a.py")]) == [1]
    assert ranks(files("data.py"), [Wanted("a.py")]) == [None]


def test_what_comes_after_the_tenth_does_not_count() -> None:
    assert ranks(files(*(f"{n}.py" for n in range(10)), "a.py"), [Wanted("a.py")]) == [None]


def test_reciprocal_rank_is_that_of_the_first_answer() -> None:
    assert reciprocal_rank([None, 4, 2]) == 0.5
    assert reciprocal_rank([None]) == 0.0
    assert recall([None, 4, 2]) == pytest.approx(2 / 3)


@given(st.lists(st.none() | st.integers(1, 10), min_size=1, max_size=12))
def test_every_measure_is_between_nothing_and_all(found: list[int | None]) -> None:
    assert all(0.0 <= measure(found) <= 1.0 + 1e-12 for measure in (ndcg, reciprocal_rank, recall))
