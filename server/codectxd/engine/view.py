"""What a workspace's searches see: the newest snapshot of the durable index, under the overlay. Thread-safe.

Counts published views, durable or not: the generation of an answer. Knows nothing of processes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from codectxd.engine.jobs import Known
from codectxd.errors import IndexUnavailable
from codectxd.index.catalog import FileRecord, check_seal
from codectxd.index.overlay import Overlay
from codectxd.index.reader import Reader
from codectxd.index.snapshot import Snapshot, open_snapshot
from codectxd.types import Stamp


class View:
    """One workspace's world."""

    def __init__(self, folder: Path, changed: Callable[[], None]) -> None:
        """`changed` is called, on any thread, after each publication."""
        self.overlay = Overlay()
        self._folder = folder
        self._changed = changed
        self._snapshot: Snapshot | None = None
        self._lock = threading.Lock()
        self._moving = threading.Lock()
        self._generation = 0
        self._behind = False

    @property
    def snapshot(self) -> Snapshot | None:
        """The durable index, None while there is none."""
        return self._snapshot

    @property
    def model(self) -> str | None:
        """The model that answers; None while there is nothing durable."""
        snapshot = self._snapshot
        return snapshot.model if snapshot is not None else None

    @property
    def source(self) -> str:
        """The folder of the model that answers, or will; empty for the one in the package."""
        snapshot = self._snapshot
        return snapshot.vectors.state.source if snapshot is not None and snapshot.vectors is not None else ""

    @property
    def generation(self) -> int:
        """Grows with each publication."""
        return self._generation

    @property
    def behind(self) -> bool:
        """Whether a publication could not be followed; the next that can be makes up for it."""
        return self._behind

    def open(self) -> None:
        """See what an earlier run left, if it is readable."""
        try:
            check_seal(self._folder / "catalog.db")  # Nobody has looked at it since that run.
            found = open_snapshot(self._folder, None)
        except IndexUnavailable:
            self._behind = True
            return
        with self._lock:
            self._snapshot = found
            self._generation = max(self._generation, found.generation)
        self._changed()

    def advance(self, changed: Collection[str] | None, sequence: int) -> None:
        """The durable index moved on; let go of the overlay up to `sequence`. Raises IndexUnavailable."""
        with self._moving:
            snapshot = self._snapshot
            # Where an earlier publication could not be followed, what it changed is not known any more.
            since, self._behind = None if self._behind else changed, True
            self._take(snapshot.advanced(since) if snapshot is not None else open_snapshot(self._folder, None))
            # The index first, then the overlay: in between a hit is hidden twice, never missing.
            if sequence:
                self.overlay.release_hot(sequence)
        self.published()

    def follow(self) -> list[str]:
        """Another process may have moved the durable index on: let go of what it holds of the overlay.

        Returns the paths that it has otherwise than before, and otherwise than the overlay or not at all. Raises
        IndexUnavailable.
        """
        with self._moving:
            before, self._behind = self._snapshot, True
            self._take(before.followed() if before is not None else open_snapshot(self._folder, None))
            self.overlay.release_held(self._holds)
            earlier = before.files.by_path if before is not None else {}
            paths = {path for path in earlier if self.record(path) is None}.union(self.overlay.hot_paths())
            other = [path for path in paths if earlier.get(path) != self.record(path)]
        self.published()
        return other

    def settle(self) -> None:
        """Let go of saved text that the index holds already, whoever wrote it there."""
        if self.overlay.release_held(self._holds):
            self.published()

    def renew(self) -> bool:
        """Where the index that is seen was erased: see what took its place, or nothing; whether that was so."""
        with self._moving:
            if self._snapshot is None or self._snapshot.catalog.is_current():
                return False
            try:
                self._take(open_snapshot(self._folder, None))
            except IndexUnavailable:
                self._snapshot, self._behind = None, True
        self.published()
        return True

    def _take(self, found: Snapshot) -> None:
        with self._lock:
            self._snapshot = found
        self._behind = False

    def _holds(self, path: str, digest: bytes | None) -> bool:
        record = self.record(path)
        return (record.digest if record is not None else None) == digest

    def release(self, sequence: int) -> None:
        """Let go of the overlay up to `sequence`, which the durable index is known to hold."""
        if sequence and self.overlay.release_hot(sequence):
            self.published()

    def touched(self) -> None:
        """Something that waiters wait for happened, though nothing to be seen changed."""
        self._changed()

    def published(self) -> None:
        """The overlay or the index changed."""
        with self._lock:
            self._generation += 1
        self._changed()

    def reader(
        self,
        read_text: Callable[[str], bytes | None],
        is_unchanged: Callable[[str, Stamp], bool],
        peek: Callable[[str], bytes | None],
        *,
        include_unsaved: bool,
        not_under: Sequence[str] = (),
        only: frozenset[str] | None = None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> Reader:
        """For one query."""
        # The overlay first: what it lets go of after this is in the snapshot taken next.
        layer = self.overlay.layer(include_unsaved=include_unsaved, model=self.model)
        return Reader(self._snapshot, layer, read_text, is_unchanged, peek, not_under, only, is_cancelled)

    def saved_digest(self, path: str) -> bytes | None:
        """The digest of the saved text of `path`, as the index and the hot layer have it."""
        entry = self.overlay.hot_entry(path)
        if entry is not None:
            return entry.parcel.digest if entry.parcel is not None else None
        record = self.record(path)
        return record.digest if record is not None else None

    def record(self, path: str) -> FileRecord | None:
        """What the durable index has of `path`."""
        snapshot = self._snapshot
        return snapshot.files.by_path.get(path) if snapshot is not None else None

    def known_under(self, paths: Collection[str]) -> dict[str, Known]:
        """What index and hot layer have at and below these paths."""
        by_path = self._snapshot.files.by_path if self._snapshot is not None else {}
        hot = self.overlay.hot_paths()
        names = {path for path in paths if path in by_path}
        folders = tuple(f"{path}/" if path else "" for path in paths if path not in by_path)
        if folders:
            names.update(path for path in by_path if path.startswith(folders))
        names.update(path for path in hot if path in paths or path.startswith(folders or ("\0",)))
        known = {path: _known(by_path[path]) for path in names if path in by_path}
        for path in names.intersection(hot):
            entry = self.overlay.hot_entry(path)
            if entry is None:
                continue
            if entry.parcel is None:
                known.pop(path, None)
            elif entry.parcel.stamp is not None:
                model = entry.parcel.vectors.model if entry.parcel.vectors else None
                known[path] = Known(entry.parcel.digest, entry.parcel.stamp, 0, model)
        return known


def _known(record: FileRecord) -> Known:
    return Known(record.digest, record.stamp, record.seen_ns, record.model)
