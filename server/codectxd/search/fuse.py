"""Fusion: two lists of scores on scales of their own become one score between 0 and 1. Pure and total.

Each list is brought to 0..1 by its own lowest and highest value over the union of candidates, then both are added by
their shares. The lowest by words is nothing: what no word proposed has a BM25 of 0, and what a word did has more. Summing
scores keeps how clear a winner is; the trial lost .037 with sums of reciprocal ranks. Knows nothing of what the keys
stand for.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import msgspec


class Fused(msgspec.Struct, frozen=True):
    """A candidate's share of its score from words and from meaning; each is at most the list's share, both at most 1."""

    words: float
    meaning: float

    @property
    def score(self) -> float:
        """Between 0 and 1."""
        return self.words + self.meaning


def fuse(lexical: Mapping[int, float], dense: Mapping[int, float], lexical_share: float) -> dict[int, Fused]:
    """Fuse the candidates of both mappings; one that is empty leaves its share to the other.

    A key missing from one mapping counts there as lowest. Scores that are not numbers count as missing.
    """
    keys = sorted(lexical.keys() | dense.keys())
    share = _share(lexical, dense, lexical_share)
    words = _spread(lexical, keys, nothing=0.0)
    meaning = _spread(dense, keys, nothing=math.inf)
    return {key: Fused(share * words[key], (1.0 - share) * meaning[key]) for key in keys}


def _share(lexical: Collection[int], dense: Collection[int], lexical_share: float) -> float:
    if not dense:
        return 1.0
    return lexical_share if lexical else 0.0


def _spread(scores: Mapping[int, float], keys: Collection[int], *, nothing: float) -> dict[int, float]:
    """Each key's score between the lowest (0), at most `nothing`, and the highest (1); 1 for all where they are equal."""
    known = {key: score for key, score in scores.items() if math.isfinite(score)}
    spread = dict.fromkeys(keys, 0.0)
    if not known:
        return spread
    lowest = min(nothing, *known.values())
    width = max(known.values()) - lowest
    if 0 < width < math.inf:
        spread.update([(key, (score - lowest) / width) for key, score in known.items()])
    else:
        spread.update(dict.fromkeys(known, 1.0))
    return spread
