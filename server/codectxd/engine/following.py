"""Who writes a workspace's index: this process, or another one whose publications are followed.

The lock decides, and only who holds it writes. A follower sees each publication of the writer within one beat, keeps in
its overlay what was saved and is not published yet, and asks to lead once the lock is free. A process whose indexer has
nothing to do holds no lock either, and watches in the same way. Knows nothing of how an index is made.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from pathlib import Path

from codectxd import locks
from codectxd.engine.view import View
from codectxd.errors import IndexUnavailable
from codectxd.index.catalog import CatalogClock

log = logging.getLogger(__name__)

BEAT_S = 0.25


class Following:
    """One workspace's. Any thread."""

    def __init__(
        self,
        folder: Path,
        view: View,
        *,
        followed: Callable[[Collection[str]], None],
        replaced: Callable[[], None],
        lead: Callable[[], None],
    ) -> None:
        """`followed` is told, after each publication of another process, which saved paths that one has otherwise or not at
        all, `replaced` that the index was made anew; `lead` is called when nobody writes any more."""
        self._lock = folder / "lock"
        self._clock = CatalogClock(folder / "catalog.db")
        self._view = view
        self._followed = followed
        self._replaced = replaced
        self._incarnation: object = None
        self._beating = threading.Lock()
        self._lead = lead
        self._begun = self._asked = self._holding = self._active = False

    @property
    def active(self) -> bool:
        """Whether another process writes: nothing is to be asked of an indexer."""
        return self._active

    @property
    def writer(self) -> int | None:
        """The process that writes, as far as that is known."""
        return locks.holder(self._lock) if self._active else None

    def start(self) -> None:
        """See what was published before; beats count from now on."""
        self._clock.moved()
        self._view.open()
        self._incarnation = self._seen()
        self._begun = True

    def ask(self) -> None:
        """The indexer was asked to write: it will say who does."""
        self._asked = True

    def begin(self) -> None:
        """The indexer found the lock taken."""
        self._active, self._asked, self._holding = True, False, False

    def held(self) -> None:
        """The indexer published: this process writes."""
        self._active, self._asked, self._holding = False, False, True

    def let_go(self) -> None:
        """The indexer ended, and its lock is free."""
        self._asked = self._holding = False

    def beat(self) -> None:
        """Look whether another process published or left."""
        with self._beating:
            if self._begun and not self._asked and not self._holding:
                self._beat()

    def _beat(self) -> None:
        # The lock before the index: what its holder wrote last is seen before its place is taken.
        free = self._active and not locks.is_held(self._lock)
        if self._clock.moved() or (self._active and self._view.behind):
            self._see()
        incarnation, self._incarnation = self._incarnation, self._seen()
        if incarnation != self._incarnation:
            self._replaced()
        if free:
            self._active = False
            self._lead()

    def close(self) -> None:
        """Let go of the catalogue."""
        self._clock.close()

    def _seen(self) -> object:
        """What tells the index that is seen from one made anew."""
        snapshot = self._view.snapshot
        return snapshot.meta.get("incarnation") if snapshot is not None else None

    def _see(self) -> None:
        try:
            self._followed(self._view.follow())
        except IndexUnavailable as problem:
            # It is being erased or made: the next beat sees more.
            log.debug("%s", problem)
            self._view.renew()


class Heart:
    """The thread on which every workspace of a process looks around, several times a second."""

    def __init__(self, beats: Callable[[], Collection[Callable[[], None]]]) -> None:
        self._beats = beats
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a beat under way is waited for."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def _run(self) -> None:
        while not self._ended.wait(BEAT_S):
            for beat in self._beats():
                try:
                    beat()
                except Exception:
                    # One workspace's defect must not end what the others see of their writers.
                    log.exception("a workspace could not be looked at")
