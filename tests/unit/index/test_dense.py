"""Scores of every chunk: the best of many, by document, and in which order rows of base and delta are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from codectxd.index.bases import VectorSet, empty_set
from codectxd.index.dense import Dense, VectorRows
from codectxd.index.schema import key_of

MANY = 100_000


def expected(keys: npt.NDArray[np.int64], scores: npt.NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
    found = [(key, score) for key, score in zip(keys.tolist(), scores.tolist(), strict=True) if score > -np.inf]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:limit]


def some(seed: int, count: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=count).astype(np.float32)


def clustered(seed: int, count: int) -> npt.NDArray[np.float32]:
    """All that is good stands side by side, where a sample sees little of it, or a great deal."""
    scores = some(seed, count)
    scores[200:400] += 10.0
    return scores


def masked(seed: int, count: int) -> npt.NDArray[np.float32]:
    """Hardly anything is in scope."""
    scores = np.full(count, -np.inf, np.float32)
    scores[::9_001] = some(seed, len(scores[::9_001]))
    return scores


@pytest.mark.parametrize("made", [some, clustered, masked])
@pytest.mark.parametrize("count", [0, 1, 500, MANY])
@pytest.mark.parametrize("limit", [1, 300, 5_000])
def test_the_best_are_the_best_however_many_there_are(made: object, count: int, limit: int) -> None:
    assert callable(made)
    scores = np.asarray(made(7, count) if count else np.empty(0), np.float32)
    keys = np.arange(count, dtype=np.int64) * 3
    assert Dense(keys, scores).top(limit) == expected(keys, scores, limit)


def test_a_document_has_its_own_order_and_what_is_out_of_scope_has_none() -> None:
    keys = np.array([key_of(1, 0), key_of(2, 0), key_of(2, 1), key_of(2, 2), key_of(3, 0)], np.int64)
    dense = Dense(keys, np.array([9.0, 0.5, 0.7, -np.inf, 8.0], np.float32))
    assert [key for key, _ in dense.best_of_file(2, 9)] == [key_of(2, 1), key_of(2, 0)]
    assert dense.best_of_file(4, 9) == []
    assert dense.of([key_of(3, 0), key_of(2, 2), key_of(7, 0)]) == [8.0, -np.inf, -np.inf]
    assert Dense(keys[:0], np.empty(0, np.float32)).of([5]) == [-np.inf]


def rows_of(docs: list[int]) -> VectorSet:
    """A row for each document, each its own direction."""
    rows = np.zeros((len(docs), 8), np.int8)
    for at, doc in enumerate(docs):
        rows[at, doc] = 127
    keys = np.array([key_of(doc, 0) for doc in docs], np.int64)
    return VectorSet(keys, rows, np.full(len(docs), 1 / 127, np.float32))


@pytest.mark.parametrize(("base", "delta"), [([1, 3], [4, 5]), ([1, 3, 4], [2]), ([], [5, 2]), ([2, 6], [])])
def test_rows_of_base_and_delta_are_one_in_order_of_their_keys(base: list[int], delta: list[int]) -> None:
    rows = VectorRows(rows_of(base), rows_of(delta))
    docs = sorted([*base, *delta])
    assert rows.keys.tolist() == [key_of(doc, 0) for doc in docs]
    vector = np.linspace(0.1, 0.8, 8, dtype=np.float32)
    by_doc = np.where(np.arange(6) == 5, -np.inf, 1.0).astype(np.float32)
    found = rows.scores(vector, by_doc)
    wanted = [float(vector[doc]) + 1.0 if doc < 5 else -np.inf for doc in docs]
    assert found == pytest.approx(wanted, abs=0.01)


def test_no_rows_have_no_scores() -> None:
    rows = VectorRows(empty_set(8), empty_set(8))
    assert len(rows.scores(np.ones(8, np.float32), np.zeros(3, np.float32))) == 0
