"""Which workspace a person means by a path on the command line."""

from __future__ import annotations

import os
import re

import msgspec

from codectxd.errors import NoSuchPath, UsageError
from codectxd.paths import layout, refusal, resolve_root
from codectxd.wire import convert, messages


class Place(msgspec.Struct, frozen=True):
    """Workspace roots, and the files in them where single ones were named; absolute, in folders without symbolic links."""

    roots: tuple[str, ...]
    files: tuple[str, ...] = ()

    @property
    def uris(self) -> list[str]:
        return [convert.to_uri("/", root) for root in self.roots]

    @property
    def file_uris(self) -> list[str] | None:
        """None where all files are meant."""
        return [convert.to_uri("/", file) for file in self.files] or None


def folder(path: str | None) -> str:
    """The root that `path` names: that folder, or, for None, the repository around the current folder, or that folder."""
    if path is None:
        here = resolve_root(os.getcwd())
        around = enclosing_repository(here) or here
        # A home folder under version control, as some have it, is no project that others are in.
        return _indexable(here if refusal(around) else around)
    if not os.path.exists(path):
        raise NoSuchPath(path)
    if not os.path.isdir(path):
        raise UsageError(f"{path} is a file: name the folder that it lies in.")
    return _indexable(resolve_root(path))


def place(paths: list[str]) -> Place:
    """What to search: folders are roots; files restrict the search of the repositories around them to themselves."""
    files = [path for path in paths if os.path.isfile(path)]
    if not files:
        return Place(tuple(dict.fromkeys(folder(path) for path in paths or (None,))))
    if len(files) < len(paths):
        missing = [path for path in paths if not os.path.exists(path)]
        raise NoSuchPath(missing[0]) if missing else UsageError("Name folders or files to search, not both at once.")
    return _files(files)


def _files(files: list[str]) -> Place:
    roots, named = [], []
    for file in files:
        parent = resolve_root(os.path.dirname(os.path.abspath(file)))
        around = enclosing_repository(parent) or parent
        root = _indexable(parent if refusal(around) else around)
        roots.append(root)
        named.append(os.path.join(parent, os.path.basename(file)))
    return Place(tuple(dict.fromkeys(roots)), tuple(named))


def _indexable(root: str) -> str:
    if reason := refusal(root):
        raise UsageError(reason)
    return root


class Compared(msgspec.Struct, frozen=True):
    """What a person wants something like: an absolute `file` or lines of it, or, without one, the text on stdin."""

    file: str | None = None
    range: messages.Range | None = None


def compared(what: str) -> Compared:
    """Read FILE:LINE, FILE:START-END, FILE or `-`. Raises UsageError."""
    if what == "-":
        return Compared()
    found = _LINES.fullmatch(what)
    if found is None:
        if not os.path.isfile(what):
            raise UsageError(
                f"{what} names no line, and no file: say FILE:LINE, FILE:START-END, FILE, or - for the text on stdin."
            )
        return Compared(os.path.abspath(what))
    file, first, last = found["file"], int(found["first"]), int(found["last"] or 0)
    if not os.path.exists(file):
        raise NoSuchPath(file)
    if first < 1 or (found["last"] and last < first):
        raise UsageError(f"{what} names no line: lines count from 1, and the last is not before the first.")
    start = messages.Position(first - 1, 0)
    # An empty range means the definition there; lines are named up to the beginning of the one after them.
    return Compared(os.path.abspath(file), messages.Range(start, messages.Position(last, 0) if last else start))


_LINES = re.compile(r"(?P<file>.+):(?P<first>\d{1,9})(?:-(?P<last>\d{1,9}))?", re.DOTALL)


def around(file: str | None) -> Place:
    """Where to look for what is like some lines of `file`: in the workspace of the current folder, unless `file` lies in
    another one that was indexed before. Raises UsageError."""
    theirs = enclosing_repository(os.path.dirname(resolve_root(file))) if file is not None else None
    here = resolve_root(os.getcwd())
    if theirs is not None and theirs != enclosing_repository(here) and os.path.exists(layout().workspace(theirs)):
        return Place((theirs,))
    return Place((folder(None),))


def enclosing_repository(path: str) -> str | None:
    """The nearest folder at or above the absolute `path` that git calls a repository's top, by its `.git`."""
    while not os.path.lexists(os.path.join(path, ".git")):
        parent = os.path.dirname(path)
        if parent == path:
            return None
        path = parent
    return path


def named(answer: messages.SearchAnswer, roots: tuple[str, ...]) -> messages.SearchAnswer:
    """`answer` with paths as they are shown: of several workspaces, each path says which it is from."""
    if len(roots) < 2:
        return answer
    here = resolve_root(os.getcwd())
    return msgspec.structs.replace(
        answer,
        hits=[msgspec.structs.replace(hit, path=shown(convert.from_uri(hit.uri) or "", (here,))) for hit in answer.hits],
    )


def shown(path: str, roots: tuple[str, ...]) -> str:
    """An absolute path as it is shown: relative to the workspace that it lies in."""
    for root in roots:
        if path.startswith(os.path.join(root, "")):
            return os.path.relpath(path, root)
    return path
