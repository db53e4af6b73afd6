"""A BERT-like model as an ONNX graph, from its safetensors, without the library that it was trained with.

    python -m training.transformer FOLDER            writes FOLDER/onnx/model.onnx from config.json and model.safetensors
    python -m training.transformer FOLDER --tiny     makes a small model of random weights there first, for tests
    python -m training.transformer FOLDER --reranker the same with a judge's head: one number for a pair of texts

The graph takes input_ids, attention_mask and token_type_ids, each of shape (texts, tokens), and gives last_hidden_state;
that of a BertForSequenceClassification with one label gives logits, of shape (texts, 1). Only what `config.json` calls bert,
with absolute positions and gelu, is known: another kind is refused rather than written wrongly.
"""

from __future__ import annotations

import argparse
import json
import math
import string
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

_OPSET, _IR = 18, 9
_TYPES = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I64": "<i8", "I32": "<i4"}

Floats = npt.NDArray[np.float32]
Tensors = dict[str, Floats]

TINY = {
    "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute",
    "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32,
    "max_position_embeddings": 64, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
}  # fmt: skip

JUDGE = "BertForSequenceClassification"
ONE_LABEL = {"architectures": [JUDGE], "num_labels": 1, "id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}
"""What a model's description says beside its sizes where it judges pairs of texts by one number."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--reranker", action="store_true")
    options = parser.parse_args()
    if options.tiny:
        make_tiny(options.folder)
    if options.reranker:
        make_tiny_reranker(options.folder)
    export(options.folder)
    print(options.folder / "onnx" / "model.onnx")


def export(folder: Path) -> None:
    """Write the graph beside the model."""
    config = json.loads((folder / "config.json").read_text())
    written = graph(config, read(folder / "model.safetensors"))
    (folder / "onnx").mkdir(exist_ok=True)
    (folder / "onnx" / "model.onnx").write_bytes(written)


def read(path: Path) -> Tensors:
    """The tensors of a safetensors file by name, as float32: a JSON table of contents, then the numbers."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    table = json.loads(data[8 : 8 + size])
    found = {}
    for name, entry in table.items():
        if name == "__metadata__":
            continue
        first, last = (8 + size + at for at in entry["data_offsets"])
        values = np.frombuffer(data[first:last], dtype=_TYPES[entry["dtype"]]).reshape(entry["shape"])
        found[name.removeprefix("bert.")] = values.astype(np.float32)
    return found


def write(path: Path, tensors: Tensors) -> None:
    """The inverse of `read`."""
    table, at = {}, 0
    for name, values in tensors.items():
        table[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
    head = json.dumps(table).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + b"".join(values.tobytes() for values in tensors.values()))


def graph(config: dict[str, Any], tensors: Tensors) -> bytes:
    """The model as ONNX."""
    kind = config.get("model_type"), config.get("hidden_act"), config.get("position_embedding_type", "absolute")
    if kind != ("bert", "gelu", "absolute"):
        raise SystemExit(f"This is a model of another kind than is understood here: {kind}.")
    if _judges(config) and (labels := len(tensors["classifier.weight"])) != 1:
        raise SystemExit(f"This model gives {labels} numbers for a pair of texts: only one number is understood.")
    made = _Graph(config, tensors).made()
    onnx.checker.check_model(made)
    written: bytes = made.SerializeToString()
    return written


def _judges(config: dict[str, Any]) -> bool:
    return JUDGE in config.get("architectures", ())


class _Graph:
    """Nodes and constants as they come; each step gives the name of what it makes."""

    def __init__(self, config: dict[str, Any], tensors: Tensors) -> None:
        self._config = config
        self._tensors = tensors
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, npt.NDArray[Any]] = {}

    def made(self) -> onnx.ModelProto:
        states = self._embedded()
        hidden = self._masking()
        last = self._config["num_hidden_layers"] - 1
        for layer in range(last):
            states = self._layer(f"encoder.layer.{layer}", states, states, hidden)
        if _judges(self._config):
            output, shape = self._logits(f"encoder.layer.{last}", states, hidden)
        else:
            output, shape = self._states(f"encoder.layer.{last}", states, hidden)
        built = helper.make_graph(
            self._nodes,
            "bert",
            [
                helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"])
                for name in ("input_ids", "attention_mask", "token_type_ids")
            ],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
            [numpy_helper.from_array(value, name) for name, value in self._constants.items()],
        )
        return helper.make_model(built, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)

    def _states(self, last: str, states: str, masking: str) -> tuple[str, list[str | int]]:
        states = self._layer(last, states, states, masking)
        return self._node("Identity", [states], "last_hidden_state"), ["texts", "tokens", self._width]

    def _logits(self, last: str, states: str, masking: str) -> tuple[str, list[str | int]]:
        """The judgement is made of the first token's state alone, so the last layer makes no other."""
        zero, one = self._constant("zero", [0]), self._constant("one_place", [1])
        first = self._layer(last, self._node("Slice", [states, zero, one, one]), states, masking)
        pooled = self._node("Tanh", [self._dense("pooler.dense", self._node("Squeeze", [first, one]))])
        return self._node("Identity", [self._dense("classifier", pooled)], "logits"), ["texts", 1]

    @property
    def _width(self) -> int:
        return int(self._config["hidden_size"])

    def _embedded(self) -> str:
        words = self._node("Gather", [self._weight("embeddings.word_embeddings.weight"), "input_ids"])
        types = self._node("Gather", [self._weight("embeddings.token_type_embeddings.weight"), "token_type_ids"])
        length = self._node("Shape", ["input_ids"], start=1, end=2)
        table = self._weight("embeddings.position_embeddings.weight")
        places = self._node("Slice", [table, self._constant("zero", [0]), length, self._constant("zero", [0])])
        return self._normalised("embeddings.LayerNorm", self._node("Add", [self._node("Add", [words, types]), places]))

    def _masking(self) -> str:
        """What is added to the scores: nothing for tokens, as good as minus infinity for padding."""
        wide = self._node("Unsqueeze", ["attention_mask", self._constant("axes", [1, 2])])
        seen = self._node("Cast", [wide], to=TensorProto.FLOAT)
        unseen = self._node("Sub", [self._constant("one", np.float32(1)), seen])
        return self._node("Mul", [unseen, self._constant("lowest", np.float32(-1e9))])

    def _layer(self, name: str, asking: str, states: str, masking: str) -> str:
        """The new states of the tokens in `asking`, which look at all of `states`."""
        attended = self._attention(f"{name}.attention.self", asking, states, masking)
        attended = self._dense(f"{name}.attention.output.dense", attended)
        asking = self._normalised(f"{name}.attention.output.LayerNorm", self._node("Add", [attended, asking]))
        inner = self._gelu(self._dense(f"{name}.intermediate.dense", asking))
        outer = self._dense(f"{name}.output.dense", inner)
        return self._normalised(f"{name}.output.LayerNorm", self._node("Add", [outer, asking]))

    def _attention(self, name: str, asking: str, states: str, masking: str) -> str:
        heads = int(self._config["num_attention_heads"])
        each = self._width // heads
        query = self._heads(f"{name}.query", asking, heads, each)
        key, value = (self._heads(f"{name}.{part}", states, heads, each) for part in ("key", "value"))
        turned = self._node("Transpose", [key], perm=[0, 1, 3, 2])
        scores = self._node("MatMul", [query, turned])
        scores = self._node("Div", [scores, self._constant("root", np.float32(math.sqrt(each)))])
        shares = self._node("Softmax", [self._node("Add", [scores, masking])], axis=-1)
        mixed = self._node("Transpose", [self._node("MatMul", [shares, value])], perm=[0, 2, 1, 3])
        return self._node("Reshape", [mixed, self._constant("whole", [0, 0, self._width])])

    def _heads(self, name: str, states: str, heads: int, each: int) -> str:
        parted = self._node("Reshape", [self._dense(name, states), self._constant("parts", [0, 0, heads, each])])
        return self._node("Transpose", [parted], perm=[0, 2, 1, 3])

    def _dense(self, name: str, states: str) -> str:
        weight = f"{name}.weight.T"
        self._constants.setdefault(weight, np.ascontiguousarray(self._tensors[f"{name}.weight"].T))
        return self._node("Add", [self._node("MatMul", [states, weight]), self._weight(f"{name}.bias")])

    def _gelu(self, states: str) -> str:
        part = self._node("Div", [states, self._constant("root2", np.float32(math.sqrt(2)))])
        share = self._node("Add", [self._node("Erf", [part]), self._constant("one", np.float32(1))])
        return self._node("Mul", [self._node("Mul", [states, share]), self._constant("half", np.float32(0.5))])

    def _normalised(self, name: str, states: str) -> str:
        inputs = [states, self._weight(f"{name}.weight"), self._weight(f"{name}.bias")]
        return self._node("LayerNormalization", inputs, axis=-1, epsilon=self._config["layer_norm_eps"])

    def _weight(self, name: str) -> str:
        self._constants.setdefault(name, self._tensors[name])
        return name

    def _constant(self, name: str, value: Any) -> str:
        self._constants.setdefault(name, np.array(value, dtype=np.int64) if isinstance(value, list) else np.array(value))
        return name

    def _node(self, kind: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        output = output or f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output


def make_tiny(folder: Path) -> None:
    """A BERT of random weights, the same ones each time, and a tokenizer that knows letters and no words."""
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    config = {**TINY, "vocab_size": _save_letters(folder, pair="$A:0 $B:1")}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 48}) + "\n")
    pooling = {"word_embedding_dimension": TINY["hidden_size"], "pooling_mode_mean_tokens": True}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling) + "\n")
    write(folder / "model.safetensors", _random(config))


def make_tiny_reranker(folder: Path) -> None:
    """The same with a head that judges pairs: an untrained cross-encoder."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {**TINY, **ONE_LABEL, "vocab_size": _save_letters(folder, pair="[CLS] $A [SEP] $B:1 [SEP]:1")}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    write(folder / "model.safetensors", _random(config))


def _save_letters(folder: Path, *, pair: str) -> int:
    """Write a tokenizer of letters; how many pieces it has. `pair` is how two texts are put together."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    letters = string.ascii_lowercase + string.digits + string.punctuation
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{one}" for one in letters)]
    vocabulary = {piece: at for at, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair=pair,
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    return len(vocabulary)


def _random(config: dict[str, Any]) -> Tensors:
    draw = np.random.default_rng(1)
    width, inner = config["hidden_size"], config["intermediate_size"]
    shapes = {
        "embeddings.word_embeddings.weight": (config["vocab_size"], width),
        "embeddings.position_embeddings.weight": (config["max_position_embeddings"], width),
        "embeddings.token_type_embeddings.weight": (config["type_vocab_size"], width),
        **_norm("embeddings.LayerNorm", width),
    }
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{name}.{part}.weight": (width, width), f"{name}.{part}.bias": (width,)}
        shapes |= {f"{name}.intermediate.dense.weight": (inner, width), f"{name}.intermediate.dense.bias": (inner,)}
        shapes |= {f"{name}.output.dense.weight": (width, inner), f"{name}.output.dense.bias": (width,)}
        shapes |= {**_norm(f"{name}.attention.output.LayerNorm", width), **_norm(f"{name}.output.LayerNorm", width)}
    if _judges(config):
        shapes |= {"pooler.dense.weight": (width, width), "pooler.dense.bias": (width,)}
        shapes |= {"classifier.weight": (1, width), "classifier.bias": (1,)}
    return {
        name: (draw.normal(1 if "LayerNorm.weight" in name else 0, 0.3, shape)).astype(np.float32)
        for name, shape in shapes.items()
    }


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


if __name__ == "__main__":
    main()
