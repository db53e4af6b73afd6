"""How well a table finds the answers of repositories it has not seen: NDCG@10 with one right answer, by kind of pair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from codectxd.embed.words import FlatTokens
from training.corpus import Corpus

_KINDS = ("sentence", "header", "commit", "name")
_FEWEST, _MOST = 20, 300

Table = npt.NDArray[np.float32]


def ndcg(table: Table, corpora: Iterable[Corpus]) -> dict[str, float]:
    """The mean over repositories for each kind; a question's competitors are all answers of its repository."""
    scores: defaultdict[str, list[float]] = defaultdict(list)
    for corpus in corpora:
        questions, answers = pool(table, corpus.questions), pool(table, corpus.answers)
        for kind in _KINDS:
            rows = [row for row, of in enumerate(corpus.kinds) if of == kind][:_MOST]
            if len(rows) >= _FEWEST:
                scores[kind].append(_ndcg(questions[rows] @ answers.T, rows))
    return {kind: round(float(np.mean(values)), 4) for kind, values in scores.items()}


def pool(table: Table, tokens: FlatTokens) -> Table:
    """Unit vectors of texts, in float32: what the exported graph is to come close to."""
    vectors = np.zeros((len(tokens.starts) - 1, table.shape[1]), dtype=np.float32)
    for row, (first, last) in enumerate(zip(tokens.starts, tokens.starts[1:], strict=False)):
        vectors[row] = table[tokens.ids[first:last]].sum(axis=0)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return vectors


def _ndcg(scores: Table, right: list[int]) -> float:
    own = scores[np.arange(len(right)), right]
    ranks = 1 + (scores > own[:, None] + 1e-6).sum(axis=1)
    return float(np.where(ranks <= 10, 1 / np.log2(ranks + 1), 0.0).mean())
