"""What the daemon, the indexer and the workers say to each other. Shapes only; each union names one direction.

Tagged MessagePack structs. They never leave this machine nor outlive their processes: all run the same version.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from codectxd.index.schema import Parcel
from codectxd.types import BuildMode, Role, Skipped, Stamp

# -- to a worker ----------------------------------------------------------------------------------------------------------


class Prepare(msgspec.Struct, frozen=True, tag=True):
    """Read these files of a workspace and make parcels of them, for the writer. `known` digests need no parcel.

    Here and below, `model` is the folder of the model whose vectors are wanted, empty for the one in the package. `within_s`
    is how long a slow model may be at one file: with 0 there are vectors only where the vault has them all, and what takes
    longer comes without; None waits for them.
    """

    root: str
    paths: list[str]
    known: dict[str, bytes] = {}
    model: str = ""
    within_s: float | None = None


class Known(msgspec.Struct, frozen=True):
    """What the index has of a path. A document without the vectors of `model` is due again."""

    digest: bytes
    stamp: Stamp
    seen_ns: int
    model: str | None


class Refresh(msgspec.Struct, frozen=True, tag=True):
    """See what became of these paths (files or folders) and make parcels, for the overlay, of what changed.

    `known` is what the index and the overlay have at or below them; with a new `epoch`, ignore files and the repository
    may be others. More than `at_most` changes are left to a scan.
    """

    root: str
    epoch: int
    paths: list[str]
    known: dict[str, Known]
    skipped: list[Skipped]
    at_most: int
    model: str = ""
    within_s: float | None = None


class Digest(msgspec.Struct, frozen=True, tag=True):
    """Make a parcel, for the overlay, of an unsaved text."""

    root: str
    path: str
    text: bytes
    model: str = ""
    within_s: float | None = None


class Read(msgspec.Struct, frozen=True, tag=True):
    """The first stage of a pipeline: read these files. `known` digests need no text."""

    root: str
    paths: list[str]
    known: dict[str, bytes] = {}


class Text(msgspec.Struct, frozen=True, array_like=True):
    """A file as it was read: `types.Source` as it travels."""

    path: str
    text: bytes
    digest: bytes
    stamp: Stamp
    language: str
    role: Role


class Cut(msgspec.Struct, frozen=True, tag=True):
    """The second stage: chunks, symbols and terms of these texts, and what of them is still to be embedded."""

    texts: list[Text]
    model: str = ""


class Embed(msgspec.Struct, frozen=True, tag=True):
    """The third stage: vectors of these strings, of however many files."""

    texts: list[str]
    model: str = ""


class Warm(msgspec.Struct, frozen=True, tag=True):
    """Load what the first real job would have to load, the model above all."""

    model: str = ""


WorkerJob: TypeAlias = Prepare | Refresh | Digest | Warm | Read | Cut | Embed

# -- from a worker --------------------------------------------------------------------------------------------------------


class Began(msgspec.Struct, frozen=True, tag=True):
    """The worker turned to this path: if it is not heard of again, this is the file to name."""

    path: str


class Prepared(msgspec.Struct, frozen=True, tag=True):
    """The answer to Prepare: parcels, named skips, vanished paths, and stamps of files whose text is as known.

    `seconds` by stage; `cpu_s` is the processor time that all of it took; `unloaded` says why the model could not be loaded.
    """

    parcels: list[Parcel]
    skipped: list[Skipped]
    gone: list[str]
    stamps: list[tuple[str, Stamp]]
    seconds: dict[str, float]
    cpu_s: float = 0.0
    unloaded: str | None = None


class Texts(msgspec.Struct, frozen=True, tag=True):
    """The answer to Read."""

    texts: list[Text]
    skipped: list[Skipped]
    gone: list[str]
    stamps: list[tuple[str, Stamp]]
    seconds: dict[str, float]
    cpu_s: float = 0.0


class CutUp(msgspec.Struct, frozen=True, tag=True):
    """The answer to Cut: parcels without vectors. For each, `rows` has one row for each of its strings (each chunk's,
    then the path's), empty where the vault has none, and `due` those strings."""

    parcels: list[Parcel]
    rows: list[list[bytes]]
    due: list[list[str]]
    skipped: list[Skipped]
    seconds: dict[str, float]
    cpu_s: float = 0.0


class Embedded(msgspec.Struct, frozen=True, tag=True):
    """The answer to Embed: a row (int8 values, then a float32 scale) for each string; no `model` where there is none."""

    model: str
    dimension: int
    rows: list[bytes]
    seconds: dict[str, float]
    cpu_s: float = 0.0


class Refreshed(msgspec.Struct, frozen=True, tag=True):
    """The answer to Refresh. `too_many`: a scan is the better way; nothing else is filled then. `problem` as in Scanned."""

    parcels: list[Parcel]
    skipped: list[Skipped]
    gone: list[str]
    stamps: list[tuple[str, Stamp]]
    clear_skips: list[str]
    seen_ns: int
    too_many: bool
    seconds: dict[str, float]
    problem: str | None = None


class Digested(msgspec.Struct, frozen=True, tag=True):
    """The answer to Digest; no parcel where the text or the path is not indexable, for `reason`. `more`: there was no time
    for its vectors, and they will come of asking again."""

    parcel: Parcel | None
    reason: str
    more: bool = False


class Warmed(msgspec.Struct, frozen=True, tag=True):
    """The answer to Warm."""


class Broke(msgspec.Struct, frozen=True, tag=True):
    """The worker met a problem that is not the file's: git refused, say. The sentence is for the user.

    `weak`: it is of the workers themselves, and fewer of them may fare better.
    """

    message: str
    weak: bool = False


WorkerReply: TypeAlias = Began | Prepared | Refreshed | Digested | Warmed | Broke | Texts | CutUp | Embedded

# -- to the indexer -------------------------------------------------------------------------------------------------------


class Open(msgspec.Struct, frozen=True, tag=True):
    """Take the lock of this workspace, open and recover its index, and say Published."""

    root: str


class Apply(msgspec.Struct, frozen=True, tag=True):
    """Make this part of the overlay durable; answered by a Published that carries `sequence`."""

    root: str
    sequence: int
    parcels: list[Parcel]
    gone: list[str]
    skipped: list[Skipped]
    clear_skips: list[str]
    stamps: list[tuple[str, Stamp]]
    seen_ns: int


class Scan(msgspec.Struct, frozen=True, tag=True):
    """Reconcile the whole tree with the index; `first` are the paths to begin with. Answered by Scanned.

    `force`: forget the index first. `merge`: take what was deleted out of words and vectors. `mode`: how to build, where it
    is not for the settings to say.
    """

    root: str
    ticket: int
    first: list[str]
    force: bool
    merge: bool = False
    mode: BuildMode | None = None


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Nobody waits for this scan: keep what is prepared, and leave the rest to the next one. Answered by a last Scanning."""

    root: str
    ticket: int


class Release(msgspec.Struct, frozen=True, tag=True):
    """Close this workspace's index."""

    root: str


IndexerJob: TypeAlias = Open | Apply | Scan | Stop | Release

# -- from the indexer -----------------------------------------------------------------------------------------------------


class Published(msgspec.Struct, frozen=True, tag=True):
    """The durable index is at `generation`; `changed` paths differ (None: anything may).

    Of the overlay, it holds what came up to `sequence`.
    """

    root: str
    generation: int
    changed: list[str] | None
    sequence: int


class Build(msgspec.Struct, frozen=True):
    """How a scan is, or was, built, for people: of `files` files that it took into the index, how many were parsed and
    chunks embedded, and the stages' `seconds`. `cpu_s` is processor time of workers and indexer, `peak_bytes` the most that
    they held together; `queues` are the lengths of what waits for each stage, in portions. `estimate` says what a large one
    will come to."""

    mode: BuildMode
    why: str
    workers: int
    files: int
    parsed: int
    embedded: int
    seconds: dict[str, float]
    wall_s: float
    cpu_s: float
    peak_bytes: int
    queues: dict[str, int]
    estimate: str | None = None


class Scanning(msgspec.Struct, frozen=True, tag=True):
    """How far a scan is: files dealt with, of how many that are due; what else is known is in the index already."""

    root: str
    ticket: int
    done: int
    total: int
    files: int
    build: Build | None = None


class Scanned(msgspec.Struct, frozen=True, tag=True):
    """A scan ended. `seconds` by stage, and how many texts were parsed and embedded rather than found in the vault.

    `problem` says why the tree was listed without the git that it has.
    """

    root: str
    ticket: int
    files: int
    parsed: int
    embedded: int
    seconds: dict[str, float]
    problem: str | None = None
    build: Build | None = None


class Trouble(msgspec.Struct, frozen=True, tag=True):
    """This workspace's index cannot be used or a scan failed; one sentence for the user. `ticket` 0: not of a scan."""

    root: str
    ticket: int
    message: str


class Elsewhere(msgspec.Struct, frozen=True, tag=True):
    """Another process writes this workspace's index; of what was sent for it, nothing was done."""

    root: str


class Filling(msgspec.Struct, frozen=True, tag=True):
    """How far the vault has the vectors of another model than the one that answers (or, where `model` is that one, of what
    came without): texts, of how many, and texts a second. `source` is the model's folder.

    `problem` says what keeps it from going on, which is tried again with the next scan. `ended`: all of them are there.
    """

    root: str
    model: str
    source: str
    done: int
    total: int
    per_s: float = 0.0
    problem: str | None = None
    ended: bool = False


class Note(msgspec.Struct, frozen=True, tag=True):
    """A line for the log: a repair, a worker that was ended."""

    root: str
    message: str


IndexerReply: TypeAlias = Published | Scanning | Scanned | Trouble | Elsewhere | Filling | Note
