"""Dirty paths, merged: whatever happened to a path, and however often, it is one path to look at.

Thread-safe. A burst is let pass before its paths are due, but not for ever. "Everything" is a state of its own: the
watcher overflowed, HEAD moved, an ignore file changed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection

_QUIET_S = 0.012
_PATIENCE_S = 0.1
_MANY = 2_000


class Inbox:
    """What may have changed in one workspace since it was last looked at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paths: set[str] = set()
        self._everything = False
        self._first = self._last = 0.0

    def mark(self, paths: Collection[str]) -> None:
        """These may have changed."""
        now = time.monotonic()
        with self._lock:
            if not self._paths and not self._everything:
                self._first = now
            self._paths.update(paths)
            self._last = now
            if len(self._paths) > _MANY:
                self._everything = True

    def mark_everything(self) -> None:
        """Anything may have changed."""
        with self._lock:
            self._everything = True
            self._last = time.monotonic()
            self._first = self._first or self._last

    def is_empty(self) -> bool:
        """Whether nothing waits to be looked at."""
        with self._lock:
            return not self._paths and not self._everything

    def __len__(self) -> int:
        with self._lock:
            return len(self._paths) + self._everything

    def due_in(self) -> float | None:
        """Seconds until what waits should be taken, 0 for now; None when nothing waits."""
        now = time.monotonic()
        with self._lock:
            if not self._paths and not self._everything:
                return None
            return max(0.0, min(self._last + _QUIET_S, self._first + _PATIENCE_S) - now)

    def take(self) -> frozenset[str] | None:
        """All that waits, None for everything; the inbox is empty then."""
        with self._lock:
            found = None if self._everything else frozenset(self._paths)
            self._paths, self._everything, self._first = set(), False, 0.0
        return found
