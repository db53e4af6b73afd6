"""Ranking: from fused scores to an order, with every step of it on record. Pure and total.

A chunk is judged with its file: the file's best chunk, a part of its next best ones, its name, its role. A `Score` holds
what each step added or took away, and is their sum, so that it explains itself exactly. Ties break by path, then line
(invariant I15). Knows nothing of how candidates were found.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import msgspec

from codectxd.index.reader import ChunkRow
from codectxd.index.schema import doc_of
from codectxd.search import named
from codectxd.search.candidates import Candidates
from codectxd.search.fuse import Fused
from codectxd.search.query import Question
from codectxd.search.weights import Weights

_PRECISION = 9
"""Decimals of a score: sums that differ only by the order of adding are ties."""


class Score(msgspec.Struct, frozen=True):
    """What each step did to a candidate's score, in the order of the steps."""

    words: float = 0.0
    meaning: float = 0.0
    definition: float = 0.0
    next_chunks: float = 0.0
    short_file: float = 0.0
    file_name: float = 0.0
    coverage: float = 0.0
    place: float = 0.0
    role: float = 0.0
    further: float = 0.0
    only_definition: float = 0.0
    same_text: float = 0.0
    near_text: float = 0.0
    verbatim: float = 0.0
    at_hand: float = 0.0
    reranker: float = 0.0

    @property
    def total(self) -> float:
        """The sum."""
        gained = self.words + self.meaning + self.definition + self.next_chunks + self.file_name
        gained += self.coverage + self.place + self.only_definition + self.same_text + self.near_text + self.verbatim
        gained += self.at_hand + self.short_file + self.reranker
        return round(gained + self.role + self.further, _PRECISION)


class Ranked(msgspec.Struct, frozen=True):
    """A candidate in its place, with `score` as it was judged by and `total`, their sum."""

    row: ChunkRow
    score: Score
    total: float


_NO_COVERAGE: Mapping[int, float] = MappingProxyType({})
_NOTHING_KNOWN: Mapping[int, int] = MappingProxyType({})


def rank(
    question: Question,
    candidates: Candidates,
    fused: Mapping[int, Fused],
    rows: Mapping[int, ChunkRow],
    weights: Weights,
    coverage: Mapping[int, float] = _NO_COVERAGE,
    at_hand: Collection[int] = (),
    sizes: Mapping[int, int] = _NOTHING_KNOWN,
) -> list[Ranked]:
    """The candidates that `rows` has, best first; `coverage` is the share of the question that each document holds, `sizes`
    how many chunks it has, and `at_hand` are the documents that whoever asks works on."""
    only = named.only_definition(question, candidates.definitions, rows)
    shares = named.definitions(question, candidates.definitions, rows)
    own = {key: (fused.get(key, _NOTHING), weights.definition * shares.get(key, 0.0)) for key in rows}
    ranked: list[Ranked] = []
    for keys in _by_file(own).values():
        doc = doc_of(keys[0])
        covered = weights.coverage * coverage.get(doc, 0.0)
        chunks = [rows[key] for key in keys]
        lacking = _lacking(chunks[0].path, sizes.get(doc), weights)
        of_one = _of_file(question, chunks, [own[key] for key in keys], only, covered, lacking, weights)
        ranked += _at_hand(of_one, weights) if doc in at_hand else of_one
    return in_order(ranked)


def in_order(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Best first, ties by path, then line."""
    return sorted(ranked, key=lambda r: (-r.total, r.row.path, r.row.start_line))


_NOTHING = Fused(0.0, 0.0)


def _at_hand(ranked: Sequence[Ranked], weights: Weights) -> list[Ranked]:
    """The chunks of one file, best first, with what it gains by being at hand."""
    added = [weights.at_hand * weights.another**nth for nth in range(len(ranked))]
    scores = [msgspec.structs.replace(one.score, at_hand=value) for one, value in zip(ranked, added, strict=True)]
    return [Ranked(one.row, score, score.total) for one, score in zip(ranked, scores, strict=True)]


def _by_file(own: Mapping[int, tuple[Fused, float]]) -> dict[int, list[int]]:
    """Keys by document, best first."""
    files: dict[int, list[int]] = {}
    for key in sorted(own, key=lambda key: (-_sum(own[key]), key)):
        files.setdefault(doc_of(key), []).append(key)
    return files


def _of_file(
    question: Question,
    rows: Sequence[ChunkRow],
    own: Sequence[tuple[Fused, float]],
    only: int | None,
    covered: float,
    lacking: int,
    weights: Weights,
) -> list[Ranked]:
    """The chunks of one file, best first, each with what the file adds and what its role and the earlier ones take;
    `lacking` is how many chunks fewer it has than could speak for it."""
    next_chunks = weights.evidence * sum(_sum(o) for o in own[1 : 1 + weights.evidence_chunks])
    short_file = weights.evidence * weights.short * lacking * _sum(own[0])
    file_name = _file_name(question, rows[0].path, weights)
    is_aside = rows[0].role not in ("source", "config", *question.asked)
    factor = weights.aside if is_aside else 1.0
    ranked: list[Ranked] = []
    for nth, (row, (fused, definition)) in enumerate(zip(rows, own, strict=True)):
        place = weights.place * named.place_share(question, row)
        gained = fused.score + definition + next_chunks + short_file + file_name + covered
        score = Score(
            words=fused.words,
            meaning=fused.meaning,
            definition=definition,
            next_chunks=next_chunks,
            short_file=short_file,
            file_name=file_name,
            coverage=covered,
            place=place,
            role=gained * (factor - 1.0),
            further=gained * factor * (weights.another**nth - 1.0),
            only_definition=weights.only_definition if row.key == only else 0.0,
        )
        ranked.append(Ranked(row, score, score.total))
    return ranked


def _lacking(path: str, size: int | None, weights: Weights) -> int:
    """How many chunks a file of `size` has fewer than could speak for it. What only declares is short whatever is in it."""
    is_known = size is not None and not path.endswith(_DECLARING)
    return max(0, 1 + weights.evidence_chunks - (size or 0)) if is_known else 0


_DECLARING = (".d.ts", ".h", ".hh", ".hpp", ".hxx", ".mli", ".pyi")


def _file_name(question: Question, path: str, weights: Weights) -> float:
    share = named.file_share(question, path)
    return (weights.stem_of_many + (weights.stem - weights.stem_of_many) * share) if share else 0.0


def _sum(own: tuple[Fused, float]) -> float:
    return own[0].score + own[1]
