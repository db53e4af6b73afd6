"""Definitions by name, in some of the files: filters come before the cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from codectxd.index.symbols import find_symbols
from codectxd.search.filters import among
from unit.search.worlds import World

FILES = {
    **{f"common/m{at:03}.py": f"def start():\n    return {at}\n" for at in range(150)},
    "rare/engine.go": "package rare\n\nfunc Start() int {\n\treturn 1\n}\n",
    "rare/starter.py": "class Starter:\n    def start_slowly(self):\n        return 2\n",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("symbols"), FILES)


def named(world: World, text: str, limit: int = 10) -> list[str]:
    name, filters = among(text)
    reader = world.reader()
    scope = reader.scope(filters) if filters is not None else None
    return [f"{hit.path}:{hit.symbol.name}" for hit in find_symbols(reader, name, limit, scope)]


def test_what_few_files_hold_is_found_among_many_of_the_name(world: World) -> None:
    assert named(world, "start lang:go") == ["rare/engine.go:Start"]
    assert named(world, "start -path:common", 2) == ["rare/engine.go:Start", "rare/starter.py:Starter"]
    assert named(world, "path:rare/*.py strt") == ["rare/starter.py:Starter", "rare/starter.py:start_slowly"]
    assert named(world, "start lang:rust") == []


def test_without_a_name_every_definition_of_the_files_is_listed(world: World) -> None:
    assert named(world, "path:rare/") == [
        "rare/engine.go:Start",
        "rare/starter.py:Starter",
        "rare/starter.py:start_slowly",
    ]


def test_without_a_filter_all_files_answer(world: World) -> None:
    assert len(named(world, "start", 200)) == 153


def test_unsaved_text_is_filtered_too(tmp_path: Path) -> None:
    world = World(tmp_path, FILES)
    world.type("new/engine.go", "package new\n\nfunc Start() {}\n")
    world.type("new/engine.py", "def start():\n    pass\n")
    assert named(world, "start lang:go path:new/") == ["new/engine.go:Start"]
