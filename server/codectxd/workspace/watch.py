"""Says which paths may have changed, and when anything may have: events are hints, never news (invariant I4).

One thread per watcher, however many folders. It stands on watchdog's inotify reader and not on its observers: those watch
ignored folders too, may hold a rename back for half a second, hand every event through two more threads, and are silent
about watches that the kernel refused. `InotifyFD` brings the descriptor, the thread and the parsing; `folders` says what
is watched, `pending` when it is told. The callbacks run on the watcher's thread and must only hand over what they get.
"""

from __future__ import annotations

import ctypes
import errno
import math
import os
import select
import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Final

from watchdog.observers.inotify_c import InotifyConstants as In
from watchdog.observers.inotify_c import InotifyEvent, InotifyFD, Mask, WatchDescriptor
from watchdog.observers.inotify_c import inotify_add_watch as add_watch
from watchdog.observers.inotify_c import inotify_rm_watch as remove_watch

from codectxd.config import IGNORE_FILE, SETTINGS_FILE
from codectxd.workspace.folders import Folders
from codectxd.workspace.mounts import TABLE, mounts_in, read_table
from codectxd.workspace.pending import DEBOUNCE_S, Pending

# Never OPEN or CLOSE_NOWRITE: listing folders makes those, and a large tree would keep itself busy for ever.
_CHANGES: Final = In.IN_CREATE | In.IN_CLOSE_WRITE | In.IN_MODIFY | In.IN_ATTRIB | In.IN_DELETE | In.IN_MOVE
_MASK: Final = _CHANGES | In.IN_DELETE_SELF | In.IN_MOVE_SELF | In.IN_ONLYDIR | In.IN_DONT_FOLLOW | In.IN_EXCL_UNLINK
_ENDED: Final = In.IN_DELETE_SELF | In.IN_MOVE_SELF | In.IN_UNMOUNT | In.IN_IGNORED
_UNFINISHED: Final = In.IN_CREATE | In.IN_MODIFY

SHARE_OF_LIMIT: Final = 0.75
"""The part of the user's inotify watches that one watcher takes at most: editors want theirs too."""
_LIMIT: Final = "/proc/sys/fs/inotify/max_user_watches"
_BUFFER: Final = 1 << 18
_CHANGE_NO_RULES: Final = ("HEAD", "index")


class Watcher:
    """Watches the folders below `root` that are not ignored, and the files `triggers` wherever they are.

    `on_paths` gets relative paths of files and folders that changed, appeared or are gone; a folder stands for all below
    it. `on_everything` gets the reason why anything may have changed: events were lost, an ignore file or one of
    `triggers` (absolute paths, such as `vcs.repo.GitPaths.watched`) was written, or the watcher died. `is_ignored_dir`
    is asked for relative paths of folders, on any thread. `triggers_of` gives the triggers of a repository inside the root,
    by its absolute folder. `state` is an existing folder outside the root. `budget` is the number of folders to watch at
    most, by default a share of what the system allows this user.
    """

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
        self._root = root
        self._on_paths = on_paths
        self._on_everything = on_everything
        self._state = state
        self._triggers = triggers
        self._triggers_of = triggers_of
        self._budget = _default_budget() if budget is None else budget
        self._lock = threading.Lock()
        self._folders = Folders(root, is_ignored_dir, self._add, self._remove, self._budget, self._follow_repository)
        self._pending = Pending()
        self._trigger_names: dict[int, set[str]] = {}
        self._rules_changed = False
        self._cookies: dict[str, threading.Event] = {}
        self._met: list[str] = []
        self._n_cookies = 0
        self._dead: str | None = "it was not started"
        self._identity: tuple[int, int] | None = None
        self._reader: _Reader | None = None
        self._mounts = {mount.path: mount.number for mount in mounts_in(root, read_table()) if mount.path}
        self._vacant: set[str] = set()

    @property
    def health(self) -> str:
        """How well it watches: "ok", "limited: ..." when some folders are not watched, "dead: ..." when nothing is."""
        if self._dead is not None:
            return f"dead: {self._dead}"
        refused = self._folders.refused
        if not refused:
            return "ok"
        return f"limited: {refused} folders are not watched; raise fs.inotify.max_user_watches, or ignore more folders"

    @property
    def watched(self) -> int:
        """The number of folders that are watched."""
        return len(self._folders)

    def start(self) -> None:
        """Watch: every change after this returns is reported. Never raises; `health` says how it went."""
        try:
            self._identity = _identity(self._root)
            self._reader = reader = _Reader(self._take_events, self._pending.next_due, self._end)
        except OSError as error:
            self._dead = f"{self._root} cannot be watched ({error.strerror})"
            return
        with self._lock:
            self._dead = None
            reader.start()
            self._add_quietly(self._state)
            self._follow_files(self._triggers)
            self._folders.watch("")  # Last: where watches run out, the ones above are worth the most.

    def stop(self) -> None:
        """Report nothing from now on. May be called again, from any thread but the watcher's own."""
        reader, self._reader = self._reader, None
        self._dead = self._dead or "it was stopped"
        if reader is not None:
            reader.stop()
            reader.join()

    def resync(self) -> None:
        """Look again at which folders are to be watched: for when `is_ignored_dir` has come to say something else."""
        with self._lock:
            self._folders.rebuild()

    def follow(
        self, is_ignored_dir: Callable[[str], bool], wanted: Callable[[], Collection[str]], triggers: Sequence[str]
    ) -> None:
        """From now on ask another function, watch further triggers, and of the folders `wanted` those that are not ignored.

        Folders that were watched and are not wanted any more stay so until rules change: they cost little.
        """
        folders = wanted()
        with self._lock:
            self._folders.is_hidden = is_ignored_dir
            self._follow_files(triggers)
            wanted_now = {
                *self._vacant,
                *(() if self._folders.refused else folders),
            }  # No watch is left where one was refused.
            missing = [path for path in wanted_now if path not in self._folders]
            self._vacant.clear()
            new = [path for path in missing if not self._folders.is_ignored(path)]
            for path in sorted(new):
                if path not in self._folders:
                    self._folders.watch(path)
            # git shows what its index has, be it there or not; whoever makes such a folder is seen by the one around it.
            found = [path for path in new if path in self._folders]
        if found:
            self._on_paths(found)  # Whatever happened there before it was watched.

    @property
    def alive(self) -> bool:
        """Whether anything is watched."""
        return self._dead is None and _identity_or_none(self._root) == self._identity

    def prove(self, timeout: float) -> bool:
        """Whether events still arrive, within `timeout` seconds.

        Events come in order: when this returns True, everything that happened before the call has been reported, also
        what would have waited (see `pending`).
        """
        if self._dead is None and _identity_or_none(self._root) != self._identity:
            self._dead = f"{self._root} was moved or replaced"
        if self._dead is not None:
            return False
        with self._lock:
            self._n_cookies += 1
            name = f"watch-{os.getpid()}-{self._n_cookies}"
            arrived = self._cookies[name] = threading.Event()
        try:
            _create_and_remove(os.path.join(self._state, name))
            return arrived.wait(timeout) and self._dead is None
        except OSError:
            return False
        finally:
            self._cookies.pop(name, None)

    def _follow_repository(self, path: str) -> None:
        """A repository inside the root decides by files of its own."""
        self._follow_files(self._triggers_of(os.path.join(self._root, path)))

    def _follow_files(self, files: Sequence[str]) -> None:
        for file in files:
            folder, name = os.path.split(file)
            descriptor = self._add_quietly(folder)
            if descriptor >= 0:
                self._trigger_names.setdefault(descriptor, set()).add(name)

    def _add(self, folder: str) -> int:
        if self._reader is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), folder)
        return self._reader.add(folder)

    def _add_quietly(self, folder: str) -> int:
        try:
            return self._add(folder)
        except OSError:
            return -1

    def _remove(self, descriptor: int) -> None:
        if self._reader is not None and descriptor not in self._trigger_names:
            self._reader.remove(descriptor)

    def _take_events(self, events: Sequence[InotifyEvent]) -> None:
        """On the watcher's thread: note what happened, then report what is due."""
        with self._lock:
            for event in events:
                self._take(event)
            if self._reader is not None and self._reader.take_remounted():
                self._remount()
            met, self._met = self._met, []
            paths, reason = self._pending.take(math.inf if met else time.monotonic())
            if reason is not None and self._rules_changed:
                self._rules_changed = False
                self._folders.rebuild()
        if paths:
            self._on_paths(paths)
        if reason is not None:
            self._on_everything(reason)
        for cookie in met:
            if (arrived := self._cookies.get(cookie)) is not None:
                arrived.set()

    def _take(self, event: InotifyEvent) -> None:
        if event.is_queue_overflow:
            self._rules_changed = True  # Folders may have come, gone and moved unseen: all are looked at again.
            self._pending.doubt("more happened than the system could report", 0)
            return
        name = os.fsdecode(event.name)
        if name in self._cookies:
            self._met.append(name)
        if name in self._trigger_names.get(event.wd, ()) and event.mask & ~(_UNFINISHED | In.IN_ATTRIB):
            self._doubt_rules(name)
        folder = self._folders.path_of(event.wd)
        if folder is None:
            return
        if not name:
            self._take_end(folder, event)
        elif name == ".git":
            self._doubt_rules(name)
        else:
            self._take_entry(f"{folder}/{name}" if folder else name, name, event.mask)

    def _take_entry(self, path: str, name: str, mask: int) -> None:
        if mask & In.IN_ISDIR:
            self._take_folder(path, mask)
        elif mask & ~_UNFINISHED & _CHANGES:
            self._pending.touch(path)
        else:
            self._pending.begin(path, time.monotonic())
        if name in (".gitignore", IGNORE_FILE) or path == SETTINGS_FILE:
            self._doubt_rules(name)

    def _take_folder(self, path: str, mask: int) -> None:
        if mask & In.IN_MOVED_FROM:
            self._folders.unwatch(path)
        elif not mask & In.IN_DELETE:
            if self._folders.is_ignored(path):
                return
            if not mask & In.IN_ATTRIB or path not in self._folders:  # It may have been unreadable until now.
                self._folders.watch(path)
        self._pending.touch(path)

    def _take_end(self, folder: str, event: InotifyEvent) -> None:
        """An event of the watched folder itself."""
        if not folder and event.mask & _ENDED:
            self._dead = self._dead or f"{self._root} was moved or removed"
            self._pending.doubt(self._dead, 0)
        if event.mask & In.IN_IGNORED:
            self._folders.drop(event.wd)
            self._trigger_names.pop(event.wd, None)

    def _remount(self) -> None:
        """Something was mounted or unmounted. What stands there now may hang, so it is watched by `follow`, after a look."""
        mounts = {mount.path: mount.number for mount in mounts_in(self._root, read_table()) if mount.path}
        changed = [path for path, _ in mounts.items() ^ self._mounts.items()]
        self._mounts = mounts
        for path in changed:
            self._folders.unwatch(path)
            self._vacant.add(path)
        if changed:
            self._pending.doubt("something was mounted or unmounted", 0)

    def _doubt_rules(self, name: str) -> None:
        self._rules_changed |= name not in _CHANGE_NO_RULES
        self._pending.doubt(f"{name} changed", time.monotonic() + DEBOUNCE_S)

    def _end(self) -> None:
        """The watcher's thread ends, wanted or not."""
        if self._dead is None:
            self._dead = "its thread ended"
            self._on_everything(self._dead)


class _Reader(InotifyFD):
    """watchdog's inotify descriptor and thread, reading whole batches and waking up when something is due."""

    def __init__(
        self,
        take: Callable[[Sequence[InotifyEvent]], None],
        next_due: Callable[[], float | None],
        end: Callable[[], None],
    ) -> None:
        super().__init__()
        self.name = "codectxd-watch"
        os.set_inheritable(self._inotify_fd, False)  # A child would keep every watch alive.
        self._take = take
        self._next_due = next_due
        self._end = end
        self._remounted = False
        self._table = _open_table()
        if self._table >= 0 and self._poller is not None:
            self._poller.register(self._table, select.POLLPRI)

    def take_remounted(self) -> bool:
        """Whether anything was mounted or unmounted since this was asked; the kernel tells of the next time then."""
        remounted, self._remounted = self._remounted, False
        if remounted:
            os.pread(self._table, _BUFFER, 0)
        return remounted

    def run(self) -> None:
        try:
            while self.should_keep_running():
                self._take(self.read_events(event_buffer_size=_BUFFER))
        finally:
            if self._table >= 0:
                os.close(self._table)
            self._end()

    def add(self, folder: str) -> int:
        """Watch a folder; the same descriptor as before where it is watched already. Raises: OSError."""
        with self._lock:  # Once it is closed, the number may belong to another file.
            if self._closed:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF), folder)
            descriptor = add_watch(self._inotify_fd, os.fsencode(folder), Mask(_MASK))
            code = ctypes.get_errno()
        if descriptor < 0:
            raise OSError(code, os.strerror(code), folder)
        return descriptor

    def remove(self, descriptor: int) -> None:
        """Watch no longer; a descriptor that the kernel has ended already is none of anybody's concern."""
        with self._lock:
            if not self._closed:
                remove_watch(self._inotify_fd, WatchDescriptor(descriptor))

    def _check_inotify_fd(self) -> bool:
        """As the original, but it returns when something is due. Called by `read_events`, which then finds nothing."""
        due = self._next_due()
        wait_ms = None if due is None else max(0, math.ceil((due - time.monotonic()) * 1000))
        if self._poller is None:
            return super()._check_inotify_fd()
        ready = {fd for fd, _ in self._poller.poll(wait_ms)}
        self._remounted |= self._table in ready
        return self._inotify_fd in ready


def _open_table() -> int:
    """The kernel's table of mounts, whose descriptor says when it has changed; -1 where there is none."""
    try:
        return os.open(TABLE, os.O_RDONLY)
    except OSError:
        return -1


def _default_budget() -> int:
    try:
        with open(_LIMIT, encoding="ascii") as file:
            return int(int(file.read()) * SHARE_OF_LIMIT)
    except (OSError, ValueError):
        return 8192


def _identity(root: str) -> tuple[int, int]:
    found = os.stat(root)
    return found.st_dev, found.st_ino


def _identity_or_none(root: str) -> tuple[int, int] | None:
    try:
        return _identity(root)
    except OSError:
        return None


def _create_and_remove(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    os.unlink(path)
