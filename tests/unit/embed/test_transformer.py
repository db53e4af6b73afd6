"""Models of the user's own: a small BERT of random weights against a reference in plain arithmetic, and what each setting
does."""

from __future__ import annotations

import importlib
import json
import math
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from tokenizers import Tokenizer

from codectxd.embed.embedder import Embedder
from codectxd.embed.model import ModelSpec, described
from codectxd.embed.transformer import TransformerEmbedder
from codectxd.errors import ModelUnavailable

ROOT = Path(__file__).parents[3]
sys.path.append(str(ROOT / "server"))  # Last: training is in no installed package, and codectxd may well be.
training = importlib.import_module("training.transformer")

TINY = ROOT / "fixtures" / "models" / "tiny"
TEXTS = [
    "how are retries spaced out",
    "def read_lines(path):\n    with open(path) as file:\n        return file.readlines()\n",
    "x",
    "größe = länge * 2",
    "close the socket",
    "word " * 500,
]
_ERF = np.vectorize(math.erf, otypes=[np.float64])


@pytest.fixture(scope="module")
def embedder() -> TransformerEmbedder:
    return TransformerEmbedder(described(TINY))


def model(**changed: Any) -> TransformerEmbedder:
    """The small model with some of its settings changed."""
    return TransformerEmbedder(msgspec.structs.replace(described(TINY), **changed))


def states(text: str, folder: Path) -> np.ndarray[Any, Any]:
    """Float64 states of all tokens, by the definition of BERT and from the weights themselves."""
    config = json.loads((folder / "config.json").read_text())
    weights = {name: value.astype(np.float64) for name, value in training.read(folder / "model.safetensors").items()}
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(48)
    ids = tokenizer.encode(text).ids

    def norm(x: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + config["layer_norm_eps"])
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def dense(x: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    x = weights["embeddings.word_embeddings.weight"][ids] + weights["embeddings.token_type_embeddings.weight"][0]
    x = norm(x + weights["embeddings.position_embeddings.weight"][: len(ids)], "embeddings.LayerNorm")
    each = config["hidden_size"] // config["num_attention_heads"]
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        q, k, v = (dense(x, f"{name}.attention.self.{part}") for part in ("query", "key", "value"))
        mixed = []
        for first in range(0, config["hidden_size"], each):
            part = slice(first, first + each)
            shares = np.exp(q[:, part] @ k[:, part].T / math.sqrt(each))
            mixed.append(shares / shares.sum(-1, keepdims=True) @ v[:, part])
        attended = dense(np.concatenate(mixed, axis=1), f"{name}.attention.output.dense")
        x = norm(attended + x, f"{name}.attention.output.LayerNorm")
        inner = dense(x, f"{name}.intermediate.dense")
        inner = inner * 0.5 * (1 + _ERF(inner / math.sqrt(2)))
        x = norm(dense(inner, f"{name}.output.dense") + x, f"{name}.output.LayerNorm")
    return np.asarray(x)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model made anew, with the weights that it is made of."""
    folder = tmp_path_factory.mktemp("made") / "tiny"
    training.make_tiny(folder)
    training.export(folder)
    return folder


def test_the_fixture_is_what_the_command_makes(made: Path) -> None:
    for name in ("onnx/model.onnx", "tokenizer.json", "config.json", "1_Pooling/config.json"):
        assert (made / name).read_bytes() == (TINY / name).read_bytes()


POOLINGS: dict[str, Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]] = {
    "mean": lambda x: x.mean(0),
    "cls": lambda x: x[0],
    "last": lambda x: x[-1],
}


@pytest.mark.parametrize("pooling", POOLINGS)
def test_vectors_are_those_of_the_reference(made: Path, pooling: str) -> None:
    expected = np.stack([POOLINGS[pooling](states(text, made)) for text in TEXTS])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(model(pooling=pooling).encode(TEXTS), expected, atol=2e-5)


def test_it_is_an_embedder_of_unit_vectors(embedder: TransformerEmbedder) -> None:
    as_protocol: Embedder = embedder
    vectors = as_protocol.encode(TEXTS)
    assert (vectors.dtype, vectors.shape, vectors.flags.c_contiguous) == (np.float32, (len(TEXTS), 16), True)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert as_protocol.encode([]).shape == (0, 16)


def test_company_and_order_change_no_vector_beyond_its_last_digits(embedder: TransformerEmbedder) -> None:
    texts = [f"{TEXTS[i % len(TEXTS)][:40]} number {i}" for i in range(100)]
    alone = np.concatenate([embedder.encode([text]) for text in texts])
    np.testing.assert_allclose(embedder.encode(texts), alone, atol=1e-5)
    np.testing.assert_allclose(embedder.encode(texts[::-1])[::-1], alone, atol=1e-5)


def test_what_is_ready_is_given_in_batches_of_a_bounded_size(embedder: TransformerEmbedder) -> None:
    places = [list(batch) for batch, _ in embedder.batches(["a b c " * 20] * 100 + ["", "x"])]
    assert sorted(at for batch in places for at in batch) == list(range(102))
    assert len(places) > 5
    assert max(map(len, places[2:])) <= 512 // 48


@pytest.mark.parametrize("text", ["", " \n\t", "\r\n"])
def test_a_blank_text_is_the_zero_vector(embedder: TransformerEmbedder, text: str) -> None:
    assert not embedder.encode([text, "word"])[0].any()
    assert not embedder.encode_question(text).any()


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200))
def test_I6_no_text_raises(embedder: TransformerEmbedder, text: str) -> None:
    assert np.isfinite(embedder.encode([text, text + "\udcff"])).all()


def test_a_long_text_is_its_beginning(embedder: TransformerEmbedder) -> None:
    np.testing.assert_allclose(embedder.encode(["ab " * 100_000]), embedder.encode(["ab " * 48]), atol=1e-6)
    assert np.abs(model(max_tokens=12).encode([TEXTS[1]]) - embedder.encode([TEXTS[1]])).max() > 0.01


def test_fewer_dimensions_are_the_first_ones_scaled(embedder: TransformerEmbedder) -> None:
    whole, part = embedder.encode(TEXTS), model(dimension=6).encode(TEXTS)
    np.testing.assert_allclose(part, whole[:, :6] / np.linalg.norm(whole[:, :6], axis=1, keepdims=True), atol=1e-5)


def test_questions_and_passages_have_their_prefixes(embedder: TransformerEmbedder) -> None:
    asked = model(query_prefix="query: ", passage_prefix="text: ")
    np.testing.assert_allclose(asked.encode_question("a b"), embedder.encode(["query: a b"])[0], atol=1e-5)
    np.testing.assert_allclose(asked.encode(["a b"]), embedder.encode(["text: a b"]), atol=1e-5)
    np.testing.assert_array_equal(asked.encode_question("a b"), asked.encode_question("a b"))


@pytest.mark.parametrize(
    ("file", "said", "changed"),
    [
        ("1_Pooling/config.json", {"word_embedding_dimension": 16, "pooling_mode_cls_token": True}, {"pooling": "cls"}),
        ("1_Pooling/config.json", {"word_embedding_dimension": 16, "pooling_mode_lasttoken": True}, {"pooling": "last"}),
        ("sentence_bert_config.json", {"max_seq_length": 20}, {"max_tokens": 20}),
        ("sentence_bert_config.json", {"max_seq_length": 2000}, {"max_tokens": 64}),
        (
            "config_sentence_transformers.json",
            {"prompts": {"query": "q: ", "document": "d: "}, "truncate_dim": 8},
            {"query_prefix": "q: ", "passage_prefix": "d: ", "dimension": 8},
        ),
        (
            "config_sentence_transformers.json",
            {"prompts": {"usual": "u: "}, "default_prompt_name": "usual"},
            {"query_prefix": "u: ", "passage_prefix": "u: "},
        ),
    ],
)
def test_a_folder_says_how_its_model_is_used(tmp_path: Path, file: str, said: Any, changed: dict[str, Any]) -> None:
    folder = shutil.copytree(TINY, tmp_path / "tiny")
    (folder / file).write_text(json.dumps(said))
    found = described(folder)
    assert {name: getattr(found, name) for name in changed} == changed
    assert found.id != described(TINY).id  # Other vectors: what was kept of the other is not taken for them.


def damage(spec: ModelSpec) -> None:
    spec.weights.write_bytes(b"no graph")


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("onnx/model.onnx", b"no graph", "cannot be loaded"),
        ("tokenizer.json", b"{}", "cannot be loaded"),
        ("config.json", b"{", "cannot be read as JSON"),
        ("1_Pooling/config.json", b'{"pooling_mode_max_tokens": true}', "pooling_mode_max_tokens, is not one of"),
        ("1_Pooling/config.json", b'{"pooling_mode_mean_tokens": true, "word_embedding_dimension": 99}', "shorter than 99"),
        ("modules.json", b'[{"type": "sentence_transformers.models.Dense"}]', "its layer Dense is not understood"),
    ],
)
def test_what_would_give_wrong_vectors_is_an_error_in_a_sentence(
    tmp_path: Path, file: str, content: bytes, told: str
) -> None:
    folder = shutil.copytree(TINY, tmp_path / "tiny")
    (folder / file).write_bytes(content)
    with pytest.raises(ModelUnavailable, match=told):
        TransformerEmbedder(described(folder))


@pytest.mark.parametrize("file", ["onnx/model.onnx", "tokenizer.json", "config.json"])
def test_what_a_folder_lacks_is_named(tmp_path: Path, file: str) -> None:
    folder = shutil.copytree(TINY, tmp_path / "tiny")
    (folder / file).unlink()
    with pytest.raises(ModelUnavailable, match=f"it lacks {file}"):
        described(folder)


def test_a_graph_that_pools_by_itself_is_taken_at_its_word(tmp_path: Path, embedder: TransformerEmbedder) -> None:
    folder = shutil.copytree(TINY, tmp_path / "tiny")
    graph = onnx.load(folder / "onnx" / "model.onnx")
    graph.graph.node.append(helper.make_node("ReduceMax", ["last_hidden_state", "most"], ["sentence_embedding"], keepdims=0))
    graph.graph.initializer.append(helper.make_tensor("most", TensorProto.INT64, [1], [1]))
    graph.graph.output.append(helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["texts", 16]))
    onnx.save(graph, folder / "onnx" / "model.onnx")
    assert np.abs(TransformerEmbedder(described(folder)).encode(["a b"]) - embedder.encode(["a b"])).max() > 0.01
