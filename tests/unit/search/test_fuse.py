"""Fusion of two score lists."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codectxd.search.fuse import fuse

scores = st.dictionaries(st.integers(0, 50), st.floats(allow_nan=True, allow_infinity=True), max_size=20)


@given(scores, scores, st.floats(0, 1))
def test_I6_fusing_is_total_and_stays_between_zero_and_one(
    lexical: dict[int, float], dense: dict[int, float], share: float
) -> None:
    fused = fuse(lexical, dense, share)
    assert fused.keys() == lexical.keys() | dense.keys()
    assert all(min(f.words, f.meaning) >= 0 and f.score <= 1 + 1e-9 for f in fused.values())


@given(scores, scores)
def test_I15_fusing_does_not_depend_on_the_order_of_candidates(lexical: dict[int, float], dense: dict[int, float]) -> None:
    again = fuse(dict(reversed(lexical.items())), dict(reversed(dense.items())), 0.5)
    assert list(again.items()) == list(fuse(lexical, dense, 0.5).items())


def test_the_lists_weigh_half_and_half_whatever_their_scales() -> None:
    fused = fuse({1: 30.0, 2: 0.0, 3: 15.0}, {1: 0.1, 2: 0.3, 3: 0.2}, 0.5)
    assert [fused[key].score for key in (1, 2, 3)] == [0.5, 0.5, 0.5]
    assert (fused[1].words, fused[2].meaning) == (0.5, 0.5)


def test_the_last_that_words_propose_still_earns_something_by_them() -> None:
    assert fuse({1: 4.0, 2: 3.0}, {1: 0.2, 2: 0.1}, 0.5)[2].words == 0.375


def test_an_empty_list_leaves_its_share_to_the_other() -> None:
    assert fuse({1: 4.0, 2: 2.0}, {}, 0.5)[1].score == 1.0
    assert fuse({}, {1: 0.4, 2: 0.2}, 0.5)[1].score == 1.0
    assert fuse({}, {}, 0.5) == {}


def test_a_single_candidate_and_equal_scores_count_in_full() -> None:
    assert fuse({7: 3.0}, {7: 0.2}, 0.5)[7].score == 1.0
    assert {f.score for f in fuse({1: 2.0, 2: 2.0}, {1: 0.1, 2: 0.1}, 0.5).values()} == {1.0}


def test_a_candidate_of_one_list_earns_nothing_from_the_other() -> None:
    fused = fuse({1: 5.0, 2: 4.0}, {2: 0.9, 3: 0.8}, 0.5)
    assert fused[1].meaning == 0.0
    assert fused[3].words == 0.0


def test_a_chunk_without_a_vector_counts_as_missing() -> None:
    fused = fuse({}, {1: 0.5, 2: float("-inf"), 3: 0.1}, 0.5)
    assert (fused[1].meaning, fused[2].meaning, fused[3].meaning) == (1.0, 0.0, 0.0)
