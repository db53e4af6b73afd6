"""How a run is shown and how two runs compare."""

from __future__ import annotations

import msgspec
import pytest

from codectxd.evaluate.report import Report, Row, Unit, compare, comparison_table, quantile, table


def row(value: float, *, name: str = "search", unit: Unit = "ms", target: float | None = 12, floor: float = 10) -> Row:
    return Row(name, "search, p95", value, unit, target, {"p50": value / 2}, floor)


def report(*rows: Row) -> Report:
    return Report("0.1.0", "a machine", "/some/folder", 3, 1.0, list(rows), [])


def test_a_slower_program_is_worse() -> None:
    (change,) = compare(report(row(20)), report(row(30)))
    assert (change.by, change.worse) == (0.5, True)


def test_a_slower_machine_is_not_a_slower_program() -> None:
    (change,) = compare(report(row(20, floor=10)), report(row(30, floor=15)))
    assert (change.by, change.worse) == (0, False)


def test_a_faster_machine_does_not_hide_a_slower_program() -> None:
    (change,) = compare(report(row(20, floor=10)), report(row(20, floor=5)))
    assert (change.by, change.worse) == (1, True)


@pytest.mark.parametrize(("before", "after", "unit"), [(0.5, 1.0, "ms"), (100, 103, "MB"), (0.1, 0.2, "%"), (50, 54, "ms")])
def test_what_cannot_be_told_apart_is_not_worse(before: float, after: float, unit: Unit) -> None:
    (change,) = compare(report(row(before, unit=unit)), report(row(after, unit=unit)))
    assert not change.worse


def test_one_embedding_more_than_none_is_worse() -> None:
    (change,) = compare(report(row(0, unit="count", floor=1)), report(row(1, unit="count", floor=1)))
    assert change.worse


def test_rows_of_one_run_only_are_left_out() -> None:
    assert list(compare(report(row(1)), report(row(1, name="symbols")))) == []


@pytest.mark.parametrize(
    ("value", "target", "holds"), [(11, 12, True), (12, 12, False), (0, 0, True), (1, 0, False), (9, None, True)]
)
def test_a_target_is_to_stay_below_except_none_at_all(value: float, target: float | None, holds: bool) -> None:
    assert row(value, target=target).holds is holds


def test_the_table_says_what_is_over_its_target() -> None:
    shown = table(report(row(11), row(13, name="symbols"), row(0, name="none", unit="count", target=0)))
    lines = {line.split()[0]: line for line in shown.splitlines() if line}
    assert "ok" in lines["search"]
    assert "OVER" in lines["symbols"]
    assert "ok" in lines["none"]


def test_a_comparison_marks_what_got_worse() -> None:
    changes = list(compare(report(row(20)), report(row(30))))
    assert comparison_table(changes).endswith("+50% WORSE")


def test_a_report_comes_back_from_its_json() -> None:
    before = report(row(20))
    assert msgspec.json.decode(msgspec.json.encode(before), type=Report) == before


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 3), (0.95, 5), (1.0, 5)])
def test_a_quantile_is_one_of_the_values(share: float, expected: float) -> None:
    assert quantile([5, 3, 1, 2, 4], share) == expected
