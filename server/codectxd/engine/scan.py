"""One reconciliation of a whole tree: what is due, in which order, and how far it is. Lives in the indexer.

Knows nothing of processes: `builders` gets its paths prepared, `indexer` applies its groups.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from codectxd.config import load_workspace
from codectxd.engine.jobs import Build, Known, Prepared
from codectxd.engine.modes import UNDECIDED, Means, Work, choose, estimate
from codectxd.engine.planner import Plan, plan, with_stamps
from codectxd.engine.trees import open_tree
from codectxd.index.catalog import CatalogView
from codectxd.index.schema import Parcel
from codectxd.index.writer import Group
from codectxd.types import BuildMode, Stamp

_FIRST_GROUP_S = 0.05
_GROUP_S = 0.75
_GROUP_CHUNKS = 8_000
_BATCH_BYTES = 200_000
_BATCH_FILES = 24


class ScanRun:
    """The state of one scan. Filled by `list_tree`, then used by the indexer's one writing thread."""

    background = False
    held_bytes = 0

    def __init__(
        self,
        root: str,
        ticket: int,
        first: list[str],
        model: str | None,
        *,
        merge: bool = False,
        mode: BuildMode = "auto",
        source: str = "",
        slow: bool = False,
    ) -> None:
        """`merge`: every file is due, whatever the index has of it. `model` is the index's, of the folder `source`. Where it
        is `slow`, nothing waits for it: what the vault lacks comes without vectors."""
        self.root = root
        self.ticket = ticket
        self.model = model
        self.source = source
        self.within_s = 0.0 if slow else None
        self.merge = merge
        self.mode: BuildMode = mode
        self.choice = UNDECIDED
        self.estimate: str | None = None
        self.unwritten = 0
        self.cancelled = self.stopped = self.listed = False
        self.superseded: set[str] = set()
        self.plan = Plan([], [], [], [])
        self.known: dict[str, bytes] = {}
        self.stamps: dict[str, Stamp] = {}
        self.seen_ns = 0
        self.files = self.done = self.taken = self.parsed = self.embedded = 0
        self.seconds: dict[str, float] = {}
        self.problem: str | None = None
        self.writer_cpu_s = time.process_time()
        self._began = time.monotonic()
        self._cpu_s = 0.0
        self._peak_bytes = 0
        self._first = first
        self._prepared: list[Prepared] = []
        self._chunks = 0
        self._flushed_at = 0.0

    @property
    def due_for(self) -> str | None:
        """The model for whose sake alone a document without its vectors is due."""
        return self.model if self.within_s is None else None

    @property
    def total(self) -> int:
        """How many files must be looked into."""
        return len(self.plan.read)

    def decide(self, means: Means, graph_from: int) -> None:
        """Choose how to build what is due."""
        work = Work(self.total, sum(self.stamps[path].size for path in self.plan.read))
        self.choice, self.estimate = choose(self.mode, work, means), estimate(work, graph_from)

    def is_wanted(self) -> bool:
        """Whether anybody still wants what is prepared for it."""
        return not self.cancelled

    def adopt(self, found: Plan, stamps: dict[str, Stamp], known: dict[str, Known]) -> None:
        """Take what the tree and the index say."""
        self.plan = msgspec.structs.replace(found, read=list(stamps)) if self.merge else found
        self.stamps = stamps
        self.files = len(stamps)
        self.known = {
            path: known[path].digest
            for path in found.read
            if not self.merge and path in known and self.due_for in (None, known[path].model)
        }
        self._flushed_at = time.monotonic() - _GROUP_S + _FIRST_GROUP_S

    def batches(self) -> Iterator[list[str]]:
        """Paths in portions for one job each: those asked for first, then the most recently changed."""
        first = set(self._first)
        order = sorted(self.plan.read, key=lambda path: (path not in first, -self.stamps[path].mtime_ns, path))
        batch: list[str] = []
        size, limit = 0, _BATCH_BYTES // 8
        for path in order:
            batch.append(path)
            size += self.stamps[path].size
            if size >= limit or len(batch) == _BATCH_FILES:
                yield batch
                # Small portions to begin with, so that every worker has something and the first answers come soon.
                batch, size, limit = [], 0, min(_BATCH_BYTES, limit * 2)
        if batch:
            yield batch

    def take(self, prepared: Sequence[Prepared], count: int) -> None:
        """Results of `count` paths."""
        self.done += count
        for result in prepared:
            self._prepared.append(result)
            self._chunks += sum(parcel.chunking.size for parcel in result.parcels)
            self.parsed += sum(parcel.parsed for parcel in result.parcels)
            self.embedded += sum(parcel.embedded for parcel in result.parcels)
            self.taken += len(result.parcels)
            self.add_seconds(result.seconds)
            self._cpu_s += result.cpu_s

    def build(self, queues: dict[str, int], cpu_s: float, held_bytes: int) -> Build:
        """How it is built. `cpu_s` is what its writer used so far, `held_bytes` what all of it holds now."""
        self._peak_bytes = max(self._peak_bytes, held_bytes)
        return Build(
            self.choice.mode,
            self.choice.why,
            self.choice.workers,
            self.taken,
            self.parsed,
            self.embedded,
            dict(self.seconds),
            time.monotonic() - self._began,
            self._cpu_s + cpu_s,
            self._peak_bytes,
            queues,
            self.estimate,
        )

    def is_group_due(self) -> bool:
        """Whether enough is there, or enough time went by, for a flip."""
        return self._chunks >= _GROUP_CHUNKS or time.monotonic() - self._flushed_at >= _GROUP_S

    def next_group(self) -> Group:
        """What was taken since the last group, less what became durable by another way meanwhile."""
        prepared, self._prepared, self._chunks = self._prepared, [], 0
        self._flushed_at = time.monotonic()
        parcels: list[Parcel] = [p for r in prepared for p in r.parcels if p.path not in self.superseded]
        skipped = with_stamps([skip for r in prepared for skip in r.skipped], self.stamps)
        return Group(
            parcels=parcels,
            gone=self.still([path for r in prepared for path in r.gone]),
            skipped=[skip for skip in skipped if skip.path not in self.superseded],
            stamps=[stamp for r in prepared for stamp in r.stamps if stamp[0] not in self.superseded],
            seen_ns=self.seen_ns,
        )

    def still(self, paths: Iterable[str]) -> list[str]:
        """Those paths of which nothing newer was said since the scan began."""
        return [path for path in paths if path not in self.superseded]

    def add_seconds(self, seconds: dict[str, float]) -> None:
        """Add to the stages' times."""
        for stage, value in seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + value


def list_tree(run: ScanRun, view: CatalogView) -> None:
    """Fill `run` with what is due. Raises GitUnavailable, NoSuchPath, OSError, UsageError."""
    clock = time.perf_counter()
    run.seen_ns = time.time_ns()
    probe = open_tree(run.root, load_workspace(run.root)).tree.probe(None)
    run.problem = probe.problem
    known = {path: Known(digest, stamp, seen_ns, model) for path, digest, stamp, seen_ns, model in view.stamps()}
    skips = {skip.path: skip for skip in view.skipped()}
    run.adopt(plan(known, skips, probe.stamps, probe.skipped, run.due_for), probe.stamps, known)
    run.add_seconds({"hash": time.perf_counter() - clock})
