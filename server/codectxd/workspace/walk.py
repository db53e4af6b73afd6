"""Lists a tree by the rules of its ignore files: all of it where git does not, else only what `.codectxignore` adds.

Any thread. Follows no symbolic link and opens no file but ignore files. A repository inside the tree is asked through a
function that the caller gives, since `vcs` is a sibling, and walked by its ignore files where git refuses to answer. What
cannot be listed is yielded as the folder itself, for the caller to say why.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeAlias

import msgspec

from codectxd.errors import GitUnavailable
from codectxd.workspace.ignore import Hidden, IgnoreRules, Place, Verdict

ListRepository: TypeAlias = Callable[[str, Sequence[str]], list[str] | None]
"""What git shows in the repository at an absolute folder, all or at and below paths; None where there is none.

Raises GitUnavailable where git refuses to say.
"""

_NOTHING = -1
"""As what git has listed already: see `Walk.overruled`."""


def covers(scope: Collection[str] | None, path: str) -> bool:
    """Whether a path, or a folder that it is in, is in the scope of a probe."""
    if scope is None or "" in scope:
        return True
    while path not in scope:
        path, slash, _ = path.rpartition("/")
        if not slash:
            return False
    return True


class Walk:
    """One listing of one root (absolute, without symbolic links)."""

    def __init__(self, root: str, rules: IgnoreRules, list_repository: ListRepository) -> None:
        self._root = root
        self._rules = rules
        self._list_repository = list_repository
        self.refused: set[str] = set()
        """Folders of repositories that git refused to list; their files were found by their ignore files."""

    def everything(self, paths: Sequence[str] = ()) -> Iterator[str]:
        """What is shown, at and below `paths` (all without), in no order."""
        for path in paths or ("",):
            yield from self._at(path, _NOTHING)

    def overruled(self, paths: Sequence[str], shown: list[str], known: int = 0) -> list[str]:
        """What git shows at and below `paths` ("" is all), less what our own rules hide, plus what they force.

        `known` is the length of the path of the repository that it shows this for, with a slash; 0 for the root's.
        """
        hidden = Hidden(self._rules)
        # Ours count also in a folder that git ignores, as long as it tracks something there.
        found = [folder for folder in {path.rpartition("/")[0] for path in shown} if hidden.has_rules(folder)]
        if not found and not any(hidden.has_rules(path) for path in paths):
            return shown
        asked = frozenset(paths)
        starts = dict.fromkeys([*paths, *(folder for folder in hidden.with_file() if covers(asked, folder))])
        kept = [path for path in shown if not hidden.hides(path, is_folder=False)]
        return list(dict.fromkeys([*kept, *(more for start in starts for more in self._at(start, known))]))

    def _at(self, path: str, known: int) -> Iterator[str]:
        """What is to be yielded at and below a path."""
        parts = os.fsencode(path).split(b"/") if path else []
        place = self._rules.top()
        if path and not self._is_really_there(path):
            return
        for depth, name in enumerate(parts, start=1):
            if depth == len(parts) and not self._is_folder(path):
                if _is_due(self._rules.judge(place, name, is_folder=False), place, known):
                    yield path
                return
            entered = self._rules.enter(place, name)
            if entered is None:
                return
            place = _entered(entered, known)
            shown = self._of_repository(place, known, os.fsdecode(b"/".join(parts[depth:])))
            if shown is not None:
                yield from shown
                return
        yield from self._below(place, known)

    def _below(self, top: Place, known: int) -> Iterator[str]:
        """What is to be yielded in a folder, at any depth."""
        pending: list[tuple[Place, bytes]] = [(top, b"")]
        while pending:
            place, name = pending.pop()
            entries = _list_folder(os.path.join(os.fsencode(self._root), place.folder, name))
            if name:
                names = frozenset(entry.name for entry in entries or ())
                entered = self._rules.enter(place, name, names.__contains__)
                if entered is None:
                    continue
                place = _entered(entered, known)
                shown = self._of_repository(place, known, "")
                if shown is not None:
                    yield from shown
                    continue
            if entries is None and not place.shut and place.folder:
                yield os.fsdecode(place.folder[:-1])
            for entry in entries or ():
                is_folder = entry.is_dir(follow_symlinks=False)
                verdict = self._rules.judge(place, entry.name, is_folder=is_folder)
                if is_folder and verdict != "hidden" and self._is_due_below(place, entry.name, verdict, known):
                    pending.append((place, entry.name))
                elif not is_folder and _is_due(verdict, place, known):
                    yield os.fsdecode(place.folder + entry.name)

    def _is_due_below(self, place: Place, name: bytes, verdict: Verdict, known: int) -> bool:
        """Whether there may be anything to yield in a folder that is not hidden."""
        return known == _NOTHING or place.added or verdict == "forced" or place.own.negates(place.folder + name)

    def _of_repository(self, place: Place, known: int, inner: str) -> list[str] | None:
        """What a repository inside the tree shows at `inner`, by our own rules; None where nobody has to be asked.

        None also where git refuses: its files are found by its ignore files, as if it were no repository.
        """
        if not place.repository or place.shut or not (known == _NOTHING or place.added):
            return None
        folder = os.fsdecode(place.folder)
        try:
            shown = self._list_repository(os.path.join(self._root, folder), [inner] if inner else [])
        except GitUnavailable:
            self.refused.add(folder[:-1])
            return None
        if shown is None:
            return None
        paths = [folder + path for path in shown]
        return self.overruled([folder + inner if inner else folder[:-1]], paths, len(place.folder))

    def _is_folder(self, path: str) -> bool:
        absolute = os.path.join(self._root, path)
        return os.path.isdir(absolute) and not os.path.islink(absolute)

    def _is_really_there(self, path: str) -> bool:
        """Whether the entry exists by this very path, and not through a symbolic link to a folder."""
        folder = os.path.dirname(os.path.join(self._root, path))
        return os.path.lexists(os.path.join(self._root, path)) and os.path.realpath(folder) == folder


def _entered(place: Place, known: int) -> Place:
    """A repository whose own git was asked shows its files by itself, wherever it lies."""
    asked = place.repository and len(place.folder) <= known
    return msgspec.structs.replace(place, added=False) if asked else place


def _is_due(verdict: Verdict, place: Place, known: int) -> bool:
    """Whether a file is to be yielded: all that is not hidden, or only what git did not list already."""
    return verdict == "forced" or (verdict == "shown" and (known == _NOTHING or place.added))


def _list_folder(folder: bytes) -> list[os.DirEntry[bytes]] | None:
    """The entries; none of a folder that is gone, None where they may not or cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:
        return None
