"""Methods and types of the protocol, beside what LSP itself defines: one definition for editors, terminals and agents.

The daemon's requests (`codectx/*`) take and return these; `--json` prints the same. Names are snake_case here and
camelCase in JSON. A type only ever gains optional fields: the newest daemon serves older clients. Positions are LSP's:
zero-based lines, UTF-16 columns (`wire/convert` is the only place that computes them).
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

SEARCH = "codectx/search"
SIMILAR = "codectx/similar"
LIST_PATHS = "codectx/listPaths"
STATUS = "codectx/status"
REINDEX = "codectx/reindex"
WAIT_FRESH = "codectx/waitFresh"
SHUTDOWN_DAEMON = "codectx/stop"
STATUS_CHANGED = "codectx/statusChanged"

WORKSPACE_SYMBOL = "workspace/symbol"

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
NOT_INITIALIZED = -32002
REQUEST_FAILED = -32803
REQUEST_CANCELLED = -32800
CONTENT_MODIFIED = -32801

MAX_BODY = 64 * 1024 * 1024
"""Bytes of one message; a longer one ends its session."""

MAX_STALE = 20
"""Stale paths named in one answer."""

MAX_LIMIT = 1_000
"""Hits or symbols that one request may ask for."""

MAX_PATHS = 100_000
"""Paths that one request may ask for."""


class Wire(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What every wire type has in common: camelCase, and a default is not sent."""


class Full(msgspec.Struct, frozen=True, rename="camel"):
    """A wire type whose every field is always sent: what people's scripts read must not disappear when it is zero."""


class Position(Full, frozen=True):
    line: int
    character: int


class Range(Full, frozen=True):
    start: Position
    end: Position


class SearchParams(Wire, frozen=True):
    """`roots` are file URIs or absolute paths of folders; absent, the session's workspace folders are searched. `files` are
    file URIs or absolute paths of the only files that may answer. Without `content`, code is searched, and where no code
    answers, everything."""

    query: str
    limit: int = 10
    mode: Literal["hybrid", "semantic", "lexical"] = "hybrid"
    languages: list[str] | None = None
    globs: list[str] | None = None
    files: list[str] | None = None
    content: Literal["code", "docs", "config", "all"] | None = None
    roots: list[str] | None = None
    explain: bool = False
    include_unsaved: bool = True
    work_done_token: str | int | None = None
    partial_result_token: str | int | None = None


class SimilarParams(Wire, frozen=True):
    """What to compare: the file or open document `uri`, at a `range` (an empty one means the chunk there), or `text`."""

    uri: str | None = None
    range: Range | None = None
    text: str | None = None
    limit: int = 10
    mode: Literal["hybrid", "semantic", "lexical"] = "hybrid"
    languages: list[str] | None = None
    globs: list[str] | None = None
    files: list[str] | None = None
    content: Literal["code", "docs", "config", "all"] = "all"
    roots: list[str] | None = None
    explain: bool = False
    include_unsaved: bool = True
    work_done_token: str | int | None = None
    partial_result_token: str | int | None = None


class Boost(Full, frozen=True):
    name: str
    value: float


class Why(Full, frozen=True):
    lexical_rank: int | None
    semantic_rank: int | None
    terms: list[str]
    boosts: list[Boost]


class Hit(Full, frozen=True):
    """`path` is relative to the workspace folder that `uri` lies in; `symbol` and `kind` are null at file level.
    `likeness` is there where something was compared, of a copy and of what is nearly one."""

    uri: str
    path: str
    range: Range
    snippet: str
    symbol: str | None
    kind: str | None
    language: str
    score: float
    matched: list[str]
    unsaved: bool
    why: Why | msgspec.UnsetType | None = msgspec.UNSET
    likeness: Literal["duplicate", "near"] | msgspec.UnsetType = msgspec.UNSET


class Freshness(Full, frozen=True):
    generation: int
    head: str | None
    words: float
    vectors: float
    degraded: list[str]
    stale: list[str]
    pending: int


class Explained(Full, frozen=True):
    """How a question was understood: the words looked up, the names that may be defined somewhere, the filters in force."""

    terms: list[str]
    names: list[str]
    filters: list[str]


class SearchAnswer(Full, frozen=True):
    """`explained` only on request, like `why` of the hits; `widened` only where it is true."""

    hits: list[Hit]
    freshness: Freshness
    took_ms: float
    explained: Explained | msgspec.UnsetType = msgspec.UNSET
    widened: Literal[True] | msgspec.UnsetType = msgspec.UNSET


class ListPathsParams(Wire, frozen=True):
    """`query` is a glob where it holds one of `*?[`, and otherwise a name, a part of a path, or letters of it in order; it
    may hold filters. With `skipped`, the files that are left out are listed, each with its `reason`."""

    query: str = ""
    limit: int = 1_000
    roots: list[str] | None = None
    skipped: bool = False
    include_unsaved: bool = True


class ListedPath(Full, frozen=True):
    """`path` is relative to the workspace folder that `uri` lies in; what is left out has a `reason` instead of the rest."""

    uri: str
    path: str
    language: str | None
    role: str | None
    unsaved: bool
    reason: str | None


class ListPathsAnswer(Full, frozen=True):
    """`total` counts what matches, of which `paths` are the first."""

    paths: list[ListedPath]
    total: int
    freshness: Freshness
    took_ms: float


class StatusParams(Wire, frozen=True):
    """`roots` as in SearchParams; absent, every open workspace is described."""

    roots: list[str] | None = None


class SkippedFiles(Full, frozen=True):
    """`examples` are at most ten relative paths; `meaning` says the reason in a sentence."""

    reason: str
    count: int
    meaning: str
    examples: list[str]


class StageSeconds(Full, frozen=True):
    """CPU-side wall seconds of the last full pass, summed over processes."""

    hash: float = 0.0
    read: float = 0.0
    parse: float = 0.0
    chunk: float = 0.0
    embed: float = 0.0
    lexical: float = 0.0
    vectors: float = 0.0
    commit: float = 0.0


class BuildStatus(Full, frozen=True):
    """How the index run that is under way, or the last one that had anything to do, is built, and why so.

    `cpu_s` and `peak_bytes` are of the indexer and its workers together. `overlap` is how many stages were busy at a time,
    in the mean; `queues` are portions of files that wait for a stage.
    """

    mode: str
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
    stage_seconds: StageSeconds
    queues: dict[str, int]
    estimate: str | None = None


class FillStatus(Full, frozen=True):
    """How far the vectors of another model are computed, which is to answer once all are there: texts `done` of `total`.

    `left_s` is how long it will take at this pace, where that can be said; `problem` what keeps it from going on.
    """

    model: str
    done: int
    total: int
    per_s: float
    left_s: float | None
    problem: str | None


class WorkspaceStatus(Full, frozen=True):
    """`phase` is starting, indexing, ready or failed; `skipped` counts files, `skipped_files` names their reasons.

    `role` is writer, or follower where the process `writer` writes the index. `model` is the one that answers."""

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
    stage_seconds: StageSeconds
    skipped_files: list[SkippedFiles]
    done: int = 0
    total: int = 0
    parsed: int = 0
    embedded: int = 0
    message: str | None = None
    role: str | None = None
    writer: int | None = None
    build: BuildStatus | None = None
    digest: str | None = None
    filling: FillStatus | None = None


class RerankerStatus(Full, frozen=True):
    """The reranker that the user's settings name: whether it has a say yet, and `problem`, what keeps it from that."""

    model: str
    ready: bool
    problem: str | None


class Status(Full, frozen=True):
    """`reranker` is null where the settings name none."""

    version: str
    pid: int
    uptime_s: float
    rss_bytes: int
    sessions: int
    workspaces: list[WorkspaceStatus]
    reranker: RerankerStatus | None = None


class ReindexParams(Wire, frozen=True):
    """`force` forgets what is on disk for these roots first; `merge` takes what was deleted out of words and vectors.

    `mode` says how to build, and else the user's settings do. `work_done_token` asks for `$/progress`.
    """

    roots: list[str] | None = None
    force: bool = False
    merge: bool = False
    mode: Literal["auto", "sequential", "parallel", "pipeline"] | None = None
    work_done_token: str | int | None = None


class ReindexAnswer(Full, frozen=True):
    workspaces: list[WorkspaceStatus]
    took_ms: float


class WaitFreshParams(Wire, frozen=True):
    """Wait until all that has happened up to now is searchable (and, with `durable`, on disk)."""

    roots: list[str] | None = None
    timeout_ms: int = 30_000
    durable: bool = False


class WaitFreshAnswer(Full, frozen=True):
    """`fresh` is false when the time ran out first."""

    fresh: bool
    freshness: Freshness


class StopAnswer(Full, frozen=True):
    pid: int


class SymbolParams(Wire, frozen=True):
    """LSP's WorkspaceSymbolParams, plus `roots` and `limit` for the command line."""

    query: str
    roots: list[str] | None = None
    limit: int = 128
    work_done_token: str | int | None = None
    partial_result_token: str | int | None = None


class Location(Full, frozen=True):
    uri: str
    range: Range


class SymbolInformation(Full, frozen=True):
    """LSP's SymbolInformation; `kind` is LSP's number."""

    name: str
    kind: int
    location: Location
    container_name: str | None


def encode(message: object) -> bytes:
    """`message` as JSON."""
    return msgspec.json.encode(message)


def to_builtins(message: object) -> Any:
    """`message` as the dicts and lists of its JSON."""
    return msgspec.to_builtins(message)
