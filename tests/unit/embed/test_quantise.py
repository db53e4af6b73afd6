"""Vectors to signed bytes and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from codectxd.embed.quantise import quantise, restore

FLOATS = st.floats(-(2.0**60), 2.0**60, width=32) | st.floats(-1, 1, width=32)


@given(arrays.arrays(np.float32, st.tuples(st.integers(0, 6), st.integers(1, 9)), elements=FLOATS))
def test_restoring_is_right_to_half_a_step(vectors: np.ndarray) -> None:
    rows, scales = quantise(vectors)
    assert (rows.dtype, scales.dtype) == (np.int8, np.float32)
    assert (rows.shape, scales.shape) == (vectors.shape, vectors.shape[:1])
    usable = scales > 0
    error = np.abs(restore(rows, scales).astype(np.float64) - vectors)[usable]
    assert np.all(error <= 0.501 * scales[usable, None].astype(np.float64))


def test_unit_vectors_keep_their_direction() -> None:
    vectors = np.random.default_rng(7).normal(size=(200, 256)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    restored = restore(*quantise(vectors))
    restored /= np.linalg.norm(restored, axis=1, keepdims=True)
    assert (vectors * restored).sum(axis=1).min() > 0.9998


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, -np.inf, 1e-38, 3e38])
def test_a_zero_or_unusable_vector_is_zeros_with_scale_zero(value: float) -> None:
    rows, scales = quantise(np.array([[0.0, value], [1.0, -2.0]], dtype=np.float32))
    assert not rows[0].any()
    assert scales[0] == 0.0
    assert rows[1].tolist() == [64, -127]


def test_no_vectors_are_no_rows() -> None:
    rows, scales = quantise(np.zeros((0, 4), dtype=np.float32))
    assert rows.shape == (0, 4)
    assert scales.shape == (0,)
