"""Scores by meaning: every chunk in scope against one query vector, and what is asked of these scores.

Every score is exact. Which rows are scored is all of them, or, in an index so large that it has a graph, those that the
graph proposes and what is asked for by name.

The scores of the durable rows are one scan and one table of documents added to it; what a scan needs of the rows beside
them (which document each is of, and in which order their keys are) is worked out once for a state of the index. Knows
nothing of layers or of ranking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from codectxd.index.bases import VectorSet
from codectxd.index.graph import Graph
from codectxd.index.schema import ORDINAL_BITS, OVERLAY_DOC, Keys, doc_of, key_of
from codectxd.index.vectors import cosines

Scores = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

_STRIDE: Final = 16
_WORTH_SAMPLING: Final = 20_000
"""Below so many scores the best are chosen among all as fast."""
_PROPOSED: Final = 600
"""Rows that a graph proposes: twice what a search asks for, since what it finds is scored by document too."""
_DOCUMENTS: Final = 100
"""So many of the best documents are looked at whole: a path may be the answer where no chunk is near."""
_MOST_IN_SCOPE: Final = 0.5
"""Where fewer of the documents are in scope, a graph proposes too many that are not."""


class VectorRows:
    """The rows of base and delta as one: `keys` ascending, and the document of each. Immutable; made once for each state."""

    def __init__(self, base: VectorSet, delta: VectorSet, graph: Graph | None = None) -> None:
        self._base, self._delta = base, delta
        self._parts = [part for part in (base, delta) if len(part.keys)]
        keys = np.concatenate([base.keys, delta.keys]) if len(delta.keys) else base.keys
        # Merged rows are sorted by key; those of the delta follow them unless a document was taken in again.
        self._order = None if bool(np.all(keys[1:] > keys[:-1])) else np.argsort(keys, kind="stable")
        self.keys: Keys = keys if self._order is None else keys[self._order]
        self._docs = (self.keys >> ORDINAL_BITS).astype(np.uint32)
        self._most = int(self._docs[-1]) + 1 if len(keys) else 0
        # Places in the base are places here as long as the order is the one in which rows were written.
        self._graph = graph if self._order is None else None

    def likely(self, vector: Scores, by_doc: Scores) -> Places | None:
        """The places of rows that may be among the best, where a graph knows: those near to `vector`, all of documents that
        score high by themselves, and all that the graph has not seen. None where every row must be looked at."""
        alive = np.isfinite(by_doc)
        if self._graph is None or np.count_nonzero(alive) < _MOST_IN_SCOPE * len(by_doc):
            return None
        row = np.rint(vector * (127.0 / max(float(np.abs(vector).max()), 1e-9))).astype(np.int8)
        near = self._graph.nearest(row, _PROPOSED)
        docs = np.argsort(by_doc)[-_DOCUMENTS:]
        ranges = [np.arange(*np.searchsorted(self.keys, [key_of(doc, 0), key_of(doc + 1, 0)])) for doc in docs.tolist()]
        unseen = np.arange(len(self._base.keys), len(self.keys))
        return np.unique(np.concatenate([near, *ranges, unseen]))

    def scores_at(self, places: Places, vector: Scores, by_doc: Scores) -> Scores:
        """As `scores`, of the rows at these ascending places alone. Only where there is a graph."""
        split = int(np.searchsorted(places, len(self._base.keys)))
        old, new = places[:split], places[split:] - len(self._base.keys)
        found = np.concatenate(
            [
                cosines(vector, self._base.rows[old], self._base.scales[old]),
                cosines(vector, self._delta.rows[new], self._delta.scales[new]),
            ]
        )
        docs = self._docs[places]
        found += np.where(docs < len(by_doc), by_doc.take(np.minimum(docs, len(by_doc) - 1)), np.float32(-np.inf))
        return found

    def scores(self, vector: Scores, by_doc: Scores) -> Scores:
        """The cosine of each row with `vector`, plus what its document has in `by_doc`; -inf where that ends before it."""
        found = [cosines(vector, part.rows, part.scales) for part in self._parts]
        scores = found[0] if len(found) == 1 else np.concatenate(found) if found else np.empty(0, np.float32)
        if self._order is not None:
            scores = scores[self._order]
        if len(by_doc) < self._most:
            by_doc = np.concatenate([by_doc, np.full(self._most - len(by_doc), -np.inf, np.float32)])
        scores += by_doc.take(self._docs)
        return scores


class Whole:
    """What a `Dense` over a part of the rows asks where it is asked for the rest: a row's exact score, when it is wanted."""

    def __init__(self, rows: VectorRows, vector: Scores, by_doc: Scores, admits: Callable[[int], bool]) -> None:
        self._rows = rows
        self._vector = vector
        self._by_doc = by_doc
        self._admits = admits

    def of(self, keys: Sequence[int]) -> dict[int, float]:
        """The score of those of `keys` that have one."""
        wanted = np.unique(np.asarray([key for key in keys if self._admits(key)], np.int64))
        at = np.searchsorted(self._rows.keys, wanted)
        at = at[(at < len(self._rows.keys)) & (self._rows.keys[np.minimum(at, len(self._rows.keys) - 1)] == wanted)]
        scores = self._rows.scores_at(at, self._vector, self._by_doc)
        return dict(zip(self._rows.keys[at].tolist(), scores.tolist(), strict=True))

    def of_file(self, doc: int) -> dict[int, float]:
        """The score of each chunk of a document."""
        start, end = np.searchsorted(self._rows.keys, [key_of(doc, 0), key_of(doc + 1, 0)])
        return self.of(self._rows.keys[start:end].tolist())


class Dense:
    """The score of every chunk in scope for one query vector: cosine, plus a weight times the cosine of its file's path.

    A path that is unlike the question takes nothing away: `bisect.py` may well keep a list sorted.
    """

    def __init__(self, keys: Keys, scores: Scores, whole: Whole | None = None) -> None:
        """`keys` ascending; `scores` -inf where a chunk is out of scope. `whole` knows the durable chunks that are not among
        them."""
        self._keys = keys
        self._scores = scores
        self._whole = whole

    def top(self, limit: int) -> list[tuple[int, float]]:
        """The best (key, score), best first, ties by key."""
        return self._ordered(_best(self._scores, min(limit, len(self._keys))))

    def of(self, keys: Sequence[int]) -> list[float]:
        """The score of each key; -inf where it has none."""
        if self._whole is not None:
            known = self._whole.of([key for key in keys if doc_of(key) < OVERLAY_DOC])
            rest = Dense(self._keys, self._scores).of(keys)
            return [known.get(key, score) for key, score in zip(keys, rest, strict=True)]
        if not len(self._keys):
            return [-np.inf] * len(keys)
        wanted = np.asarray(keys, np.int64)
        at = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        found: list[float] = np.where(self._keys[at] == wanted, self._scores[at], -np.inf).tolist()
        return found

    def best_of_file(self, doc: int, limit: int) -> list[tuple[int, float]]:
        """The best chunks of one document, best first, ties by key."""
        if self._whole is not None and doc < OVERLAY_DOC:
            return _sorted(self._whole.of_file(doc).items())[:limit]
        start, end = np.searchsorted(self._keys, (key_of(doc, 0), key_of(doc + 1, 0))).tolist()
        scores = self._scores[start:end]
        best = np.argsort(-scores, kind="stable")[:limit]
        found = zip(self._keys[start:end][best].tolist(), scores[best].tolist(), strict=True)
        return [hit for hit in found if hit[1] > -np.inf]

    def _ordered(self, places: npt.NDArray[np.intp]) -> list[tuple[int, float]]:
        keys, scores = self._keys[places].tolist(), self._scores[places].tolist()
        return _sorted(zip(keys, scores, strict=True))


def _sorted(pairs: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    return sorted((pair for pair in pairs if pair[1] > -np.inf), key=lambda pair: (-pair[1], pair[0]))


def _best(scores: Scores, count: int) -> npt.NDArray[np.intp]:
    """The places of the `count` best scores, in no order, and of whatever ties with the last of them as it comes."""
    if count <= 0:
        return np.empty(0, np.intp)
    likely = _likely(scores, count) if len(scores) >= max(_WORTH_SAMPLING, 2 * _STRIDE * count) else None
    part = scores if likely is None else scores[likely]
    best = np.argpartition(part, len(part) - count)[len(part) - count :]
    return best if likely is None else likely[best]


def _likely(scores: Scores, count: int) -> npt.NDArray[np.intp] | None:
    """Places of all that is as good as a sample says the best `count` are; None where the sample said too little."""
    sample = scores[::_STRIDE]
    within = min(len(sample), 2 * count // _STRIDE + _STRIDE)
    threshold = np.partition(sample, len(sample) - within)[len(sample) - within]
    found = np.flatnonzero(scores >= threshold)
    return found if count <= len(found) < len(scores) // 2 else None
