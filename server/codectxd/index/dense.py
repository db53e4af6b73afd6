"""Scores by meaning: every chunk in scope against one query vector, and what is asked of these scores. Exact.

The scores of the durable rows are one scan and one table of documents added to it; what a scan needs of the rows beside
them (which document each is of, and in which order their keys are) is worked out once for a state of the index. Knows
nothing of layers or of ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from codectxd.index.schema import ORDINAL_BITS, Keys, key_of
from codectxd.index.vectors import VectorSet, cosines

Scores = npt.NDArray[np.float32]

_STRIDE: Final = 16
_WORTH_SAMPLING: Final = 20_000
"""Below so many scores the best are chosen among all as fast."""


class VectorRows:
    """The rows of base and delta as one: `keys` ascending, and the document of each. Immutable; made once for each state."""

    def __init__(self, base: VectorSet, delta: VectorSet) -> None:
        self._parts = [part for part in (base, delta) if len(part.keys)]
        keys = np.concatenate([base.keys, delta.keys]) if len(delta.keys) else base.keys
        # Merged rows are sorted by key; those of the delta follow them unless a document was taken in again.
        self._order = None if bool(np.all(keys[1:] > keys[:-1])) else np.argsort(keys, kind="stable")
        self.keys: Keys = keys if self._order is None else keys[self._order]
        self._docs = (self.keys >> ORDINAL_BITS).astype(np.uint32)
        self._most = int(self._docs[-1]) + 1 if len(keys) else 0

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


class Dense:
    """The score of every chunk in scope for one query vector: cosine, plus a weight times the cosine of its file's path.

    A path that is unlike the question takes nothing away: `bisect.py` may well keep a list sorted.
    """

    def __init__(self, keys: Keys, scores: Scores) -> None:
        """`keys` ascending; `scores` -inf where a chunk is out of scope."""
        self._keys = keys
        self._scores = scores

    def top(self, limit: int) -> list[tuple[int, float]]:
        """The best (key, score), best first, ties by key."""
        return self._ordered(_best(self._scores, min(limit, len(self._keys))))

    def of(self, keys: Sequence[int]) -> list[float]:
        """The score of each key; -inf where it has none."""
        if not len(self._keys):
            return [-np.inf] * len(keys)
        wanted = np.asarray(keys, np.int64)
        at = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        found: list[float] = np.where(self._keys[at] == wanted, self._scores[at], -np.inf).tolist()
        return found

    def best_of_file(self, doc: int) -> list[tuple[int, float]]:
        """The chunks of one document, best first."""
        start, end = np.searchsorted(self._keys, [key_of(doc, 0), key_of(doc + 1, 0)])
        return self._ordered(np.arange(start, end))

    def _ordered(self, places: npt.NDArray[np.intp]) -> list[tuple[int, float]]:
        keys, scores = self._keys[places].tolist(), self._scores[places].tolist()
        found = [pair for pair in zip(keys, scores, strict=True) if pair[1] > -np.inf]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))


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
