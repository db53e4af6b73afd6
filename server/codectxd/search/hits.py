"""From an order of candidates to hits: those whose text still stands, one for each region, each with the lines to show. Pure
but for what the Readers read; knows nothing of how the order came about.
"""

from __future__ import annotations

from collections.abc import Sequence

from codectxd.index.quotes import Quote, holds
from codectxd.index.reader import ChunkRow, Reader
from codectxd.search.candidates import Candidates
from codectxd.search.explain import matched, why
from codectxd.search.kinds import message_of
from codectxd.search.pool import origin_of
from codectxd.search.query import Question
from codectxd.search.rank import Ranked
from codectxd.search.snippet import snippet
from codectxd.search.verbatim import line_said
from codectxd.search.weights import Weights
from codectxd.types import Hit, Likeness, Query


def hits_of(
    readers: Sequence[Reader],
    question: Question,
    candidates: Candidates,
    ranked: Sequence[Ranked],
    query: Query,
    weights: Weights,
) -> list[tuple[Hit, int]]:
    """The first candidates whose text still stands, one for each region."""
    hits: list[tuple[Hit, int]] = []
    shown: list[ChunkRow] = []
    for candidate in ranked:
        if len(hits) >= query.limit:
            break
        if any(_same_region(candidate.row, row) for row in shown):
            continue
        origin = origin_of(candidate.row.key)
        text = readers[origin].text_of(candidate.row)
        if text is not None:
            shown.append(candidate.row)
            hits.append((_hit(question, candidates, candidate, text, query, weights), origin))
    return hits


def _same_region(one: ChunkRow, other: ChunkRow) -> bool:
    """Whether both overlap, or touch and bear the same symbol, or are pieces of one long function."""
    if one.path != other.path or origin_of(one.key) != origin_of(other.key):
        return False
    gap = max(one.start_line, other.start_line) - min(one.end_line, other.end_line)
    if gap < 0:
        return True
    return one.symbol == other.symbol and (gap == 0 or (one.kind == other.kind and one.kind in _WITHOUT_PARTS))


_WITHOUT_PARTS = frozenset(("function", "method", "constructor", "macro"))
"""Kinds that hold no definitions of their own worth an answer each: several chunks of one symbol are its pieces."""


def _hit(question: Question, candidates: Candidates, ranked: Ranked, text: str, query: Query, weights: Weights) -> Hit:
    row = ranked.row
    shown = snippet(text, row.start_line, question.terms, _line_to_show(text, row, question))
    return Hit(
        path=row.path,
        start_line=shown.start_line,
        end_line=shown.end_line,
        snippet=shown.text,
        symbol=row.symbol,
        kind=row.kind,
        language=row.language,
        score=ranked.total,
        matched=matched(question, candidates, ranked, weights),
        unsaved=row.unsaved,
        likeness=_likeness(ranked),
        why=why(question, candidates, ranked, text) if query.explain else None,
    )


def _likeness(ranked: Ranked) -> Likeness | None:
    if ranked.score.same_text:
        return "duplicate"
    return "near" if ranked.score.near_text else None


def _line_to_show(text: str, row: ChunkRow, question: Question) -> int | None:
    """The line of `text` that the question is about, where it says so: by quoting, by pointing, or by an error's words."""
    quoted = _line_of(text, question.quotes)
    if quoted is not None:
        return quoted
    pointed = [place.line for place in question.places if place.line is not None and place.is_at(row.path)]
    inside = [line - 1 - row.start_line for line in pointed if row.start_line < line <= row.end_line]
    if inside:
        return inside[0]
    return line_said(message_of(question.text), text) if question.kind == "error" else None


def _line_of(text: str, quotes: Sequence[Quote]) -> int | None:
    """The line of `text` in which the first of `quotes` stands."""
    lines = text.split("\n") if quotes else ()
    return next((at for at, line in enumerate(lines) if holds(line.encode(), quotes[0])), None)
