"""The embedder that ships: its vectors, its totality, and what it says when its files are not right."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codectxd.embed.embedder import Embedder
from codectxd.embed.model import ModelSpec, embedded
from codectxd.embed.onnx import OnnxEmbedder
from codectxd.errors import ModelUnavailable

TEXTS = [
    "def read_lines(path: str) -> list[str]:\n    with open(path) as file:\n        return file.readlines()\n",
    "how are retries of failed requests spaced out",
    "getHTTPServerError",
    "x",
    "func (s *Server) Close() error { return s.listener.Close() }",
    "größe = länge * 2",
    "0xdeadbeef 1234567890",
    "word " * 3000,
]


@pytest.fixture(scope="module")
def embedder() -> OnnxEmbedder:
    return OnnxEmbedder(embedded())


def test_it_is_an_embedder(embedder: OnnxEmbedder) -> None:
    as_protocol: Embedder = embedder
    assert as_protocol.dimension == 256
    assert as_protocol.model_id == embedded().id


def test_vectors_have_length_one(embedder: OnnxEmbedder) -> None:
    vectors = embedder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), 256)
    assert vectors.flags.c_contiguous
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_the_graph_equals_a_float_reference(embedder: OnnxEmbedder) -> None:
    expected = np.stack([_reference(text) for text in TEXTS])
    assert (embedder.encode(TEXTS) * expected).sum(axis=1).min() > 0.9999


def test_equal_texts_have_equal_vectors_in_any_batch(embedder: OnnxEmbedder) -> None:
    together = embedder.encode(TEXTS)
    alone = np.concatenate([embedder.encode([text]) for text in TEXTS])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(OnnxEmbedder(embedded()).encode(TEXTS[::-1])[::-1], together)


def test_a_batch_of_many_runs_keeps_the_order(embedder: OnnxEmbedder) -> None:
    texts = [f"{TEXTS[i % len(TEXTS)]} number {i}" for i in range(300)]
    np.testing.assert_array_equal(embedder.encode(texts)[123], embedder.encode([texts[123]])[0])


@pytest.mark.parametrize("text", ["", " \n\t", "()[]{};", "\0\0", "\ud800", "日" * 50_000])
def test_a_text_without_a_known_token_is_the_zero_vector(embedder: OnnxEmbedder, text: str) -> None:
    vector = embedder.encode([text, "word"])[0]
    assert not vector.any()


def test_no_texts_give_no_rows(embedder: OnnxEmbedder) -> None:
    assert embedder.encode([]).shape == (0, 256)


def test_a_long_text_is_its_beginning(embedder: OnnxEmbedder) -> None:
    line = "alpha(beta); " * 400_000
    np.testing.assert_array_equal(embedder.encode([line])[0], embedder.encode([line[:50_000]])[0])


def test_a_lone_surrogate_separates_words(embedder: OnnxEmbedder) -> None:
    np.testing.assert_array_equal(embedder.encode(["open\udcfffile\0name"]), embedder.encode(["open file name"]))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=200), max_size=8))
def test_no_text_raises(embedder: OnnxEmbedder, texts: list[str]) -> None:
    lengths = np.linalg.norm(embedder.encode(texts), axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-4) | (lengths == 0))


def test_threads_get_their_own_answers(embedder: OnnxEmbedder) -> None:
    texts = [f"{word} handler of request {i}" for i, word in enumerate(TEXTS * 20)]
    expected = embedder.encode(texts)
    answers: dict[int, np.ndarray] = {}
    shared = OnnxEmbedder(embedded())

    def ask(first: int) -> None:
        answers[first] = np.concatenate([shared.encode(texts[i : i + 5]) for i in range(first, len(texts), 20)])

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(0, 20, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for first, answer in answers.items():
        rows = [row for i in range(first, len(texts), 20) for row in range(i, min(i + 5, len(texts)))]
        np.testing.assert_array_equal(answer, expected[rows])


def test_related_texts_are_nearer_than_unrelated_ones(embedder: OnnxEmbedder) -> None:
    question, near, far = embedder.encode(
        ["parse a JSON document", "def loads(text):\n    return JSONDecoder().decode(text)", "void paint(Widget *window)"]
    )
    assert question @ far < question @ near


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    spec = embedded()
    weights = tmp_path / "model.onnx"
    weights.write_bytes(spec.weights.read_bytes()[:-1] + b"?")
    with pytest.raises(ModelUnavailable, match="damaged"):
        OnnxEmbedder(msgspec.structs.replace(spec, weights=weights))


def test_a_vanished_file_is_named(tmp_path: Path) -> None:
    spec = msgspec.structs.replace(embedded(), tokenizer=tmp_path / "gone.json")
    with pytest.raises(ModelUnavailable, match=r"gone\.json"):
        OnnxEmbedder(spec)


@pytest.mark.parametrize("order", [("usearch.index", "onnxruntime"), ("onnxruntime", "usearch.index")])
def test_usearch_and_onnxruntime_live_in_one_process_in_either_order(order: tuple[str, str]) -> None:
    program = f"import {order[0]}, {order[1]}\n" + _ENCODE_AND_SEARCH
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert (finished.returncode, finished.stdout) == (0, "3\n"), finished.stderr


def test_the_module_imports_neither_library() -> None:
    program = "import sys, codectxd.embed.onnx; print({'onnxruntime', 'tokenizers'} & set(sys.modules))"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert (finished.returncode, finished.stdout) == (0, "set()\n"), finished.stderr


def test_a_forked_child_embeds_too_and_nothing_is_said() -> None:
    finished = subprocess.run([sys.executable, "-c", _FORK], capture_output=True, text=True, timeout=120)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "0\n", "")


_ENCODE_AND_SEARCH = """
import numpy as np
from codectxd.embed.model import embedded
from codectxd.embed.onnx import OnnxEmbedder
from usearch.index import Index
vectors = OnnxEmbedder(embedded()).encode(["open a file", "close a socket", "draw a line", "parse a date"])
index = Index(ndim=vectors.shape[1], metric="ip")
index.add(np.arange(4), vectors)
print(index.search(vectors[3], 1).keys[0])
"""

_FORK = """
import os
from codectxd.embed.model import embedded
from codectxd.embed.onnx import OnnxEmbedder
embedder = OnnxEmbedder(embedded())
embedder.encode([f"someWord{i}" for i in range(100)])
child = os.fork()
if child == 0:
    embedder.encode([f"otherWord{i}" for i in range(100)])
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def _reference(text: str) -> np.ndarray:
    """Tokens by the tokenizer alone, sum and norm in float64 over the dequantised table."""
    spec = embedded()
    table, tokens = _table(spec), _tokens(spec, text)
    total = table[tokens[: spec.max_tokens]].sum(axis=0)
    return total / np.linalg.norm(total)


def _table(spec: ModelSpec) -> np.ndarray:
    import onnx  # Late: importing it takes longer than the tests that do not need it.

    constants = {c.name: onnx.numpy_helper.to_array(c) for c in onnx.load(spec.weights).graph.initializer}
    return constants["rows"].astype(np.float64) * constants["scales"]


def _tokens(spec: ModelSpec, text: str) -> list[int]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(spec.tokenizer))
    return [token for token in tokenizer.encode(text).ids if token != tokenizer.token_to_id("[UNK]")]
