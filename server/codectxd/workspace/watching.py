"""The watcher that this system has: `watch` over inotify on Linux, `observe` elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol


class Watching(Protocol):
    """What both have in common; `watch.Watcher` says what it means."""

    @property
    def health(self) -> str: ...

    @property
    def alive(self) -> bool: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def follow(
        self, is_ignored_dir: Callable[[str], bool], wanted: Callable[[], Collection[str]], triggers: Sequence[str]
    ) -> None: ...

    def prove(self, timeout: float) -> bool: ...


def watcher_kind() -> Callable[..., Watching]:
    """The class, whose parameters are those of `watch.Watcher`."""
    kind: Any
    # Imported here: what the first stands on exists on Linux alone.
    if sys.platform == "linux":
        from codectxd.workspace.watch import Watcher as kind
    else:
        from codectxd.workspace.observe import ObservingWatcher as kind
    found: Callable[..., Watching] = kind
    return found
