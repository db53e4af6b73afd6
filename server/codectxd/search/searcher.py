"""The whole read path: a query and Readers in, checked hits out. Runs on one thread, waits for nothing (invariant I8).

What is missing is named in the result: without vectors it answers by words and says so, a chunk that no longer stands in
its file is left out and the next candidate takes its place. Where no code answers (a repository of documentation has none),
everything else is asked, unless somebody chose. Does not know that processes, sessions or LSP exist.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from codectxd.embed.embedder import Embedder
from codectxd.index.quotes import LONGEST_S, holding
from codectxd.index.reader import ChunkRow, Reader, Scope
from codectxd.index.schema import doc_of
from codectxd.search.candidates import Candidates, gather
from codectxd.search.coverage import coverage
from codectxd.search.filters import widened
from codectxd.search.fuse import fuse
from codectxd.search.hits import hits_of
from codectxd.search.pool import (
    chunks,
    joint_statistics,
    origin_of,
    path_terms,
    pooled,
    sizes,
    statistics_of,
    terms_held,
)  # fmt: skip
from codectxd.search.query import Question, parse
from codectxd.search.rank import rank
from codectxd.search.rerank import Second, is_wanted, reranked
from codectxd.search.shortlist import shortlist
from codectxd.search.verbatim import said_first
from codectxd.search.weights import DEFAULT, Weights
from codectxd.types import Asked, Hit, Query


class Result(msgspec.Struct, frozen=True):
    """Hits in order with the place of each one's Reader, the signals that were missing, and, for each Reader, the paths
    whose text was no longer as indexed."""

    hits: tuple[Hit, ...]
    origins: tuple[int, ...]
    degraded: tuple[str, ...]
    stale: tuple[tuple[str, ...], ...]
    asked: Asked
    widened: bool = False


def search(
    readers: Sequence[Reader],
    embedders: Sequence[Embedder],
    query: Query,
    weights: Weights = DEFAULT,
    at_hand: Sequence[Collection[str]] = (),
    second: Second | None = None,
) -> Result:
    """Answer `query` from all `readers`, and where nothing answers and nobody said what may, from every kind of content.

    `at_hand` are, for each Reader, the paths of what whoever asks has open or edited lately; nobody need have any.
    Of `embedders`, each Reader is asked with the one whose vectors it has. With `second`, a reranker has a say.

    Raises EmptyQuery, BadFilter where a filter makes no sense, and Cancelled.
    """
    result = _searched(readers, embedders, query, weights, at_hand, second)
    wider = widened(query) if not result.hits else None
    if wider is None:
        return result
    again = _searched(readers, embedders, wider, weights, at_hand, second)
    return msgspec.structs.replace(again, widened=True) if again.hits else result


def _searched(
    readers: Sequence[Reader],
    embedders: Sequence[Embedder],
    query: Query,
    weights: Weights,
    at_hand: Sequence[Collection[str]],
    second: Second | None,
) -> Result:
    question = parse(query)
    statistics = joint_statistics(readers, question.terms)
    parts: list[Candidates] = []
    degraded: list[str] = []
    for reader in readers:
        reader.checkpoint()
        scope, unseen = _scope(reader, question, LONGEST_S / len(readers))
        parts.append(gather(reader, usable(embedders, reader), question, scope, query.mode, weights, statistics))
        degraded += unseen
    candidates = pooled(parts, weights)
    fused = fuse(candidates.lexical, candidates.semantic, weights.lexical_share)
    rows = chunks(readers, shortlist(fused, candidates.named, query.limit, weights))
    covered: dict[int, float] = {}
    if query.mode != "semantic" or not candidates.semantic:  # By meaning alone: words have no say, nor what was deleted.
        held, in_path = terms_held(readers, question.terms, rows), path_terms(readers, rows)
        covered = coverage(question.terms, held, in_path, statistics or statistics_of(readers, question.terms))
    worked_on = _worked_on(question, rows, at_hand)
    ranked = rank(question, candidates, fused, rows, weights, covered, worked_on, sizes(readers, rows))
    ranked = said_first(readers, question, ranked, weights)
    if second is not None and is_wanted(question, query.mode):
        ranked, complete = reranked(readers, question, ranked, second, weights)
        degraded += () if complete else ("reranker",)
    found = hits_of(readers, question, candidates, ranked, query, weights)
    return result_of(readers, question, found, (*candidates.degraded, *degraded))


def _worked_on(question: Question, rows: Mapping[int, ChunkRow], at_hand: Sequence[Collection[str]]) -> frozenset[int]:
    """The documents that count as at hand. Who quotes, names or points at something has said which one is meant."""
    if question.only_name or question.quotes or question.places:
        return frozenset()
    pairs = ((key, row) for key, row in rows.items() if origin_of(key) < len(at_hand))
    return frozenset(doc_of(key) for key, row in pairs if row.path in at_hand[origin_of(key)])


def result_of(
    readers: Sequence[Reader], question: Question, found: Sequence[tuple[Hit, int]], degraded: Sequence[str]
) -> Result:
    """The answer that `found`, hits with the places of their Readers, is to `question`."""
    names = (f"{name.qualifier}.{name.text}".lstrip(".") for name in question.names)
    return Result(
        hits=tuple(hit for hit, _ in found),
        origins=tuple(origin for _, origin in found),
        degraded=tuple(dict.fromkeys(degraded)),
        stale=tuple(tuple(sorted(reader.stale)) for reader in readers),
        asked=Asked(question.terms, tuple(names), question.in_force),
    )


def usable(embedders: Sequence[Embedder], reader: Reader) -> Embedder | None:
    """The model whose vectors the Reader has, if it is among these; any, where there are none yet."""
    return next((one for one in embedders if reader.model in (None, one.model_id)), None)


def _scope(reader: Reader, question: Question, longest_s: float) -> tuple[Scope, tuple[str, ...]]:
    """What may answer, by filters and quoted parts, and what could not be seen to the end in `longest_s` seconds."""
    scope = reader.scope(question.filters)
    complete = True
    each_s = longest_s / (1 + len(question.not_quotes))
    if question.quotes:
        held = holding(reader, question.quotes, scope, each_s)
        scope, complete = scope.within(held.keys), held.complete
    for quote in question.not_quotes:
        held = holding(reader, (quote,), scope, each_s)
        scope, complete = scope.beside(held.keys), complete and held.complete
    return scope, () if complete else ("quotes",)
