"""What a watcher has yet to report, and when: files still being written, and bursts of the same news.

Pure, but for being filled; not thread-safe. Moments are seconds of a monotonic clock, given by the caller.
"""

from __future__ import annotations

from typing import Final

SETTLE_S: Final = 0.1
"""A file is being written until it is closed; one that stays open is reported after this long, and so again and again."""
DEBOUNCE_S: Final = 0.1
"""git writes its own files several times in a row: all that happens within this is one report."""


class Pending:
    """Paths and reasons on their way out. A path is reported once, however often it was touched meanwhile."""

    def __init__(self) -> None:
        self._paths: set[str] = set()
        self._unsettled: dict[str, float] = {}
        self._reason: str | None = None
        self._reason_due = 0.0

    def touch(self, path: str) -> None:
        """The path has changed: report it at the next occasion."""
        self._paths.add(path)
        self._unsettled.pop(path, None)

    def begin(self, path: str, now: float) -> None:
        """Somebody is writing the file: report it in a while, unless it is closed before."""
        self._unsettled.setdefault(path, now + SETTLE_S)

    def doubt(self, reason: str, due: float) -> None:
        """Anything may have changed: say so when `due`, together with what else does until then."""
        self._reason_due = min(due, self._reason_due) if self._reason else due
        self._reason = self._reason or reason

    def take(self, now: float) -> tuple[frozenset[str], str | None]:
        """The paths, and the reason for a doubt, that are to be reported now."""
        for path in [path for path, due in self._unsettled.items() if due <= now]:
            self.touch(path)
        paths, self._paths = frozenset(self._paths), set()
        reason = self._reason if self._reason_due <= now else None
        if reason is not None:
            self._reason = None
        return paths, reason

    def next_due(self) -> float | None:
        """When something is due that is not yet; None when nothing is."""
        moments = [*self._unsettled.values(), *([self._reason_due] if self._reason else [])]
        return min(moments, default=None)
