"""What lies around one workspace's index: its settings, its tree and repository, and the watcher of both.

They are looked at when the workspace is opened and again after every scan, since what made a scan necessary (another index,
an ignore file, a submodule, a setting) may also mean that other folders and files are to be watched. Any thread; looking
takes git's time and the disk's, so it is never done where somebody waits.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from pathlib import Path

from codectxd.config import WorkspaceConfig, load_workspace
from codectxd.engine.trees import Opened, open_tree
from codectxd.errors import CodectxError
from codectxd.vcs.places import decisive_files
from codectxd.workspace.filters import Limits
from codectxd.workspace.spelling import Spelling
from codectxd.workspace.watching import Watching, watcher_kind

log = logging.getLogger(__name__)

STARTING = "starting"
_MOUNTS_S = 30.0
"""How often a mount that does not answer is asked again."""


class Surroundings:
    """See the module. `mark` is told of paths, `everything` of a reason why anything may have changed."""

    def __init__(
        self,
        root: str,
        state: Path,
        *,
        mark: Callable[[Collection[str]], None],
        everything: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        self._root = root
        self._state = state
        self._mark = mark
        self._everything = everything
        self._changed = changed
        self._lock = threading.Lock()
        self._wanted = threading.Lock()
        self._timer: threading.Timer | None = None
        self._opened: Opened | None = None
        self._watcher: Watching | None = None
        self._trouble: str | None = STARTING
        self._silent: frozenset[str] = frozenset()
        self._looking = self._again = self._closed = self._loose = False
        self.limits = Limits(max_bytes=WorkspaceConfig().max_file_kb * 1000)
        self.problem: str | None = None
        """Why git is not asked although there is a repository: a sentence for the user."""

    def look(self) -> None:
        """See what is there now and have it watched. Never raises; `health` says how it went."""
        with self._lock:
            try:
                config = load_workspace(self._root)
                self.limits = Limits(max_bytes=config.max_file_kb * 1000)
                self._opened = opened = open_tree(self._root, config)
                self._silent = opened.tree.find_silent_mounts()
                self._loose = Spelling(self._root).is_loose(self._silent)
                self._watch(opened)
            except (CodectxError, OSError) as problem:
                log.warning("%s: %s", self._root, problem)
                self._trouble = str(problem)
        if self._silent:
            self._ask_mounts_later()

    def look_again(self) -> None:
        """Do so on a thread of its own: once for all that is wanted meanwhile."""
        with self._wanted:
            self._again = True
            begin, self._looking = not self._looking, True
        if begin:
            threading.Thread(target=self._look_while_wanted, name="look", daemon=True).start()

    def learn(self, problem: str | None, everything: bool) -> bool:
        """Files, or `everything`, were listed, with git unless there was a `problem`. Whether all is to be listed anew."""
        news = (problem is None) != (self.problem is None)
        if problem and news:
            log.warning("%s: %s", self._root, problem)
        self.problem = problem
        if everything:
            self.look_again()
        return news and not everything

    def spelled(self, path: str) -> str:
        """A relative path that somebody gave, as it is spelled on the disk."""
        return next(Spelling(self._root).on_disk([path])) if self._loose else path

    def head(self) -> str | None:
        """The branch or commit that is checked out."""
        return self._opened.repo.head() if self._opened is not None and self._opened.repo is not None else None

    @property
    def health(self) -> str:
        """The watcher's, or why there is none."""
        if self._watcher is None:
            return self._trouble or STARTING
        return self._watcher.health

    def prove(self, timeout_s: float) -> bool:
        """Whether all that happened up to now was reported, or will be by the scan that every opening begins with."""
        if self._watcher is None:
            return self._trouble == STARTING
        # Events that are on their way must not be forgotten: one of our own comes after them.
        return self._watcher.prove(timeout_s) and self._watcher.health == "ok"

    def close(self) -> None:
        """Watch no longer."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._watcher is not None:
            self._watcher.stop()

    def _look_while_wanted(self) -> None:
        while self._is_wanted():
            self.look()
            self._changed()

    def _is_wanted(self) -> bool:
        with self._wanted:
            self._looking, self._again = self._again and not self._closed, False
            return self._looking

    def _watch(self, opened: Opened) -> None:
        triggers = opened.git_paths.watched if opened.git_paths is not None else ()
        if self._watcher is not None and self._watcher.alive:
            self._watcher.follow(opened.tree.is_ignored_dir, opened.tree.shown_folders, triggers)
            self._trouble = None
            return
        again = self._watcher is not None
        if self._watcher is not None:
            self._watcher.stop()
        self._watcher = watcher = self._begin(opened, triggers)
        self._trouble = None
        if self._closed:
            watcher.stop()
        elif again and watcher.alive:
            self._everything("it is watched anew")

    def _begin(self, opened: Opened, triggers: Collection[str]) -> Watching:
        cookies = self._state / "cookies"
        cookies.mkdir(parents=True, exist_ok=True, mode=0o700)
        watcher = watcher_kind()(
            self._root,
            self._mark,
            self._everything,
            opened.tree.is_ignored_dir,
            triggers=tuple(triggers),
            triggers_of=decisive_files,
            state=str(cookies),
        )
        watcher.start()
        return watcher

    def _ask_mounts(self) -> None:
        """A mount that answers again is indexed again."""
        opened = self._opened
        if self._closed or opened is None:
            return
        try:
            silent = opened.tree.find_silent_mounts()
        except CodectxError:
            silent = self._silent
        if silent == self._silent:
            self._ask_mounts_later()
        else:
            self._everything("a mount answers again")

    def _ask_mounts_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(_MOUNTS_S, self._ask_mounts)
        self._timer.daemon = True
        self._timer.start()
