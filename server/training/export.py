"""The table as an ONNX graph, with its tokenizer and its description, in the form that codectxd loads.

The graph: gather the int8 rows and the scales of all tokens, add up those of each text (ScatterND), divide by the
length. The sum and the mean have the same direction, so no count is needed. Nothing is padded, and a text's sum does
not depend on its neighbours (a cumulative sum's would); but it is right in a session of one thread only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from codectxd.embed.layouts import Description
from codectxd.embed.onnx import digest
from codectxd.embed.quantise import quantise

_OPSET, _IR = 18, 9


def write(folder: Path, *, name: str, table: npt.NDArray[np.float32], tokenizer: bytes, max_tokens: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights = graph(table)
    description = Description(
        name=name,
        dimension=table.shape[1],
        pooling="mean",
        max_tokens=max_tokens,
        digest=digest(tokenizer, weights),
    )
    (folder / "model.onnx").write_bytes(weights)
    (folder / "tokenizer.json").write_bytes(tokenizer)
    (folder / "model.json").write_bytes(msgspec.json.format(msgspec.json.encode(description), indent=2) + b"\n")


def graph(table: npt.NDArray[np.float32]) -> bytes:
    rows, scales = quantise(table)
    constants: dict[str, npt.NDArray[Any]] = {
        "rows": rows,
        "scales": scales[:, None],
        "dimension": np.array([table.shape[1]], dtype=np.int64),
        "columns": np.array([1], dtype=np.int64),
        "smallest": np.array(1e-12, dtype=np.float32),
    }
    node = helper.make_node
    nodes = [
        node("Gather", ["rows", "ids"], ["row_steps"]),
        node("Cast", ["row_steps"], ["row_floats"], to=TensorProto.FLOAT),
        node("Gather", ["scales", "ids"], ["token_scales"]),
        node("Mul", ["row_floats", "token_scales"], ["tokens"]),
        node("Concat", ["texts", "dimension"], ["shape"], axis=0),
        node("ConstantOfShape", ["shape"], ["nothing"]),
        node("ScatterND", ["nothing", "owners", "tokens"], ["sums"], reduction="add"),
        node("ReduceL2", ["sums", "columns"], ["lengths"], keepdims=1),
        node("Max", ["lengths", "smallest"], ["divisors"]),
        node("Div", ["sums", "divisors"], ["vectors"]),
    ]
    inputs: list[tuple[str, list[str | int]]] = [("ids", ["tokens"]), ("owners", ["tokens", 1]), ("texts", [1])]
    built = helper.make_graph(
        nodes,
        "static-embedding",
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name, shape in inputs],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", table.shape[1]])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(built, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
    onnx.checker.check_model(model)
    serialised: bytes = model.SerializeToString()
    return serialised
