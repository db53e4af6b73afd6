"""The folders of one session: which workspaces they are, and how the client spells them.

A folder that is reached through symbolic links is the workspace where it really is, so that it is indexed once whatever
name it goes by; but a client knows its files by the names it gave, and is answered by those. Any one folder has the
spelling that was heard first.
"""

from __future__ import annotations

import os

from codectxd.errors import NoSuchPath, UsageError
from codectxd.paths import refusal, resolve_root
from codectxd.wire import convert


class Roots:
    """`open` are the session's workspace folders, absolute and without symbolic links."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self._spelled: dict[str, str] = {}
        self._refusals: dict[str, str] = {}

    def add(self, named: list[str]) -> None:
        """Folders the editor opened; what is no local folder, or too much for anybody to want, is left out."""
        for name in named:
            path = convert.from_uri_or_path(name)
            if path is None or not os.path.isdir(path):
                continue
            root = self._known(path)
            if reason := refusal(root):
                self._refusals[root] = reason
            elif root not in self.open:
                self.open.append(root)

    def remove(self, named: list[str]) -> list[str]:
        """Folders the editor closed; those that were open."""
        paths = [path for name in named if (path := convert.from_uri_or_path(name)) is not None]
        gone = [root for path in paths if (root := resolve_root(path)) in self.open]
        for path in paths:
            self._refusals.pop(resolve_root(path), None)
        for root in gone:
            self.open.remove(root)
            self._spelled.pop(root, None)
        return gone

    def of(self, named: list[str] | None) -> list[str]:
        """The folders that a request is about: those it names, or the session's. Raises UsageError."""
        if named is not None:
            return list(dict.fromkeys(self._existing(name) for name in named))
        if not self.open:
            missing = "No folder is open in this session: open one, or name one in `roots`."
            raise UsageError(next(iter(self._refusals.values()), missing))
        return list(self.open)

    def spelled(self, root: str) -> str:
        """The name by which the client knows a workspace."""
        return self._spelled.get(root, root)

    def _existing(self, name: str) -> str:
        path = convert.from_uri_or_path(name)
        if path is None:
            raise UsageError(f"{name} is neither an absolute path nor a file URI.")
        if not os.path.exists(path):
            raise NoSuchPath(path)
        if not os.path.isdir(path):
            raise UsageError(f"{path} is a file: name the folder that it lies in.")
        root = self._known(path)
        if reason := refusal(root):
            raise UsageError(reason)
        return root

    def _known(self, path: str) -> str:
        root = resolve_root(path)
        self._spelled.setdefault(root, path)
        return root
