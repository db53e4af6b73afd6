"""Weights as signed bytes, with a scale for each column of a matrix: a quarter of the size, and twice as fast or more.

A home of onnxruntime, whose tool for it needs the library `onnx`: an extra, since who brings a model that is small already,
or runs none, has no use for it.
"""

from __future__ import annotations

import logging
from pathlib import Path

from codectxd.errors import ModelUnavailable


def to_bytes(weights: Path, target: Path) -> None:
    """Write a graph that does as `weights` does with int8 matrices. Raises ModelUnavailable."""
    try:
        import onnx  # noqa: F401 - the tool below would say less clearly that it is missing.
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError as problem:
        told = "install it by `pip install 'codectxd[models]'`, or leave out --int8"
        raise ModelUnavailable(f"Weights are made int8 by the library onnx, which is not installed: {told}.") from problem
    logging.getLogger().setLevel(logging.ERROR)  # It advises on steps that are for larger machines.
    try:
        # One scale for all of a matrix would cost much more than it saves. The last bit is given up so that sums cannot
        # overflow on processors that add up in 16 bits: vectors are to be the same everywhere.
        quantize_dynamic(weights, target, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    except Exception as problem:
        # The tool raises whatever its parts do.
        told = (str(problem).strip() or repr(problem)).splitlines()[0]
        raise ModelUnavailable(f"The weights cannot be made int8: {told}") from problem
