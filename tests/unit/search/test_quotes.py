"""Exact words, found over a real index, however common they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from codectxd.index.filters import Filters
from codectxd.index.quotes import holding
from codectxd.search.filters import quote_of
from codectxd.types import Query
from unit.search.worlds import World

FILES = {
    **{f"common/m{at:03}.py": f"def work_{at}(self, value):\n    return self.value + {at}\n" for at in range(120)},
    "needle.py": "def odd(self, value):\n    return self.value  + foo(barbaz)\n\n\nARROW = 'a => b'\nSaid = \"the END\"\n",
    "other.py": "def even(self):\n    return bar(foo) + self.xfoo(bart)\n",
    "notes.md": "# Notes\n\nSay foo(bar here too.\n",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("quotes"), FILES)


def paths(world: World, text: str, **settings: object) -> list[str]:
    return [hit.path for hit in world.search(Query(text, limit=200, **settings)).hits]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"foo(bar"', ["needle.py", "other.py"]),
        ('"+ foo(bar"', ["needle.py"]),
        ('"return self.value  +"', ["needle.py"]),
        ('"elf.value  + f"', ["needle.py"]),
        ('"=> b"', ["needle.py"]),
        ('"the end"', ["needle.py"]),
        ('"the END"', ["needle.py"]),
        ('"The end"', []),
        ('"no such thing"', []),
        ('"odd" "foo(bar"', ["needle.py"]),
        ('"foo(bar" -"+ self"', ["needle.py"]),
        ('"foo(bar" -path:needle', ["other.py"]),
        ('"foo(bar" lang:rust', []),
        ('"foo(bar" content:docs', ["notes.md"]),
    ],
)
@pytest.mark.parametrize("mode", ["hybrid", "semantic", "lexical"])
def test_what_is_quoted_is_found_and_nothing_else(world: World, text: str, found: list[str], mode: str) -> None:
    assert sorted(paths(world, text, mode=mode)) == found


def test_all_that_hold_common_words_are_found(world: World) -> None:
    assert len(paths(world, '"return self.value + "', mode="lexical")) == 120


def test_words_beside_what_is_quoted_order_the_answer(world: World) -> None:
    first, *rest = paths(world, '"return self.value + " work 77')
    assert first == "common/m077.py"
    assert len(rest) == 119


def test_without_a_model_what_is_quoted_is_found(world: World) -> None:
    result = world.search_by_words(Query('"=> b"'))
    assert [(hit.path, hit.matched) for hit in result.hits] == [("needle.py", ("lexical",))]


def test_a_hit_shows_the_line_that_holds_what_is_quoted(tmp_path: Path) -> None:
    lines = [f"    total = total + price_{at} * number_{at} - discount_{at}" for at in range(60)]
    text = "\n".join(["def long(total):", *lines, "    return needle-in-here"])
    hits = World(tmp_path, {"long.py": text}).search(Query('"needle-in-here"')).hits
    assert ["needle-in-here" in hit.snippet for hit in hits] == [True]


def test_unsaved_text_counts_and_hides_what_is_saved(tmp_path: Path) -> None:
    world = World(tmp_path, {"a.py": "one = 'left-handed'\n", "b.py": "two = 'left-handed'\n"})
    world.type("a.py", "one = 'right-handed'\n")
    assert paths(world, '"left-handed"') == ["b.py"]
    assert paths(world, '"right-handed"') == ["a.py"]


def test_a_file_that_vanished_is_named_as_stale(tmp_path: Path) -> None:
    world = World(tmp_path, {"a.py": "one = 'left-handed'\n", "b.py": "two = 'left-handed'\n"})
    world.remove("a.py")
    result = world.search(Query('"left-handed"'))
    assert ([hit.path for hit in result.hits], result.stale) == (["b.py"], (("a.py",),))


def test_who_has_no_time_says_that_more_may_be_there(world: World) -> None:
    scope = world.reader().scope(Filters())
    assert not holding(world.reader(), (quote_of("foo(bar"),), scope, longest_s=-1.0).complete
    assert holding(world.reader(), (quote_of("foo(bar"),), scope).complete


def test_I15_what_nothing_ranks_stands_by_path_and_line(world: World) -> None:
    found = paths(world, '"return self.value + "', mode="lexical")
    by_dots = paths(world, '"elf.val"', mode="lexical")
    assert by_dots == sorted(by_dots)
    assert len(by_dots) == len(found) + 1
