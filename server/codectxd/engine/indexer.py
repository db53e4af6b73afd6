"""The indexer process: the one writer of catalogues, vault, words and vectors (invariant I2).

One thread changes indexes, fed by one queue of events: jobs of the daemon and what workers prepared. Scans list the tree
on a thread of their own and have files prepared by workers, so that a file saved meanwhile is durable without waiting
for the scan. It ends when its daemon does, or when it had nothing to do for a while. It answers no searches.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
import time
from typing import TypeAlias

import msgspec

from codectxd import paths, system
from codectxd.chunk.chunker import CHUNKER_VERSION
from codectxd.config import UserConfig, load_user
from codectxd.embed.model import ModelSpec, embedded, found_in, located
from codectxd.engine import jobs
from codectxd.engine.builders import Builders, Built
from codectxd.engine.channel import Channel, Closed, StartChild, parent_channel
from codectxd.engine.collecting import in_use
from codectxd.engine.filling import FillRun
from codectxd.engine.modes import Choice, Means, default_mb, lower
from codectxd.engine.pipes import Pipes
from codectxd.engine.scan import ScanRun, list_tree
from codectxd.errors import CodectxError, ModelUnavailable
from codectxd.index import graph
from codectxd.index.bases import Unwanted
from codectxd.index.graph import GraphState
from codectxd.index.store import Store, WrittenElsewhere
from codectxd.index.vault import Vault
from codectxd.index.vectors import Fold, VectorState
from codectxd.index.writer import Applied, Group, Writer

log = logging.getLogger(__name__)

_BULK_FILES = 100
"""After a scan that read more files than this nothing much follows for a while."""

_LOCK_PATIENCE_S = 0.1
"""Who looks whether a lock is held has it for an instant; whoever holds it longer writes."""


class Assessed(msgspec.Struct, frozen=True):
    """A pass in the background knows what is due."""

    run: FillRun
    problem: str | None


class Ended(msgspec.Struct, frozen=True):
    """The daemon is gone."""


class Listed(msgspec.Struct, frozen=True):
    """A scan knows what is to be done."""

    run: ScanRun
    problem: str | None


class Folded(msgspec.Struct, frozen=True):
    """A new base of a workspace's vectors was written, or could not be."""

    root: str
    fold: Fold


class Drawn(msgspec.Struct, frozen=True):
    """A graph over the vectors of a workspace was built; None where it finds too little to be used."""

    root: str
    generation: int
    graph: GraphState | None


Event: TypeAlias = jobs.IndexerJob | Built | Listed | Assessed | Folded | Drawn | Ended


def main() -> None:
    """Serve the daemon at the other end of the pair."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s indexer %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    system.be_nice()
    system.be_frugal()
    _serve(parent_channel(jobs.IndexerJob), os.cpu_count() or 1, None)


def serve_in_thread(arguments: list[str], ends: Pipes, start: StartChild) -> None:
    """The same in a thread of another process, with one worker: more would wait for one another."""
    _serve(Channel(ends, jobs.IndexerJob), 1, start)


def _serve(channel: Channel[jobs.IndexerJob], workers: int, start: StartChild | None) -> None:
    layout = paths.layout()
    config = load_user(layout.config_file)
    indexer = Indexer(channel, layout, config, config.workers or workers, start)
    try:
        indexer.serve(config.indexer_idle_s)
    finally:
        indexer.close()


class Indexer:
    """All open workspaces of one user."""

    def __init__(
        self,
        channel: Channel[jobs.IndexerJob],
        layout: paths.Layout,
        config: UserConfig,
        workers: int,
        start: StartChild | None = None,
    ) -> None:
        """`start` as of `WorkerProcess`."""
        self._channel = channel
        self._config = config
        self._means = Means(workers, config.memory_mb or default_mb(system.memory_mb()))
        self._layout = layout
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._vault = Vault(layout.vault)
        self._writers: dict[str, Writer] = {}
        self._runs: dict[str, ScanRun] = {}
        self._folds: dict[str, tuple[Fold, threading.Thread]] = {}
        self._drawing: dict[str, int] = {}
        self._scanned_for_good: dict[str, int] = {}
        self._builders = Builders(max(workers, 1), config.file_deadline_s, self._events.put, start)
        self._fills: dict[str, FillRun] = {}
        self._unfinished: set[str] = set()
        self._given_up: set[str] = set()
        self._specs: dict[str, ModelSpec] = {}
        self._model, self._dimension = _model()

    def serve(self, idle_s: float) -> None:
        """Handle events until the daemon goes, or none came for `idle_s` while nothing was under way."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        while True:
            try:
                event = self._events.get(timeout=idle_s)
            except queue.Empty:
                if self._runs or self._folds or self._drawing or self._fills:
                    continue
                return
            if isinstance(event, Ended):
                return
            try:
                self._handle(event)
            except Closed:
                return

    def close(self) -> None:
        """End workers and let go of every lock."""
        for run in self._runs.values():
            run.cancelled = True
        for fill in self._fills.values():
            fill.cancelled = True
        self._builders.close()
        for root in list(self._folds):
            self._end_fold(root)
        for writer in self._writers.values():
            writer.store.close()
        self._vault.close()
        self._channel.close()

    def _listen(self) -> None:
        try:
            while True:
                job = self._channel.receive()
                if job is not None:
                    self._events.put(job)
        except Closed:
            self._events.put(Ended())

    def _handle(self, event: Event) -> None:
        root, ticket = _about(event)
        try:
            match event:
                case jobs.Open():
                    self._open(event.root)
                case jobs.Apply():
                    self._apply(event)
                case jobs.Scan():
                    self._scan(event)
                case jobs.Stop():
                    self._stop(event)
                case jobs.Release():
                    self._release(event.root)
                case Listed():
                    self._listed(event)
                case Built(run=FillRun() as run):
                    self._filled(run, event)
                case Built():
                    self._built(event)
                case Folded():
                    self._folded(event)
                case Assessed():
                    self._assessed(event)
                case Drawn():
                    self._drawn(event)
        except WrittenElsewhere:
            self._channel.send(jobs.Elsewhere(root))
        except (CodectxError, OSError) as problem:
            # The workspace is out of order (a full disk, its folder removed): whoever waits is told, the next job opens it
            # afresh, and the other workspaces go on.
            log.exception("%s: %s failed", root, type(event).__name__)
            with contextlib.suppress(CodectxError, OSError):
                self._release(root)
            self._channel.send(jobs.Trouble(root, ticket, _sentence(problem)))

    # -- workspaces -------------------------------------------------------------------------------------------------------

    def _open(self, root: str, *, afresh: bool = False) -> Writer:
        writer = self._writers.get(root)
        if writer is None:
            folder = self._layout.workspace(root)
            store = Store(
                folder,
                root,
                self._model,
                self._dimension,
                lock_timeout_s=_LOCK_PATIENCE_S,
                afresh=afresh,
                goes_on=self._goes_on,
            )
            writer = self._writers[root] = Writer(store, self._vault, CHUNKER_VERSION, delta=self._config.delta)
            for repair in store.repairs:
                log.info("%s: %s", root, repair)
                self._channel.send(jobs.Note(root, repair))
            self._publish(root, None, 0)
        return writer

    def _release(self, root: str) -> None:
        self._cancel(root)
        self._end_fold(root)
        self._stop_filling(root)
        self._drawing.pop(root, None)
        writer = self._writers.pop(root, None)
        if writer is not None:
            writer.store.close()

    def _cancel(self, root: str) -> None:
        run = self._runs.pop(root, None)
        if run is not None:
            run.cancelled = True
            if run.merge and root in self._writers:
                self._writers[root].store.abandon_words()

    def _publish(self, root: str, applied: Applied | None, sequence: int) -> None:
        if applied is None:
            generation = int(self._writers[root].store.catalog.view.meta()["generation"])
            self._channel.send(jobs.Published(root, generation, None, sequence))
        else:
            self._channel.send(jobs.Published(root, applied.generation, applied.changed, sequence))

    def _apply(self, job: jobs.Apply) -> None:
        writer = self._open(job.root)
        run = self._runs.get(job.root)
        if run is not None:
            run.superseded.update(p.path for p in job.parcels)
            run.superseded.update(job.gone)
            run.superseded.update(skip.path for skip in job.skipped)
        group = Group(job.parcels, job.gone, job.skipped, job.clear_skips, job.stamps, job.seen_ns)
        applied = writer.apply(group)
        self._publish(job.root, applied, job.sequence)
        self._fold(job.root, writer)
        self._fill(job.root)

    # -- vectors that are folded ------------------------------------------------------------------------------------------

    def _fold(self, root: str, writer: Writer, *, at_rest: bool = False) -> None:
        """Have the delta folded into a new base where it has grown enough, while everything goes on."""
        if root in self._folds:
            return
        if not writer.wants_fold(at_rest=at_rest):
            self._draw(root, writer)
            return
        fold = writer.begin_fold()

        def write() -> None:
            try:
                fold.write()
            except Unwanted:
                return
            except OSError:
                log.exception("%s: vectors could not be folded", root)
            self._events.put(Folded(root, fold))

        thread = threading.Thread(target=write, name="fold", daemon=True)
        self._folds[root] = fold, thread
        thread.start()

    def _folded(self, event: Folded) -> None:
        root, writer = event.root, self._writers.get(event.root)
        if writer is None or root not in self._folds or self._folds[root][0] is not event.fold:
            return
        del self._folds[root]
        if event.fold.checksum is None:
            return
        applied = writer.finish_fold(event.fold)
        if applied is not None:
            self._publish(root, applied, 0)
        self._fold(root, writer, at_rest=root not in self._runs)

    def _end_fold(self, root: str) -> None:
        """Forget a fold under way; its thread writes no more once this returns."""
        if root in self._folds:
            fold, thread = self._folds.pop(root)
            fold.cancel()
            thread.join()

    def _merge_vectors(self, root: str, writer: Writer) -> None:
        """Make one base of all that lives, here and now."""
        self._end_fold(root)
        merged = writer.merge_vectors()
        if merged is not None:
            self._publish(root, merged, 0)

    def _settle(self, root: str, writer: Writer) -> None:
        """After vectors came by themselves: leave no larger delta than the settings and its worth allow."""
        if not self._config.delta:
            self._merge_vectors(root, writer)
        self._fold(root, writer)

    def _draw(self, root: str, writer: Writer) -> None:
        """Have a graph built beside a base that is large enough, while everything goes on."""
        if root in self._runs or root in self._drawing or not writer.wants_graph(self._config.graph_from):
            return
        vectors = writer.store.vectors
        if self._scanned_for_good.get(root) == vectors.state.generation:
            return
        generation, folder, rows = vectors.state.generation, vectors.folder, vectors.base().rows
        self._drawing[root] = generation

        def draw() -> None:
            found = None
            try:
                wanted = lambda: self._drawing.get(root) == generation  # noqa: E731
                found = graph.build(folder, generation, rows, wanted)
            except (OSError, RuntimeError, ValueError):
                log.exception("%s: no graph could be built", root)
            self._events.put(Drawn(root, generation, found))

        log.info("%s: a graph over %d vectors is built", root, len(rows))
        threading.Thread(target=draw, name="graph", daemon=True).start()

    def _drawn(self, event: Drawn) -> None:
        self._drawing.pop(event.root, None)
        writer = self._writers.get(event.root)
        if writer is None:
            return
        if event.graph is None:
            self._channel.send(jobs.Note(event.root, "A graph over the vectors finds too little: they are scanned."))
            self._scanned_for_good[event.root] = event.generation
            return
        applied = writer.adopt_graph(event.graph)
        if applied is not None:
            walk, recall = event.graph.walk, event.graph.recall
            told = f"A graph over the vectors is used: it finds {recall:.1%} of the nearest, walking {walk}."
            self._channel.send(jobs.Note(event.root, told))
            self._publish(event.root, applied, 0)

    def _merge_words(self, run: ScanRun) -> None:
        merged = self._writers[run.root].finish_words()
        if merged is not None:
            run.add_seconds(merged.seconds)
            self._publish(run.root, merged, 0)
        else:
            self._channel.send(jobs.Note(run.root, "Files changed while words were merged: they stay as they are."))

    # -- scans ------------------------------------------------------------------------------------------------------------

    def _scan(self, job: jobs.Scan) -> None:
        if job.force:
            self._release(job.root)
        writer = self._open(job.root, afresh=job.force)
        self._cancel(job.root)
        self._stop_filling(job.root)
        self._given_up.discard(job.root)
        mode, state = job.mode or self._config.mode, writer.store.vectors.state
        spec = self._spec(state.source)
        slow = spec is not None and spec.is_slow
        run = ScanRun(
            job.root,
            job.ticket,
            list(job.first),
            state.model or None,
            merge=job.merge,
            mode=mode,
            source=state.source,
            slow=slow,
        )
        self._runs[job.root] = run
        if job.merge:
            writer.begin_words()
        view = writer.store.catalog.view

        def list_it() -> None:
            try:
                list_tree(run, view)
                self._events.put(Listed(run, None))
            except Exception as problem:
                # Whatever it was: a scan that nobody hears of again would be waited for without end.
                log.exception("%s: the tree could not be listed", run.root)
                self._events.put(Listed(run, _sentence(problem)))

        threading.Thread(target=list_it, name="scan", daemon=True).start()

    def _listed(self, event: Listed) -> None:
        run = event.run
        if run.cancelled:
            return
        if event.problem is not None:
            self._cancel(run.root)
            self._channel.send(jobs.Trouble(run.root, run.ticket, event.problem))
            return
        group = Group(gone=run.still(run.plan.gone), skipped=run.plan.skipped, clear_skips=run.plan.clear_skips)
        if not group.is_empty():
            self._publish(run.root, self._writers[run.root].apply(group), 0)
        self._writers[run.root].store.catalog.set_meta("due", run.total)
        run.decide(msgspec.structs.replace(self._means, free_mb=system.memory_mb("MemAvailable")), self._config.graph_from)
        self._say_how_far(run)
        run.listed = True
        if run.stopped:
            self._end_early(run)
            return
        if run.total:
            told = f"; {run.estimate}" if run.estimate else ""
            log.info("%s: %d files, %s: %s%s", run.root, run.total, run.choice.mode, run.choice.why, told)
        self._builders.add(run, run.batches())
        self._finish_if_done(run)

    def _stop(self, job: jobs.Stop) -> None:
        run = self._runs.get(job.root)
        if run is not None and run.ticket == job.ticket:
            run.stopped = True
            if run.listed:
                self._end_early(run)

    def _end_early(self, run: ScanRun) -> None:
        self._cancel(run.root)
        self._builders.rest(idle=not self._runs and not self._fills)
        self._flush(run)
        self._writers[run.root].store.catalog.set_meta("due", run.total - run.done)

    def _built(self, event: Built) -> None:
        run = event.run
        try:
            if run.cancelled or self._runs.get(run.root) is not run:
                self._builders.rest(idle=not self._runs and not self._fills)
                return
            if event.problem is not None:
                self._go_on_with_less(run, event)
                return
            run.take(event.prepared, len(event.paths))
            if run.is_group_due():
                self._flush(run)
            self._finish_if_done(run)
        finally:
            self._builders.consumed(run)

    def _go_on_with_less(self, run: ScanRun, event: Built) -> None:
        """Where workers failed, build what they left in a simpler way; where there is none, say so."""
        assert event.problem is not None
        choice: Choice | None = run.choice
        if event.mode == run.choice.mode:  # Otherwise it is a late word of what was given up already.
            choice = lower(run.choice, event.problem) if event.weak else None
        if choice is None:
            self._cancel(run.root)
            self._channel.send(jobs.Trouble(run.root, run.ticket, event.problem))
            return
        if choice is not run.choice:
            log.warning("%s: %s; from now on %s", run.root, choice.why, choice.mode)
        narrowed, run.choice = choice is not run.choice, choice
        if narrowed:
            self._builders.narrow(run)
        self._builders.add(run, iter([event.paths]))

    def _flush(self, run: ScanRun) -> None:
        group = run.next_group()
        if not group.is_empty():
            applied = self._writers[run.root].apply(group)
            run.add_seconds(applied.seconds)
            self._publish(run.root, applied, 0)
            self._fold(run.root, self._writers[run.root])
        self._say_how_far(run)

    def _say_how_far(self, run: ScanRun) -> None:
        told = run.ticket, run.done, run.total, run.files, self._how(run)
        self._channel.send(jobs.Scanning(run.root, *told))

    def _how(self, run: ScanRun) -> jobs.Build:
        held = sum(map(system.resident_bytes_of, (os.getpid(), *self._builders.pids())))
        return run.build(self._builders.queues(run), time.process_time() - run.writer_cpu_s, held)

    def _finish_if_done(self, run: ScanRun) -> None:
        if run.done < run.total:
            return
        self._flush(run)
        del self._runs[run.root]
        self._writers[run.root].store.catalog.set_meta("due", 0)
        writer = self._writers[run.root]
        if run.merge:
            self._merge_words(run)
        if run.merge or not self._config.delta:
            self._merge_vectors(run.root, writer)
        self._fold(run.root, writer, at_rest=run.total > _BULK_FILES)
        writer.store.catalog.checkpoint()
        self._fill(run.root)  # Before the end is told: who waits for it sees what goes on.
        counts = run.files, run.parsed, run.embedded
        self._channel.send(jobs.Scanned(run.root, run.ticket, *counts, run.seconds, run.problem, self._how(run)))
        self._builders.rest(idle=not self._runs and not self._fills)
        self._collect(run.root)

    def _collect(self, root: str) -> None:
        """Keep the vault within its budget."""
        budget = self._config.vault_mb * 1_000_000
        wanted, _ = self._wanted()
        models = {self._model, wanted.id if wanted is not None else self._model}
        found = self._vault.collect(budget, lambda: in_use(self._layout.catalogues(), models))
        if found is not None:
            less = f"{found.before // 1_000_000} MB, now {found.after // 1_000_000}"
            said = f"The vault held {less}: {found.dropped} rows that no index holds were dropped."
            self._channel.send(jobs.Note(root, said))

    # -- models -----------------------------------------------------------------------------------------------------------

    def _spec(self, source: str) -> ModelSpec | None:
        """The model in a folder; None where it is gone."""
        try:
            return self._found(source)
        except ModelUnavailable:
            return None

    def _found(self, source: str) -> ModelSpec:
        known = self._specs.get(source)
        if known is None or not known.weights.is_file():
            known = self._specs[source] = found_in(source)
        return known

    def _goes_on(self, state: VectorState) -> bool:
        """Whether the model that an index has can go on to answer, whatever the settings want by now."""
        spec = self._spec(state.source)
        return spec is not None and (spec.id, spec.dimension) == (state.model, state.dimension)

    def _wanted(self) -> tuple[ModelSpec | None, str | None]:
        """The model that the settings name, which may have changed; or what is wrong with it."""
        try:
            setting = load_user(self._layout.config_file).model
            return self._found(located(setting, self._layout.models)), None
        except CodectxError as problem:
            return None, str(problem)

    def _fill(self, root: str) -> None:
        """Where the settings want another model than the one that answers, or documents came without vectors, begin to make
        up for it. Nothing waits for that, and it waits for scans."""
        writer = self._writers.get(root)
        if writer is None or root in self._runs or root in self._fills or root in self._given_up:
            return
        state = writer.store.vectors.state
        wanted, problem = self._wanted()
        if problem is not None:
            self._tell(jobs.Filling(root, "", "", 0, 0, problem=problem))
        active = wanted is None or wanted.id == state.model
        spec = self._spec(state.source) if active else wanted
        if spec is None or (active and not spec.is_slow):
            if problem is None and root in self._unfinished:
                self._tell(jobs.Filling(root, state.model, state.source, 0, 0, ended=True))
            return
        means = msgspec.structs.replace(self._means, free_mb=system.memory_mb("MemAvailable"))
        run = self._fills[root] = FillRun(root, spec, active=active, means=means)
        run.problem = problem
        if not active:
            self._tell(run.told())
        contents, vault = writer.store.catalog.view.contents(without=state.model if active else None), self._vault.view()

        def assess() -> None:
            try:
                run.assess(contents, vault)
                self._events.put(Assessed(run, None))
            except Exception as failure:
                # Whatever it was: a pass that nobody hears of again would never be begun anew.
                log.exception("%s: what is to be embedded could not be found out", root)
                self._events.put(Assessed(run, _sentence(failure)))
            finally:
                vault.close()

        threading.Thread(target=assess, name="fill", daemon=True).start()

    def _tell(self, told: jobs.Filling) -> None:
        self._channel.send(told)
        if told.ended:
            self._unfinished.discard(told.root)
        else:
            self._unfinished.add(told.root)

    def _assessed(self, event: Assessed) -> None:
        run = event.run
        if run.cancelled:
            return
        portions = list(run.batches())
        run.assessed, run.portions, run.problem = True, len(portions), event.problem or run.problem
        if run.due or not run.active:
            self._tell(run.told())
        if event.problem is not None or run.is_through():
            self._end_filling(run)
            return
        log.info("%s: %d of %d texts are still to be embedded by %s", run.root, run.total - run.done, run.total, run.spec.id)
        self._builders.add(run, iter(portions))

    def _filled(self, run: FillRun, event: Built) -> None:
        """A portion came back: the vault has it, and the index if it is of the model that answers."""
        try:
            if run.cancelled or self._fills.get(run.root) is not run:
                self._builders.rest(idle=not self._runs and not self._fills)
                return
            writer, kept = self._writers[run.root], run.take(event.prepared, event.problem)
            writer.keep(kept)
            if run.active and kept and run.is_news():
                self._attach(run, writer)
            if run.is_news():
                self._tell(run.told())
            if run.is_through() or run.is_hopeless:
                self._end_filling(run)
        finally:
            self._builders.consumed(run)

    def _attach(self, run: FillRun, writer: Writer) -> None:
        applied = writer.attach()
        if applied is not None:
            self._publish(run.root, applied, 0)
            self._settle(run.root, writer)

    def _end_filling(self, run: FillRun) -> None:
        """Nothing is left of what was due: with another model than the one that answers, this is when the one flip comes."""
        self._stop_filling(run.root)
        self._builders.rest(idle=not self._runs and not self._fills)
        writer, again = self._writers[run.root], False
        if run.active:
            self._attach(run, writer)
            ended = run.done >= run.total
        else:
            self._end_fold(run.root)  # It is of the model that leaves.
            applied = writer.adopt(run.spec.id, run.spec.dimension, run.source)
            ended = applied is not None
            # What came meanwhile is next; what is not as the index has it will be, and then this is tried again.
            again = not ended and run.problem is None and (run.embedded > 0 or not run.due)
            if applied is not None:
                log.info("%s: %s answers from now on", run.root, run.spec.id)
                self._channel.send(jobs.Published(run.root, applied.generation, None, 0))
                self._settle(run.root, writer)
        self._tell(run.told(ended=ended and run.problem is None))
        if run.problem is not None and run.is_hopeless:
            self._given_up.add(run.root)
        if again or (ended and not run.active):
            self._fill(run.root)

    def _stop_filling(self, root: str) -> None:
        """What is in the vault stays there."""
        run = self._fills.pop(root, None)
        if run is not None:
            run.cancelled = True


def _model() -> tuple[str, int]:
    """Id and dimension of the embedded model; without one, documents are indexed by their words alone."""
    try:
        spec = embedded()
    except ModelUnavailable:
        log.exception("The embedded model cannot be used")
        return "", 1
    return spec.id, spec.dimension


def _about(event: Event) -> tuple[str, int]:
    match event:
        case Listed():
            return event.run.root, event.run.ticket
        case Built():
            return event.run.root, event.run.ticket
        case Assessed():
            return event.run.root, 0
        case Drawn() | Folded():
            return event.root, 0
        case jobs.Scan():
            return event.root, event.ticket
        case Ended():
            return "", 0
        case _:
            return event.root, 0


def _sentence(problem: Exception) -> str:
    if isinstance(problem, CodectxError):
        return str(problem)
    if isinstance(problem, OSError) and problem.errno is not None:
        return f"The index cannot be written: {os.strerror(problem.errno)}."
    return f"The index cannot be written: {problem}."


if __name__ == "__main__":
    main()
