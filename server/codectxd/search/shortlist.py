"""The shortlist: which candidates are worth looking up in the catalogue and judging. Pure and total.

Words and meaning propose deep lists, since a chunk low on both may be right; but few files can still win once the scores
are fused. Knows nothing of names and roles, which is why it leaves room for what these will move.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from codectxd.index.schema import doc_of
from codectxd.search.fuse import Fused
from codectxd.search.weights import Weights


def shortlist(fused: Mapping[int, Fused], named: Collection[int], limit: int, weights: Weights) -> list[int]:
    """The best chunks of the best files, enough of both for `limit` answers, and what is `named`; ascending keys.

    Of files that are too far down to fill the answer, only so many chunks are needed as judge them.
    """
    files = _by_file(fused)
    best = sorted(files, key=lambda doc: (-_promise(files[doc], weights), doc))[: max(weights.judged_files, 2 * limit)]
    judging = 1 + weights.evidence_chunks
    chosen = {key for at, doc in enumerate(best) for _, key in files[doc][: max(judging, limit if at < limit else 0)]}
    return sorted(chosen.union(named))


def _by_file(fused: Mapping[int, Fused]) -> dict[int, list[tuple[float, int]]]:
    """(score, key) of each document's chunks, best first."""
    files: dict[int, list[tuple[float, int]]] = {}
    for negative, key in sorted([(-found.words - found.meaning, key) for key, found in fused.items()]):
        files.setdefault(doc_of(key), []).append((-negative, key))
    return files


def _promise(chunks: list[tuple[float, int]], weights: Weights) -> float:
    """A file's score as far as words and meaning make it."""
    return chunks[0][0] + weights.evidence * sum(score for score, _ in chunks[1 : 1 + weights.evidence_chunks])
