"""The order of candidates, and its account of itself."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd.index.reader import ChunkRow
from codectxd.index.schema import doc_of, key_of
from codectxd.search.candidates import Candidates
from codectxd.search.fuse import Fused
from codectxd.search.query import parse
from codectxd.search.rank import Ranked, rank
from codectxd.search.weights import DEFAULT
from codectxd.types import Query, Role, Symbol

ROLES: tuple[Role, ...] = ("source", "test", "example", "docs", "config", "generated", "vendored")


def row(key: int, path: str, role: Role = "source") -> ChunkRow:
    """Chunk `key`; its lines follow from its place in the file."""
    line = (key - key_of(doc_of(key), 0)) * 10
    return ChunkRow(key, path, "python", role, f"s{line}", "function", line, line + 10, 0, 1, False, b"")


def defined(name: str, container: str = "") -> Symbol:
    """A class called `name`."""
    return Symbol(name, "class", container, 0, 0, 1, 1, 0)


def ranked(
    text: str,
    scores: Mapping[ChunkRow, float],
    definitions: tuple[tuple[int, Symbol], ...] = (),
    sizes: Mapping[int, int] | None = None,
) -> list[Ranked]:
    """Rank the chunks by these fused scores, in files of so many chunks."""
    candidates = Candidates(
        lexical={},
        semantic={},
        lexical_ranks={},
        semantic_ranks={},
        definitions=definitions,
        named=frozenset(key for key, _ in definitions),
        degraded=(),
    )
    fused = {chunk.key: Fused(score, 0.0) for chunk, score in scores.items()}
    rows = {chunk.key: chunk for chunk in scores}
    return rank(parse(Query(text)), candidates, fused, rows, DEFAULT, sizes=sizes or {})


def paths(found: list[Ranked]) -> list[str]:
    return [r.row.path for r in found]


def test_a_files_next_chunks_count_for_it() -> None:
    lone, first, second = row(key_of(1, 0), "a.py"), row(key_of(2, 0), "b.py"), row(key_of(2, 1), "b.py")
    assert paths(ranked("open sesame", {lone: 0.8, first: 0.75, second: 0.7}))[:2] == ["b.py", "a.py"]


@pytest.mark.parametrize(("path", "first"), [("short.py", "short.py"), ("short.h", "long.py"), ("short.pyi", "long.py")])
def test_a_file_is_not_behind_for_being_short_unless_it_only_declares(path: str, first: str) -> None:
    short, *many = row(key_of(1, 0), path), *(row(key_of(2, n), "long.py") for n in range(6))
    scores = {short: 0.9, **{one: 0.75 - n / 6 for n, one in enumerate(many)}}
    found = ranked("open sesame", scores, sizes={1: 1, 2: 6})
    assert paths(found)[0] == first
    gained = next(one for one in found if one.row is short).score.short_file
    assert gained == pytest.approx(DEFAULT.evidence_chunks * DEFAULT.evidence * DEFAULT.short * 0.9 * (first == "short.py"))


def test_only_so_many_next_chunks_count() -> None:
    many = {row(key_of(1, n), "a.py"): 0.5 for n in range(9)}
    assert ranked("open sesame", many)[0].total == pytest.approx(0.5 + DEFAULT.evidence_chunks * DEFAULT.evidence * 0.5)


@pytest.mark.parametrize("role", ["test", "example", "docs", "generated", "vendored"])
def test_what_is_beside_the_source_stands_back(role: Role) -> None:
    beside, source = row(key_of(1, 0), "a.py", role), row(key_of(2, 0), "b.py")
    assert paths(ranked("open sesame", {beside: 0.9, source: 0.6})) == ["b.py", "a.py"]


def test_tests_stand_where_they_are_when_asked_for() -> None:
    test, source = row(key_of(1, 0), "a.py", "test"), row(key_of(2, 0), "b.py")
    assert paths(ranked("tests of sesame", {test: 0.9, source: 0.8})) == ["a.py", "b.py"]


def test_a_file_named_by_the_question_comes_forward() -> None:
    other, named = row(key_of(1, 0), "a.py"), row(key_of(2, 0), "lib/RotatingFileHandler.php")
    assert paths(ranked("rotating file handler", {other: 0.8, named: 0.6}))[0] == "lib/RotatingFileHandler.php"


def test_a_modules_main_file_goes_by_its_folders_name() -> None:
    other, named = row(key_of(1, 0), "a.py"), row(key_of(2, 0), "flask/json/__init__.py")
    assert paths(ranked("json", {other: 0.8, named: 0.6}))[0] == "flask/json/__init__.py"


def test_a_further_answer_of_a_file_stands_behind_other_files() -> None:
    best, next_best, other = row(key_of(1, 0), "a.py"), row(key_of(1, 1), "a.py"), row(key_of(2, 0), "b.py")
    assert paths(ranked("open sesame", {best: 1.0, next_best: 0.9, other: 0.7})) == ["a.py", "b.py", "a.py"]


def test_I15_ties_break_by_path_then_line() -> None:
    chunks = [row(key_of(3, 0), "a.py"), row(key_of(1, 0), "b.py"), row(key_of(2, 0), "c.py")]
    assert paths(ranked("open sesame", dict.fromkeys(reversed(chunks), 0.5))) == ["a.py", "b.py", "c.py"]


def test_a_definition_in_the_asked_spelling_is_meant() -> None:
    upper, lower = row(key_of(1, 0), "a.py"), row(key_of(2, 0), "b.py")
    symbols = ((upper.key, defined("Session")), (lower.key, defined("session")))
    assert paths(ranked("Session", {upper: 0.1, lower: 0.9}, symbols)) == ["a.py", "b.py"]


def test_a_qualified_name_means_the_definition_within() -> None:
    inside, outside = row(key_of(1, 0), "a.py"), row(key_of(2, 0), "b.py")
    symbols = ((inside.key, defined("close", "Pool")), (outside.key, defined("close", "File")))
    assert paths(ranked("Pool.close", {inside: 0.1, outside: 0.9}, symbols)) == ["a.py", "b.py"]


def test_a_definition_in_a_test_does_not_make_the_sources_one_ambiguous() -> None:
    source, test = row(key_of(1, 0), "a.py"), row(key_of(2, 0), "test_a.py", "test")
    symbols = ((source.key, defined("Pool")), (test.key, defined("Pool")))
    best = ranked("Pool", {source: 0.0, test: 1.0}, symbols)[0]
    assert best.row.path == "a.py"
    assert best.score.only_definition > 0


worlds = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 6), st.floats(0, 1), st.sampled_from(ROLES)), min_size=1, max_size=25
)


def world(chunks: list[tuple[int, int, float, Role]]) -> dict[ChunkRow, float]:
    """Chunks of up to five files; a file has one role."""
    roles = {doc: role for doc, _, _, role in chunks}
    scores = {key_of(doc, n): score for doc, n, score, _ in chunks}
    return {row(key, f"f{doc_of(key)}/pool.py", roles[doc_of(key)]): score for key, score in scores.items()}


@given(worlds, st.data())
def test_a_unique_exact_definition_is_never_displaced(
    chunks: list[tuple[int, int, float, Role]], data: st.DataObject
) -> None:
    scores = world(chunks)
    defining = data.draw(st.sampled_from(list(scores)))
    found = ranked("where is pool defined", scores, ((defining.key, defined("pool")),))
    assert found[0].row.key == defining.key


@given(worlds, st.text(max_size=20))
def test_I6_ranking_is_total_and_orders_every_candidate(chunks: list[tuple[int, int, float, Role]], text: str) -> None:
    scores = world(chunks)
    found = ranked(f"x {text}", scores)
    assert {r.row.key for r in found} == {chunk.key for chunk in scores}
    assert [r.total for r in found] == sorted((r.total for r in found), reverse=True)


@given(worlds, st.randoms())
def test_I15_the_order_does_not_depend_on_the_order_of_candidates(
    chunks: list[tuple[int, int, float, Role]], random: object
) -> None:
    scores = world(chunks)
    shuffled = list(scores.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert [r.row.key for r in ranked("pool", dict(shuffled))] == [r.row.key for r in ranked("pool", scores)]


def test_a_file_that_is_pointed_at_comes_first_and_its_line_before_its_other_lines() -> None:
    other = row(key_of(1, 0), "door.py")
    first, second = row(key_of(2, 0), "src/handle.py"), row(key_of(2, 1), "src/handle.py")
    found = ranked("src/handle.py:15 cannot turn", {other: 1.0, first: 0.5, second: 0.4})
    assert [(r.row.path, r.row.start_line) for r in found] == [("src/handle.py", 10), ("src/handle.py", 0), ("door.py", 0)]


def test_nothing_together_is_worth_as_much_as_being_the_only_definition() -> None:
    most = DEFAULT.evidence * DEFAULT.evidence_chunks * (1.0 + DEFAULT.definition) + 1.0 + DEFAULT.definition
    most += DEFAULT.stem + DEFAULT.coverage + DEFAULT.place + DEFAULT.verbatim + DEFAULT.at_hand
    assert DEFAULT.only_definition > most
