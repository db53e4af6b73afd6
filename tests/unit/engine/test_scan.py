"""A scan: what is asked for first comes first, and nothing overwrites what became durable by another way meanwhile."""

from __future__ import annotations

from codectxd.engine.jobs import Known, Prepared
from codectxd.engine.planner import Plan
from codectxd.engine.scan import ScanRun
from codectxd.types import Skipped, Stamp
from unit.index.world import parcel


def run_over(stamps: dict[str, Stamp], *, first: list[str] | None = None, known: dict[str, Known] | None = None) -> ScanRun:
    """A scan for which every file of `stamps` is due."""
    run = ScanRun("/tree", 1, first or [], "m")
    run.adopt(Plan(list(stamps), [], [], []), stamps, known or {})
    return run


def test_open_files_come_first_then_the_most_recently_changed_then_by_path() -> None:
    stamps = {"old.py": Stamp(1, 9, 0), "new.py": Stamp(5, 9, 0), "b.py": Stamp(3, 9, 0), "a.py": Stamp(3, 9, 0)}
    run = run_over(stamps, first=["old.py", "unknown.py"])
    assert [path for batch in run.batches() for path in batch] == ["old.py", "new.py", "a.py", "b.py"]


def test_every_file_is_in_one_portion_and_the_first_portions_are_small() -> None:
    stamps = {f"{number:03}.py": Stamp(1, 20_000, 0) for number in range(100)}
    portions = list(run_over(stamps).batches())
    assert sorted(path for portion in portions for path in portion) == sorted(stamps)
    assert len(portions[0]) < len(portions[-2])
    many = {f"{number:04}.py": Stamp(1, 1, 0) for number in range(1_000)}
    assert max(len(portion) for portion in run_over(many).batches()) < 100


def test_a_known_text_is_passed_on_unless_its_vectors_are_of_another_model() -> None:
    stamps = dict.fromkeys(("a.py", "b.py", "c.py"), Stamp(1, 1, 1))
    known = {"a.py": Known(b"a", Stamp(0, 0, 0), 0, "m"), "b.py": Known(b"b", Stamp(0, 0, 0), 0, "other")}
    assert run_over(stamps, known=known).known == {"a.py": b"a"}


def test_I4_a_file_that_was_saved_meanwhile_is_not_overwritten_by_the_older_result_of_a_scan() -> None:
    names = ("kept.py", "saved.py", "skipped.py", "gone.py", "same.py", "hidden.py")
    run = run_over(dict.fromkeys(names, Stamp(1, 1, 1)))
    stamps = [("same.py", Stamp(1, 1, 1)), ("hidden.py", Stamp(1, 1, 1))]
    skips = [Skipped("skipped.py", "binary"), Skipped("hidden.py", "binary")]
    parcels = [parcel("kept.py", "a = 1\n"), parcel("saved.py", "older = 1\n")]
    run.take([Prepared(parcels, skips, ["gone.py", "saved.py"], stamps, {"read": 1.0})], 6)
    run.superseded.update(("saved.py", "hidden.py"))
    group = run.next_group()
    assert [one.path for one in group.parcels] == ["kept.py"]
    assert list(group.skipped) == [Skipped("skipped.py", "binary", Stamp(1, 1, 1))]
    assert list(group.gone) == ["gone.py"]
    assert list(group.stamps) == [("same.py", Stamp(1, 1, 1))]
    assert run.next_group().is_empty()
    assert run.still(["saved.py", "kept.py"]) == ["kept.py"]


def test_what_was_done_is_counted() -> None:
    run = run_over(dict.fromkeys(("a.py", "b.py"), Stamp(1, 1, 1)))
    one = parcel("a.py", "def a():\n    pass\n")
    run.take([Prepared([one], [], [], [], {"read": 1.0}), Prepared([], [], ["b.py"], [], {"read": 0.5})], 2)
    assert (run.done, run.total, run.parsed, run.embedded) == (2, 2, one.parsed, one.embedded)
    assert run.seconds["read"] == 1.5
