"""How much memory the daemon and its children hold. Pages that several of them share are counted once."""

from __future__ import annotations

import sys
from pathlib import Path

from codectxd import system


def resident_bytes(pid: int) -> int:
    """Bytes that `pid` and all its descendants hold; without /proc, the most this process ever held; on Windows, 0."""
    if sys.platform == "win32":
        return 0
    if not Path("/proc/self/statm").exists():
        import resource  # Here, since Windows has none.

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return sum(map(_held_bytes, _family(pid)))


def _held_bytes(pid: int) -> int:
    """Its resident pages, of those that others have too its share; all of them, where the system does not say more."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
    except (OSError, StopIteration, ValueError):
        return system.resident_bytes_of(pid)


def _family(pid: int) -> list[int]:
    return [pid, *(one for child in _children(pid) for one in _family(child))]


def _children(pid: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    except OSError:  # The process ended, or this kernel does not list children.
        return []
