"""The plan is a pure difference of two states."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codectxd.engine.jobs import Known
from codectxd.engine.planner import YOUNG_NS, Plan, plan, with_stamps
from codectxd.types import Skipped, Stamp

OLD = 10 * YOUNG_NS
STAMP = Stamp(1, 2, 3)
paths = st.sampled_from([f"p{n}" for n in range(8)])
stamps = st.builds(Stamp, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
knowns = st.builds(
    Known, st.binary(min_size=1, max_size=1), stamps, st.sampled_from([0, OLD]), st.sampled_from([None, "m", "n"])
)
reasons = st.sampled_from(["binary", "too large", "minified"])


def skips(reason: st.SearchStrategy[str] = reasons) -> st.SearchStrategy[dict[str, Skipped]]:
    made = st.dictionaries(paths, st.tuples(reason, st.none() | stamps))
    return made.map(lambda found: {path: Skipped(path, reason, stamp) for path, (reason, stamp) in found.items()})


def known(stamp: Stamp = STAMP, seen_ns: int = OLD, model: str | None = "m") -> Known:
    return Known(b"d", stamp, seen_ns, model)


def applied(found: Plan, was: dict[str, Known], skipped: dict[str, Skipped], there: dict[str, Stamp]) -> tuple[
    dict[str, Known], dict[str, Skipped]
]:  # fmt: skip
    """What the index knows after the plan was carried out: each file that is read turns out to be indexable."""
    gone = {*found.gone, *(skip.path for skip in found.skipped)}
    now = {path: one for path, one in was.items() if path not in gone}
    now |= {path: known(there[path]) for path in found.read}
    clear = {*found.clear_skips, *found.read}
    named = {path: skip for path, skip in skipped.items() if path not in clear} | {s.path: s for s in found.skipped}
    return now, named


@given(st.dictionaries(paths, knowns), skips(), st.dictionaries(paths, stamps), skips(), st.sampled_from([None, "m"]))
def test_I4_once_carried_out_a_plan_leaves_nothing_to_do(
    was: dict[str, Known], skipped: dict[str, Skipped], there: dict[str, Stamp], named: dict[str, Skipped], model: str | None
) -> None:
    there = {path: stamp for path, stamp in there.items() if path not in named}
    # A path that was skipped after a look inside is not in the tree.
    skipped = {path: skip for path, skip in skipped.items() if path not in was}
    found = plan(was, skipped, there, named.values(), model)
    now, still = applied(found, was, skipped, there)
    assert {path for path in now if path not in there} == set(), "only what is there is known"
    again = plan(now, still, there, named.values(), model)
    assert again == Plan([], [], [], [])


@given(st.dictionaries(paths, knowns), skips(), st.dictionaries(paths, stamps), skips(), st.sampled_from([None, "m"]))
def test_I6_every_path_is_in_at_most_one_part_of_a_plan_and_known_or_there(
    was: dict[str, Known], skipped: dict[str, Skipped], there: dict[str, Stamp], named: dict[str, Skipped], model: str | None
) -> None:
    there = {path: stamp for path, stamp in there.items() if path not in named}
    found = plan(was, skipped, there, named.values(), model)
    parts = [found.read, found.gone, [skip.path for skip in found.skipped]]
    everything = [path for part in parts for path in part]
    assert len(everything) == len(set(everything))
    assert set(found.read) <= set(there)
    assert set(found.gone) <= set(was) - set(there) - set(named)
    assert set(found.clear_skips) <= set(skipped) - set(there) - set(named)


def test_an_unchanged_file_is_left_alone() -> None:
    assert plan({"a": known()}, {}, {"a": STAMP}, [], "m") == Plan([], [], [], [])


def test_each_part_of_a_stamp_counts() -> None:
    others = [Stamp(9, 2, 3), Stamp(1, 9, 3), Stamp(1, 2, 9)]
    assert [plan({"a": known()}, {}, {"a": other}, [], "m").read for other in others] == [["a"]] * 3


def test_a_file_that_changed_just_before_it_was_seen_is_looked_at_again() -> None:
    young, old = Stamp(OLD, 2, 3), Stamp(OLD - YOUNG_NS, 2, 3)
    assert plan({"a": known(young)}, {}, {"a": young}, [], "m").read == ["a"]
    assert plan({"a": known(old)}, {}, {"a": old}, [], "m").read == []


def test_a_document_without_the_vectors_of_the_model_is_due_where_there_is_a_model() -> None:
    for model in (None, "other"):
        assert plan({"a": known(model=model)}, {}, {"a": STAMP}, [], "m").read == ["a"]
        assert plan({"a": known(model=model)}, {}, {"a": STAMP}, [], None).read == []


def test_a_file_that_was_looked_into_and_skipped_is_looked_into_again_once_it_changed() -> None:
    skip = Skipped("a", "binary", STAMP)
    assert plan({}, {"a": skip}, {"a": STAMP}, [], "m").read == []
    assert plan({}, {"a": skip}, {"a": Stamp(9, 9, 9)}, [], "m").read == ["a"]
    assert with_stamps([Skipped("a", "binary"), Skipped("b", "gone")], {"a": STAMP}) == [skip, Skipped("b", "gone")]


def test_a_skip_is_named_once_and_forgotten_when_its_file_is_gone() -> None:
    skip = Skipped("a", "too large")
    assert plan({}, {}, {}, [skip], "m").skipped == [skip]
    assert plan({}, {"a": skip}, {}, [skip], "m").skipped == []
    assert plan({}, {"a": skip}, {}, [Skipped("a", "binary")], "m").skipped == [Skipped("a", "binary")]
    assert plan({"a": known()}, {}, {}, [skip], "m") == Plan([], [], [skip], [])
    assert plan({}, {"a": skip}, {}, [], "m").clear_skips == ["a"]


def test_what_could_not_be_read_is_looked_at_again_although_its_stamp_is_the_same() -> None:
    for reason, due in (("unreadable", ["a"]), ("unreachable", ["a"]), ("binary", [])):
        (skip,) = with_stamps([Skipped("a", reason)], {"a": STAMP})
        assert plan({}, {"a": skip}, {"a": STAMP}, [], None).read == due, reason
