"""A graph over vectors: used where it finds enough, checked before it is followed, and never the judge of a score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from codectxd.embed.quantise import quantise
from codectxd.errors import IndexUnavailable
from codectxd.index import graph
from codectxd.index.bases import VectorSet
from codectxd.index.dense import Dense, VectorRows, Whole
from codectxd.index.graph import Graph
from codectxd.index.schema import key_of

N_DOCS, IN_EACH, DIMENSION = 400, 10, 32


def clustered(seed: int) -> npt.NDArray[np.float32]:
    """Unit vectors around a few directions, as texts on a few subjects are."""
    chosen = np.random.default_rng(seed)
    centres = chosen.normal(size=(40, DIMENSION))
    found = centres[chosen.integers(40, size=N_DOCS * IN_EACH)] + 0.6 * chosen.normal(size=(N_DOCS * IN_EACH, DIMENSION))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def rows_of(vectors: npt.NDArray[np.float32], first_doc: int = 1) -> VectorSet:
    rows, scales = quantise(vectors)
    keys = [key_of(first_doc + at // IN_EACH, at % IN_EACH) for at in range(len(rows))]
    return VectorSet(np.array(keys, np.int64), rows, scales)


@pytest.fixture(scope="module")
def base() -> VectorSet:
    return rows_of(clustered(1))


@pytest.fixture(scope="module")
def built(base: VectorSet, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Graph]:
    folder = tmp_path_factory.mktemp("graph")
    state = graph.build(folder, 3, base.rows)
    assert state is not None
    assert state.recall >= graph.RECALL
    return folder, Graph(folder, state)


def questions() -> npt.NDArray[np.float32]:
    return clustered(2)[:50]


def test_what_it_proposes_holds_what_a_scan_finds_and_scores_are_the_same(
    base: VectorSet, built: tuple[Path, Graph]
) -> None:
    delta = rows_of(clustered(3)[:100], first_doc=N_DOCS + 1)
    scanned, walked = VectorRows(base, delta), VectorRows(base, delta, built[1])
    by_doc = np.zeros(N_DOCS + 20, np.float32)
    by_doc[[7, 9]], by_doc[5] = 0.4, -np.inf
    found, wanted = 0, 0
    for question in questions():
        places = walked.likely(question, by_doc)
        assert places is not None
        assert len(places) < len(walked.keys) / 2
        whole = Whole(walked, question, by_doc, lambda key: True)
        some = Dense(walked.keys[places], walked.scores_at(places, question, by_doc), whole)
        every = Dense(scanned.keys, scanned.scores(question, by_doc))
        best = dict(every.top(10))
        found, wanted = found + len(best.keys() & dict(some.top(10)).keys()), wanted + len(best)
        assert [score for _, score in some.top(3)] == pytest.approx([score for _, score in every.top(3)], abs=1e-6)
        for doc in (7, 300, N_DOCS + 3, 5, 9_999):
            assert dict(some.best_of_file(doc, 6)) == pytest.approx(dict(every.best_of_file(doc, 6)), abs=1e-6)
        keys = [key_of(7, 0), key_of(200, 3), key_of(5, 1), key_of(N_DOCS + 2, 4), key_of(1, 99)]
        assert some.of(keys) == pytest.approx(every.of(keys), abs=1e-6)
    assert found >= 0.98 * wanted


def test_what_is_not_admitted_has_no_score(base: VectorSet, built: tuple[Path, Graph]) -> None:
    rows, by_doc, question = VectorRows(base, base, built[1]), np.zeros(N_DOCS + 1, np.float32), questions()[0]
    assert rows.likely(question, by_doc) is None  # Rows of the base stand twice: their places say nothing.
    rows = VectorRows(base, rows_of(clustered(1)[:0]), built[1])
    whole = Whole(rows, question, by_doc, lambda key: key != key_of(4, 2))
    assert whole.of([key_of(4, 1), key_of(4, 2)]).keys() == {key_of(4, 1)}
    assert len(whole.of_file(4)) == IN_EACH - 1


def test_where_little_is_in_scope_it_is_scanned(base: VectorSet, built: tuple[Path, Graph]) -> None:
    by_doc = np.full(N_DOCS + 1, -np.inf, np.float32)
    by_doc[:20] = 0.0
    rows = VectorRows(base, rows_of(clustered(1)[:0]), built[1])
    assert rows.likely(questions()[0], by_doc) is None


@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_a_damaged_graph_is_never_followed(damage: str, base: VectorSet, tmp_path: Path) -> None:
    state = graph.build(tmp_path, 1, base.rows[:500])
    assert state is not None
    path = graph.graph_path(tmp_path, 1)
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 64
    path.write_bytes(data[: len(data) // 3] if damage == "cut" else data)
    if damage == "gone":
        path.unlink()
    with pytest.raises(IndexUnavailable, match="scanned"):
        Graph(tmp_path, state)


def test_a_graph_that_finds_too_little_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "_WALKS", (1,))
    noise, _ = quantise(np.random.default_rng(4).normal(size=(4_000, 128)).astype(np.float32))
    assert graph.build(tmp_path, 1, noise) is None
    assert list(tmp_path.iterdir()) == []


def test_it_is_given_up_where_nobody_wants_it_any_more(base: VectorSet, tmp_path: Path) -> None:
    assert graph.build(tmp_path, 1, base.rows, wanted=lambda: False) is None
