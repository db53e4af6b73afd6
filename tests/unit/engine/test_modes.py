"""How an index is to be built: by what is due, by cores and memory, and by what failed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd.engine.modes import Choice, Means, Work, choose, default_mb, estimate, lower
from codectxd.types import BuildMode

MUCH = Work(files=1_000, bytes=10_000_000)
LITTLE = Work(files=3, bytes=9_000)
PLENTY = Means(workers=4, memory_mb=4_000)


@pytest.mark.parametrize(
    ("asked", "work", "means", "mode", "workers"),
    [
        ("auto", MUCH, PLENTY, "parallel", 4),
        ("auto", LITTLE, PLENTY, "sequential", 1),
        ("auto", MUCH, Means(1, 4_000), "sequential", 1),
        ("auto", MUCH, Means(16, 700), "parallel", 2),
        ("auto", MUCH, Means(16, 500), "sequential", 1),
        ("auto", MUCH, Means(16, 8_000, free_mb=400), "parallel", 2),
        ("auto", MUCH, Means(16, 0), "sequential", 1),
        ("sequential", MUCH, PLENTY, "sequential", 1),
        ("parallel", LITTLE, PLENTY, "parallel", 4),
        ("parallel", MUCH, Means(1, 4_000), "sequential", 1),
        ("pipeline", MUCH, PLENTY, "pipeline", 5),
        ("pipeline", LITTLE, Means(1, 4_000), "pipeline", 3),
        ("pipeline", MUCH, Means(2, 650), "parallel", 2),
        ("pipeline", MUCH, Means(2, 400), "sequential", 1),
    ],
)
def test_the_mode_fits_what_is_due_and_what_there_is(
    asked: BuildMode, work: Work, means: Means, mode: BuildMode, workers: int
) -> None:
    found = choose(asked, work, means)
    assert (found.mode, found.workers) == (mode, workers)
    assert found.why
    assert found.ahead >= found.workers or mode == "pipeline"


def test_what_fails_is_done_in_a_simpler_way_until_there_is_none() -> None:
    choice: Choice | None = choose("pipeline", MUCH, PLENTY)
    modes = []
    while choice is not None:
        modes.append(choice.mode)
        assert choice.workers >= 1
        choice = lower(choice, "no memory")
        assert choice is None or "no memory" in choice.why
    assert modes == ["pipeline", "parallel", "sequential"]


@given(
    st.sampled_from(["auto", "sequential", "parallel", "pipeline"]),
    st.builds(Work, st.integers(0, 10**7), st.integers(0, 10**11)),
    st.builds(Means, st.integers(0, 256), st.integers(0, 10**6), st.none() | st.integers(0, 10**6)),
)
def test_I6_there_is_always_a_way(asked: BuildMode, work: Work, means: Means) -> None:
    found = choose(asked, work, means)
    assert found.mode != "auto"
    assert 1 <= found.workers <= max(means.workers, 1) + 2
    assert found.ahead >= 1


@pytest.mark.parametrize(("machine", "most"), [(None, 1_000), (2_000, 1_000), (24_000, 6_000)])
def test_without_a_setting_a_quarter_of_the_machine(machine: int | None, most: int) -> None:
    assert default_mb(machine) == most


def test_a_large_build_says_what_it_will_come_to_and_how_it_is_searched() -> None:
    assert estimate(Work(1_000, 9_000_000), 100) is None
    told = estimate(Work(13_789, 100_000_000), 2_000_000)
    assert told == "about 113,636 chunks, 181 MB on disk and 30 MB of vectors in memory, searched by a scan of all of them"
    assert "a graph" in (estimate(Work(300_000, 3_000_000_000), 2_000_000) or "")
    assert "a scan" in (estimate(Work(300_000, 3_000_000_000), 0) or "")
