"""A few of the hundreds of kills, and a little of the work, that `python -m codectxd.evaluate.endure` and `soak` do."""

from __future__ import annotations

import pytest

from codectxd.evaluate.crowd import crowd
from codectxd.evaluate.endure import endure
from codectxd.evaluate.soak import soak

KILLS = 12


def test_I3_I4_killed_at_random_instants_what_is_found_equals_a_fresh_build(pytestconfig: pytest.Config) -> None:
    report = endure(KILLS, seed=7)
    pytestconfig.get_terminal_writer().line(f"\nkilled {report.victims} during {report.activities}, {report.steps}")
    assert report.problems == []
    assert (report.kills, report.compared) == (KILLS, KILLS)
    assert set(report.victims) == {"daemon", "indexer", "builder", "worker"}


def test_nothing_runs_that_has_nothing_to_do(pytestconfig: pytest.Config) -> None:
    report = soak(minutes=0.1, files=30, seed=1)
    assert report.problems == []
    assert report.edits > 0
    assert report.resting == ["codectxd.daemon", "codectxd.engine.worker"]


def test_many_files_in_one_folder_are_read_once() -> None:
    report = crowd(files=1_000)
    assert report.problems == []
