"""A BERT that judges pairs, to be trained: the arithmetic alone, over tensors under the names that their file has.

The same model as `transformer` writes as a graph. Knows nothing of texts, of losses and of where weights come from.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.nn import functional

Weights = dict[str, torch.Tensor]


class Shape(NamedTuple):
    layers: int
    heads: int
    epsilon: float


class Batch(NamedTuple):
    """Pairs as token ids, the type of each token, and which are no padding; each of shape (pairs, tokens)."""

    ids: torch.Tensor
    types: torch.Tensor
    mask: torch.Tensor


def logits(weights: Weights, shape: Shape, batch: Batch) -> torch.Tensor:
    """How well each pair's second text answers the first: float32 of shape (pairs,)."""
    table, places = weights["embeddings.word_embeddings.weight"], weights["embeddings.position_embeddings.weight"]
    states = functional.embedding(batch.ids, table) + places[: batch.ids.shape[1]]
    states = states + functional.embedding(batch.types, weights["embeddings.token_type_embeddings.weight"])
    states = _normalised(weights, "embeddings.LayerNorm", states, shape)
    seen = batch.mask[:, None, None, :]
    for layer in range(shape.layers - 1):
        states = _layer(weights, f"encoder.layer.{layer}", states, states, seen, shape)
    # Only the first token's state is asked for in the end.
    first = _layer(weights, f"encoder.layer.{shape.layers - 1}", states[:, :1], states, seen, shape)[:, 0]
    return _dense(weights, "classifier", torch.tanh(_dense(weights, "pooler.dense", first)))[:, 0].float()


def _layer(
    weights: Weights, name: str, asking: torch.Tensor, states: torch.Tensor, seen: torch.Tensor, shape: Shape
) -> torch.Tensor:
    query = _heads(_dense(weights, f"{name}.attention.self.query", asking), shape)
    key = _heads(_dense(weights, f"{name}.attention.self.key", states), shape)
    value = _heads(_dense(weights, f"{name}.attention.self.value", states), shape)
    mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen).transpose(1, 2).flatten(2)
    attended = _dense(weights, f"{name}.attention.output.dense", mixed)
    asking = _normalised(weights, f"{name}.attention.output.LayerNorm", attended + asking, shape)
    inner = functional.gelu(_dense(weights, f"{name}.intermediate.dense", asking))
    return _normalised(weights, f"{name}.output.LayerNorm", _dense(weights, f"{name}.output.dense", inner) + asking, shape)


def _heads(states: torch.Tensor, shape: Shape) -> torch.Tensor:
    texts, tokens, width = states.shape
    return states.reshape(texts, tokens, shape.heads, width // shape.heads).transpose(1, 2)


def _dense(weights: Weights, name: str, states: torch.Tensor) -> torch.Tensor:
    return functional.linear(states, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _normalised(weights: Weights, name: str, states: torch.Tensor, shape: Shape) -> torch.Tensor:
    size = (states.shape[-1],)
    return functional.layer_norm(states, size, weights[f"{name}.weight"], weights[f"{name}.bias"], shape.epsilon)
