"""The second look: a cross-encoder reads the question with each of the first candidates, and what it says has a say.

Only a question in plain words is looked at twice: who names, quotes or points at something, or pastes an error, has said
which one is meant. The first look is never thrown away; what the reranker has no time for stands as it stood. Runs on one
thread; reads through the Readers, and knows nothing of where the reranker came from.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from codectxd.embed.embedder import CrossEncoder
from codectxd.errors import ModelUnavailable, UsageError
from codectxd.index.reader import Reader
from codectxd.search.pool import origin_of
from codectxd.search.query import Question, parse
from codectxd.search.rank import Ranked, in_order
from codectxd.search.weights import Weights
from codectxd.types import Mode, Query

_LOOK_S = 0.05
"""How often somebody who waits looks whether anybody still wants an answer."""


class Second(msgspec.Struct, frozen=True):
    """Who takes the second look, and how many seconds a question may wait for it.

    `reranker` gives it once it is loaded, or None after so many seconds, and whether it may yet come; `failed` hears why it
    does not run.
    """

    reranker: Callable[[float], tuple[CrossEncoder | None, bool]]
    within_s: float
    failed: Callable[[str], None]


def takes_long(query: Query) -> bool:
    """Whether a question is looked at twice, as far as can be said before it is answered."""
    try:
        return is_wanted(parse(query), query.mode)
    except UsageError:
        return False  # Which is told at once.


def is_wanted(question: Question, mode: Mode) -> bool:
    """Whether a second look can be of use: who chose words or meaning alone wants nothing else either."""
    return (
        mode == "hybrid" and question.kind == "question" and not (question.only_name or question.quotes or question.places)
    )


def reranked(
    readers: Sequence[Reader], question: Question, ranked: Sequence[Ranked], second: Second, weights: Weights
) -> tuple[list[Ranked], bool]:
    """`ranked` with what the reranker adds to the first `weights.reranked`, and whether it judged all of them: else it adds
    nothing, since of the same question a part would be another one each time.

    What it adds is between 0, for the one it likes least, and `weights.reranker`, for the one it likes best: scales of
    models differ. Those further down stay below those judged, which lose nothing. Raises Cancelled.
    """
    end = time.monotonic() + second.within_s
    chosen = _standing(readers, ranked, weights.reranked)
    if not chosen:
        return list(ranked), True
    reranker = _awaited(readers, second, end)
    if reranker is None:
        return list(ranked), False
    judged: dict[int, float] = {}
    try:
        scores = reranker.judged(question.text, [text for _, text in chosen], end - time.monotonic())
        for (key, _), score in zip(chosen, scores, strict=False):  # Of those that there was time for.
            judged[key] = score
            readers[origin_of(key)].checkpoint()
    except ModelUnavailable as problem:
        second.failed(str(problem))
    if len(judged) < len(chosen):
        return list(ranked), False
    shares = _spread(judged)
    return in_order([_with(one, shares.get(one.row.key, 0.0), weights) for one in ranked]), True


def _awaited(readers: Sequence[Reader], second: Second, end: float) -> CrossEncoder | None:
    """The reranker, once it is loaded; None where that takes too long, or fails."""
    while True:
        reranker, is_coming = second.reranker(min(_LOOK_S, max(0.0, end - time.monotonic())))
        if reranker is not None or not is_coming or time.monotonic() >= end:
            return reranker
        readers[0].checkpoint()


def _standing(readers: Sequence[Reader], ranked: Sequence[Ranked], most: int) -> list[tuple[int, str]]:
    """(key, passage) of the first whose text still stands."""
    found: list[tuple[int, str]] = []
    for one in ranked:
        if len(found) >= most:
            break
        text = readers[origin_of(one.row.key)].text_of(one.row)
        if text is not None:
            found.append((one.row.key, f"{one.row.path}\n{text}"))
    return found


def _spread(scores: Mapping[int, float]) -> dict[int, float]:
    """Each between the lowest (0) and the highest (1); all 0 where they are equal."""
    lowest, highest = min(scores.values(), default=0.0), max(scores.values(), default=0.0)
    width = highest - lowest
    return {key: (score - lowest) / width if 0 < width < math.inf else 0.0 for key, score in scores.items()}


def _with(one: Ranked, share: float, weights: Weights) -> Ranked:
    if not share:
        return one
    score = msgspec.structs.replace(one.score, reranker=weights.reranker * share)
    return Ranked(one.row, score, score.total)
