"""A header is in the language that its text is in: for the filter, for the hit, on disk and in a buffer alike."""

from __future__ import annotations

from pathlib import Path

from codectxd.types import Query
from unit.search.worlds import World

RING = "#pragma once\n\nnamespace ring {\n\nclass Buffer {\n public:\n  void Overwrite(int oldest);\n};\n\n}\n"
LIST = "#ifndef LIST_H\n#define LIST_H\n\nvoid list_overwrite(struct list *list, int oldest);\n\n#endif\n"


def found(world: World, language: str) -> list[tuple[str, str, bool]]:
    """Path and language of each hit in a language, and whether it is unsaved."""
    hits = world.search(Query("overwrite the oldest", languages=(language,), content="all")).hits
    return [(hit.path, hit.language, hit.unsaved) for hit in hits]


def test_a_header_is_filtered_by_what_it_holds_and_says_so(tmp_path: Path) -> None:
    world = World(tmp_path, {"ring.h": RING, "list.h": LIST})
    assert found(world, "c++") == [("ring.h", "c++", False)]
    assert found(world, "cpp") == [("ring.h", "c++", False)]
    assert found(world, "c") == [("list.h", "c", False)]


def test_a_header_that_becomes_another_language_while_it_is_typed_is_found_as_that(tmp_path: Path) -> None:
    world = World(tmp_path, {"ring.h": RING, "list.h": LIST})
    world.type("list.h", RING.replace("Buffer", "List"))
    assert sorted(found(world, "c++")) == [("list.h", "c++", True), ("ring.h", "c++", False)]
    assert found(world, "c") == []
