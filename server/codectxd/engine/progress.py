"""How far the indexer's scans of one workspace are, as its messages say.

Thread-safe by being written on one thread at a time and read in single attributes.
"""

from __future__ import annotations

import threading

from codectxd.engine.jobs import Build, Scanned, Scanning
from codectxd.engine.status import Progress
from codectxd.index.snapshot import Snapshot


class ScanProgress:
    """At most one scan is outstanding; another one asked for meanwhile follows it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ticket = 0
        self.outstanding = self.stopped = False
        self.again = False
        self.listed = False
        self.done = self.total = self.files = 0
        self.parsed = self.embedded = 0
        self.finished = 0
        self.failure: str | None = None
        self.seconds: dict[str, float] = {}
        self.build: Build | None = None
        self.estimate: str | None = None

    @property
    def asked(self) -> int:
        """How many scans were begun."""
        return self._ticket

    @property
    def awaited(self) -> int:
        """The ticket whose end says that all up to now was looked at."""
        return self._ticket + self.again

    @property
    def phase(self) -> str:
        """starting, indexing or ready."""
        if self.outstanding and self.listed and self.total:
            return "indexing"
        return "ready" if self.finished else "starting"

    @property
    def message(self) -> str | None:
        """What was stopped, and how it goes on."""
        if not self.stopped or not self.remaining:
            return None
        return "Indexing was stopped before its end: index the folder again, and it goes on where it was."

    @property
    def remaining(self) -> int:
        """Files that are still due, also where a scan was stopped before it came to them; 1 while that is not known."""
        if not self.outstanding and not self.stopped:
            return 0
        return self.total - self.done if self.listed else 1

    def ask(self, *, force: bool) -> int:
        """A scan is wanted: its ticket if it is to begin now, 0 if it follows the outstanding one."""
        with self._lock:
            if self.outstanding and not force:
                # It may be listing the tree at this moment, and be past what has just changed.
                self.again = True
                return 0
            self.again, self.outstanding, self.listed, self.failure = False, True, False, None
            self.stopped = False
            self._ticket += 1
            return self._ticket

    def stop(self) -> bool:
        """Whether a scan was outstanding; it is stopped, with what was to follow it, until another one is asked for."""
        with self._lock:
            self.stopped = self.stopped or self.outstanding
            was, self.outstanding, self.again = self.outstanding, False, False
            return was

    def forget(self) -> None:
        """The outstanding scan was lost with its indexer."""
        self.outstanding = self.stopped = False

    def failed(self, message: str) -> None:
        """The outstanding scan cannot be done."""
        self.outstanding, self.failure = False, message

    def went(self, message: Scanning) -> None:
        """The indexer says how far it is."""
        if message.ticket == self._ticket:
            self.listed, self.done, self.total, self.files = True, message.done, message.total, message.files
            if not self.stopped:
                # What failed was another job before it: the scan itself is under way.
                self.outstanding, self.failure = True, None
            self._build_by(message.build)

    def ended(self, message: Scanned) -> None:
        """The indexer is through."""
        if message.ticket == self._ticket:
            self.files, self.seconds = message.files, message.seconds
            self._build_by(message.build)
            self.parsed, self.embedded = message.parsed, message.embedded
            self.done = self.total
            self.finished, self.outstanding, self.stopped = message.ticket, False, False

    def _build_by(self, build: Build | None) -> None:
        """A look that takes nothing into the index says nothing of how an index is built."""
        self.estimate = build.estimate if build is not None else None
        if build is not None and build.files:
            self.build = build

    def progress(self) -> Progress:
        """For a progress bar."""
        if not self.outstanding:
            return Progress(self.total, self.total, "done")
        if not self.listed:
            return Progress(0, 0, "looking for changes")
        if not self.done and self.estimate:
            return Progress(0, self.total, self.estimate)
        return Progress(self.done, self.total, f"{self.done} of {self.total} files{self._pace()}")

    def _pace(self) -> str:
        """How fast it goes and how, once that can be said."""
        build = self.build
        if build is None or not build.files or build.wall_s < 1:
            return ""
        return f", {build.files / build.wall_s:.0f}/s, {build.mode}"

    def coverage(self, snapshot: Snapshot | None, model: str | None, *, looked: bool = False) -> tuple[float, float]:
        """The shares of the known files that can be found by words, and by meaning with `model`.

        `looked` says that the tree was compared with the index without a scan.
        """
        if snapshot is None:
            return 0.0, 0.0
        files = snapshot.files.by_doc
        known = max(len(files), self.files, 1)
        # Until a scan has listed the tree, what the last one left undone is all that is known to be missing.
        told = self.finished or (self.listed and (self.outstanding or self.stopped))
        missing = (self.remaining if self.listed else 0) if told else int(snapshot.meta.get("due", 0))
        if not files and not (self.finished or looked):
            return 0.0, 0.0
        words = max(0.0, 1.0 - missing / max(known, missing, 1))
        embedded = snapshot.files.embedded() / len(files) if files else 1.0
        return words, (words * embedded if model is None or snapshot.model == model else 0.0)
