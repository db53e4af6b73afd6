"""Settings, in their three scopes: the user's file, the workspace's `codectx.toml`, and (elsewhere) the request.

The user's `config.toml` is the only place for limits and models; `codectx.toml` in a workspace may only say what is indexed.
The environment sets nothing but `CODECTX_HOME` (see `paths`). A file that cannot be read as settings is an error with its
line, never silently ignored.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

from codectxd.errors import UsageError
from codectxd.types import BuildMode

GRAPH_FROM = 2_000_000
"""A scan of a million vectors takes 13 ms on one core, and finds everything."""

_S = TypeVar("_S", bound=msgspec.Struct)

SETTINGS_FILE = "codectx.toml"
"""At the top of a workspace."""

IGNORE_FILE = ".codectxignore"
"""In any folder: patterns in the language of `.gitignore`, which overrule those of git in both directions."""


class UserConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one user sets for all workspaces."""

    workers: int = 0
    """Processes that read, parse and embed during a build; 0 means one per core."""
    mode: BuildMode = "auto"
    """How an index is built, where a request does not say."""
    memory_mb: int = 0
    """What the daemon and its children may hold together while they build: it bounds how many workers there are. 0 means a
    quarter of the machine's memory."""
    vault_mb: int = 1_000
    """What is kept of texts that no folder holds any more; the longest unused go first."""
    model: str = ""
    """The model that texts are embedded with: a folder, or the name of one that was added; empty for the one in the
    package."""
    reranker: str = ""
    """A model that reads a question with each of the first answers and has a say in their order: a folder, or the name of
    one that was added; empty for none."""
    reranker_ms: float = 800.0
    """How long a question waits for that at most: where that is too short, the order stays as it was."""
    graph_from: int = GRAPH_FROM
    """From so many vectors on, a graph over them is tried, and used if it finds nearly all that a scan does; 0: never."""
    delta: bool = True
    """Vectors of what is saved are appended to a delta, which is folded into the base when it has grown; without, each group
    that is indexed makes a new base: a saved file costs more, the larger the index the more, and nothing is held twice."""
    file_deadline_s: float = 20.0
    """A worker that spends longer than this on one file is ended, and the file skipped by name."""
    idle_exit_s: float = 900.0
    """The daemon ends itself when no client was connected for this long; 0 means never."""
    indexer_idle_s: float = 60.0
    """The indexer process ends itself after this long without work."""


class WorkspaceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a workspace's `codectx.toml` may set."""

    exclude: tuple[str, ...] = ()
    """Patterns, in gitignore syntax, of files that are not indexed though git shows them."""
    max_file_kb: int = 1_000
    """Larger files are skipped."""


def load_user(path: Path) -> UserConfig:
    """The user's settings, or the defaults where there is no file. Raises UsageError on a file that is not settings."""
    return _load(path, UserConfig)


def load_workspace(root: str) -> WorkspaceConfig:
    """The settings of the workspace at `root`. Raises UsageError as `load_user` does."""
    return _load(Path(root) / SETTINGS_FILE, WorkspaceConfig)


def _load(path: Path, kind: type[_S]) -> _S:
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return kind()
    except OSError as problem:
        raise UsageError(f"The settings file {path} cannot be read: {os.strerror(problem.errno or 0)}.") from problem
    try:
        return msgspec.convert(tomllib.loads(text.decode()), kind, strict=False)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as problem:
        raise UsageError(f"The settings file {path} is not valid: {problem}. Mend that line, or remove it.") from problem
