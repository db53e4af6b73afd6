"""How a workspace is, for people: shapes only."""

from __future__ import annotations

import msgspec

from codectxd.types import BuildMode


class Progress(msgspec.Struct, frozen=True):
    """How far an index run is: `done` of `total` files; `message` says it in words."""

    done: int
    total: int
    message: str


class SkippedGroup(msgspec.Struct, frozen=True):
    """Files that are not indexed for one reason; `examples` are at most ten relative paths."""

    reason: str
    count: int
    meaning: str
    examples: tuple[str, ...]


class BuildStatus(msgspec.Struct, frozen=True):
    """How the index run that is under way, or the last one that had anything to do, is built, and why so. `overlap` is how
    many stages were busy at a time, in the mean; `queues` are portions of files that wait for a stage."""

    mode: BuildMode
    why: str
    workers: int
    files: int
    parsed: int
    embedded: int
    elapsed_s: float
    cpu_s: float
    peak_bytes: int
    files_per_s: float
    overlap: float
    stage_seconds: dict[str, float]
    queues: dict[str, int]
    estimate: str | None = None


class FillStatus(msgspec.Struct, frozen=True):
    """How far the vectors of `model`, which is to answer once all are there, are computed: texts, of how many, and texts a
    second. `problem` says what keeps them from coming; with another model, the one that answers goes on."""

    model: str
    done: int
    total: int
    per_s: float
    left_s: float | None
    problem: str | None


class EngineStatus(msgspec.Struct, frozen=True):
    """One workspace now. `phase`: starting, indexing, ready or failed. `parsed` and `embedded` count what the last full pass
    computed rather than found; `stage_seconds` sums its stages over processes. `role`: writer, or follower of the process
    `writer`."""

    root: str
    phase: str
    files: int
    chunks: int
    vectors: int
    pending: int
    skipped: int
    model: str
    branch: str | None
    generation: int
    watcher: str
    stage_seconds: dict[str, float]
    skipped_files: tuple[SkippedGroup, ...]
    done: int
    total: int
    parsed: int
    embedded: int
    message: str | None
    role: str = "writer"
    writer: int | None = None
    build: BuildStatus | None = None
    digest: str | None = None
    filling: FillStatus | None = None
