"""The small judge of pairs that tests use: what the command makes, and its head in plain arithmetic over the states of all
tokens, which other tests hold against a reference."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer

ROOT = Path(__file__).parents[3]
sys.path.append(str(ROOT / "server"))  # Last: training is in no installed package, and codectxd may well be.
transformer = importlib.import_module("training.transformer")

TINY = ROOT / "fixtures" / "models" / "tiny-reranker"
PAIRS = [
    ("how are retries spaced out", "net/retry.py\ndef wait(attempt):\n    return 2**attempt\n"),
    ("x", "close it"),
    ("a", ""),
]


Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small judge made anew, with the weights that it is made of."""
    folder: Path = tmp_path_factory.mktemp("made") / "tiny-reranker"
    transformer.make_tiny_reranker(folder)
    transformer.export(folder)
    return folder


def inputs() -> dict[str, Array]:
    tokenizer = Tokenizer.from_file(str(TINY / "tokenizer.json"))
    tokenizer.enable_truncation(64, strategy="only_second")
    tokenizer.enable_padding(pad_id=0)
    encoded = tokenizer.encode_batch(PAIRS)
    parts = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
    return {name: np.array([getattr(one, part) for one in encoded], dtype=np.int64) for name, part in parts.items()}


def run(graph: bytes, given: dict[str, Array]) -> Array:
    return np.asarray(onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"]).run(None, given)[0])


def test_the_fixture_is_what_the_command_makes(made: Path) -> None:
    for name in ("onnx/model.onnx", "tokenizer.json", "config.json"):
        assert (made / name).read_bytes() == (TINY / name).read_bytes()


def test_a_pair_is_two_texts_of_two_types() -> None:
    encoded = Tokenizer.from_file(str(TINY / "tokenizer.json")).encode("a", "b c")
    assert encoded.tokens == ["[CLS]", "a", "[SEP]", "b", "c", "[SEP]"]
    assert encoded.type_ids == [0, 0, 0, 1, 1, 1]


def test_logits_are_the_head_over_the_first_tokens_state(made: Path) -> None:
    weights = transformer.read(made / "model.safetensors")
    config = json.loads((made / "config.json").read_text())
    states = run(transformer.graph({**config, "architectures": ["BertModel"]}, weights), inputs())
    pooled = np.tanh(states[:, 0] @ weights["pooler.dense.weight"].T + weights["pooler.dense.bias"])
    expected = pooled @ weights["classifier.weight"].T + weights["classifier.bias"]
    logits = run((TINY / "onnx" / "model.onnx").read_bytes(), inputs())
    assert logits.shape == (len(PAIRS), 1)
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_which_text_is_the_question_counts() -> None:
    given = inputs()
    graph = (TINY / "onnx" / "model.onnx").read_bytes()
    other = {**given, "token_type_ids": 1 - given["token_type_ids"]}
    assert np.abs(run(graph, given) - run(graph, other)).min() > 1e-3


def test_a_head_of_several_numbers_is_refused(made: Path) -> None:
    weights = transformer.read(made / "model.safetensors")
    weights["classifier.weight"] = np.zeros((3, 16), dtype=np.float32)
    with pytest.raises(SystemExit, match="gives 3 numbers"):
        transformer.graph(json.loads((made / "config.json").read_text()), weights)
