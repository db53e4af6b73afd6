"""A cross-encoder of the user's own: what it says of a pair, and what is refused."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer

from codectxd.embed.loading import load
from codectxd.embed.model import ModelSpec, described, embedded
from codectxd.embed.reranker import Reranker, load_reranker, tried
from codectxd.errors import ModelUnavailable

MODELS = Path(__file__).parents[3] / "fixtures" / "models"
TINY = MODELS / "tiny-reranker"
PATIENCE_S = 60.0
QUESTION = "how are retries spaced out"
PASSAGES = ["def wait(n):\n    return 2**n\n", "class Cart: ...", "x", "größe = länge * 2", "word " * 500, ""]


@pytest.fixture(scope="module")
def reranker() -> Reranker:
    return Reranker(described(TINY))


def copied(target: Path) -> Path:
    shutil.copytree(TINY, target)
    return target


def test_what_it_says_is_what_the_graph_makes_of_both_texts_together(reranker: Reranker) -> None:
    session = onnxruntime.InferenceSession(TINY / "onnx" / "model.onnx", providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(TINY / "tokenizer.json"))
    tokenizer.enable_truncation(64)
    for passage, found in zip(PASSAGES, reranker.judged(QUESTION, PASSAGES, PATIENCE_S), strict=True):
        pair = tokenizer.encode(QUESTION, passage)
        fed = {"input_ids": pair.ids, "attention_mask": pair.attention_mask, "token_type_ids": pair.type_ids}
        (logits,) = session.run(None, {name: np.array([value]) for name, value in fed.items()})
        assert found == pytest.approx(float(logits[0, 0]), abs=1e-5)


def test_the_question_is_read_whole_where_a_passage_is_cut(reranker: Reranker) -> None:
    asked = [
        next(iter(reranker.judged(question, ["word " * 500], PATIENCE_S))) for question in ("a", "b", "how is a b made")
    ]
    assert len(set(asked)) == 3


def test_it_reads_no_more_than_somebody_takes_and_nothing_twice(reranker: Reranker, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    run = reranker._run
    monkeypatch.setattr(reranker, "_run", lambda *pair: read.append(pair[1]) or run(*pair))
    passages = [f"a new passage {number}" for number in range(9)]
    first = [score for score, _ in zip(reranker.judged("anything", passages, PATIENCE_S), range(3), strict=False)]
    assert len(read) <= 4
    again = list(reranker.judged("anything", passages, PATIENCE_S))
    assert again[:3] == first
    assert read == passages


def test_one_passage_of_another_question_is_another_pair(reranker: Reranker) -> None:
    assert list(reranker.judged("one", ["text"], PATIENCE_S)) != list(reranker.judged("another", ["text"], PATIENCE_S))


def test_threads_get_the_same(reranker: Reranker) -> None:
    passages = [f"shared {number}" for number in range(40)]
    found: list[list[float]] = []
    threads = [
        threading.Thread(target=lambda: found.append(list(reranker.judged("threads", passages, PATIENCE_S))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(one == found[0] for one in found)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200), st.lists(st.text(alphabet=st.characters(), max_size=300), max_size=3))
def test_any_text_gets_a_number(question: str, passages: list[str]) -> None:
    found = list(Reranker(described(TINY)).judged(question, passages, PATIENCE_S))
    assert len(found) == len(passages)
    assert np.isfinite(found).all()


def test_a_lone_surrogate_does_no_harm(reranker: Reranker) -> None:
    assert len(list(reranker.judged("\ud800", ["\udfff"], PATIENCE_S))) == 1


def test_what_the_folder_says_of_it() -> None:
    spec = described(TINY)
    assert (spec.kind, spec.dimension, spec.max_tokens) == ("reranker", 1, 64)
    assert spec.id.startswith("tiny-reranker-")


@pytest.mark.parametrize("said", [{"num_labels": 3}, {"id2label": {"0": "no", "1": "yes"}}, {}])
def test_a_model_that_sorts_into_classes_is_refused(tmp_path: Path, said: dict[str, object]) -> None:
    folder = copied(tmp_path / "classes")
    config = json.loads((folder / "config.json").read_text())
    kept = {name: value for name, value in config.items() if name not in ("num_labels", "id2label", "label2id")}
    (folder / "config.json").write_text(json.dumps(kept | said))
    with pytest.raises(ModelUnavailable, match=r"sorts texts into [23] classes"):
        described(folder)


def test_a_graph_that_gives_more_than_a_number_is_refused() -> None:
    spec = msgspec.structs.replace(described(MODELS / "tiny"), kind="reranker")
    with pytest.raises(ModelUnavailable, match="numbers of a pair, where one is wanted"):
        Reranker(spec)


@pytest.mark.parametrize("file", ["tokenizer.json", "onnx/model.onnx"])
def test_a_damaged_file_is_told(tmp_path: Path, file: str) -> None:
    folder = copied(tmp_path / "damaged")
    spec = described(folder)
    (folder / file).write_bytes(b"{}")
    with pytest.raises(ModelUnavailable, match="is damaged"):
        Reranker(spec)
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        Reranker(described(folder))


def test_one_kind_does_not_do_the_work_of_another() -> None:
    with pytest.raises(ModelUnavailable, match=r"`codectxd model rerank` takes it"):
        load(described(TINY))
    with pytest.raises(ModelUnavailable, match=r"`codectxd model use` takes it"):
        load_reranker(described(MODELS / "tiny"))
    with pytest.raises(ModelUnavailable, match="in the package cannot rerank"):
        load_reranker(embedded())


def of_graph(folder: Path, *nodes: onnx.NodeProto, constants: dict[str, Any] | None = None) -> ModelSpec:
    """The small reranker with another graph, from `input_ids` to `logits`."""
    ids = [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "tokens"])]
    logits = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)]
    held = [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()]
    graph = helper.make_graph(list(nodes), "g", ids, logits, held)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    copied(folder)
    (folder / "onnx" / "model.onnx").write_bytes(made.SerializeToString())
    return described(folder)


def endless(folder: Path, longer_than: int) -> ModelSpec:
    """A graph that goes round and round where a pair has more tokens than so many."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["went"]), helper.make_node("Add", ["had", "one"], ["has"])],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("had", TensorProto.FLOAT, [1]),
        ],
        [
            helper.make_tensor_value_info("went", TensorProto.BOOL, []),
            helper.make_tensor_value_info("has", TensorProto.FLOAT, [1]),
        ],
    )
    return of_graph(
        folder,
        helper.make_node("Shape", ["input_ids"], ["length"], start=1, end=2),
        helper.make_node("Greater", ["length", "few"], ["long"]),
        helper.make_node("Squeeze", ["long"], ["goes"]),
        helper.make_node("Loop", ["", "goes", "zero"], ["logits"], body=body),
        constants={"few": np.array([longer_than], np.int64), "zero": np.zeros(1, np.float32), "one": np.ones(1, np.float32)},
    )


def test_what_is_under_way_is_ended_when_the_time_is_over(tmp_path: Path) -> None:
    hanging = Reranker(endless(tmp_path / "hangs", longer_than=20))
    began = time.monotonic()
    assert len(list(hanging.judged("a", ["b", "word " * 40, "c"], 1.0))) == 1
    assert 1.0 <= time.monotonic() - began < PATIENCE_S
    assert len(list(hanging.judged("a", ["b", "c"], PATIENCE_S))) == 2


def test_one_that_hangs_at_once_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codectxd.embed.reranker._LONGEST_S", 0.5)
    with pytest.raises(ModelUnavailable, match="a pair of letters takes it more than"):
        Reranker(endless(tmp_path / "hangs", longer_than=0))
    with pytest.raises(ModelUnavailable, match="too slow"):
        tried(endless(tmp_path / "slow", longer_than=20))


def test_no_number_is_no_judgement(tmp_path: Path) -> None:
    made = helper.make_node("Identity", ["nan"], ["logits"])
    with pytest.raises(ModelUnavailable, match="of a pair it makes no number"):
        Reranker(of_graph(tmp_path / "nan", made, constants={"nan": np.full((1, 1), np.nan, np.float32)}))


def test_one_that_is_tried_says_how_long_it_takes() -> None:
    assert 0.0 < tried(described(TINY)) < 1e3 * PATIENCE_S
