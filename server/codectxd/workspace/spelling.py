"""Names on file systems that take several spellings for one file: as it is spelled there is how it is known here.

Some ignore case (macOS and Windows by default, ext4 where a folder is marked so, most shares), some the way in which accents
are composed. A path by another spelling then leads to a file too, so that a file could be known twice, and one whose name
changed in its case alone would seem never to have moved. Whether a tree is such a one is seen by looking, not by asking
which system this is. Pure but for the `Disk` that it is given.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Protocol


class Disk(Protocol):
    """The two looks that this takes; both at absolute paths."""

    def names(self, folder: str) -> Sequence[str]:
        """The entries of a folder as they are spelled there; none where it cannot be listed."""
        ...

    def is_same(self, path: str, other: str) -> bool:
        """Whether both paths lead to one entry; false where either leads nowhere."""
        ...


class RealDisk:
    """The disk of this machine."""

    def names(self, folder: str) -> Sequence[str]:
        try:
            return os.listdir(folder)
        except OSError:
            return ()

    def is_same(self, path: str, other: str) -> bool:
        try:
            return os.path.samestat(os.lstat(path), os.lstat(other))
        except (OSError, ValueError):
            return False


class Spelling:
    """The spellings below one root, seen once: for one listing, or one question."""

    def __init__(self, root: str, disk: Disk | None = None) -> None:
        self._root = root
        self._disk = disk or RealDisk()
        self._folders: dict[str, frozenset[str]] = {}
        self._keys: dict[str, dict[str, str]] = {}
        self._known: dict[str, str] = {"": ""}

    def is_loose(self, closed: Collection[str] = ()) -> bool:
        """Whether the root's file system takes a name that is spelled otherwise for the same one.

        Nothing of `closed`, paths that may hang whoever looks at them, is looked at.
        """
        # A root may hold a hundred thousand names, and is looked at for each save in it.
        names = self._disk.names(self._root)
        composed = _composed_otherwise if not "".join(names).isascii() else None
        return any(self._is_loose(names, respelled, closed) for respelled in (_in_other_case, composed) if respelled)

    def _is_loose(self, names: Sequence[str], respelled: Callable[[str], str], closed: Collection[str]) -> bool:
        """Whether it is, by any one name that has another spelling."""
        name = next((name for name in names if respelled(name) != name and name not in closed), None)
        if name is None:
            return False
        other = respelled(name)
        return self._disk.is_same(self._path(name), self._path(other)) and other not in names

    def on_disk(self, paths: Iterable[str]) -> Iterator[str]:
        """Each of the relative paths as it is spelled on the disk; as it was given where nothing is there."""
        for path in paths:
            folder, slash, name = path.rpartition("/")
            yield self._folder(folder) + slash + self._entry(self._folder(folder), name)

    def is_exact(self, path: str) -> bool:
        """Whether the relative path is spelled as on the disk, or leads nowhere at all."""
        return next(self.on_disk([path])) == path

    def _folder(self, path: str) -> str:
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = next(self.on_disk([path]))
        return known

    def _entry(self, folder: str, name: str) -> str:
        names = self._names(folder)
        return name if name in names else self._by_key(folder).get(_key(name), name)

    def _names(self, folder: str) -> frozenset[str]:
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = frozenset(self._disk.names(self._path(folder)))
        return known

    def _by_key(self, folder: str) -> dict[str, str]:
        # Only where a name is spelled otherwise: folders of a hundred thousand names are looked at for each save in them.
        known = self._keys.get(folder)
        if known is None:
            known = self._keys[folder] = {_key(name): name for name in sorted(self._names(folder), reverse=True)}
        return known

    def _path(self, inner: str) -> str:
        return os.path.join(self._root, inner) if inner else self._root


def _key(name: str) -> str:
    """Equal for names that a loose file system takes for one; some take fewer, and then there is a file by each name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _in_other_case(name: str) -> str:
    swapped = name.swapcase()
    return swapped if swapped.swapcase() == name else name


def _composed_otherwise(name: str) -> str:
    if name.isascii():
        return name
    composed = unicodedata.normalize("NFC", name)
    return unicodedata.normalize("NFD", name) if composed == name else composed
