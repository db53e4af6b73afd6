"""Candidates: every chunk that the Reader proposes for a question, by words, by meaning and by name.

Words and meaning propose chunks, names propose definitions, file names propose files; scope and layers were applied by
the Reader before its cut. For the best files every chunk is brought into sight, since a file is judged by its next best
chunks too. Knows nothing of weights' effect on the order.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import msgspec

from codectxd.embed.embedder import Embedder
from codectxd.index.dense import Dense
from codectxd.index.lexical import Statistics
from codectxd.index.reader import Reader, Scope
from codectxd.index.schema import doc_of, key_of
from codectxd.search.query import Question
from codectxd.search.weights import Weights
from codectxd.types import Mode, Symbol


class Candidates(msgspec.Struct, frozen=True):
    """Chunks by key. `lexical` and `semantic` hold scores, `lexical_ranks` and `semantic_ranks` places from 1 on.

    `semantic` knows the score of chunks that only words proposed, too; those have no place in `semantic_ranks`. `named`
    are the chunks of definitions and files that bear a name from the question, and what only its quoted parts found.
    """

    lexical: dict[int, float]
    semantic: dict[int, float]
    lexical_ranks: dict[int, int]
    semantic_ranks: dict[int, int]
    definitions: tuple[tuple[int, Symbol], ...]
    named: frozenset[int]
    degraded: tuple[str, ...]


def gather(
    reader: Reader,
    embedder: Embedder | None,
    question: Question,
    scope: Scope,
    mode: Mode,
    weights: Weights,
    statistics: Statistics | None = None,
) -> Candidates:
    """Ask `reader` for all that may answer `question`. Words stand in where there are no vectors. Where several Readers are
    asked, `statistics` are those of all."""
    dense, degraded = _dense(reader, embedder, question, scope, weights) if mode != "lexical" else (None, ())
    reader.checkpoint()
    semantic = dense.top(weights.candidates) if dense else []
    lexical = _words(reader, question, scope, weights, statistics) if mode != "semantic" or not semantic else []
    if dense and lexical and not semantic:
        degraded = ("semantic",)  # There is something to answer from, and none of it has a vector yet.
    definitions = tuple(reader.definitions(list(dict.fromkeys(n.text for n in question.names)), scope))
    named = {key for key, _ in definitions} | _named_files(reader, dense, question, scope, weights)
    named |= _placed(reader, question, scope)
    named |= _quoted(scope, lexical, semantic, weights)
    return Candidates(
        lexical=dict(lexical),
        semantic=_in_sight(dense, [lexical, semantic], named, weights) if dense else {},
        lexical_ranks=ranks(lexical),
        semantic_ranks=ranks(semantic),
        definitions=definitions,
        named=frozenset(named),
        degraded=degraded,
    )


def _words(
    reader: Reader, question: Question, scope: Scope, weights: Weights, statistics: Statistics | None
) -> list[tuple[int, float]]:
    fields = {"body": weights.body, "symbol": weights.symbol, "path": weights.path}
    return reader.lexical(question.terms, scope, weights.candidates, fields, statistics) if question.terms else []


def _dense(
    reader: Reader, embedder: Embedder | None, question: Question, scope: Scope, weights: Weights
) -> tuple[Dense | None, tuple[str, ...]]:
    """The scores by meaning, or what is missing for them; neither where the model knows no word of the question."""
    if embedder is None:
        return None, ("semantic",)
    vector = embedder.encode_question(question.text)
    if not vector.any():
        return None, ()
    dense = reader.dense(vector, scope, weights.path_weight)
    return dense, () if dense else ("semantic",)


def _named_files(reader: Reader, dense: Dense | None, question: Question, scope: Scope, weights: Weights) -> set[int]:
    """The best chunk of each file that bears a name from the question, or its first where there are no vectors."""
    docs = [file.doc for file in reader.file_stems(question.stems, scope)[: weights.files_in_sight]]
    first = {doc: dense.best_of_file(doc, 1) if dense else [] for doc in docs}
    keys = {best[0][0] if best else key_of(doc, 0) for doc, best in first.items()}
    return {key for key in keys if scope.admits(key)}


def _placed(reader: Reader, question: Question, scope: Scope) -> set[int]:
    """The chunks that hold the lines that the question points at, or begin the files that it points at."""
    keys: set[int] = set()
    for place in question.places:
        for file in reader.file_stems((place.stem,), scope):
            if place.is_at(file.path):
                line = place.line or 1
                keys.update(row.key for row in reader.chunks_of(file.doc) if row.start_line < line <= row.end_line)
    return {key for key in keys if scope.admits(key)}


def _quoted(
    scope: Scope, lexical: Sequence[tuple[int, float]], semantic: Sequence[tuple[int, float]], weights: Weights
) -> set[int]:
    """The first chunks that hold what was quoted and that nothing else proposed: none of its words may be a word."""
    proposed = {key for key, _ in (*lexical, *semantic)}
    rest = (key for key in scope.keys or () if key not in proposed)
    return set(itertools.islice(rest, max(0, weights.candidates - len(proposed))))


def _in_sight(
    dense: Dense, lists: Sequence[Sequence[tuple[int, float]]], named: Iterable[int], weights: Weights
) -> dict[int, float]:
    """The semantic score of every candidate, and of the next best chunks of the best files of each list."""
    keys = sorted({key for proposed in lists for key, _ in proposed}.union(named))
    known = dict(zip(keys, dense.of(keys), strict=True))
    for proposed in lists:
        for doc in list(dict.fromkeys(doc_of(key) for key, _ in proposed))[: weights.files_in_sight]:
            known.update(dense.best_of_file(doc, 1 + weights.evidence_chunks))
    return known


def ranks(proposed: Sequence[tuple[int, float]]) -> dict[int, int]:
    """Each key's place, from 1 on."""
    return {key: rank for rank, (key, _) in enumerate(proposed, start=1)}
