"""The folder of added models: one folder each, with weights, tokenizer and our own `model.json`. What is added was tried
first.

Everything is made in a folder beside its place and renamed there, so that a model is there whole or not at all. Knows
nothing of networks, nor of who uses a model.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from codectxd.embed import layouts
from codectxd.embed.layouts import Description, Kind
from codectxd.embed.loading import load
from codectxd.embed.model import DESCRIPTION, EMBEDDED, OFF, ModelSpec, described, digest_of, found_in, parts_of
from codectxd.embed.reranker import tried
from codectxd.errors import ModelUnavailable, UsageError
from codectxd.models import compress

_FEWEST_TOKENS: Final = 32
_NAME: Final = re.compile(r"[\w][\w.-]{0,80}")
_WEIGHTS: Final = "model.onnx"
_TRIED: Final = (
    "how are retries of failed requests spaced out",
    "def total(lines):\n    return sum(line.price for line in lines)\n" * 4,
)


class Added(msgspec.Struct, frozen=True, rename="camel"):
    """A model as it was added, or is listed. `text_ms` is what one text of a few lines took, where it was tried; `kind` is
    static, transformer, or reranker, whose dimension is 1."""

    name: str
    id: str
    dimension: int
    max_tokens: int
    bytes: int
    folder: str
    kind: Kind
    text_ms: float | None = None


def checked_name(name: str) -> str:
    """A name that a model may have. Raises UsageError."""
    if not _NAME.fullmatch(name) or name in (EMBEDDED, OFF):
        told = "letters, digits, dots, dashes and underscores make one"
        raise UsageError(f"{name!r} cannot be the name of a model: {told}; --name gives another.")
    return name


def add(models: Path, folder: Path, name: str, settings: dict[str, Any], *, int8: bool) -> Added:
    """Copy the model in `folder` to `models` under `name`; `settings` (of `Description`) overrule what it says of itself.
    With `int8`, its weights become bytes. Raises UsageError, ModelUnavailable."""
    place, found = _free(models, name), _description(folder)
    if found.kind == "reranker":
        _check_reranker(settings)
    description = msgspec.structs.replace(found, name=name, digest="", **settings)
    weights, tokenizer = folder / description.weights, folder / description.tokenizer
    description = msgspec.structs.replace(description, weights=_WEIGHTS, tokenizer="tokenizer.json")
    with making(models) as made:
        shutil.copyfile(tokenizer, made / description.tokenizer)
        if int8:
            compress.to_bytes(weights, made / _WEIGHTS)
        else:
            shutil.copyfile(weights, made / _WEIGHTS)
            for part in parts_of(weights):
                shutil.copyfile(part, made / part.name)
        digest = digest_of(made / description.tokenizer, made / _WEIGHTS)
        written = msgspec.json.encode(msgspec.structs.replace(description, digest=digest))
        (made / DESCRIPTION).write_bytes(msgspec.json.format(written, indent=2) + b"\n")
        spec = described(made)
        text_ms = tried(spec) if spec.kind == "reranker" else _tried(spec)
        os.replace(made, place)
    return msgspec.structs.replace(_added(name, described(place)), text_ms=text_ms)


def _check_reranker(settings: dict[str, Any]) -> None:
    strange = [name for name in settings if name != "max_tokens"]
    if strange:
        option = strange[0].replace("_", "-")
        raise UsageError(f"--{option} is for models that embed; of a reranker only --max-tokens can be chosen.")
    if settings.get("max_tokens", _FEWEST_TOKENS) < _FEWEST_TOKENS:
        raise UsageError(
            f"A reranker reads the question and a text together: --max-tokens must be {_FEWEST_TOKENS} or more."
        )


def _description(folder: Path) -> Description:
    if not (folder / DESCRIPTION).is_file():
        return layouts.described(folder)
    described(folder)  # Whatever is wrong with it is said in a sentence.
    return msgspec.json.decode((folder / DESCRIPTION).read_bytes(), type=Description)


def _free(models: Path, name: str) -> Path:
    place = models / checked_name(name)
    if place.exists():
        raise UsageError(
            f"There is a model {name!r} already: `codectxd model remove {name}`, or give this one another --name."
        )
    return place


@contextmanager
def making(models: Path) -> Iterator[Path]:
    """A new folder beside the models, which is gone afterwards unless it was renamed."""
    models.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".part-", dir=models))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _tried(spec: ModelSpec) -> float:
    """Load the model and have it embed something; the milliseconds that a text took. Raises ModelUnavailable."""
    embedder = load(spec)
    began = time.perf_counter()
    try:
        vectors = embedder.encode(_TRIED)
    except Exception as problem:
        # onnxruntime has no one exception; what a graph does not like is what is to be told.
        told = (str(problem).strip() or repr(problem)).splitlines()[0]
        raise ModelUnavailable(f"The model does not run: {told}") from problem
    if not vectors.any(axis=1).all():
        raise ModelUnavailable("The model makes nothing of a sentence: its vectors are zero, or no numbers.")
    return (time.perf_counter() - began) * 1e3 / len(_TRIED)


def listed(models: Path) -> list[Added]:
    """Every model that was added, by name; one that cannot be used any more is left out."""
    found = []
    for place in sorted(models.iterdir()) if models.is_dir() else []:
        if not place.name.startswith("."):
            try:
                found.append(_added(place.name, described(place)))
            except ModelUnavailable:
                continue
    return found


def packaged() -> Added:
    """The model inside the package."""
    return _added(EMBEDDED, found_in(""))


def remove(models: Path, name: str) -> None:
    """Forget a model that was added. Raises UsageError where there is none of that name."""
    place = models / checked_name(name)
    if not place.is_dir():
        raise UsageError(f"There is no model {name!r}: `codectxd model list` names those there are.")
    with making(models) as going:
        os.replace(place, going / name)


def _added(name: str, spec: ModelSpec) -> Added:
    return Added(name, spec.id, spec.dimension, spec.max_tokens, spec.bytes, str(spec.weights.parent), spec.kind)
