"""What the rest of the program asks of a model: text in, unit vectors out.

Knows nothing of files, chunks or ONNX; `embed/onnx` is the implementation that ships.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""Shape (texts, dimension), C order; each row of length 1, or all zeros for a text without a known token."""


class Embedder(Protocol):
    """A loaded model. Thread-safe: `encode` may be called from several threads at once."""

    @property
    def model_id(self) -> str:
        """Names the weights, the tokenizer and the pooling together: equal ids give equal vectors."""
        ...

    @property
    def dimension(self) -> int:
        """Columns of what `encode` returns."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts`, in order. Raises no error on any text; the empty text is the zero vector."""
        ...
