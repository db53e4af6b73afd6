"""What a daemon and its children hold at one moment, as Linux tells it under /proc, and what its state folder holds."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from codectxd.evaluate import processes
from codectxd.paths import Layout

_PROC = Path("/proc")


class Holdings(msgspec.Struct, frozen=True):
    """`descriptors`, `threads` and `watches` are the daemon's, whose life is long; `memory_mb` is everybody's."""

    processes: int
    descriptors: int
    threads: int
    watches: int
    memory_mb: float
    daemon_mb: float
    segments: int
    index_mb: float
    vault_mb: float


def of(daemon: int, layout: Layout, root: str) -> Holdings:
    """The holdings of the daemon with this pid and of its workspace `root`."""
    family = processes.family(daemon)
    workspace = layout.workspace(root)
    return Holdings(
        processes=len(family),
        descriptors=_count(_PROC / str(daemon) / "fd"),
        threads=_count(_PROC / str(daemon) / "task"),
        watches=_watches(daemon),
        memory_mb=round(processes.memory_mb(family), 1),
        daemon_mb=round(processes.memory_mb([daemon]), 1),
        segments=_segments(workspace),
        index_mb=_megabytes(workspace),
        vault_mb=_megabytes(layout.state, "vault.db*"),
    )


def _count(folder: Path) -> int:
    try:
        return sum(1 for _ in folder.iterdir())
    except OSError:
        return 0


def _watches(pid: int) -> int:
    """Each watch is a line of what is known of its descriptor."""
    found = 0
    try:
        for entry in (_PROC / str(pid) / "fdinfo").iterdir():
            found += _lines(entry, "inotify ")
    except OSError:
        pass
    return found


def _lines(path: Path, beginning: str) -> int:
    try:
        return sum(line.startswith(beginning) for line in path.read_text().splitlines())
    except OSError:
        return 0


def _segments(workspace: Path) -> int:
    """Of the newest words; 0 while they are being replaced."""
    try:
        newest = max((workspace / "lexical").iterdir(), key=lambda folder: int(folder.name))
        return len(json.loads((newest / "meta.json").read_bytes())["segments"])
    except (OSError, ValueError):
        return 0


def _megabytes(folder: Path, pattern: str = "**/*") -> float:
    """What files take; one that vanishes under the look takes nothing."""
    total = 0
    for path in folder.glob(pattern):
        try:
            total += path.stat().st_size
        except OSError:
            continue
    return round(total / 1e6, 2)
