"""What a run of the benchmarks found, and how two runs compare. Pure: knows nothing of how anything is measured.

A value is compared between two runs only after it was divided by a floor that was measured in the same run: the same work
without the product where there is such a thing, the machine's yardstick otherwise. So a slower or a busier machine is not
taken for a slower program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

import msgspec

Unit: TypeAlias = Literal["ms", "s", "x", "MB", "%", "count"]

RESOLUTION: dict[Unit, float] = {"ms": 1.0, "s": 0.05, "x": 0.05, "MB": 5.0, "%": 0.2, "count": 0.0}
"""Differences up to this are the measurement's, not the program's."""

THRESHOLD = 0.10
"""A row that got worse by more than this share fails a comparison."""


class Row(msgspec.Struct, frozen=True, rename="camel"):
    """One measured number; smaller is better, always. `target` is what it is to stay below, None where nothing is promised.

    `floor` is what the same machine took in the same run for something to compare with; 1 for what no machine makes larger.
    """

    name: str
    what: str
    value: float
    unit: Unit
    target: float | None
    details: Mapping[str, float]
    floor: float = 1.0

    @property
    def holds(self) -> bool:
        return self.target is None or self.value < self.target or self.value == self.target == 0


class Failed(msgspec.Struct, frozen=True, rename="camel"):
    """A benchmark that could not be measured, and why."""

    name: str
    reason: str


class Report(msgspec.Struct, frozen=True, rename="camel"):
    """One run: where, on what, and what was found."""

    version: str
    machine: str
    folder: str
    files: int
    took_s: float
    rows: list[Row]
    failed: list[Failed]


class Change(msgspec.Struct, frozen=True):
    """One row in two runs; `by` is the share by which it grew, floors taken into account."""

    name: str
    before: float
    after: float
    unit: Unit
    by: float
    worse: bool


def compare(before: Report, after: Report) -> Iterator[Change]:
    """The rows that both runs have, in the order of the later one."""
    old = {row.name: row for row in before.rows}
    for row in after.rows:
        if row.name in old and old[row.name].unit == row.unit:
            yield _change(old[row.name], row)


def _change(before: Row, after: Row) -> Change:
    expected = before.value * after.floor / before.floor if before.floor else before.value
    grown = after.value - expected
    by = grown / expected if expected else (0.0 if grown <= 0 else float("inf"))
    worse = by > THRESHOLD and grown > RESOLUTION[after.unit]
    return Change(after.name, before.value, after.value, after.unit, by, worse)


def quantile(values: list[float], share: float) -> float:
    """The smallest of `values` that at least `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def table(report: Report) -> str:
    """`report` for a terminal."""
    lines = [
        f"codectxd {report.version} on {report.machine}; {report.files} files of {report.folder}; {report.took_s:.0f} s",
        "",
        f"{'benchmark':<20} {'measured':>12} {'to hold':>12}       details",
    ]
    lines += [_line(row) for row in report.rows]
    lines += [f"{failed.name:<20} could not be measured: {failed.reason}" for failed in report.failed]
    return "\n".join(lines)


def comparison_table(changes: list[Change]) -> str:
    """`changes` for a terminal."""
    lines = [f"{'benchmark':<20} {'before':>12} {'now':>12}  change, floors taken into account"]
    for change in changes:
        before, after = _shown(change.before, change.unit), _shown(change.after, change.unit)
        lines.append(f"{change.name:<20} {before:>12} {after:>12}  {change.by:+.0%}{' WORSE' if change.worse else ''}")
    return "\n".join(lines)


def _line(row: Row) -> str:
    target = "" if row.target is None else f"< {_shown(row.target, row.unit)}" if row.target else "0"
    verdict = "" if row.target is None else "ok" if row.holds else "OVER"
    details = ", ".join(f"{name} {value:g}" for name, value in row.details.items())
    return f"{row.name:<20} {_shown(row.value, row.unit):>12} {target:>12} {verdict:<5} {details}"


def _shown(value: float, unit: Unit) -> str:
    return f"{value:.0f}" if unit == "count" else f"{value:.3g} {unit}" if value < 100 else f"{value:.0f} {unit}"
