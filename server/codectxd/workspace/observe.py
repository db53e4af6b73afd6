"""`watch` for systems without inotify: the same hints, from watchdog's own observers (FSEvents, kqueue, Windows, polling).

They watch ignored folders too, so what is ignored is passed over here; and what happens in different folders comes in no
order, so that nobody can say that everything up to now was reported: who must know looks at the tree. Events come on the
observer's thread and are only noted there; a thread of the watcher's own reports them when they are due. Tested over
Linux's observer.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Sequence

from watchdog import events
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from codectxd.config import IGNORE_FILE, SETTINGS_FILE
from codectxd.workspace.pending import DEBOUNCE_S, Pending

log = logging.getLogger(__name__)

# Never opened or closed without writing: listing folders makes those, and a large tree would keep itself busy for ever.
_WANTED: tuple[type[events.FileSystemEvent], ...] = (
    events.FileCreatedEvent,
    events.FileModifiedEvent,
    events.FileClosedEvent,
    events.FileDeletedEvent,
    events.FileMovedEvent,
    events.DirCreatedEvent,
    events.DirDeletedEvent,
    events.DirMovedEvent,
)
_RULES = (".gitignore", IGNORE_FILE)


class ObservingWatcher(events.FileSystemEventHandler):
    """As `watch.Watcher`, whose parameters it takes. `budget` means nothing here, nor `triggers_of`, since everything within
    the root is watched, the repositories' own files too; `state` is not needed."""

    def __init__(
        self,
        root: str,
        on_paths: Callable[[Collection[str]], None],
        on_everything: Callable[[str], None],
        is_ignored_dir: Callable[[str], bool],
        *,
        state: str,
        triggers: Sequence[str] = (),
        triggers_of: Callable[[str], Sequence[str]] = lambda folder: (),
        budget: int | None = None,
    ) -> None:
        self._root = os.path.realpath(root)
        self._on_paths = on_paths
        self._on_everything = on_everything
        self._is_ignored_dir = is_ignored_dir
        self._triggers = frozenset(map(_real, triggers))
        self._noted = threading.Condition()
        self._pending = Pending()
        self._ended = False
        self._dead: str | None = "it was not started"
        self._observer: BaseObserver | None = None
        self._thread = threading.Thread(target=self._run, name="codectxd-watch", daemon=True)

    @property
    def health(self) -> str:
        """How well it watches: "ok", or "dead: ..." when nothing is watched."""
        observer = self._observer
        if self._dead is None and (observer is None or not observer.is_alive()):
            self._dead = "its thread ended"
        return "ok" if self._dead is None else f"dead: {self._dead}"

    @property
    def alive(self) -> bool:
        """Whether anything is watched."""
        return self.health == "ok" and os.path.isdir(self._root)

    def start(self) -> None:
        """Watch: every change after this returns is reported. Never raises; `health` says how it went."""
        observer = Observer()
        try:
            observer.schedule(self, self._root, recursive=True, event_filter=list(_WANTED))
            for folder in set(map(os.path.dirname, self._triggers)):
                self._schedule(observer, folder)
            observer.start()
        except (OSError, RuntimeError) as problem:
            self._dead = f"{self._root} cannot be watched ({problem})"
            return
        self._observer, self._dead = observer, None
        self._thread.start()

    def stop(self) -> None:
        """Report nothing from now on. May be called again, from any thread but the watcher's own."""
        self._dead = self._dead or "it was stopped"
        with self._noted:
            self._ended = True
            self._noted.notify()
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            observer.join()
            self._thread.join()

    def follow(
        self, is_ignored_dir: Callable[[str], bool], wanted: Callable[[], Collection[str]], triggers: Sequence[str]
    ) -> None:
        """From now on ask another function, and watch further triggers; folders are watched as they are."""
        more = frozenset(map(_real, triggers)) - self._triggers
        with self._noted:
            self._is_ignored_dir = is_ignored_dir
            self._triggers |= more
        for folder in set(map(os.path.dirname, more)):
            if self._observer is not None:
                self._schedule(self._observer, folder)

    def resync(self) -> None:
        """Nothing to do: what is ignored is asked for with each event."""

    def prove(self, timeout: float) -> bool:
        """Never: see the module."""
        return False

    def dispatch(self, event: events.FileSystemEvent) -> None:
        """On the observer's thread: note what an event says."""
        with self._noted:
            for path in (event.src_path, event.dest_path):
                if path:
                    self._note(os.path.realpath(os.path.dirname(os.fsdecode(path))), os.fsdecode(path), event)
            self._noted.notify()

    def _note(self, folder: str, path: str, event: events.FileSystemEvent) -> None:
        name = os.path.basename(path)
        absolute = os.path.join(folder, name)
        if absolute in self._triggers:
            self._pending.doubt(f"{name} changed", time.monotonic() + DEBOUNCE_S)
        if absolute == self._root and event.event_type in (events.EVENT_TYPE_DELETED, events.EVENT_TYPE_MOVED):
            self._dead = f"{self._root} was moved or removed"
            self._pending.doubt(self._dead, 0)
        relative = self._relative(absolute)
        if relative is None:
            return
        if name in _RULES or name == ".git" or relative == SETTINGS_FILE:
            self._pending.doubt(f"{name} changed", time.monotonic() + DEBOUNCE_S)
        if event.event_type == events.EVENT_TYPE_MODIFIED:
            self._pending.begin(relative, time.monotonic())
        else:
            self._pending.touch(relative)

    def _relative(self, absolute: str) -> str | None:
        """The path below the root, POSIX; None for what is not below it, is ignored, or is git's own."""
        if not self._is_below_root(absolute):
            return None
        parts = os.path.relpath(absolute, self._root).split(os.sep)
        folders = ["/".join(parts[: at + 1]) for at in range(len(parts) - 1)]
        if ".git" in parts[:-1] or any(map(self._is_ignored_dir, folders)):
            return None
        return "/".join(parts)

    def _is_below_root(self, absolute: str) -> bool:
        return absolute.startswith(self._root.rstrip(os.sep) + os.sep)

    def _schedule(self, observer: BaseObserver, folder: str) -> None:
        if self._is_below_root(folder):
            return
        try:
            observer.schedule(self, folder, recursive=False, event_filter=list(_WANTED))
        except (OSError, RuntimeError) as problem:
            log.info("%s is not watched: %s", folder, problem)

    def _run(self) -> None:
        """The watcher's thread: report what is due."""
        while True:
            with self._noted:
                if self._ended:
                    return
                paths, reason = self._pending.take(time.monotonic())
                if not (paths or reason):
                    due = self._pending.next_due()
                    self._noted.wait(None if due is None else max(0.0, due - time.monotonic()))
                    continue
            if paths:
                self._on_paths(paths)
            if reason is not None:
                self._on_everything(reason)


def _real(file: str) -> str:
    return os.path.join(os.path.realpath(os.path.dirname(file)), os.path.basename(file))
