"""What is like a text, over a real index."""

from __future__ import annotations

from pathlib import Path

import pytest

from codectxd.errors import BadFilter
from codectxd.search.searcher import Result
from codectxd.search.similar import Sample, similar
from codectxd.types import Query
from unit.search.worlds import World, embedder

COPIED = '''def call_again(function, attempts):
    """Call a function again after a failure."""
    for attempt in range(attempts):
        try:
            return function()
        except ConnectionError:
            pause(2**attempt)
'''
ALIKE = '''def repeat(task, times):
    """Repeat a task that failed, some times, with longer and longer pauses."""
    for nth in range(times):
        if task():
            return True
        pause(2**nth)
'''
TEA = '''def steep(leaves, minutes):
    """Pour hot water over tea leaves."""
    return leaves.wait(minutes)
'''
FILES = {
    "a/retry.py": COPIED,
    "b/retry.py": COPIED,
    "alike.py": ALIKE,
    "tea.py": TEA,
    "long.py": f"{TEA}\n\n{COPIED}",
    "notes.md": "# Retries\n\nWhat failed is called again after a pause.\n",
}
CODE = Query("", content="code")
EVERYTHING = Query("", content="all")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("similar"), FILES)


def paths(world: World, path: str, line: int, query: Query = CODE) -> list[str]:
    return [hit.path for hit in world.similar(path, line, query).hits]


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "lexical"])
def test_copies_come_first_then_what_is_alike_and_never_the_lines_themselves(world: World, mode: str) -> None:
    found = paths(world, "a/retry.py", 3, Query("", mode=mode))  # type: ignore[arg-type]
    assert found[0] == "b/retry.py"
    assert found.index("long.py") == 1, "a copy among other lines is a copy"
    assert found.index("alike.py") < (found.index("tea.py") if "tea.py" in found else len(found))
    assert "a/retry.py" not in found


def test_a_copy_in_the_same_file_is_found(tmp_path: Path) -> None:
    filler = "\n\n".join(f"def filler_{at}(value):\n    return value * {at} + number_{at}" for at in range(60))
    world = World(tmp_path, {"twice.py": f"{COPIED}\n\n{filler}\n\n\n{COPIED}"})
    hits = world.similar("twice.py", 3).hits
    assert "def call_again" in hits[0].snippet
    assert hits[0].start_line > 60


def test_without_a_model_words_answer_and_the_answer_says_so(world: World) -> None:
    result = similar([world.reader()], [], Sample(COPIED), CODE)
    assert [hit.path for hit in result.hits[:2]] == ["a/retry.py", "b/retry.py"]
    assert result.degraded == ("semantic",)


def test_a_text_from_elsewhere_leaves_nothing_out(world: World) -> None:
    text = "def anew(function, attempts):\n    for attempt in range(attempts):\n        pause(2**attempt)\n"
    found = [hit.path for hit in similar([world.reader()], [embedder()], Sample(text), CODE).hits]
    assert set(found[:4]) == {"a/retry.py", "b/retry.py", "alike.py", "long.py"}


def test_filters_and_limits_hold(world: World) -> None:
    assert paths(world, "a/retry.py", 1, Query("", globs=("*.md",), content="all")) == ["notes.md"]
    assert paths(world, "a/retry.py", 1, Query("", languages=("md",))) == ["notes.md"]
    assert paths(world, "a/retry.py", 1, Query("", content="docs")) == ["notes.md"]
    assert len(paths(world, "a/retry.py", 1, Query("", limit=2))) == 2
    with pytest.raises(BadFilter, match="pyton"):
        world.similar("a/retry.py", 1, Query("", languages=("pyton",)))


def test_an_explanation_adds_up_to_the_score(world: World) -> None:
    result = world.similar("a/retry.py", 1, Query("", explain=True))
    for hit in result.hits:
        assert hit.why is not None
        assert sum(boost.value for boost in hit.why.boosts) == pytest.approx(hit.score, abs=1e-6)
    first = result.hits[0].why
    assert first is not None
    assert "same text" in {boost.name for boost in first.boosts}
    assert set(first.terms) <= set(result.asked.terms)
    assert result.asked.filters == ("content:code",)


RENAMED = """def   try_often( work,limit ):
    for turn in range( limit ):
        try:
            return work( )

        except   ConnectionError:
            pause( 3 ** turn )
"""
RETRYING = {
    "copy.py": "def call_again(function,attempts):\n  for attempt in range( attempts ):\n    try:\n      return function()\n"
    "    except ConnectionError:\n      pause(2 ** attempt)\n",
    "tea.py": TEA,
    "alike.py": ALIKE,
}


def likenesses(result: Result) -> dict[str, str | None]:
    return {hit.path: hit.likeness for hit in result.hits}


def test_a_copy_with_other_blanks_is_a_duplicate_and_one_with_other_names_is_near(tmp_path: Path) -> None:
    world = World(
        tmp_path, {**RETRYING, "plain.py": COPIED.replace('    """Call a function again after a failure."""\n', "")}
    )
    found = world.similar("plain.py", 2, Query("", explain=True))
    assert found.hits[0].path == "copy.py"
    assert likenesses(found) == {"copy.py": "duplicate", "tea.py": None, "alike.py": None}
    pasted = similar([world.reader()], [embedder()], Sample(RENAMED), Query("", explain=True))
    assert likenesses(pasted) == {"copy.py": "near", "plain.py": "near", "tea.py": None, "alike.py": None}
    assert {hit.path for hit in pasted.hits[:2]} == {"copy.py", "plain.py"}
    for hit in pasted.hits[:2]:
        assert hit.why is not None
        assert "nearly the same text" in {boost.name for boost in hit.why.boosts}


def test_a_whole_file_is_compared_piece_by_piece(world: World) -> None:
    found = similar([world.reader()], [embedder()], Sample(FILES["long.py"], 0, "long.py", 0, 13), CODE)
    marked = likenesses(found)
    assert marked["a/retry.py"] == marked["b/retry.py"] == "duplicate"
    assert marked["alike.py"] is None


def test_a_search_by_words_says_nothing_of_copies(world: World) -> None:
    assert not any(hit.likeness for hit in world.search(Query("call a function again")).hits)


def test_unsaved_text_is_compared_as_it_is(tmp_path: Path) -> None:
    world = World(tmp_path, {"one.py": TEA, "alike.py": ALIKE, "two.py": TEA.replace("steep", "brew")})
    world.type("one.py", COPIED)
    assert paths(world, "one.py", 2)[0] == "alike.py"
    world.type("three.py", COPIED)
    assert world.similar("one.py", 2).hits[0].unsaved


@pytest.mark.parametrize("text", ["=> -> ()", "ᎠᎴᏂᏍᎬ", "x " * 50_000, "\x00\x01", "a\r\nb\r\n"])
def test_I6_any_text_can_be_compared(world: World, text: str) -> None:
    similar([world.reader()], [embedder()], Sample(text), EVERYTHING)


def test_I15_copies_stand_by_path(tmp_path: Path) -> None:
    files = {f"{name}/x.py": COPIED for name in ("p__", "_p", "p", "__p")}
    for backwards in (False, True):
        world = World(tmp_path / str(backwards), files, backwards=backwards)
        found = [hit.path for hit in similar([world.reader()], [embedder()], Sample(COPIED), CODE).hits]
        assert found == sorted(files)
