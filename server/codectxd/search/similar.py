"""What is alike: the chunks that have the meaning and the words of a text, copies of it first. Runs on one thread.

A text is no question: nobody asks for a name in it, and what it is to its project does not matter. So words and meaning
are all there is to judge by, fused as in a search; the words looked up are those that tell most of the text. The best are
read and compared: copies come first, then what is nearly one, and are said to be that. Where the text is from does not
answer. Knows nothing of who wants to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from codectxd.chunk.terms import counts, expand, query_terms
from codectxd.embed.embedder import Embedder
from codectxd.index.dense import Dense
from codectxd.index.lexical import Statistics
from codectxd.index.reader import ChunkRow, Reader, Scope
from codectxd.search.candidates import Candidates, ranks
from codectxd.search.filters import part
from codectxd.search.fuse import Fused, fuse
from codectxd.search.hits import hits_of
from codectxd.search.likeness import Text
from codectxd.search.pool import chunks, origin_of, pooled, statistics_of
from codectxd.search.query import Question
from codectxd.search.rank import Ranked, Score
from codectxd.search.searcher import Result, result_of, usable
from codectxd.search.weights import DEFAULT, Weights
from codectxd.types import Query

MAX_CHARACTERS: Final = 20_000
"""Of a longer text the beginning is compared."""

_JUDGED: Final = 50
"""So many candidates, or four for each answer, are read to see whether they are copies."""


class Sample(msgspec.Struct, frozen=True):
    """A text to compare with, and, where it is from a file of one of the Readers, its place there: lines
    `[start_line, end_line)` of `path` in the Reader `origin`."""

    text: str
    origin: int | None = None
    path: str = ""
    start_line: int = 0
    end_line: int = 0


def similar(
    readers: Sequence[Reader], embedders: Sequence[Embedder], sample: Sample, query: Query, weights: Weights = DEFAULT
) -> Result:
    """The chunks most alike to `sample` under the filters of `query`. Raises BadFilter, Cancelled."""
    text = sample.text[:MAX_CHARACTERS]
    parted = part(query)
    words = query_terms(text)
    statistics = statistics_of(readers, words)
    question = Question(
        text, _telling(text, words, statistics, weights), (), False, {}, frozenset(), in_force=parted.in_force
    )
    parts = []
    for at, reader in enumerate(readers):
        scope = (
            _elsewhere(reader, reader.scope(parted.filters), sample) if at == sample.origin else reader.scope(parted.filters)
        )
        parts.append(_gather(reader, usable(embedders, reader), question, scope, query, weights, statistics))
    candidates = pooled(parts, weights)
    fused = fuse(candidates.lexical, candidates.semantic, weights.lexical_share)
    ranked = _ranked(readers, text, fused, query, weights)
    return result_of(readers, question, hits_of(readers, question, candidates, ranked, query, weights), candidates.degraded)


def _telling(text: str, words: Sequence[str], statistics: Statistics, weights: Weights) -> tuple[str, ...]:
    """The words of `text` that say most of it, frequent there and rare elsewhere, but not nowhere; in their order there."""
    often, known = counts(expand(text)), statistics.frequency
    worth = {word: often.get(word, 1) * statistics.idf("body", word, 0) * bool(known("body", word)) for word in words}
    best = sorted(words, key=lambda word: (-worth[word], word))[: weights.alike_terms]
    return tuple(word for word in words if word in frozenset(best))


def _elsewhere(reader: Reader, scope: Scope, sample: Sample) -> Scope:
    """`scope` without the chunks that the sample is from."""
    file = reader.file(sample.path)
    rows = reader.chunks_of(file.doc) if file is not None else ()
    own = [row.key for row in rows if row.start_line < sample.end_line and sample.start_line < row.end_line]
    return scope.beside(own)


def _gather(
    reader: Reader,
    embedder: Embedder | None,
    question: Question,
    scope: Scope,
    query: Query,
    weights: Weights,
    statistics: Statistics,
) -> Candidates:
    """What `reader` has that is alike. Words stand in where there are no vectors."""
    reader.checkpoint()
    dense, degraded = _dense(reader, embedder, question.text, scope) if query.mode != "lexical" else (None, ())
    semantic = dense.top(weights.candidates) if dense else []
    lexical = []
    if question.terms and (query.mode != "semantic" or not semantic):
        lexical = reader.lexical(question.terms, scope, weights.candidates, {"body": weights.body}, statistics)
    keys = sorted({key for key, _ in (*lexical, *semantic)})
    return Candidates(
        lexical=dict(lexical),
        semantic=dict(zip(keys, dense.of(keys), strict=True)) if dense else {},
        lexical_ranks=ranks(lexical),
        semantic_ranks=ranks(semantic),
        definitions=(),
        named=frozenset(),
        degraded=("semantic",) if dense and lexical and not semantic else degraded,
    )


def _dense(reader: Reader, embedder: Embedder | None, text: str, scope: Scope) -> tuple[Dense | None, tuple[str, ...]]:
    if embedder is None:
        return None, ("semantic",)
    vector = embedder.encode([text])[0]
    dense = reader.dense(vector, scope, path_weight=0.0) if vector.any() else None
    return dense, () if dense or not vector.any() else ("semantic",)


def _ranked(
    readers: Sequence[Reader], text: str, fused: Mapping[int, Fused], query: Query, weights: Weights
) -> list[Ranked]:
    """The best by words and meaning, copies first, then what is nearly one; ties by path, then line."""
    best = sorted(fused, key=lambda key: (-fused[key].score, key))[: max(_JUDGED, 4 * query.limit)]
    sample = Text(text)
    ranked = []
    for key, row in chunks(readers, best).items():
        same, near = _alike(readers[origin_of(key)], row, sample)
        score = Score(
            words=fused[key].words,
            meaning=fused[key].meaning,
            same_text=weights.same_text * same,
            near_text=weights.near_text * near,
        )
        ranked.append(Ranked(row, score, score.total))
    return sorted(ranked, key=lambda r: (-r.total, r.row.path, r.row.start_line, r.row.key))


def _alike(reader: Reader, row: ChunkRow, sample: Text) -> tuple[float, float]:
    """Whether the chunk is a copy, and how much of it is the same where it is nearly one."""
    text = reader.text_of(row)
    found = sample.likeness(text) if text is not None else None
    if found is None:
        return 0.0, 0.0
    likeness, share = found
    return (share, 0.0) if likeness == "duplicate" else (0.0, share)
