"""What a folder of a model says of itself: our own `model.json`, or what sentence-transformers and its exports write.

A model whose architecture is for classifying sequences, with one label, is a cross-encoder: a reranker.

Of the latter: the graph in `onnx/` or at the top, `tokenizer.json`, pooling in `1_Pooling/config.json`, the greatest length
in `sentence_bert_config.json`, prefixes among the prompts of `config_sentence_transformers.json`. What would silently give
wrong vectors (a pooling that is not known, a layer on top) is an error. Reads JSON and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from codectxd.errors import ModelUnavailable

Pooling = Literal["mean", "cls", "last"]
Kind = Literal["static", "transformer", "reranker"]

GRAPHS: Final = ("onnx/model.onnx", "model.onnx", "onnx/model_quantized.onnx", "model_quantized.onnx")
"""Where the graph may lie, the first that is there."""

SMALL: Final = (
    "config.json",
    "tokenizer.json",
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "tokenizer_config.json",
)
"""The files that are read beside the graph, of which some models lack some."""

NEEDED: Final = ("tokenizer.json", "config.json")

_UNDERSTOOD: Final = ("Transformer", "Pooling", "Normalize")
_POOLINGS: Final[Mapping[str, Pooling]] = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean",  # Another length, and the same direction.
    "pooling_mode_cls_token": "cls",
    "pooling_mode_lasttoken": "last",
}
_NAMED: Final[Mapping[str, Pooling]] = {"mean": "mean", "cls": "cls", "lasttoken": "last", "mean_sqrt_len_tokens": "mean"}
_CLASSIFYING: Final = "ForSequenceClassification"
_USUAL_LABELS: Final = 2
"""What an architecture for classifying has where its config.json does not say."""
_MOST_TOKENS: Final = 8_192
_USUAL_TOKENS: Final = 512


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`model.json` as it lies beside the weights. `digest` is the hexadecimal BLAKE2b-128 of tokenizer and weights; without
    it, the files are taken as they are. A reranker makes one number, and has neither pooling nor prefixes."""

    name: str
    dimension: int
    pooling: Pooling
    max_tokens: int
    digest: str = ""
    query_prefix: str = ""
    passage_prefix: str = ""
    weights: str = "model.onnx"
    tokenizer: str = "tokenizer.json"
    kind: Kind = "static"


def described(folder: Path) -> Description:
    """What the files in `folder` say. Raises ModelUnavailable where they do not make a model."""
    if not folder.is_dir():
        raise ModelUnavailable(f"There is no folder {folder} to take a model from.")
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    weights = next((name for name in GRAPHS if (folder / name).is_file()), None)
    if missing or weights is None:
        lacks = ", ".join([*missing, *(() if weights else ["onnx/model.onnx"])])
        raise ModelUnavailable(f"{folder} is no model that can be used: it lacks {lacks}.")
    config = _json(folder / "config.json")
    if _is_reranker(folder, config):
        name, length = os.path.basename(os.path.normpath(folder)), _length(folder, config)
        return Description(name, 1, "cls", length, weights=weights, kind="reranker")
    _check_modules(folder)
    prompts = _prompts(folder)
    width = _width(folder, config)
    return Description(
        name=os.path.basename(os.path.normpath(folder)),
        dimension=min(width, _number(_json(folder / "config_sentence_transformers.json"), "truncate_dim", width)),
        pooling=_pooling(folder),
        max_tokens=_length(folder, config),
        query_prefix=prompts.get("query", ""),
        passage_prefix=prompts.get("passage") or prompts.get("document") or "",
        weights=weights,
        kind="transformer",
    )


def _is_reranker(folder: Path, config: Mapping[str, Any]) -> bool:
    architectures = config.get("architectures")
    named = [str(one) for one in architectures] if isinstance(architectures, list) else []
    if not any(name.endswith(_CLASSIFYING) for name in named):
        return False
    labels = config.get("id2label")
    count = _number(config, "num_labels", 0) or (len(labels) if isinstance(labels, dict) else _USUAL_LABELS)
    if count != 1:
        told = f"it sorts texts into {count} classes, and a reranker gives one number"
        raise ModelUnavailable(f"{folder} cannot be used: {told}.")
    return True


def _json(path: Path) -> dict[str, Any]:
    """The object in a file, or an empty one where there is no file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as problem:
        raise ModelUnavailable(f"{path} cannot be read as JSON: {problem}.") from problem


def _check_modules(folder: Path) -> None:
    path = folder / "modules.json"
    if not path.is_file():
        return
    try:
        modules = msgspec.json.decode(path.read_bytes(), type=list[dict[str, Any]])
    except (OSError, msgspec.DecodeError) as problem:
        raise ModelUnavailable(f"{path} cannot be read as JSON: {problem}.") from problem
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in modules]
    strange = [kind for kind in kinds if kind not in _UNDERSTOOD]
    if strange:
        raise ModelUnavailable(f"{folder} cannot be used: its layer {strange[0]} is not understood.")


def _pooling(folder: Path) -> Pooling:
    said = _json(folder / "1_Pooling" / "config.json")
    if not said:
        return "mean"
    named = said.get("pooling_mode")
    chosen = [named] if isinstance(named, str) else [name for name, on in said.items() if on is True and _is_mode(name)]
    known = {**_POOLINGS, **_NAMED}
    if len(chosen) != 1 or chosen[0] not in known:
        told = " and ".join(chosen) or "none"
        raise ModelUnavailable(f"{folder} cannot be used: its pooling, {told}, is not one of mean, cls and last.")
    return known[chosen[0]]


def _is_mode(name: str) -> bool:
    return name.startswith("pooling_mode_")


def _width(folder: Path, config: Mapping[str, Any]) -> int:
    said = _json(folder / "1_Pooling" / "config.json")
    width = _number(said, "word_embedding_dimension", 0) or _number(said, "embedding_dimension", 0)
    width = width or _number(config, "hidden_size", 0) or _number(config, "dim", 0)
    if not width:
        raise ModelUnavailable(f"{folder} cannot be used: neither config.json nor 1_Pooling says how wide its vectors are.")
    return width


def _length(folder: Path, config: Mapping[str, Any]) -> int:
    """How many tokens the model may be given: what is said first, and never more than it has positions for."""
    positions = _number(config, "max_position_embeddings", _MOST_TOKENS)
    told = (
        _number(_json(folder / "sentence_bert_config.json"), "max_seq_length", 0)
        or _number(_json(folder / "tokenizer_config.json"), "model_max_length", 0)
        or _USUAL_TOKENS
    )
    return max(8, min(told, positions, _MOST_TOKENS))


def _prompts(folder: Path) -> dict[str, str]:
    said = _json(folder / "config_sentence_transformers.json")
    found = said.get("prompts")
    prompts = {name: text for name, text in found.items() if isinstance(text, str)} if isinstance(found, dict) else {}
    usual = prompts.get(str(said.get("default_prompt_name")), "")
    return {"query": usual, "passage": prompts.get("document", usual), **prompts}


def _number(said: Mapping[str, Any], name: str, otherwise: int) -> int:
    value = said.get(name)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e9 else otherwise
