"""Intervals of means, and of differences in pairs."""

from __future__ import annotations

import pytest

from codectxd.evaluate.resampling import gain, mean


def test_every_repository_counts_the_same_however_many_questions_it_has() -> None:
    assert mean({"a": [1.0] * 9, "b": [0.0]}).mean == 0.5


def test_repositories_are_drawn_where_there_are_several() -> None:
    alike = mean({str(n): [0.0, 1.0] for n in range(5)})
    assert (alike.low, alike.mean, alike.high) == (0.5, 0.5, 0.5)


def test_questions_are_drawn_where_there_is_one_repository() -> None:
    found = mean({"": [0.0, 1.0] * 50})
    assert 0.38 < found.low < 0.43
    assert 0.57 < found.high < 0.62


def test_an_interval_is_the_same_every_time() -> None:
    values = {str(n): [n / 7, 1 - n / 9] for n in range(7)}
    assert mean(values) == mean(values)


def test_a_small_gain_everywhere_is_clear_though_the_values_differ_much() -> None:
    before = {str(n): [n / 20] for n in range(20)}
    after = {str(n): [n / 20 + 0.01] for n in range(20)}
    found = gain(before, after)
    assert found.mean == pytest.approx(0.01)
    assert found.is_clear
    assert mean(after).low < mean(before).mean


def test_a_gain_in_one_repository_of_many_is_not_clear() -> None:
    before = {str(n): [0.5] for n in range(20)}
    assert not gain(before, {**before, "3": [0.9]}).is_clear
