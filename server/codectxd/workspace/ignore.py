"""What the ignore files of a tree say of its entries: git's rules without git, overruled by `.codectxignore`.

Any thread. Ignore files are looked at again whenever they are asked about, so that a verdict is never older than the
file it comes from. Each entry is judged by itself, from the top down: by the last pattern of the `.codectxignore` files that
matches it, else by the last one of git's. What git hides is looked into where a negated pattern of ours may match in it.
Reads ignore files and nothing else; `walk` lists folders by these rules.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Sequence
from typing import Literal, TypeAlias

import msgspec

from codectxd import system
from codectxd.config import IGNORE_FILE
from codectxd.gitignore import Rules, parse
from codectxd.paths import git_dir

_MAX_IGNORE_FILE = 1_000_000
_NO_RULES = parse(b"")
_GITS = b".gitignore"
_OURS = IGNORE_FILE.encode()
_BARE = (b"HEAD", b"objects", b"refs")

Verdict: TypeAlias = Literal["shown", "forced", "shut", "hidden"]
"""Of an entry. "forced": a pattern of ours wants it, whatever git says. "shut": a folder that git hides, but in which there
may be something forced. "hidden": also all that is in it."""
Has: TypeAlias = Callable[[bytes], bool]


class Scope(msgspec.Struct, frozen=True):
    """The rules that hold in a folder of the root: those of one ignore file, then those of `outer`, which are weaker.

    The path that the patterns speak of is the entry's path below the root, without its first `strip` bytes and with
    `prefix` before it.
    """

    rules: Rules[bytes] = _NO_RULES
    strip: int = 0
    prefix: bytes = b""
    outer: Scope | None = None

    def verdict(self, path: bytes, name: bytes, is_folder: bool) -> bool | None:
        """Whether the entry is hidden by the last pattern that matches it; None when none does."""
        scope: Scope | None = self
        while scope is not None:
            verdict = scope.rules.verdict(scope.prefix + path[scope.strip :], name, is_folder)
            if verdict is not None:
                return verdict
            scope = scope.outer
        return None

    def reaches(self, folder: bytes) -> bool:
        """Whether a negated pattern that names folders on the way could match something in the folder."""
        scope: Scope | None = self
        while scope is not None:
            if scope.rules.reaches(folder[scope.strip :]):
                return True
            scope = scope.outer
        return False

    def negates(self, folder: bytes) -> bool:
        """Whether a negated pattern could match something in `folder` (at or below where the rules are from)."""
        scope: Scope | None = self
        while scope is not None:
            rules = scope.rules
            if rules.negates_names or (rules.negates and len(folder) < scope.strip) or rules.reaches(folder[scope.strip :]):
                return True
            scope = scope.outer
        return False

    def is_empty(self) -> bool:
        """Whether there is no pattern at all."""
        return self.rules.empty and (self.outer is None or self.outer.is_empty())


class Place(msgspec.Struct, frozen=True):
    """What holds in one folder, `folder` being "" or its path with a slash at the end.

    `shut`: only what is forced is shown. `blind`: git never looks in here, so its ignore files in here count for nothing.
    `added`: the folder is shown although git hides it. `repository`: it is a checkout of its own.
    """

    folder: bytes
    git: Scope
    own: Scope
    shut: bool = False
    blind: bool = False
    added: bool = False
    repository: bool = False


class IgnoreRules:
    """The ignore files in and around one root.

    `outside` are further ignore files of git, each with the folder that its patterns are relative to (the root or a folder
    above it), the weakest first; the first is the user's own and counts in every repository. `defaults` are patterns weaker
    than any file's. A folder in which there is an entry named as one of `marks` is hidden as if by a pattern, and so is
    git's store of a bare repository unless `marks` is empty. `exclude` are patterns weaker than any `.codectxignore`. A
    checkout whose store lies in the folder `worktrees` is the same repository once more, and hidden.
    """

    def __init__(
        self,
        root: str,
        outside: Sequence[tuple[str, str]] = (),
        defaults: bytes = b"",
        marks: Collection[str] = (),
        exclude: Sequence[str] = (),
        worktrees: str | None = None,
    ) -> None:
        self._root = os.fsencode(root)
        self._outside = [(os.fsencode(file), _prefix(root, folder)) for file, folder in outside]
        self._defaults = Scope(parse(defaults))
        self._exclude = Scope(parse("\n".join(exclude).encode("utf-8", "surrogateescape")))
        self._marks = frozenset(map(os.fsencode, marks))
        self._worktrees = None if worktrees is None else os.fsencode(os.path.realpath(worktrees))
        self._known: dict[bytes, tuple[tuple[int, int, int], Rules[bytes]]] = {}
        self.closed: frozenset[bytes] = frozenset()
        """What is hidden because whoever looks there waits for ever, or follows himself."""

    def is_ignored(self, path: str, *, is_folder: bool) -> bool:
        """Whether the entry is hidden, and, being a folder, nothing in it can be forced. A repository's `.git` always is."""
        if is_folder:
            return self.place(os.fsencode(path)) is None
        folder, _, name = os.fsencode(path).rpartition(b"/")
        place = self.place(folder)
        return place is None or self.judge(place, name, is_folder=False) == "hidden"

    def place(self, path: bytes) -> Place | None:
        """What holds in a folder; None where it is hidden."""
        place: Place | None = self.top()
        for name in path.split(b"/") if path else ():
            if place is None:
                return None
            place = self.enter(place, name)
        return place

    def top(self) -> Place:
        """What holds in the root."""
        git = self._defaults
        for file, prefix in self._outside:
            git = _stronger(self._load(file), 0, prefix, git)
        return Place(b"", self._in(b"", _GITS, git), self._in(b"", _OURS, self._exclude))

    def judge(self, place: Place, name: bytes, *, is_folder: bool) -> Verdict:
        """What becomes of an entry of a folder."""
        path = place.folder + name
        if name == b".git" or path in self.closed:
            return "hidden"
        own = place.own.verdict(path, name, is_folder)
        if own is not None:
            return "hidden" if own else "forced"
        if not place.shut and ((name == _OURS and not is_folder) or not place.git.verdict(path, name, is_folder)):
            return "shown"
        return "shut" if is_folder and place.own.reaches(path) else "hidden"

    def enter(self, place: Place, name: bytes, has: Has | None = None) -> Place | None:
        """What holds in a folder of a folder, None where it is hidden; `has` says which entries it has."""
        verdict = self.judge(place, name, is_folder=True)
        if verdict == "hidden":
            return None
        path = place.folder + name
        has = has or (lambda entry: os.path.lexists(os.path.join(self._root, path, entry)))
        unseen = place.blind or place.git.verdict(path, name, True) is True
        if self._is_marked(has):
            if verdict == "shown" and not place.own.reaches(path):
                return None
            verdict, unseen = "shut" if verdict == "shown" else verdict, True
        return self._within(place, path + b"/", verdict, unseen, has)

    def own_scope(self, folder: bytes, outer: Scope | None = None) -> Scope:
        """Our own rules that hold in a folder ("" or with a slash at the end), given those of the folder around it."""
        return self._in(folder, _OURS, self._exclude if outer is None else outer)

    def _within(self, place: Place, folder: bytes, verdict: Verdict, unseen: bool, has: Has) -> Place | None:
        git, blind, repository = place.git, unseen, has(b".git")
        if repository:
            store = git_dir(os.fsdecode(os.path.join(self._root, folder)))
            if self._worktrees is not None and store and os.path.dirname(os.fsencode(store)) == self._worktrees:
                return None
            git, blind = self._of_repository(folder, store), False
        if not blind and has(_GITS):
            git = self._in(folder, _GITS, git)
        own = self._in(folder, _OURS, place.own) if has(_OURS) else place.own
        shut = verdict == "shut"
        return Place(folder, git, own, shut, blind, unseen and not shut, repository)

    def _of_repository(self, folder: bytes, store: str | None) -> Scope:
        """A repository inside the root knows nothing of the ignore files around it, but for the user's own."""
        git = self._defaults
        files = [file for file, _ in self._outside[:1]]
        for file in [*files, os.path.join(os.fsencode(store), b"info/exclude")] if store else files:
            git = _stronger(self._load(file), len(folder), b"", git)
        return git

    def _is_marked(self, has: Has) -> bool:
        return bool(self._marks) and (any(map(has, self._marks)) or all(map(has, _BARE)))

    def _in(self, folder: bytes, name: bytes, outer: Scope) -> Scope:
        return _stronger(self._load(os.path.join(self._root, folder, name)), len(folder), b"", outer)

    def _load(self, file: bytes) -> Rules[bytes]:
        try:
            found = os.lstat(file)
        except OSError:
            return _NO_RULES
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        known = self._known.get(file)
        if known is None or known[0] != stamp:
            self._known[file] = known = (stamp, parse(_read(file, found)))
        return known[1]


class Hidden:
    """What our own rules hide, of entries that git shows; for one listing, since it looks at each folder's file once."""

    def __init__(self, rules: IgnoreRules) -> None:
        self._rules = rules
        self._folders = {"": (rules.own_scope(b""), False)}

    def has_rules(self, path: str) -> bool:
        """Whether there is any rule of ours in the folders that the entry is in, or in the entry itself."""
        return not self._folder(path)[0].is_empty()

    def with_file(self) -> list[str]:
        """The folders, of those asked about and those around them, that have rules of their own."""
        return [folder for folder, (scope, _) in self._folders.items() if scope.strip == len(os.fsencode(folder)) + 1]

    def hides(self, path: str, *, is_folder: bool) -> bool:
        """Whether our rules hide the entry, or a folder that it is in."""
        if is_folder:
            return self._folder(path)[1]
        folder, _, name = path.rpartition("/")
        scope, hidden = self._folder(folder)
        return hidden or scope.verdict(os.fsencode(path), os.fsencode(name), False) is True

    def _folder(self, path: str) -> tuple[Scope, bool]:
        known = self._folders.get(path)
        if known is None:
            outer, hidden = self._folder(path.rpartition("/")[0])
            entry = os.fsencode(path)
            hidden = hidden or outer.verdict(entry, entry.rpartition(b"/")[2], True) is True
            known = self._folders[path] = (self._rules.own_scope(entry + b"/", outer), hidden)
        return known


def is_bare_repository(folder: str) -> bool:
    """Whether the folder is git's store itself and no checkout."""
    return all(os.path.lexists(os.path.join(os.fsencode(folder), entry)) for entry in _BARE)


def _stronger(rules: Rules[bytes], strip: int, prefix: bytes, outer: Scope) -> Scope:
    return outer if rules is _NO_RULES else Scope(rules, strip, prefix, outer)


def _prefix(root: str, folder: str) -> bytes:
    """The root relative to a folder above it, to be put before paths."""
    inner = os.path.relpath(root, folder)
    return b"" if inner == "." else os.fsencode(inner) + b"/"


def _read(file: bytes, found: os.stat_result) -> bytes:
    """The ignore file's content; like git, none for a symbolic link."""
    if not stat.S_ISREG(found.st_mode):
        return b""
    try:
        descriptor = os.open(file, system.READ_ONLY | system.NO_LINKS)
    except OSError:
        return b""
    with open(descriptor, "rb") as opened:
        return opened.read(_MAX_IGNORE_FILE)
