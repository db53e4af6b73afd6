"""The working tree as it is now: the files worth indexing with their stamps, and their text.

Any thread. What git shows is asked through functions given by the caller, since `vcs` is a sibling; where there is no git,
or it refuses, the tree is walked by the same rules. Every probe looks again: nothing that is remembered stands in for a look
(invariant I4).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from codectxd.errors import GitUnavailable, NoSuchPath, ServiceError
from codectxd.types import Skipped, Source, Stamp
from codectxd.workspace.filters import UNWANTED_FOLDERS, UNWANTED_MARKS, Limits, by_path
from codectxd.workspace.ignore import Hidden, IgnoreRules, is_bare_repository
from codectxd.workspace.mounts import Mounts
from codectxd.workspace.source import UNLISTED, LanguageOf, Unfit, entry_of, printable, read_source, stamp_of
from codectxd.workspace.spelling import Disk, Spelling
from codectxd.workspace.walk import ListRepository, Walk, covers


class Probe(msgspec.Struct, frozen=True):
    """What was found at and below the paths of `scope`, None meaning the whole tree.

    A path in scope (see `covers`) that is neither in `stamps` nor in `skipped` is not there, or hidden. `problem` says why
    git was not asked although there is a repository; the files were then found by the ignore files alone.
    """

    scope: frozenset[str] | None
    stamps: dict[str, Stamp]
    skipped: tuple[Skipped, ...]
    problem: str | None = None


class _Shown(msgspec.Struct, frozen=True):
    """The folders with files that git shows, and the modification time of the index that says so."""

    index: int | None
    folders: frozenset[str]


class ListFiles(Protocol):
    """`vcs.repo.Repo.list_files`."""

    def __call__(self, paths: Sequence[str], without: Collection[str] = ..., /) -> list[str]:
        """What git shows at and below `paths` ("" is all), without looking into the folders `without`."""
        ...


class GitView(msgspec.Struct, frozen=True):
    """What a tree is told of git.

    `list_files` is None where there is no repository, or git refuses it, which `problem` says. `list_repository` does the
    same for any folder (`vcs.repo.list_repository`). `ignores` are ignore files outside the root, `index` is the file that
    changes when git tracks other files, `worktrees` the folder with the stores of the repository's other checkouts
    (`vcs.places.GitPaths`).
    """

    list_files: ListFiles | None = None
    list_repository: ListRepository = lambda folder, paths: None
    ignores: Sequence[tuple[str, str]] = ()
    index: str | None = None
    worktrees: str | None = None
    problem: str | None = None


class Tree:
    """The files below one root that are worth indexing.

    `exclude` are patterns, in the language of ignore files and relative to the root, that hide even what git tracks. `own`
    are relative paths, of folders or files, in which codectxd itself writes: to follow these would make it follow itself.
    """

    def __init__(
        self,
        root: str,
        language_of: LanguageOf,
        limits: Limits,
        git: GitView,
        exclude: Sequence[str] = (),
        mounts: Mounts | None = None,
        disk: Disk | None = None,
        own: Collection[str] = (),
    ) -> None:
        self.root = os.path.realpath(root)
        self.limits = limits
        self._language_of = language_of
        self._git = git
        in_git = git.list_files is not None or bool(git.problem)
        defaults, marks = (b"", ()) if in_git else (UNWANTED_FOLDERS, UNWANTED_MARKS)
        self._rules = IgnoreRules(self.root, git.ignores, defaults, marks, exclude, git.worktrees)
        self._mounts = mounts or Mounts(self.root)
        self._disk = disk
        self._own = frozenset(own)
        self._shut_out(frozenset())
        self._shown: _Shown | None = None

    def find_silent_mounts(self) -> frozenset[str]:
        """The mounts in the tree that do not answer; from now on nothing is looked for in them.

        Raises: ServiceError when the root's own does not answer.
        """
        silent = self._mounts.silent()
        if "" in silent:
            raise ServiceError(f"The file system of {self.root} does not answer: it will be read once it is back.")
        self._shut_out(silent)
        return silent

    def probe(self, paths: Sequence[str] | None = None) -> Probe:
        """Stamps of the files at and below `paths` (relative; files or folders, there or gone), None for everything.

        Raises: NoSuchPath when the root is gone, ServiceError when it may not be read or does not answer.
        """
        silent = self.find_silent_mounts()
        if not os.path.isdir(self.root):
            raise NoSuchPath(self.root)
        if not os.access(self.root, os.R_OK | os.X_OK):
            raise ServiceError(f"The folder {self.root} may not be read: `chmod u+rx` it, or open one that is yours.")
        if paths is None or "" in paths:
            return self._look(None, [""], silent)
        scope = frozenset(path.strip("/") for path in paths if ".." not in path.split("/"))
        return self._look(scope, sorted(path for path in scope if not covers(self._closed, path)), silent)

    def read(self, path: str) -> Source | Skipped:
        """The text of the file at `path`, or why it is not indexed; never raises."""
        return read_source(self.root, path, self._language_of, self.limits)

    def is_ignored_dir(self, path: str) -> bool:
        """Whether nothing in the folder `path` can be worth indexing: it is ignored, and git tracks nothing in it."""
        if not self._rules.is_ignored(path, is_folder=True):
            return False
        if covers(self._closed, path):
            return True
        return path not in self.shown_folders() or Hidden(self._rules).hides(path, is_folder=True)

    def shown_folders(self) -> frozenset[str]:
        """The folders in which git shows a file, ignored or not, as of the index that there is now; none without git."""
        if self._git.list_files is None:
            return frozenset()
        index = _mtime_ns(self._git.index)
        if self._shown is None or self._shown.index != index:
            try:
                listed = self._git.list_files(("",), self._closed)
            except GitUnavailable:
                listed = []
            self._shown = _Shown(index, _folders_of(listed))
        return self._shown.folders

    def _look(self, scope: frozenset[str] | None, paths: Sequence[str], silent: frozenset[str]) -> Probe:
        away = {path: reason for path, reason in self._reasons(silent) if covers(scope, path)}
        if not paths:
            return Probe(scope, {}, tuple(Skipped(printable(path), reason) for path, reason in away.items()))
        walk = Walk(self.root, self._rules, self._git.list_repository)
        spelling = Spelling(self.root, self._disk)
        loose = spelling.is_loose(self._closed)
        asked = [path for path in paths if not loose or spelling.is_exact(path)]
        # git knows files by the spelling that they had when they were added, which may be another one.
        wider = list({path.rpartition("/")[0] for path in asked}) if loose else asked
        listed, problem = self._list(walk, wider) if asked else ((), None)
        if loose:
            listed = [path for path in dict.fromkeys(spelling.on_disk(listed)) if covers(scope, path)]
        stamps, reasons = self._stamps(listed)
        for folder in [path for path, reason in reasons.items() if reason == UNLISTED]:
            inside = [path for path in paths if path.startswith(f"{folder}/")]
            more, others = self._stamps(walk.everything(inside or [folder]))
            stamps.update(more)
            reasons.update(others)
        reasons.update(dict.fromkeys(walk.refused, UNLISTED))
        reasons.update(away)
        skipped = [Skipped(printable(path), reason) for path, reason in reasons.items() if covers(scope, path)]
        return Probe(scope, stamps, tuple(skipped), problem)

    def _shut_out(self, silent: frozenset[str]) -> None:
        self._closed = silent | self._own
        self._rules.closed = frozenset(map(os.fsencode, self._closed))

    def _reasons(self, silent: frozenset[str]) -> Iterator[tuple[str, str]]:
        """What nobody looks into, and why."""
        yield from ((mount, "unreachable") for mount in silent)
        yield from ((path, "codectxd's own") for path in self._own if os.path.lexists(os.path.join(self.root, path)))

    def _stamps(self, paths: Iterable[str]) -> tuple[dict[str, Stamp], dict[str, str]]:
        """Stamps of those worth indexing, and the reasons why others are not."""
        stamps: dict[str, Stamp] = {}
        reasons: dict[str, str] = {}
        for path in paths:
            try:
                stamps[path] = self._stamp(path)
            except Unfit as unfit:
                if unfit.reason != "vanished":
                    reasons[path] = unfit.reason
        return stamps, reasons

    def _list(self, walk: Walk, paths: Sequence[str]) -> tuple[Iterable[str], str | None]:
        """What is shown at and below `paths` ("" is all), and what is wrong with the repository."""
        if self._git.list_files is None:
            return self._walked(walk, paths), self._git.problem
        try:
            listed = self._git.list_files(paths, self._closed)
            if self._own:
                listed = [path for path in listed if not covers(self._own, path)]
            return walk.overruled(paths, listed), None
        except GitUnavailable as problem:
            return self._walked(walk, paths), str(problem)

    def _stamp(self, path: str) -> Stamp:
        if reason := by_path(path):
            raise Unfit(reason)
        return stamp_of(self.root, path, entry_of(self.root, path), self.limits)

    def _walked(self, walk: Walk, paths: Sequence[str]) -> list[str]:
        if is_bare_repository(self.root):
            return []
        return list(dict.fromkeys(walk.everything(paths)))


def _mtime_ns(file: str | None) -> int | None:
    try:
        return os.stat(file).st_mtime_ns if file is not None else None
    except OSError:
        return None


def _folders_of(paths: Iterable[str]) -> frozenset[str]:
    """Every folder in which one of the paths lies, at any depth."""
    folders: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return frozenset(folders)
