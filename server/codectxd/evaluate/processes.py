"""What a process and its children cost, as Linux tells it under /proc: memory, processor time, who is whose child."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


def family(pid: int) -> list[int]:
    """`pid` and all its descendants that live now."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found, waiting = [], [pid] if (_PROC / str(pid)).exists() else []
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def memory_mb(pids: list[int]) -> float:
    """Memory of these processes in MB; pages that several share are divided between them (PSS)."""
    return sum(_pss_kb(pid) for pid in pids) * 1024 / 1e6


def cpu_seconds(pids: list[int]) -> float:
    """Processor time that these processes have used, in user and kernel mode."""
    return sum(sum(map(int, fields[11:13])) for pid in pids if (fields := _stat(pid))) / os.sysconf("SC_CLK_TCK")


def runs_under(pid: int, variable: str, value: str) -> bool:
    """Whether the process was started with the environment variable `variable` set to `value`."""
    try:
        return f"{variable}={value}".encode() in (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


def runs(pid: int, module: str) -> bool:
    """Whether the process is `python -m module`."""
    try:
        return module.encode() in (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


def module_of(pid: int) -> str:
    """The module of codectxd that the process runs, or whatever its command is; empty for a process that is gone."""
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
    return next((word for word in words if word.startswith("codectxd.")), words[0])


def lives(pid: int) -> bool:
    """Whether the process runs; one that ended and that nobody has asked about yet does not."""
    return _stat(pid)[:1] not in ([], ["Z"], ["X"])


def _parents() -> Iterator[tuple[int, int]]:
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            yield int(entry.name), int(fields[1])


def _stat(pid: int) -> list[str]:
    """The fields of `stat` after the name, which may hold anything; empty for a process that is gone."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _pss_kb(pid: int) -> int:
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
