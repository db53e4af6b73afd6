"""`codectxd bench`: every number that DESIGN promises and that can be measured today, in one run of the real program.

A benchmark is a function from a laboratory to rows. Those that need an index share one; each that needs a cold start gets a
home of its own.
"""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import msgspec

import codectxd
from codectxd.errors import CodectxError, UsageError
from codectxd.evaluate import answering, building, comparing, following, generated, resting, scaling, starting, yardstick
from codectxd.evaluate.corpus import standard_library
from codectxd.evaluate.laboratory import Laboratory
from codectxd.evaluate.report import Failed, Report, Row
from codectxd.evaluate.session import NeverCame

Benchmark: TypeAlias = Callable[[Laboratory], list[Row]]

BENCHMARKS: Mapping[str, Benchmark] = MappingProxyType(
    {
        "initialize": starting.initialize,
        "cold-index": building.cold_index,
        "last-definition": building.last_definition,
        "restart": starting.restart,
        "unsaved": following.unsaved,
        "saved": following.saved,
        "search": answering.search,
        "command": answering.command,
        "symbols": answering.symbols,
        "rest": resting.rest,
        "search-while-building": answering.search_while_building,
        "branch-switch": building.branch_switch,
        "modes": comparing.modes,
        "bulk": comparing.bulk,
        "second-core": scaling.second_core,
        "five-open": scaling.five_open,
        "unchanged": scaling.unchanged,
        "arrivals": scaling.arrivals,
        "three-builds": scaling.three_builds,
    }
)
"""By the name to ask for, in the order in which they run: what changes the shared index comes last."""

BY_NAME_ALONE = ("modes", "bulk", "second-core", "five-open", "unchanged", "arrivals", "three-builds")
"""What compares ways of doing the same, or is about much at once and takes long: it is left out where no name is given."""


def run(names: Sequence[str], folder: Path | None, files: int | None, on_begin: Callable[[str], None]) -> Report:
    """Measure `names`, or everything that holds a promise, over copies of `folder`, or of a tree of `files` files that is
    made for it. Raises UsageError for a name or folder that is not there."""
    source = (folder or standard_library()).resolve()
    _check(names, source)
    began = time.monotonic()
    results: list[Row | Failed] = []
    with tempfile.TemporaryDirectory(prefix="cx-bench-", ignore_cleanup_errors=True) as rooms:
        if files is not None:
            source = Path(rooms) / "generated"
            generated.write(source, files)
        laboratory = Laboratory(Path(rooms), source)
        try:
            for name in names or [name for name in BENCHMARKS if name not in BY_NAME_ALONE]:
                on_begin(name)
                results += _measure(name, laboratory)
        finally:
            laboratory.close()
    return Report(
        version=codectxd.__version__,
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        folder=f"{files} generated files" if files is not None else str(source),
        files=laboratory.files,
        took_s=time.monotonic() - began,
        rows=[result for result in results if isinstance(result, Row)],
        failed=[result for result in results if isinstance(result, Failed)],
    )


def _check(names: Sequence[str], source: Path) -> None:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        raise UsageError(f"There is no benchmark {unknown[0]!r}: the names are {', '.join(BENCHMARKS)}.")
    if not source.is_dir():
        raise UsageError(f"There is no folder {source} to measure with: name one that exists.")


def _measure(name: str, laboratory: Laboratory) -> list[Row | Failed]:
    """The rows of one benchmark; one that fails leaves the others their turn."""
    floor = yardstick.milliseconds()
    try:
        rows = BENCHMARKS[name](laboratory)
    except (CodectxError, NeverCame, OSError, subprocess.SubprocessError) as problem:
        return [Failed(name, f"{type(problem).__name__}: {problem}")]
    floor = min(floor, yardstick.milliseconds())
    return [msgspec.structs.replace(row, floor=floor) if row.unit in ("ms", "s") else row for row in rows]
