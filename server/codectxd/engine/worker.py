"""The worker process: reads, parses, chunks, splits and embeds, one job after the other, until its parent goes.

It may hang or crash on any file, and is then ended and replaced: so it says which path it turns to, and asks the kernel to
end it should one file take too long (a grammar in an endless loop hears nothing else). Everything it answers was
computed from the text it read; it decides nothing about the index.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from codectxd import paths, system
from codectxd.chunk.languages import language_of
from codectxd.config import WorkspaceConfig, load_workspace
from codectxd.embed.embedder import Embedder
from codectxd.embed.loading import load
from codectxd.embed.model import ModelSpec, found_in
from codectxd.engine.channel import Channel, Closed, StartChild, parent_channel
from codectxd.engine.jobs import (
    Began,
    Broke,
    Cut,
    CutUp,
    Digest,
    Digested,
    Embed,
    Embedded,
    Prepare,
    Prepared,
    Read,
    Refresh,
    Refreshed,
    Text,
    Texts,
    Warm,
    Warmed,
    WorkerJob,
    WorkerReply,
)
from codectxd.engine.pipes import Pipes
from codectxd.engine.planner import plan, with_stamps
from codectxd.engine.prepare import Preparer, digest_of
from codectxd.engine.trees import open_tree
from codectxd.engine.workers import TOO_MUCH_MEMORY
from codectxd.errors import CodectxError, ModelUnavailable
from codectxd.index.schema import Parcel
from codectxd.types import Skipped, Source, Stamp
from codectxd.workspace.filters import by_path, by_text, role_of
from codectxd.workspace.tree import Tree

_MOST_BYTES = 1 << 30
"""Memory of a worker: some ten times what the largest file that is read takes in the hungriest grammar."""

_TIMES_HELD = 4
_MODELS = 2
"""While another model is filled, one prepares what changes and the other what is filled."""


def main() -> None:
    """Serve jobs from the parent. Arguments: seconds that one file may take."""
    deadline_s = float(sys.argv[1])
    # A parser that cannot have more ends its process: better this one than whatever else the machine runs.
    system.bound_memory(_MOST_BYTES)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    system.prepare_alarm()
    system.be_frugal()
    channel: Channel[WorkerJob] = parent_channel(WorkerJob)
    _serve(Worker(channel, paths.layout().vault, deadline_s, system.set_alarm), channel)
    # Nobody is left to answer; what native libraries would still do at exit is of no use.
    os._exit(0)


def serve_in_thread(arguments: list[str], ends: Pipes, start: StartChild) -> None:
    """The same in a thread of another process, which no alarm may end."""
    channel: Channel[WorkerJob] = Channel(ends, WorkerJob)
    _serve(Worker(channel, paths.layout().vault, float(arguments[0]), lambda seconds: None), channel)


def _serve(worker: Worker, channel: Channel[WorkerJob]) -> None:
    with contextlib.suppress(Closed):
        while True:
            job = channel.receive()
            if job is not None:
                channel.send(worker.answer(job))


class Worker:
    """Answers jobs; keeps what is dear to open: the model, the trees."""

    def __init__(
        self, channel: Channel[WorkerJob], vault: Path, deadline_s: float, set_alarm: Callable[[float], None]
    ) -> None:
        """`set_alarm` ends the worker after so many seconds, with 0 never."""
        self._channel = channel
        self._set_alarm = set_alarm
        self._deadline_s = deadline_s
        self._vault = vault
        self._preparers: dict[str, Preparer] = {}
        self._slow: dict[str, bool] = {}
        self._path: str | None = None
        self._preparer = self._prepare_with("")
        self._trees: dict[str, tuple[WorkspaceConfig, int, Tree]] = {}

    def answer(self, job: WorkerJob) -> WorkerReply:
        """What became of a job; a problem of the workspace is an answer too."""
        spent = time.process_time()
        reply = self._answer(job)
        if isinstance(reply, Prepared | Texts | CutUp | Embedded):
            return msgspec.structs.replace(reply, cpu_s=time.process_time() - spent)
        return reply

    def _prepare_with(self, model: str) -> Preparer:
        """What prepares with the vectors of the model in this folder."""
        found = self._preparers.pop(model, None)
        if found is None:
            spec = _spec(model)
            self._slow[model] = spec is not None and spec.is_slow
            known = (spec.id, spec.dimension) if spec is not None else None
            found = Preparer(self._vault, lambda: _load(model), known, self._go_on)
        self._preparers[model] = found
        while len(self._preparers) > _MODELS:
            del self._preparers[next(iter(self._preparers))]
        return found

    def _within(self, job: Prepare | Refresh | Digest) -> float | None:
        """How long the model of `job` may be at one file: a fast one is waited for in any case."""
        return job.within_s if self._slow[job.model] else None

    def _answer(self, job: WorkerJob) -> WorkerReply:
        self._path = None
        self._preparer = self._prepare_with("" if isinstance(job, Read) else job.model)
        self._preparer.seconds = {}
        try:
            match job:
                case Prepare():
                    return self._prepare(job)
                case Refresh():
                    return self._refresh(job)
                case Digest():
                    return self._digest(job)
                case Read():
                    return self._read(job)
                case Cut():
                    return self._cut(job)
                case Embed():
                    return self._embed(job)
                case Warm():
                    self._preparer.warm()
                    system.give_back_memory()
                    return Warmed()
        except CodectxError as problem:
            return Broke(str(problem))
        finally:
            self._set_alarm(0)

    def _prepare(self, job: Prepare) -> Prepared:
        tree = self._tree(job.root, 0)
        read = self._read_all(tree, job.paths, job.known, for_overlay=False, within_s=self._within(job))
        told = read.skipped, read.gone, read.stamps, self._preparer.seconds
        return Prepared(read.parcels, *told, unloaded=self._preparer.problem)

    def _read(self, job: Read) -> Texts:
        tree, read, texts = self._tree(job.root, 0), _Read(), list[Text]()
        for source in self._sources(tree, job.paths, job.known, read):
            texts.append(Text(source.path, source.text, source.digest, source.stamp, source.language, source.role))
        return Texts(texts, read.skipped, read.gone, read.stamps, self._preparer.seconds)

    def _cut(self, job: Cut) -> CutUp:
        reply = CutUp([], [], [], [], self._preparer.seconds)
        for text in job.texts:
            self._begin(text.path)
            source = Source(text.path, text.text, text.digest, text.stamp, text.language, text.role)
            try:
                parcel, strings = self._preparer.cut(source, text.stamp)
            except MemoryError:
                reply.skipped.append(Skipped(text.path, TOO_MUCH_MEMORY))
                continue
            rows = self._preparer.known_rows(parcel.embedded_digests())
            reply.parcels.append(parcel)
            reply.rows.append(rows)
            reply.due.append([string for string, row in zip(strings, rows, strict=True) if not row])
        return reply

    def _embed(self, job: Embed) -> Embedded:
        clock, known = time.perf_counter(), self._preparer.model()
        rows = self._preparer.embed(job.texts) if known is not None else None
        self._preparer.seconds["embed"] = time.perf_counter() - clock
        model, dimension = known if known is not None and rows is not None else ("", 0)
        return Embedded(model, dimension, rows or [], self._preparer.seconds)

    def _refresh(self, job: Refresh) -> Refreshed:
        seen_ns = time.time_ns()
        if "" in job.paths:
            self._trees.pop(job.root, None)  # The repository, too, may be another.
        tree = self._tree(job.root, job.epoch)
        probe = tree.probe(job.paths)
        model = self._preparer.model()
        # What came without the vectors of a slow model gets them in the index, and is no other text for that.
        model_id = model[0] if model is not None and not self._slow[job.model] else None
        found = plan(
            job.known,
            {skip.path: skip for skip in job.skipped},
            probe.stamps,
            probe.skipped,
            model_id,
        )
        if len(found.read) + len(found.gone) > job.at_most:
            return _too_many(seen_ns)
        digests = {path: known.digest for path, known in job.known.items() if model_id in (None, known.model)}
        read = self._read_all(tree, found.read, digests, for_overlay=True, within_s=self._within(job))
        return Refreshed(
            read.parcels,
            [*found.skipped, *with_stamps(read.skipped, probe.stamps)],
            [*found.gone, *read.gone],
            read.stamps,
            found.clear_skips,
            seen_ns,
            False,
            self._preparer.seconds,
            probe.problem,
        )

    def _digest(self, job: Digest) -> Digested:
        self._begin(job.path)
        tree = self._trees[job.root][2] if job.root in self._trees else self._tree(job.root, 0)
        reason = by_path(job.path) or by_text(job.path, job.text, tree.limits)
        if reason is not None:
            return Digested(None, reason)
        language = language_of(job.path, job.text)
        role = role_of(job.path, language, job.text[:2000])
        source = Source(job.path, job.text, digest_of(job.text), Stamp(0, len(job.text), 0), language, role)
        parcel = self._preparer.prepare(source, None, for_overlay=True, within_s=self._within(job))
        return Digested(parcel, "", more=parcel.vectors is None and self._preparer.model() is not None)

    def _read_all(
        self,
        tree: Tree,
        wanted: Sequence[str],
        known: dict[str, bytes],
        *,
        for_overlay: bool,
        within_s: float | None,
    ) -> _Read:
        read = _Read()
        for source in self._sources(tree, wanted, known, read):
            try:
                read.parcels.append(self._preparer.prepare(source, source.stamp, for_overlay=for_overlay, within_s=within_s))
            except MemoryError:
                read.add_skip(Skipped(source.path, TOO_MUCH_MEMORY))
        return read

    def _sources(self, tree: Tree, wanted: Sequence[str], known: Mapping[str, bytes], read: _Read) -> Iterator[Source]:
        """The texts of `wanted` that are not as `known`; `read` takes the rest."""
        for path in wanted:
            self._begin(path)
            clock = time.perf_counter()
            found = tree.read(path)
            self._preparer.seconds["read"] = self._preparer.seconds.get("read", 0.0) + time.perf_counter() - clock
            if isinstance(found, Skipped):
                read.add_skip(found)
            elif known.get(path) == found.digest:
                read.stamps.append((path, found.stamp))
            else:
                yield found

    def _go_on(self) -> None:
        """Some of the file's vectors are there: the deadline begins anew."""
        if self._path is not None:
            self._begin(self._path)

    def _begin(self, path: str) -> None:
        self._path = path
        self._channel.send(Began(path))
        self._set_alarm(self._deadline_s)

    def _tree(self, root: str, epoch: int) -> Tree:
        config = load_workspace(root)
        held = self._trees.get(root)
        if held is None or held[:2] != (config, epoch):
            held = self._trees[root] = (config, epoch, open_tree(root, config).tree)
        return held[2]


class _Read:
    def __init__(self) -> None:
        self.parcels: list[Parcel] = []
        self.skipped: list[Skipped] = []
        self.gone: list[str] = []
        self.stamps: list[tuple[str, Stamp]] = []

    def add_skip(self, skip: Skipped) -> None:
        if skip.reason == "vanished":
            self.gone.append(skip.path)
        else:
            self.skipped.append(skip)


def _too_many(seen_ns: int) -> Refreshed:
    return Refreshed([], [], [], [], [], seen_ns, True, {})


def _spec(model: str) -> ModelSpec | None:
    try:
        return found_in(model)
    except ModelUnavailable:
        return None


def _load(model: str) -> Embedder:
    spec = found_in(model)
    if spec.is_slow:
        # Its weights are held as they are in the file and as they are computed with, and once more while they are turned.
        system.allow_memory(_TIMES_HELD * spec.bytes)
    return load(spec)


if __name__ == "__main__":
    main()
