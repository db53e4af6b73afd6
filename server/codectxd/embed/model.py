"""Which model: its files, what names it, and the shape of its vectors.

Reads small JSON files and looks at the sizes of the others; the weights are read, and checked against the digest, by whoever
loads them. Of a folder in another program's layout, `layouts` says what is in it. Knows nothing of onnxruntime.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from codectxd.embed import layouts
from codectxd.embed.layouts import Description, Kind, Pooling
from codectxd.errors import ModelUnavailable

EMBEDDED = "embedded"
"""What the model inside this package is called where models are named."""

OFF = "off"
"""What stands for no reranker."""

_DATA = Path(__file__).parent / "data"
DESCRIPTION = "model.json"

_BLOCK = 1 << 20


class ModelSpec(msgspec.Struct, frozen=True):
    """A model that can be loaded: where its files are and what it promises.

    `id` names weights, tokenizer, pooling, prefixes, length and dimension together; `digest` is what the files must hash to,
    `max_tokens` how much of a text is looked at, `query_prefix` and `passage_prefix` what a question and what any other text
    is to be preceded by. `source` is the folder that it was found in, empty for the one inside this package.
    """

    id: str
    digest: str
    dimension: int
    pooling: Pooling
    max_tokens: int
    query_prefix: str
    weights: Path
    tokenizer: Path
    passage_prefix: str = ""
    kind: Kind = "static"
    source: str = ""

    @property
    def is_slow(self) -> bool:
        """Whether a text takes it milliseconds rather than microseconds: nothing then waits for vectors."""
        return self.kind != "static"

    @property
    def bytes(self) -> int:
        """How large the weights are. Raises ModelUnavailable where they are gone."""
        try:
            return sum(path.stat().st_size for path in (self.weights, *parts_of(self.weights)))
        except OSError as error:
            raise ModelUnavailable(f"The embedding model cannot be read ({error.filename}): {error.strerror}.") from error


def embedded() -> ModelSpec:
    """The model inside this package. Raises ModelUnavailable when the installation is damaged."""
    return msgspec.structs.replace(_spec(_DATA, _read(_DATA / DESCRIPTION), "install codectxd again"), source="")


def found_in(source: str) -> ModelSpec:
    """The model in the folder `source`, or, for "", the one inside this package. Raises ModelUnavailable."""
    return described(Path(source)) if source else embedded()


def described(folder: Path) -> ModelSpec:
    """The model in `folder`, by its `model.json` or by the layout that sentence-transformers writes.

    Raises ModelUnavailable when a file is missing, unreadable or says what is not understood.
    """
    advice = "add the model again, or put the file there"
    if (folder / DESCRIPTION).is_file():
        return _spec(folder, _read(folder / DESCRIPTION), advice)
    return _spec(folder, layouts.described(folder), advice)


def located(setting: str, models: Path) -> str:
    """The folder that the setting `model` means: an absolute one, or that of a model added under this name, or its hub name,
    to the folder `models`; "" for the model inside this package. Raises ModelUnavailable."""
    if setting in ("", EMBEDDED):
        return ""
    path = os.path.expanduser(setting)
    folder = Path(path) if os.path.isabs(path) else models / name_of(setting)
    if not folder.is_dir():
        told = f"There is no model {setting!r}: `codectxd model list` names those there are, `codectxd model add` adds one."
        raise ModelUnavailable(told)
    return str(folder)


def setting_of(typed: str) -> str:
    """What the setting is for what somebody typed in some folder: an existing folder by its absolute path, or a name."""
    path = os.path.expanduser(typed)
    if os.sep in path and os.path.isdir(path):
        return os.path.abspath(path)
    return "" if typed == EMBEDDED else name_of(path)


def name_of(origin: str) -> str:
    """The name under which a folder or a hub's model is added: its last part."""
    return origin.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _spec(folder: Path, description: Description, advice: str) -> ModelSpec:
    weights = _present(folder / description.weights, advice)
    tokenizer = _present(folder / description.tokenizer, advice)
    digest = description.digest or digest_of(tokenizer, weights)
    return ModelSpec(
        id=f"{description.name}-{_named_by(description, digest)[:12]}",
        digest=digest,
        dimension=description.dimension,
        pooling=description.pooling,
        max_tokens=description.max_tokens,
        query_prefix=description.query_prefix,
        passage_prefix=description.passage_prefix,
        weights=weights,
        tokenizer=tokenizer,
        kind=description.kind,
        source=str(folder),
    )


def _named_by(description: Description, digest: str) -> str:
    if description.kind == "static":
        return digest
    settings = (
        digest, description.kind, description.dimension, description.pooling, description.max_tokens,
        description.query_prefix, description.passage_prefix,
    )  # fmt: skip
    return hashlib.blake2b(msgspec.json.encode(settings), digest_size=16).hexdigest()


def digest_of(tokenizer: Path, weights: Path) -> str:
    """BLAKE2b-128, hexadecimal, of the tokenizer, the weights, and the files beside them that hold more weights. Raises
    ModelUnavailable."""
    found = hashlib.blake2b(digest_size=16)
    try:
        for path in (tokenizer, weights, *parts_of(weights)):
            with open(path, "rb") as file:
                while block := file.read(_BLOCK):
                    found.update(block)
    except OSError as error:
        raise ModelUnavailable(f"The embedding model cannot be read ({error.filename}): {error.strerror}.") from error
    return found.hexdigest()


def parts_of(weights: Path) -> Sequence[Path]:
    """The files beside `weights` that hold tensors too large for it."""
    names = (f"{weights.name}_data", f"{weights.name}.data")
    return [path for path in sorted(weights.parent.iterdir()) if path.name.startswith(names)]


def files_of(spec: ModelSpec) -> tuple[Path, ...]:
    """All files that say what the model is; some may not be there."""
    said = [spec.weights.parent / DESCRIPTION]
    if spec.source:
        said += [Path(spec.source) / name for name in (DESCRIPTION, *layouts.SMALL)]
    return tuple(dict.fromkeys((spec.weights, *parts_of(spec.weights), spec.tokenizer, *said)))


def check(spec: ModelSpec) -> None:
    """Look at every byte of the files. Raises ModelUnavailable where they are not those that `spec` says."""
    if digest_of(spec.tokenizer, spec.weights) != spec.digest:
        advice = "add it again" if spec.source else "install codectxd again"
        raise ModelUnavailable(f"The embedding model is damaged ({spec.weights.parent}): {advice}.")


def _read(path: Path) -> Description:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Description)
    except OSError as error:
        raise ModelUnavailable(f"The embedding model is missing ({path}): install codectxd again.") from error
    except msgspec.DecodeError as error:
        raise ModelUnavailable(f"The embedding model's description is damaged ({path}): {error}.") from error


def _present(path: Path, advice: str) -> Path:
    if not path.is_file():
        raise ModelUnavailable(f"A file of the embedding model is missing ({path}): {advice}.")
    return path
