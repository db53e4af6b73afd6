"""Other file systems inside a tree: where they are mounted, and which of them do not answer.

A server that went away makes every look at its files wait, for minutes or for ever; so each file system that may do so is
asked first, on a thread of its own that may hang in our stead. What is mounted is read from the kernel's table, which waits
for nobody. Where there is no such table, nothing is known to be mounted. One `Mounts` serves one tree, on any thread.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from typing import Final

import msgspec

TABLE: Final = "/proc/self/mountinfo"
PATIENCE_S: Final = 1.0
_REMOTE: Final = re.compile(
    r"(?:nfs|cifs|smb|9p|afs|ceph|coda|fuse|autofs|lustre|gluster|virtiofs|ocfs|gfs|beegfs|pvfs|vboxsf)"
)
_ESCAPED: Final = re.compile(rb"\\([0-7]{3})")


class Mount(msgspec.Struct, frozen=True):
    """A file system mounted at `path`, relative to the tree's root; `number` is the kernel's."""

    path: str
    number: int
    kind: str


def mounts_in(root: str, table: bytes) -> list[Mount]:
    """The mounts inside the absolute folder `root`, and, first and with the path "", the one that it lies in."""
    around: Mount | None = None
    inside: dict[str, Mount] = {}
    length = -1
    for line in table.splitlines():
        number, place, kind = _parse(line)
        if place is None:
            continue
        if place.startswith(root.rstrip("/") + "/"):
            inside[place] = Mount(place[len(root.rstrip("/")) + 1 :], number, kind)
        elif (root == place or root.startswith(place.rstrip("/") + "/")) and length <= len(place):
            around, length = Mount("", number, kind), len(place)
    return [*([around] if around else []), *inside.values()]


def read_table() -> bytes:
    """The kernel's table of mounts; empty where it has none."""
    try:
        with open(TABLE, "rb") as file:
            return file.read()
    except OSError:
        return b""


class Mounts:
    """Which mounts of one tree do not answer. `look` touches a folder, and may hang; `table` gives the kernel's table."""

    def __init__(
        self,
        root: str,
        look: Callable[[str], object] = os.statvfs,
        table: Callable[[], bytes] = read_table,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._root = root
        self._look = look
        self._table = table
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._asked: dict[int, threading.Thread] = {}

    def silent(self) -> frozenset[str]:
        """Relative paths of the mounts that do not answer, "" when the root's own does not. Takes `patience_s` at most."""
        remote = [mount for mount in mounts_in(self._root, self._table()) if _REMOTE.match(mount.kind)]
        if not remote:
            return frozenset()
        with self._lock:
            # Whoever hangs already need not be asked again: its thread ends when it answers.
            hanging = {number for number, thread in self._asked.items() if thread.is_alive()}
            self._asked = {m.number: self._asked[m.number] if m.number in hanging else self._ask(m) for m in remote}
            fresh = [thread for number, thread in self._asked.items() if number not in hanging]
            for thread in fresh:
                thread.join(self._patience_s / len(fresh))
            return frozenset(mount.path for mount in remote if self._asked[mount.number].is_alive())

    def _ask(self, mount: Mount) -> threading.Thread:
        thread = threading.Thread(target=self._try, args=(os.path.join(self._root, mount.path),), name="mount", daemon=True)
        thread.start()
        return thread

    def _try(self, folder: str) -> None:
        try:
            self._look(folder)
        except OSError:
            return  # An error is an answer: whoever reads there will get it too.


def _parse(line: bytes) -> tuple[int, str | None, str]:
    """Number, mount point and kind, of a line such as "36 35 98:0 /root /point options [tags] - kind source options"."""
    before, _, after = line.partition(b" - ")
    fields = before.split(b" ")
    if len(fields) < 6 or not fields[0].isdigit():
        return 0, None, ""
    place = _ESCAPED.sub(lambda match: bytes([int(match[1], 8)]), fields[4])
    return int(fields[0]), os.fsdecode(place), after.partition(b" ")[0].decode("ascii", "replace")
