"""Where operating systems differ: one name for what each of them has, and a plain word where one has nothing.

Linux is what the tests run on; what is done elsewhere is marked in the README as untested. Locks have a module of their own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

READ_ONLY = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
"""Flags to open a file that somebody may have replaced by a pipe or a terminal; descriptors are never inherited anyway."""

_M_ARENA_MAX, _M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD = -8, -3, -1
"""glibc's numbers for what `mallopt` sets."""

NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
"""The flag not to follow a symbolic link; on Windows, where making one takes a privilege, nothing."""


def is_own(found: os.stat_result) -> bool:
    """Whether a file is this user's. On Windows, where a profile's folders are its user's by other means, always."""
    return sys.platform == "win32" or found.st_uid == os.getuid()


def user_id() -> int:
    """A number for this user, to make a name of; on Windows 0, where the folder for temporary files is the user's own."""
    return 0 if sys.platform == "win32" else os.getuid()


def be_nice() -> None:
    """Let interactive processes go first, where that can be asked for."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            os.nice(5)


def bound_memory(most_bytes: int) -> None:
    """End this process rather than let it have more memory of its own, where the system does that."""
    if sys.platform != "win32":
        import resource  # Here, since Windows has none.

        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, resource.RLIM_INFINITY))


def be_frugal() -> None:
    """Have the C library's allocator keep little of what is freed, where it can be told. Before any thread is started."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None)
            libc.mallopt(_M_ARENA_MAX, 2)
            # A fixed size keeps it from growing with the largest piece that was ever freed.
            libc.mallopt(_M_MMAP_THRESHOLD, 1 << 20)
            libc.mallopt(_M_TRIM_THRESHOLD, 4 << 20)


def give_back_memory() -> None:
    """Have the allocator return to the system what it holds unused, where it can be asked to: some milliseconds."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def allow_memory(more_bytes: int) -> None:
    """Raise the bound of this process, if it has one."""
    if sys.platform != "win32":
        import resource  # Here, since Windows has none.

        with contextlib.suppress(OSError, ValueError):
            soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
            if soft != resource.RLIM_INFINITY:
                resource.setrlimit(resource.RLIMIT_DATA, (soft + more_bytes, hard))


def resident_bytes_of(pid: int) -> int:
    """What a process holds in memory; 0 where it is gone, or where the system does not say."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    except (OSError, IndexError, ValueError, AttributeError):
        return 0


def memory_mb(kind: str = "MemTotal") -> int | None:
    """The machine's memory, or, with `MemAvailable`, what it could give now; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith(f"{kind}:")]
    return int(found[0]) // 1024 if found else None


def prepare_alarm() -> None:
    """Let an alarm end this process, whatever it inherited."""
    if sys.platform != "win32":
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def set_alarm(seconds: float) -> None:
    """Have the system end this process after so long, 0 for never; on Windows the parent's patience alone does."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)


def ended_by_alarm(code: int | None) -> bool:
    """Whether a child with this exit status was ended by its alarm."""
    return sys.platform != "win32" and code == -signal.SIGALRM


def sync_data(descriptor: int) -> None:
    """Have what was written on the disk."""
    if sys.platform == "linux":
        os.fdatasync(descriptor)
    else:
        os.fsync(descriptor)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk. Windows writes a folder's names by itself."""
    if sys.platform == "win32" and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(path: Path) -> None:
    """Remove a file that may be gone; one that Windows keeps because somebody reads it is left for another time."""
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        if sys.platform != "win32":
            raise
