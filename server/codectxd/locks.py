"""Locks between processes: files that one process at a time holds, until it lets go or ends, however it ends.

`flock` where there is such a thing; on Windows a locked byte far behind the end of the file. Knows nothing of what a lock
is for. Descriptors are not inherited by children, so that a lock ends with its holder.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_FAR = 1 << 30
"""Where Windows locks its byte: a locked byte cannot be read, and the first ones say who holds the lock."""


def take(path: Path) -> int | None:
    """A descriptor that holds the lock until it is closed; None where another process has it. Raises OSError."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        taken = _lock(handle, alone=True)
    except BaseException:
        os.close(handle)
        raise
    if taken:
        return handle
    os.close(handle)
    return None


def sign(handle: int, pid: int) -> None:
    """Write down in the file of a lock that is held who holds it."""
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, b"%d\n" % pid)


def is_held(path: Path) -> bool:
    """Whether a process has the lock now; a look that takes nothing from anybody and writes nothing."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _lock(handle, alone=False)
    except OSError:
        return True
    finally:
        os.close(handle)


def holder(path: Path) -> int | None:
    """Who signed the lock last; None where nobody did."""
    try:
        return int(path.read_bytes())
    except (OSError, ValueError):
        return None


def _lock(handle: int, *, alone: bool) -> bool:
    # Imported where it is used: each of the two modules exists on one kind of system only.
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
