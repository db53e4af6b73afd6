"""How much memory the daemon and its children hold."""

from __future__ import annotations

import sys
from pathlib import Path

from codectxd import system


def resident_bytes(pid: int) -> int:
    """Resident bytes of `pid` and all its descendants; without /proc, the most this process ever held; on Windows, 0."""
    if sys.platform == "win32":
        return 0
    if not Path("/proc/self/statm").exists():
        import resource  # Here, since Windows has none.

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return sum(map(system.resident_bytes_of, _family(pid)))


def _family(pid: int) -> list[int]:
    return [pid, *(one for child in _children(pid) for one in _family(child))]


def _children(pid: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    except OSError:  # The process ended, or this kernel does not list children.
        return []
