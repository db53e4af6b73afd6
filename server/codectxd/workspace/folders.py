"""Which folders of a tree are watched, and under which path: the books a watcher keeps over its watch descriptors.

Not thread-safe; the watcher holds its lock. Knows nothing of events, and of the kernel only the two calls it is given: `add`
(an absolute folder; its descriptor, the same one while it is watched already; raises OSError) and `remove`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable


class Folders:
    """The folders below one root that are not ignored, with their watch descriptors; paths are relative, "" the root.

    `refused` counts the folders that would be watched if the kernel, or `budget`, allowed more watches. `is_hidden` may be
    replaced. `found_repository` is told of each folder but the root with a `.git`, when it is watched.
    """

    def __init__(
        self,
        root: str,
        is_ignored: Callable[[str], bool],
        add: Callable[[str], int],
        remove: Callable[[int], None],
        budget: int,
        found_repository: Callable[[str], None] = lambda path: None,
    ) -> None:
        self.refused = 0
        self._root = root
        self.is_hidden = is_ignored
        self._found_repository = found_repository
        self._add = add
        self._remove = remove
        self._budget = budget
        self._path_of: dict[int, str] = {}
        self._descriptor_of: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._path_of)

    def __contains__(self, path: str) -> bool:
        return path in self._descriptor_of

    def path_of(self, descriptor: int) -> str | None:
        """The folder that a descriptor watches, None for one that is not, or no longer, a folder's."""
        return self._path_of.get(descriptor)

    def watch(self, path: str) -> None:
        """Watch a folder and all below it that is not ignored. What is no folder, or gone, or unreadable is left out.

        Each folder is watched before it is listed: what appears in it later is an event, what was there is in the list.
        """
        pending = [path]
        while pending:
            folder = pending.pop()
            if self._watch_one(folder):
                pending.extend(child for child in self._children(folder) if not self.is_ignored(child))

    def is_ignored(self, path: str) -> bool:
        """Whether a folder is left out: git's own, and those that the caller says are ignored."""
        return path.rpartition("/")[2] == ".git" or self.is_hidden(path)

    def unwatch(self, path: str) -> None:
        """Watch a folder and all below it no longer; it was moved away, and its descriptors would go with it."""
        if path not in self._descriptor_of:
            return
        below = path + "/"
        for known in [known for known in self._descriptor_of if known == path or known.startswith(below)]:
            descriptor = self._descriptor_of.pop(known)
            self._path_of.pop(descriptor, None)
            self._remove(descriptor)

    def drop(self, descriptor: int) -> None:
        """The kernel ended a watch, since its folder is gone."""
        path = self._path_of.pop(descriptor, None)
        if path is not None and self._descriptor_of.get(path) == descriptor:
            del self._descriptor_of[path]

    def rebuild(self) -> None:
        """Look at the whole tree again: after events were lost, or what is ignored has changed."""
        before = set(self._path_of)
        self._path_of, self._descriptor_of, self.refused = {}, {}, 0
        self.watch("")
        for descriptor in before - self._path_of.keys():
            self._remove(descriptor)

    def _watch_one(self, path: str) -> bool:
        if path not in self._descriptor_of and len(self._path_of) >= self._budget:
            self.refused += 1
            return False
        try:
            descriptor = self._add(os.path.join(self._root, path))
        except OSError as error:
            self.refused += error.errno == errno.ENOSPC
            return False
        earlier = self._path_of.get(descriptor)
        if earlier is not None and self._descriptor_of.get(earlier) == descriptor:
            del self._descriptor_of[earlier]  # It was moved here, and the event that says so is still to come.
        self._path_of[descriptor] = path
        self._descriptor_of[path] = descriptor
        return True

    def _children(self, path: str) -> list[str]:
        try:
            with os.scandir(os.path.join(self._root, path)) as found:
                entries = list(found)
        except OSError:
            return []
        if path and any(entry.name == ".git" for entry in entries):
            self._found_repository(path)
        names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        return [f"{path}/{name}" for name in names] if path else names
