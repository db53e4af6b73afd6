"""Models that a user brings, run by onnxruntime: sentence transformers of any make, from text to unit vectors.

Texts are cut to the model's length, sorted by it and run in batches
of a bounded number of tokens, padding counted: what is ready is given at once. Tokens are pooled as the model says, where
its graph has not done so, cut to the dimension asked for, and given length 1. One thread, which is the caller's, whatever
the machine has.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from codectxd.embed.brought import cut, loaded
from codectxd.embed.embedder import Batch, Vectors
from codectxd.embed.model import ModelSpec
from codectxd.errors import ModelUnavailable

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Tokens = npt.NDArray[np.int64]

_TOKENS_PER_RUN: Final = 512
"""Padding counted. On one core a run of more is no faster, and this much bounds what a run holds and how long it takes."""

_SCALED_BY_COMPANY: Final = b"DynamicQuantizeLinear"
"""Where a graph has this, int8 numbers are scaled by the largest of all that is run together: a text's vector would depend
on its company, as much as on the rounding itself. One text a run is then as fast, since nothing is padded."""

_QUESTIONS: Final = 64
"""So many questions are remembered: several folders are asked the same, and so does who types on."""

_POOLED: Final = "sentence_embedding"
_PADDING: Final = ("[PAD]", "<pad>", "<|endoftext|>")


class TransformerEmbedder:
    """An Embedder. Thread-safe: the session is, and questions are remembered under a lock.

    The same text in another company may get a vector that differs in its last digits; whoever keeps vectors keeps the first.
    """

    def __init__(self, spec: ModelSpec) -> None:
        """Load the model. Raises ModelUnavailable when its files are missing, damaged, or not what `spec` says."""
        self._spec = spec
        self._session, self._tokenizer = loaded(spec, "model")
        self._tokens_per_run = _TOKENS_PER_RUN if _is_steady(spec) else 0
        self._padding = _padding(self._tokenizer)
        self._inputs = [one.name for one in self._session.get_inputs()]
        self._output, self._is_pooled = _output(spec, self._session.get_outputs())
        self._questions: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()
        if self.encode_question("a").shape != (spec.dimension,):
            raise ModelUnavailable(
                f"The model in {spec.source} cannot be used: its vectors are shorter than {spec.dimension}."
            )

    @property
    def model_id(self) -> str:
        return self._spec.id

    @property
    def dimension(self) -> int:
        return self._spec.dimension

    def batches(self, texts: Sequence[str]) -> Iterator[Batch]:
        """Embed `texts`, the shortest first, in runs of about `_TOKENS_PER_RUN` tokens."""
        yield from self._batches([self._spec.passage_prefix + text if text.strip() else "" for text in texts])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts`, in order: float32 of shape (texts, dimension). A blank text is the zero vector."""
        vectors = np.zeros((len(texts), self._spec.dimension), dtype=np.float32)
        for places, found in self.batches(texts):
            vectors[list(places)] = found
        return vectors

    def encode_question(self, text: str) -> Vectors:
        """The vector of a question, after the model's prefix for questions."""
        with self._lock:
            found = self._questions.get(text)
        if found is None:
            found = np.zeros(self._spec.dimension, dtype=np.float32)
            for _, vectors in self._batches([self._spec.query_prefix + text if text.strip() else ""]):
                found = vectors[0]
            with self._lock:
                self._questions[text] = found
                while len(self._questions) > _QUESTIONS:
                    self._questions.popitem(last=False)
        return found

    def _batches(self, texts: Sequence[str]) -> Iterator[Batch]:
        tokens = [self._split(text) if text else [] for text in texts]
        order = sorted(range(len(texts)), key=lambda at: (len(tokens[at]), at))
        empty = [at for at in order if not tokens[at]]
        if empty:
            yield empty, np.zeros((len(empty), self._spec.dimension), dtype=np.float32)
        for places in _runs(order[len(empty) :], tokens, self._tokens_per_run):
            yield places, self._run([tokens[at] for at in places])

    def _split(self, text: str) -> list[int]:
        # One by one: a batch would start threads of the library's own.
        ids: list[int] = self._tokenizer.encode(cut(text, self._spec)).ids
        return ids

    def _run(self, tokens: Sequence[Sequence[int]]) -> Vectors:
        lengths = np.array([len(one) for one in tokens])
        ids = np.full((len(tokens), int(lengths.max())), self._padding, dtype=np.int64)
        for row, one in zip(ids, tokens, strict=True):
            row[: len(one)] = one
        mask = (np.arange(ids.shape[1]) < lengths[:, None]).astype(np.int64)
        offered = {
            "input_ids": ids,
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(ids),
            "position_ids": np.maximum(np.cumsum(mask, axis=1) - 1, 0),
        }
        found = self._session.run([self._output], {name: offered[name] for name in self._inputs})[0]
        pooled = found if self._is_pooled else self._pooled(found, mask, lengths)
        return _unit(np.asarray(pooled, dtype=np.float32)[:, : self._spec.dimension])

    def _pooled(self, states: npt.NDArray[np.float32], mask: Tokens, lengths: Tokens) -> npt.NDArray[np.float32]:
        """One vector of the many of each text; `states` has the shape (texts, tokens, width)."""
        if self._spec.pooling == "cls":
            return states[:, 0]
        if self._spec.pooling == "last":
            return states[np.arange(len(states)), lengths - 1]
        sums: npt.NDArray[np.float32] = (states * mask[:, :, None]).sum(axis=1)
        means: npt.NDArray[np.float32] = np.divide(sums, lengths[:, None], dtype=np.float32)
        return means


def _is_steady(spec: ModelSpec) -> bool:
    """Whether a text's vector is the same in any company, but for its last digits."""
    try:
        return _SCALED_BY_COMPANY not in spec.weights.read_bytes()
    except OSError as problem:
        raise ModelUnavailable(f"The embedding model cannot be read ({spec.weights}): {problem.strerror}.") from problem


def _runs(order: Sequence[int], tokens: Sequence[Sequence[int]], most: int) -> Iterator[Sequence[int]]:
    """Cut places, which are in the order of their lengths, into runs of `most` tokens; at least one place each."""
    first = 0
    while first < len(order):
        last = first + 1
        while last < len(order) and (last - first + 1) * len(tokens[order[last]]) <= most:
            last += 1
        yield order[first:last]
        first = last


def _unit(vectors: npt.NDArray[np.float32]) -> Vectors:
    """Rows of length 1; what has no direction, or none that is a number, is the zero vector."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    usable = np.isfinite(lengths) & (lengths > 1e-12)
    return np.ascontiguousarray(np.where(usable, vectors / np.where(usable, lengths, 1.0), 0.0), dtype=np.float32)


def _padding(tokenizer: Tokenizer) -> int:
    """The token that fills up shorter texts; which one it is changes nothing, since the mask hides it."""
    return next((found for name in _PADDING if (found := tokenizer.token_to_id(name)) is not None), 0)


def _output(spec: ModelSpec, outputs: Sequence[Any]) -> tuple[str, bool]:
    """Which output is read, and whether it is one vector a text rather than one a token."""
    by_name = {one.name: len(one.shape or ()) for one in outputs}
    if by_name.get(_POOLED) == 2:
        return _POOLED, True
    for name, rank in by_name.items():
        if rank == 3:
            return name, False
    for name, rank in by_name.items():
        if rank == 2:
            return name, True
    raise ModelUnavailable(
        f"The model in {spec.source} cannot be used: none of its outputs is a vector for each text or token."
    )
