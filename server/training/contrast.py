"""The table learns: a question's vector near its answer's, away from those of the same repository's other answers.

Symmetric InfoNCE at two sizes of the vector (Matryoshka: the first 128 numbers are a model of their own). A batch comes from
one repository, because its other files are what a search must tell apart. InfoNCE: van den Oord et al., 2018;
Matryoshka: Kusupati et al., 2022.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from codectxd.embed.words import FlatTokens
from training.corpus import Corpus

Table = npt.NDArray[np.float32]


class Recipe(NamedTuple):
    steps: int = 1_500
    batch: int = 1_024
    rate: float = 1.5e-3
    temperature: float = 0.08
    sizes: tuple[int, ...] = (256, 128)
    seed: int = 17


def train(table: Table, corpora: Sequence[Corpus], recipe: Recipe) -> Table:
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(1)  # a batch is too small for two threads to gain
    draw = np.random.default_rng(recipe.seed)
    weight = torch.nn.Parameter(torch.from_numpy(table.copy()))
    optimiser = torch.optim.Adam([weight], lr=recipe.rate, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.steps)
    chances = np.sqrt([len(corpus.questions.starts) - 1 for corpus in corpora])
    chances /= chances.sum()
    for step in range(recipe.steps):
        corpus = corpora[draw.choice(len(corpora), p=chances)]
        n = len(corpus.questions.starts) - 1
        rows = draw.choice(n, size=min(recipe.batch, n), replace=False)
        loss = _loss(_pool(weight, corpus.questions, rows), _pool(weight, corpus.answers, rows), recipe)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.3f}", flush=True)
    return weight.detach().numpy()


def _pool(weight: torch.Tensor, tokens: FlatTokens, rows: npt.NDArray[np.int64]) -> torch.Tensor:
    first, counts = tokens.starts[rows], tokens.starts[rows + 1] - tokens.starts[rows]
    offsets = np.zeros(len(rows), dtype=np.int64)
    np.cumsum(counts[:-1], out=offsets[1:])
    places = np.arange(counts.sum()) + np.repeat(first - offsets, counts)
    return functional.embedding_bag(torch.from_numpy(tokens.ids[places]), weight, torch.from_numpy(offsets), mode="mean")


def _loss(questions: torch.Tensor, answers: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    target = torch.arange(len(questions))
    total = torch.zeros(())
    for size in recipe.sizes:
        left, right = functional.normalize(questions[:, :size]), functional.normalize(answers[:, :size])
        scores = left @ right.T / recipe.temperature
        scores = scores.masked_fill(_alike(left, right), -torch.inf)
        total = total + functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target)
    return total / (2 * len(recipe.sizes))


@torch.no_grad()
def _alike(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Other pairs with the same question or the same answer: no mistake to be near them."""
    same = (left @ left.T > 0.999) | (right @ right.T > 0.999)
    return same.fill_diagonal_(False)
