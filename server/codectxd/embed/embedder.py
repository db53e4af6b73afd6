"""What the rest of the program asks of a model: text in, unit vectors out; or, of a cross-encoder, a pair in, a number out.

Knows nothing of files, chunks or ONNX; `embed/onnx` is the implementation that ships, `embed/transformer` and
`embed/reranker` those for models that a user brings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""Shape (texts, dimension), C order; each row of length 1, or all zeros for a text without a known token."""

Batch = tuple[Sequence[int], Vectors]
"""Places in a list of texts, and the vectors of the texts there."""


class Embedder(Protocol):
    """A loaded model. Thread-safe: `encode` may be called from several threads at once."""

    @property
    def model_id(self) -> str:
        """Names the weights, the tokenizer, the pooling and the prefixes together: equal ids give equal vectors."""
        ...

    @property
    def dimension(self) -> int:
        """Columns of what `encode` returns."""
        ...

    def batches(self, texts: Sequence[str]) -> Iterator[Batch]:
        """Embed `texts`, each of them once, in any order: what is ready is given at once, and whoever has waited long enough
        takes no more."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts`, in order. Raises no error on any text; the empty text is the zero vector."""
        ...

    def encode_question(self, text: str) -> Vectors:
        """The one vector, of shape (dimension,), of a question, which some models want told apart from what answers it."""
        ...


class CrossEncoder(Protocol):
    """A loaded model that reads two texts together. Thread-safe."""

    @property
    def model_id(self) -> str:
        """Names weights, tokenizer and length together."""
        ...

    def judged(self, question: str, passages: Sequence[str], within_s: float) -> Iterator[float]:
        """How well each passage answers, higher is better, in order and one at a time. The scale is the model's own, and
        every value a number. After `within_s` nothing more is given, and what is under way is ended. Raises ModelUnavailable
        where the model does not run."""
        ...
