"""Files by name, closest first."""

from __future__ import annotations

from pathlib import Path

import pytest

from codectxd.index.filters import Filters
from codectxd.index.listing import joined, list_files, list_skipped
from codectxd.search.filters import among
from unit.search.worlds import World

FILES = dict.fromkeys(
    ("src/worker.py", "src/workers.py", "src/lane/worker_test.go", "src/network/key.py", "docs/worker.md", "README.md"),
    "words of a text\n",
)
EVERYTHING = Filters(content="all")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("listing"), FILES)


def listed(world: World, text: str, limit: int = 100) -> list[str]:
    name, filters = among(text)
    return [file.path for _, file in list_files(world.reader(), name, filters or EVERYTHING, limit).files]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("", sorted(FILES)),
        ("*.py", ["src/network/key.py", "src/worker.py", "src/workers.py"]),
        ("src/*.py", ["src/worker.py", "src/workers.py"]),
        ("**/work*.[gm]*", ["docs/worker.md", "src/lane/worker_test.go"]),
        ("worker.py", ["src/worker.py"]),
        ("worker", ["src/worker.py", "docs/worker.md", "src/workers.py", "src/lane/worker_test.go"]),
        ("WORKERS", ["src/workers.py"]),
        ("lane/", ["src/lane/worker_test.go"]),
        ("wrkpy", ["src/worker.py", "src/workers.py", "src/network/key.py"]),
        ("readme.md", ["README.md"]),
        ("worker lang:go", ["src/lane/worker_test.go"]),
        ("lang:md -path:docs", ["README.md"]),
        ("nothing-like-it", []),
    ],
)
def test_files_are_listed_by_how_closely_they_are_named(world: World, text: str, paths: list[str]) -> None:
    assert listed(world, text) == paths


def test_the_limit_cuts_the_list_and_not_the_count(world: World) -> None:
    listing = list_files(world.reader(), "worker", EVERYTHING, 1)
    assert [file.path for _, file in listing.files] == ["src/worker.py"]
    assert listing.total == 4


def test_a_file_is_listed_with_what_is_known_of_it(world: World) -> None:
    files = {file.path: file for _, file in list_files(world.reader(), "", EVERYTHING, 100).files}
    assert (files["README.md"].language, files["README.md"].role) == ("markdown", "docs")
    assert files["src/lane/worker_test.go"].role == "test"


def test_a_new_document_that_nobody_saved_is_listed(tmp_path: Path) -> None:
    world = World(tmp_path, FILES)
    world.type("src/brand_new.py", "text = 1\n")
    (found,) = [file for _, file in list_files(world.reader(), "brand", EVERYTHING, 100).files]
    assert (found.path, found.unsaved) == ("src/brand_new.py", True)
    world.type("src/worker.py", "text = 2\n")
    assert listed(world, "worker.py") == ["src/worker.py"]


def test_files_of_several_workspaces_are_in_one_order(world: World) -> None:
    reader = world.reader()
    twice = [list_files(reader, "worker.", EVERYTHING, 100), list_files(reader, "worker.", EVERYTHING, 100)]
    found, total = joined(twice, 3)
    assert [(at, file.path) for at, file in found] == [(0, "src/worker.py"), (1, "src/worker.py"), (0, "docs/worker.md")]
    assert total == 4


def test_letters_count_only_where_nothing_is_closer_in_any_workspace(world: World, tmp_path: Path) -> None:
    other = World(tmp_path, {"src/wonder/keyword.py": "words = 1\n"})
    both = [list_files(one.reader(), "word", EVERYTHING, 100) for one in (world, other)]
    assert [file.path for _, file in joined(both, 100)[0]] == ["src/wonder/keyword.py"]


def test_where_nothing_was_left_out_nothing_is_listed(world: World) -> None:
    assert list_skipped(world.reader(), "", EVERYTHING, 100).total == 0
