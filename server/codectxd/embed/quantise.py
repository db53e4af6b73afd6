"""Vectors as signed bytes with one scale each: a quarter of the size, and the order of neighbours kept.

Symmetric quantisation by the largest magnitude: `row * scale` gives the vector back to within half a step. Knows nothing
of models or indexes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_STEPS = 127.0
_SMALLEST, _LARGEST = 1e-30, 1e30
"""Between these the arithmetic below can neither overflow nor vanish in float32."""


def quantise(vectors: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Rows int8 of shape (n, d) and scales float32 of shape (n,).

    A zero vector gets zeros and scale 0; so does one whose largest magnitude is not finite or beyond 1e±30.
    """
    peaks = np.abs(vectors).max(axis=1, initial=0.0)
    usable = (peaks > _SMALLEST) & (peaks < _LARGEST)
    scales = np.where(usable, peaks / _STEPS, 0.0).astype(np.float32)
    inverse = np.divide(_STEPS, peaks, out=np.zeros_like(peaks), where=usable)
    steps = np.rint(np.where(usable[:, None], vectors, 0.0) * inverse[:, None])
    return np.clip(steps, -_STEPS, _STEPS).astype(np.int8), scales


def restore(rows: npt.NDArray[np.int8], scales: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The inverse of `quantise`, float32 of shape (n, d)."""
    return np.asarray(rows.astype(np.float32) * scales[:, None], dtype=np.float32)
