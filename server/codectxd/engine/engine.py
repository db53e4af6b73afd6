"""One workspace, served: the async facade over watcher, overlay, reconciling and the indexer's work.

The only class here with `async def` and with threads of others calling into it. It never parses, never writes the index
and never waits for either to answer a search (invariant I8): what is missing is named in the answer's freshness.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence

from codectxd.engine import jobs
from codectxd.engine.drafts import Drafts
from codectxd.engine.following import Following
from codectxd.engine.lane import Task
from codectxd.engine.models import Models
from codectxd.engine.progress import ScanProgress
from codectxd.engine.readers import IsCancelled
from codectxd.engine.reconciler import Reconciler
from codectxd.engine.status import BuildStatus, EngineStatus, FillStatus, Progress, SkippedGroup
from codectxd.engine.surroundings import Surroundings
from codectxd.engine.view import View
from codectxd.engine.workers import REASONS as WORKER_REASONS
from codectxd.errors import IndexUnavailable, ServiceError
from codectxd.index.reader import Reader
from codectxd.index.snapshot import Snapshot
from codectxd.paths import Layout
from codectxd.types import BuildMode, Freshness, Skipped, Stamp
from codectxd.workspace.filters import REASONS
from codectxd.workspace.peek import peek
from codectxd.workspace.source import read_text, with_line_ends

log = logging.getLogger(__name__)

_RETRY_S = 10.0
_PROOF_S = 2.0
_MAX_STALE = 20
_PATIENCE_S = 10.0
"""How long the end of another process that writes is waited for, where there is no way round it."""


class Engine:
    """Everything about one workspace root. Made by `Host`; `start` opens it in the background."""

    def __init__(
        self,
        root: str,
        layout: Layout,
        *,
        loop: asyncio.AbstractEventLoop,
        send: Callable[[jobs.IndexerJob], None],
        prepare: Callable[[], None] = lambda: None,
        wake: Callable[[], None],
        models: Models,
        changed: Callable[[Engine], None],
        handicap: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`send` reaches the indexer, `prepare` has it started in time, `wake` the lane; `models` are those that questions
        are embedded with; `changed` is called on the loop after each change of the status; `handicap` says what all
        workspaces must do without."""
        self.root = root
        self._loop = loop
        self._send_job = send
        self._prepare_indexer = prepare
        self._models = models
        self._filling: jobs.Filling | None = None
        self._answering: str | None = None
        self._changed = changed
        self._handicap = handicap
        self.used_at = time.monotonic()
        self._wakers: set[asyncio.Event] = set()
        self._sessions: set[str] = set()
        self._told = False
        self._covered = 0
        self._closed = self._draft_next = self._merge_due = self._retrying = False
        self._asking = threading.RLock()
        self._problem: str | None = None
        self._state = layout.workspace(root)
        self.around = Surroundings(
            root, self._state, mark=self.mark, everything=self._mark_everything, changed=self._touched
        )
        self.scans = ScanProgress()
        self.view = View(self._state, self._touched)
        self.drafts = Drafts(root, self.view, wake)
        self.following = Following(self._state, self.view, followed=self._followed, replaced=self._replaced, lead=self._lead)
        self.reconciler = Reconciler(
            root,
            self.view,
            send=self._hand_over,
            scan=self.scan,
            following=lambda: self.following.active,
            epoch=lambda: self.scans.asked,
            scanning=lambda: self.scans.outstanding,
            saved=self.drafts.look_at,
            mark=self.mark,
            stamp=self._stamp,
            learn=self.around.learn,
        )
        self._wake_lane = wake

    # -- life -------------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Open in the background; searches are answered from now on, by what there is."""
        threading.Thread(target=self._open, name="open", daemon=True).start()

    def _open(self) -> None:
        # Whoever opens waits for none of this: first what was known, then the writer, then the watcher, and only then
        # the scan, so that nothing falls between it and the watcher.
        self._prepare_indexer()
        self.following.start()
        self._answering = self.view.model
        self._compare_drafts(None)
        self._send(jobs.Open(self.root))
        self.around.look()
        self.scan()

    def close(self) -> None:
        """Stop watching; what was not durable is reconciled the next time."""
        self._closed = True
        self.around.close()
        self.following.close()

    def is_idle(self) -> bool:
        """Whether no session has it open, nobody waits, and nothing is on its way to the disk."""
        # What a stopped scan left undone is nobody's, until somebody comes.
        on_its_way = self.reconciler.pending() + self.drafts.pending() or self.scans.outstanding
        return not (self._sessions or self._wakers or on_its_way or self.is_filling()) and self._is_durable()

    def is_filling(self) -> bool:
        """Whether another model is on its way, and nothing keeps it from coming."""
        return self._filling is not None and self._filling.problem is None and self._filling.per_s > 0

    # -- hints ------------------------------------------------------------------------------------------------------------

    def mark(self, paths: Collection[str]) -> None:
        """These relative paths may have changed."""
        self.reconciler.inbox.mark(paths)
        self._wake_lane()

    def _mark_everything(self, reason: str) -> None:
        log.info("%s: anything may have changed: %s", self.root, reason)
        self.reconciler.inbox.mark_everything()
        self._wake_lane()

    def edit(self, session: str, path: str, version: int, text: bytes) -> None:
        """An editor opened a document, or changed it to `text`."""
        self.drafts.edit(session, path, version, with_line_ends(text))

    def join(self, session: str) -> None:
        """A session has this folder open; it knows nothing of a scan that was stopped, which goes on."""
        self._sessions.add(session)
        self._resume()

    def part(self, session: str) -> None:
        """A session has this folder open no longer."""
        self._sessions.discard(session)
        self.used_at = time.monotonic()

    def close_buffer(self, session: str, path: str) -> None:
        """An editor closed a document."""
        self.drafts.close(session, path)

    def end_session(self, session: str) -> None:
        """A session is over."""
        self.part(session)
        self.drafts.end(session)

    # -- the lane's questions ---------------------------------------------------------------------------------------------

    def next_task(self) -> Task | None:
        """The most urgent job: what is being typed, then what was saved; in turn where both wait."""
        if self._closed:
            return None
        self._draft_next = not self._draft_next
        first, second = (self.drafts, self.reconciler) if self._draft_next else (self.reconciler, self.drafts)
        return first.next_task() or second.next_task()

    def due_in(self) -> float | None:
        """Seconds until something is due."""
        return 0.0 if self.drafts.pending() else self.reconciler.inbox.due_in()

    # -- the indexer's answers --------------------------------------------------------------------------------------------

    def scan(self, *, force: bool = False, merge: bool = False, mode: BuildMode | None = None) -> int:
        """Have the whole tree reconciled; returns the ticket by which it will be known. `mode` is for this time alone."""
        self._merge_due = self._merge_due or merge
        if self.following.active:
            self._look_at_everything()
            return self.scans.awaited
        with self._asking:
            # Tickets reach the indexer in their order: the last scan that it hears of is the one that is waited for.
            # A mode that was asked for is for this scan, not for the one that may be under way.
            ticket = self.scans.ask(force=force or merge or mode is not None)
            if ticket:
                self._covered, _, _ = self.view.overlay.pending_hot()
                self._filling = None  # It stands back, and is told anew before the scan's end is.
                self._send(jobs.Scan(self.root, ticket, self.drafts.open_paths(), force, self._merge_due, mode))
        self._touched()
        return ticket or self.scans.awaited

    def take(self, reply: jobs.IndexerReply) -> None:
        """A message of the indexer about this workspace."""
        match reply:
            case jobs.Published():
                self._publish(reply)
            case jobs.Elsewhere():
                self._follow()
            case jobs.Scanning():
                self._problem = None
                self.scans.went(reply)
            case jobs.Scanned():
                if reply.ticket == self.scans.asked:
                    # It saw all that was saved before it began, also what could not be written at the time.
                    self.view.release(self._covered)
                    self.reconciler.scanned()
                    self._merge_due = False
                self.scans.ended(reply)
                self.around.learn(reply.problem, True)
                self._wake_lane()
                if self.scans.again:
                    self.scan()
            case jobs.Trouble():
                self._fail(reply.message)
            case jobs.Filling():
                self._fill(reply)
            case jobs.Note():
                log.info("%s: %s", self.root, reply.message)
        self._touched()

    def _publish(self, reply: jobs.Published) -> None:
        followed = self.following.active
        self.following.held()
        self._advance(reply)
        if followed:
            self.resend()

    def _advance(self, reply: jobs.Published) -> None:
        try:
            self.view.advance(reply.changed, reply.sequence)
            self._renew_drafts()
            self._compare_drafts(reply.changed)
        except IndexUnavailable as problem:
            log.warning("%s: %s", self.root, problem)
            self._problem = str(problem)
            self._retry_later()

    def _renew_drafts(self) -> None:
        """Where another model answers than before, have open texts embedded by it."""
        before, now = self._answering, self.view.model
        if now is None:
            return  # Vectors that cannot be read at this moment are no other model.
        self._answering = now
        if before not in (None, now):
            self.drafts.renew()

    def _fill(self, told: jobs.Filling) -> None:
        """Another model is on its way: it is loaded by the time that it answers."""
        self._filling = None if told.ended else told
        if told.source and not told.ended:
            self._models.want(told.source)

    def sources(self) -> set[str]:
        """The folders of the models that this workspace is, or will be, searched with."""
        return {self.view.source, self._filling.source if self._filling is not None else ""}

    def _compare_drafts(self, changed: Collection[str] | None) -> None:
        """An open text may be the saved one, now that this is known."""
        for path in self.drafts.open_paths():
            if changed is None or path in changed:
                self.drafts.look_at(path)

    def _fail(self, message: str) -> None:
        log.warning("%s: %s", self.root, message)
        self.following.let_go()
        self._problem = message
        self.scans.failed(message)
        self._retry_later()

    def _retry_later(self) -> None:
        if self._retrying:
            return
        self._retrying = True
        timer = threading.Timer(_RETRY_S, self._retry)
        timer.daemon = True
        timer.start()

    def _retry(self) -> None:
        self._retrying = False
        if self._closed:
            return
        if self.view.behind:
            with contextlib.suppress(IndexUnavailable):
                self.view.advance(None, 0)
        if self._problem is not None:
            self.resend()

    # -- another process that writes --------------------------------------------------------------------------------------

    def _send(self, job: jobs.IndexerJob) -> None:
        self.following.ask()
        self._send_job(job)

    def _hand_over(self, job: jobs.Apply) -> None:
        """Have a change written, unless another process writes: it sees the same files, and the overlay keeps ours."""
        if not self.following.active:
            self._send(job)
            return
        self.view.settle()

    def _follow(self) -> None:
        """The lock is another process's: what that one publishes is compared with the tree here, and nothing written."""
        if self.following.active:
            return
        log.info("%s: another process writes the index; it is followed", self.root)
        self.following.begin()
        self._problem = None
        self.scans.forget()
        self._look_at_everything()

    def _look_at_everything(self) -> None:
        self.reconciler.looked = False
        self.reconciler.inbox.mark_everything()
        self._wake_lane()
        self._touched()

    def _followed(self, differing: Collection[str]) -> None:
        """Another process published; of `differing` paths it has another text than the overlay."""
        self._renew_drafts()
        self._compare_drafts(None)
        if differing:
            self.mark(differing)

    def _replaced(self) -> None:
        """The index that is followed is another one: what it was found to hold it may hold no more."""
        if self.following.active:
            self._look_at_everything()

    def _lead(self) -> None:
        """Nobody writes any more: take the place, and have all that is there compared with what was written."""
        if not self._closed:
            log.info("%s: the other process has left; the index is written here", self.root)
            self.resend()
            self._touched()

    async def _may_write(self) -> None:
        """Wait for another process that writes to leave. Raises ServiceError where it stays."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                async for _ in self._changes():
                    if not self.following.active:
                        return
        who = f" (pid {self.following.writer})" if self.following.writer else ""
        raise ServiceError(f"Another process{who} writes the index of {self.root}: end it, or the editor it belongs to.")

    def indexer_lost(self, restart: bool) -> None:
        """The indexer ended; what it had not confirmed is sent again."""
        self.following.let_go()
        if self.following.active:
            return
        sequence, _, _ = self.view.overlay.pending_hot()
        if not restart:
            self._fail("The indexer ends each time it is started; the daemon's log says why.")
        elif sequence or self.scans.outstanding or self.is_filling():
            self.resend()

    def resend(self) -> None:
        """Tell an indexer that knows nothing all that is not durable yet."""
        if self.following.active:
            return
        self._send(jobs.Open(self.root))
        sequence, parcels, gone = self.view.overlay.pending_hot()
        if sequence:
            self._send(jobs.Apply(self.root, sequence, parcels, gone, [], [], [], 0))
        self.scans.forget()
        self.scan()

    # -- answers ----------------------------------------------------------------------------------------------------------

    def reader(
        self,
        *,
        include_unsaved: bool = True,
        not_under: Sequence[str] = (),
        only: frozenset[str] | None = None,
        is_cancelled: IsCancelled = lambda: False,
    ) -> Reader:
        """What there is, for one question; another engine answers for what begins with one of `not_under`. Any thread."""
        return self.view.reader(
            self._read_text,
            self._is_unchanged,
            self._peek,
            include_unsaved=include_unsaved,
            not_under=not_under,
            only=only,
            is_cancelled=is_cancelled,
        )

    def is_renewed(self, seen: Snapshot | None) -> bool:
        """Whether the index is another by now than the one `seen`, so that it may help to ask again: it may have been erased
        under the question. Any thread."""
        return self.view.renew() or self.view.snapshot is not seen

    def mend(self, problem: IndexUnavailable) -> None:
        """The index turned out damaged under a question: the indexer opens it afresh, which recovers it. Any thread."""
        if self._problem is None and not self.following.active:
            log.warning("%s: %s", self.root, problem)
            self._problem = str(problem)
            self._send(jobs.Release(self.root))
            self.resend()

    def see_again(self, stale: Collection[str]) -> None:
        """These paths were not as indexed. Any thread."""
        if stale:
            self.mark(stale)

    def _peek(self, path: str) -> bytes | None:
        return peek(self.root, path, self.around.limits.max_bytes)

    def _read_text(self, path: str) -> bytes | None:
        return read_text(self.root, path, self.around.limits)

    def _stamp(self, path: str) -> Stamp | None:
        try:
            found = os.lstat(os.path.join(self.root, path))
        except (OSError, ValueError):
            return None
        return Stamp(found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns)

    def _is_unchanged(self, path: str, stamp: Stamp) -> bool:
        return self._stamp(path) == stamp

    def freshness(self, missing: Collection[str] = (), stale: Sequence[str] = ()) -> Freshness:
        """As of what an answer given now speaks, whose signals `missing` were missing, and `stale` paths left out."""
        snapshot = self.view.snapshot
        embedder, coming = self._models.of(self.view.source)
        words, vectors = self.scans.coverage(
            snapshot, embedder.model_id if embedder is not None else None, looked=self.reconciler.looked
        )
        degraded = set(missing)
        if snapshot is not None:
            degraded.update(snapshot.problems)
        if embedder is None and not coming:
            degraded.add("semantic")
        if self._filling is not None and self._filling.problem:
            degraded.add("model")
        if self.around.health != "ok":
            degraded.add("watcher")
        if self.around.problem:
            degraded.add("git")
        if self._handicap():
            degraded.add("workers")
        if self.problem is not None:
            degraded.add("indexing")
        return Freshness(
            generation=self.view.generation,
            head=self.around.head(),
            words=words,
            vectors=vectors,
            degraded=tuple(sorted(degraded)),
            stale=tuple(stale[:_MAX_STALE]),
            pending=self._pending(),
        )

    def size(self) -> int:
        """How many files there are, as far as is known; 1 at least."""
        snapshot = self.view.snapshot
        return max(len(snapshot.files.by_doc) if snapshot is not None else 0, self.scans.files, 1)

    def _pending(self) -> int:
        return self.reconciler.pending() + self.drafts.pending() + self.scans.remaining

    @property
    def problem(self) -> str | None:
        """What keeps this workspace from working, in a sentence."""
        return self._problem or self.reconciler.problem

    def indexing(self) -> Progress | None:
        """How far the index run is that is under way; None while there is none."""
        return self.scans.progress() if self._phase() == "indexing" else None

    def status(self) -> EngineStatus:
        """How this workspace is."""
        snapshot = self.view.snapshot
        chunks, vectors = snapshot.counts() if snapshot is not None else (0, 0)
        skipped = snapshot.skipped() if snapshot is not None else ()
        return EngineStatus(
            root=self.root,
            phase=self._phase(),
            files=len(snapshot.files.by_path) if snapshot is not None else 0,
            chunks=chunks,
            vectors=vectors,
            pending=self._pending(),
            skipped=len(skipped),
            model=(snapshot.model if snapshot is not None else None) or "",
            branch=self.around.head(),
            generation=self.view.generation,
            watcher=self.around.health,
            stage_seconds=self.scans.seconds,
            skipped_files=_grouped(skipped),
            done=self.scans.done,
            total=self.scans.total,
            parsed=self.scans.parsed,
            embedded=self.scans.embedded,
            message=self.problem or self.scans.message or self.around.problem or self._handicap(),
            role="follower" if self.following.active else "writer",
            writer=self.following.writer,
            build=_build_status(self.scans.build),
            digest=self._digest(),
            filling=_fill_status(self._filling),
        )

    def _digest(self) -> str | None:
        """Of all that is indexed, once it is all; hexadecimal."""
        snapshot = self.view.snapshot
        if snapshot is None or self._phase() != "ready":
            return None
        return snapshot.folder_digests()[""].hex()

    def _phase(self) -> str:
        if self._problem:
            return "failed"
        if not self.following.active:
            return "ready" if self.reconciler.looked and not self.scans.outstanding else self.scans.phase
        if self.reconciler.looked:
            return "ready"
        snapshot = self.view.snapshot
        return "indexing" if snapshot is not None and int(snapshot.meta.get("due", 0)) else "starting"

    # -- waiting ----------------------------------------------------------------------------------------------------------

    async def reindex(
        self,
        *,
        force: bool,
        merge: bool = False,
        mode: BuildMode | None = None,
        on_progress: Callable[[Progress], None],
        session: str = "",
    ) -> None:
        """Reconcile everything now; returns when it is durable. Raises ServiceError where that is not possible.

        Cancelled, it stops the indexing, unless another session than `session` has this folder open, or waits for it.
        """
        try:
            await self._reindex(force, merge, mode, on_progress)
        except asyncio.CancelledError:
            if not self._wakers and not self._sessions - {session}:
                self._stop_scan()
            raise

    async def _reindex(
        self, force: bool, merge: bool, mode: BuildMode | None, on_progress: Callable[[Progress], None]
    ) -> None:
        if force:
            await self._may_write()
        # A workspace that is being opened is about to be scanned anyway.
        ticket = self.scan(force=force, merge=merge, mode=mode) if force or merge or mode or self.scans.asked else 1
        last = None
        async for _ in self._changes():
            progress = self.scans.progress()
            if progress != last:
                on_progress(progress)
                last = progress
            if self.scans.failure is not None:
                raise ServiceError(self.scans.failure)
            if self.following.active:
                if force:
                    await self._may_write()
                    ticket = self.scan(force=True, merge=merge, mode=mode)
                elif self._is_fresh() and self._is_durable():
                    return
            elif self.scans.finished >= ticket and not self.scans.outstanding and self._is_durable():
                return

    def _stop_scan(self) -> None:
        if self.scans.stop():
            self._send(jobs.Stop(self.root, self.scans.asked))
            self.reconciler.scanned()
            self._touched()

    def _resume(self) -> None:
        if self.scans.stopped:
            self.scan()

    async def wait_fresh(self, timeout_s: float, *, durable: bool) -> bool:
        """Wait until what has happened up to now is searchable, or on disk; whether it is."""
        deadline = time.monotonic() + timeout_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                proof_s = min(_PROOF_S, max(0.0, deadline - time.monotonic()))
                if not await asyncio.to_thread(self.around.prove, proof_s):
                    self.scan()
                await asyncio.to_thread(self.following.beat)
                async for _ in self._changes():
                    self._resume()
                    if self._problem is not None or self.reconciler.stuck:
                        return False
                    if self._is_fresh() and (not durable or self._is_durable()):
                        return True
        return False

    def _is_fresh(self) -> bool:
        _, coming = self._models.of(self.view.source)
        looked = self.reconciler.looked or not self.following.active
        return bool(self.scans.asked) and looked and not coming and not self._pending() and not self.scans.outstanding

    def _is_durable(self) -> bool:
        return not self.view.overlay.hot_paths()

    async def _changes(self) -> AsyncIterator[None]:
        """Once now, and once after each change."""
        waker = asyncio.Event()
        self._wakers.add(waker)
        try:
            while True:
                yield
                await waker.wait()
                waker.clear()
        finally:
            self._wakers.discard(waker)

    def _touched(self) -> None:
        """Something changed: wake who waits, once for all that changes before the loop gets to it. Any thread."""
        if not self._told:
            self._told = True
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._told = False
        for waker in self._wakers:
            waker.set()
        self._changed(self)


def _fill_status(told: jobs.Filling | None) -> FillStatus | None:
    if told is None:
        return None
    left_s = (told.total - told.done) / told.per_s if told.per_s > 0 else None
    return FillStatus(told.model, told.done, told.total, told.per_s, left_s, told.problem)


def _build_status(build: jobs.Build | None) -> BuildStatus | None:
    if build is None:
        return None
    wall_s = max(build.wall_s, 1e-3)
    return BuildStatus(
        mode=build.mode,
        why=build.why,
        workers=build.workers,
        files=build.files,
        parsed=build.parsed,
        embedded=build.embedded,
        elapsed_s=build.wall_s,
        cpu_s=build.cpu_s,
        peak_bytes=build.peak_bytes,
        files_per_s=build.files / wall_s,
        overlap=sum(build.seconds.values()) / wall_s,
        stage_seconds=build.seconds,
        queues=build.queues,
        estimate=build.estimate,
    )


def _grouped(skipped: Collection[Skipped]) -> tuple[SkippedGroup, ...]:
    by_reason: dict[str, list[str]] = {}
    for skip in skipped:
        by_reason.setdefault(skip.reason, []).append(skip.path)
    meanings = {**REASONS, **WORKER_REASONS}
    return tuple(
        SkippedGroup(reason, len(paths), meanings.get(reason, ""), tuple(sorted(paths)[:10]))
        for reason, paths in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    )
