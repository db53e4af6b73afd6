"""What a list of hits is worth as an answer: NDCG@10, reciprocal rank, recall. Pure: knows nothing of how one asks.

Strict: hits are what `codectxd search` prints, so a second piece of one file takes a place; and where one hit answers two
targets, it counts once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

DEPTH = 10
"""Hits that count."""


class Found(msgspec.Struct, frozen=True):
    """A hit: lines `first` to `last` of a file, counted from 1, both in it."""

    path: str
    first: int
    last: int


class Wanted(msgspec.Struct, frozen=True):
    """What answers: a file, or these lines of it, counted as in Found."""

    path: str
    first: int | None = None
    last: int | None = None


def ranks(hits: Sequence[Found], wanted: Sequence[Wanted]) -> list[int | None]:
    """Of each target the place of the first hit that answers it, from 1 on."""
    best = list(enumerate(hits[:DEPTH], start=1))
    return [next((rank for rank, hit in best if _answers(hit, target)), None) for target in wanted]


def ndcg(found: Sequence[int | None]) -> float:
    """Gain at the places of `found`, each place once, against that of all targets in the first places."""
    ideal = sum(_gain(rank) for rank in range(1, min(DEPTH, len(found)) + 1))
    return sum(sorted(_gain(rank) for rank in {rank for rank in found if rank is not None})) / ideal


def reciprocal_rank(found: Sequence[int | None]) -> float:
    """One over the place of the first answer; 0 where there is none."""
    return 1.0 / min((rank for rank in found if rank is not None), default=math.inf)


def recall(found: Sequence[int | None]) -> float:
    """The share of targets that some hit answers."""
    return sum(rank is not None for rank in found) / len(found)


def _gain(rank: int) -> float:
    return 1.0 / math.log2(rank + 1)


def _answers(hit: Found, target: Wanted) -> bool:
    if not (_ends_with(hit.path, target.path) or _ends_with(target.path, hit.path)):
        return False
    if target.first is None:
        return True
    return hit.first <= (target.last or target.first) and hit.last >= target.first


def _ends_with(path: str, end: str) -> bool:
    """Whether `end` is `path` or its last parts: a data set may be relative to another folder than the index."""
    return path == end or path.endswith("/" + end)
