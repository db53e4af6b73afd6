"""Saved files: from "these paths may have changed" to the overlay, and on to the indexer.

It compares states and never asks what kind of event it was. A few changes go through the warm worker and are searchable at
once; many, or everything, are the indexer's scan. Thread-safe; the lane asks for tasks, the engine for how things stand.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection

from codectxd.engine.inbox import Inbox
from codectxd.engine.jobs import Apply, Broke, Refresh, Refreshed
from codectxd.engine.lane import Outcome, Task
from codectxd.engine.view import View
from codectxd.engine.workers import CRASHED, TOO_SLOW, Died
from codectxd.types import Skipped, Stamp

log = logging.getLogger(__name__)

_RETRY_S = 5.0
_AT_MOST = 128
"""So many changed files go through one worker; more are prepared by all of them in a scan."""
_MORE = 3
"""Where another process writes, how often that number is doubled before it is left at that."""
_WRITER_S = 2.0
"""How long such a writer is given for what is too much here."""
_EVERYTHING = frozenset(("",))


class Reconciler:
    """The tree of one workspace, small changes at a time."""

    def __init__(
        self,
        root: str,
        view: View,
        *,
        send: Callable[[Apply], None],
        scan: Callable[[], object],
        epoch: Callable[[], int],
        scanning: Callable[[], bool],
        following: Callable[[], bool],
        saved: Callable[[str], None],
        mark: Callable[[Collection[str]], None],
        stamp: Callable[[str], Stamp | None],
        learn: Callable[[str | None, bool], bool],
    ) -> None:
        """`send` hands a change to the indexer, `scan` asks it for a full pass, `saved` tells of each path that changed.

        `epoch` counts the scans: after each, ignore files and the repository may be others. `scanning` says whether one is
        under way, `following` whether another process writes, so that no scan can be asked for. `mark` marks paths and
        wakes whoever asks for tasks, `stamp` looks at one file, `learn` hears why git was not asked, and whether
        that is said of all files; it says whether that is news for all of them.
        """
        self.inbox = Inbox()
        self.looked = False
        self.problem: str | None = None
        self._broken_at: float | None = None
        self._root = root
        self._view = view
        self._send = send
        self._scan = scan
        self._saved = saved
        self._epoch = epoch
        self._scanning = scanning
        self._following = following
        self._unwritten: dict[str, Skipped] = {}
        self._looks = self._too_many = 0
        self._meanwhile: set[str] = set()
        self._lock = threading.Lock()
        self._under_way = 0
        self._suspects: set[str] = set()
        self._later: set[str] = set()
        self._failures = 0
        self._mark = mark
        self._stamp = stamp
        self._learn = learn

    def pending(self) -> int:
        """How many paths wait, are being looked at, or will be again."""
        with self._lock:
            return len(self.inbox) + self._under_way + len(self._later)

    @property
    def stuck(self) -> bool:
        """Whether the problem outlived another try: who waits need not wait for more."""
        return self._broken_at is not None and time.monotonic() - self._broken_at > _RETRY_S

    def next_task(self) -> Task | None:
        """A look at what waits, if it is due; a scan is asked for at once."""
        if self.inbox.due_in() != 0.0:
            return None
        with self._lock:
            paths = self.inbox.take()
            if paths is not None and self._scanning():
                self._meanwhile.update(paths)
            self._under_way += 1
        try:
            return self._task(paths)
        except Exception:
            # The index may be closed at this very moment: what changed must neither be forgotten nor wait for ever.
            self._look_again_later(_EVERYTHING if paths is None else paths)
            self._settle()
            raise

    def _task(self, paths: frozenset[str] | None) -> Task | None:
        """A look at `paths`; None for all of them, which is a scan, unless another process writes."""
        if paths is None and self._following():
            self._looks += 1
            paths = _EVERYTHING
        if paths is None:
            self._scan()
            self._settle()
            return None
        looked_at = paths
        known = self._view.known_under(looked_at)
        at_most = _AT_MOST << min(self._too_many, _MORE)
        skips = self._skips(looked_at)
        epoch = self._epoch() + self._looks
        job = Refresh(self._root, epoch, sorted(looked_at), known, skips, at_most, self._view.source, 0.0)
        return Task(job, lambda outcome: self._done(looked_at, outcome))

    def scanned(self) -> None:
        """A scan is over: it may have brought back what was found gone or changed, or known to nobody, while it went on."""
        with self._lock:
            paths, self._meanwhile = self._meanwhile, set()
        if paths:
            self.inbox.mark(paths)

    def _skips(self, paths: Collection[str]) -> list[Skipped]:
        snapshot = self._view.snapshot
        skips = {skip.path: skip for skip in snapshot.skipped()} if snapshot is not None else {}
        if self._following():
            skips.update(self._unwritten)
        below = tuple(f"{path}/" if path else "" for path in paths)
        return [skip for path, skip in skips.items() if path in paths or path.startswith(below)]

    def _done(self, paths: Collection[str], outcome: Outcome) -> None:
        try:
            match outcome:
                case Refreshed(too_many=True) if self._following():
                    # The writer is at it; what it has not done when it was given time is done here.
                    self._too_many += 1
                    self._look_again_later(_EVERYTHING, _WRITER_S)
                case Refreshed(too_many=True):
                    self._scan()
                    with self._lock:
                        # The scan asked for begins after this look: what the one under way brings back, it sees. To look
                        # at them again after each would find as many, and ask for a scan, without end.
                        self._meanwhile.difference_update(paths)
                case Refreshed():
                    self.problem, self._broken_at, self._failures = None, None, 0
                    self._too_many = 0
                    self.looked = self.looked or "" in paths
                    self._suspects.difference_update(paths)
                    self._accept(outcome)
                    if self._learn(outcome.problem, "" in paths):
                        self._scan()
                case Died():
                    self._survive(paths, outcome)
                case Broke():
                    self.problem, self._broken_at = outcome.message, self._broken_at or time.monotonic()
                    self._look_again_later(paths)
        finally:
            self._settle()

    def _accept(self, found: Refreshed) -> None:
        # A file that is no longer indexable hides what the index has of it, as one that is gone does.
        hidden = [skip.path for skip in found.skipped if self._view.saved_digest(skip.path) is not None]
        if not (found.parcels or found.gone or found.skipped or found.clear_skips or found.stamps):
            return
        sequence = self._view.overlay.put_hot(found.parcels, [*found.gone, *hidden])
        self._view.published()
        skips, clear, stamps = found.skipped, found.clear_skips, found.stamps
        if self._following():
            self._remember(found)
        self._send(Apply(self._root, sequence, found.parcels, found.gone, skips, clear, stamps, found.seen_ns))
        for path in (*(parcel.path for parcel in found.parcels), *found.gone, *hidden):
            self._saved(path)

    def _remember(self, found: Refreshed) -> None:
        """What nobody writes down for this process, so that no look finds it anew."""
        for path in (*found.clear_skips, *found.gone, *(parcel.path for parcel in found.parcels)):
            self._unwritten.pop(path, None)
        self._unwritten.update((skip.path, skip) for skip in found.skipped)

    def _survive(self, paths: Collection[str], died: Died) -> None:
        """The worker is gone: the other paths are looked at again, the one it had turned to once more, then skipped."""
        self._failures = self._failures + 1 if died.path is None else 0
        if self._failures > 1:
            # Workers end before they begin anything: that is nobody's file, and must not become a busy loop.
            self._look_again_later(paths)
            return
        rest = [path for path in paths if path != died.path]
        if died.path is not None and (died.too_slow or died.path in self._suspects):
            log.warning("%s: %s %s", self._root, died.path, TOO_SLOW if died.too_slow else CRASHED)
            self._skip(Skipped(died.path, TOO_SLOW if died.too_slow else CRASHED, self._stamp(died.path)))
        elif died.path is not None:
            self._suspects.add(died.path)
            rest.append(died.path)
        self.inbox.mark(rest)

    def _look_again_later(self, paths: Collection[str], after_s: float = _RETRY_S) -> None:
        """The workspace is out of order (git refuses, say): nothing that changed meanwhile may be forgotten."""
        with self._lock:
            self._later.update(paths)
        timer = threading.Timer(after_s, self._look_again)
        timer.daemon = True
        timer.start()

    def _look_again(self) -> None:
        with self._lock:
            paths, self._later = self._later, set()
        self._mark(paths)

    def _skip(self, skip: Skipped) -> None:
        self._unwritten[skip.path] = skip
        sequence = self._view.overlay.put_hot([], [skip.path])
        self._view.published()
        self._send(Apply(self._root, sequence, [], [], [skip], [], [], 0))
        self._saved(skip.path)

    def _settle(self) -> None:
        with self._lock:
            self._under_way -= 1
        self._view.touched()
