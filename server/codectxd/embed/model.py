"""Which model: its files, what names it, and the shape of its vectors.

Reads one small JSON file and looks at the sizes of the others; the weights are read, and checked against the digest, by
whoever loads them. Knows nothing of onnxruntime.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from codectxd.errors import ModelUnavailable

_DATA = Path(__file__).parent / "data"
_DESCRIPTION = "model.json"


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`model.json` as it lies beside the weights. `digest` is the hexadecimal BLAKE2b-128 of tokenizer and weights."""

    name: str
    dimension: int
    pooling: Literal["mean"]
    max_tokens: int
    digest: str
    query_prefix: str = ""
    weights: str = "model.onnx"
    tokenizer: str = "tokenizer.json"


class ModelSpec(msgspec.Struct, frozen=True):
    """A model that can be loaded: where its files are and what it promises.

    `id` names weights, tokenizer and pooling together; `digest` is what the files must hash to, `max_tokens` how much
    of a text is looked at, `query_prefix` what a question is to be preceded by.
    """

    id: str
    digest: str
    dimension: int
    pooling: Literal["mean"]
    max_tokens: int
    query_prefix: str
    weights: Path
    tokenizer: Path


def embedded() -> ModelSpec:
    """The model inside this package. Raises ModelUnavailable when the installation is damaged."""
    return described(_DATA)


def described(folder: Path) -> ModelSpec:
    """The model whose `model.json` lies in `folder`. Raises ModelUnavailable when a file is missing or unreadable."""
    description = _read(folder / _DESCRIPTION)
    return ModelSpec(
        id=f"{description.name}-{description.digest[:12]}",
        digest=description.digest,
        dimension=description.dimension,
        pooling=description.pooling,
        max_tokens=description.max_tokens,
        query_prefix=description.query_prefix,
        weights=_present(folder / description.weights),
        tokenizer=_present(folder / description.tokenizer),
    )


def _read(path: Path) -> Description:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Description)
    except OSError as error:
        raise ModelUnavailable(f"The embedding model is missing ({path}): install codectxd again.") from error
    except msgspec.DecodeError as error:
        raise ModelUnavailable(f"The embedding model's description is damaged ({path}): install codectxd again.") from error


def _present(path: Path) -> Path:
    if not path.is_file():
        raise ModelUnavailable(f"A file of the embedding model is missing ({path}): install codectxd again.")
    return path
