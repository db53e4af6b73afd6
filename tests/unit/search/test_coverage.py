"""How much of a question a file holds as a whole, in the index and in what is typed."""

from __future__ import annotations

from pathlib import Path

from codectxd.index.filters import Filters
from codectxd.index.lexical import Statistics
from codectxd.search.coverage import coverage
from unit.search.worlds import World


def test_a_word_counts_by_its_rarity_and_a_path_is_part_of_its_file() -> None:
    statistics = Statistics(100, {("body", "common"): 80, ("body", "rare"): 1, ("body", "cart"): 10})
    paths: dict[int, set[str]] = {1: {"a", "py"}, 2: {"b", "py"}, 3: {"shop", "cart", "py"}}
    found = coverage(["common", "rare", "cart"], {1: {"common"}, 2: {"rare"}}, paths, statistics)
    assert found[2] > found[3] > found[1] > 0
    assert coverage(["rare"], {2: {"rare"}}, paths, statistics) == {1: 0.0, 2: 1.0, 3: 0.0}
    assert coverage([], {}, paths, statistics) == {1: 0.0, 2: 0.0, 3: 0.0}


def test_what_a_file_holds_is_told_for_saved_and_for_unsaved_text(tmp_path: Path) -> None:
    long = "\n\n".join(f"def step_{n}(value):\n" + "    value = value + 1\n" * 40 for n in range(6))
    world = World(tmp_path, {"a.py": f"# zebra\n{long}\n# walrus\n", "b.py": "walrus = 1\n", "c.py": "nothing = 1\n"})
    reader = world.reader()
    docs = {file.path: file.doc for file in reader.files(reader.scope(Filters()))}
    held = reader.terms_held(["zebra", "walrus", "absent"], docs.values())
    assert (held[docs["a.py"]], held[docs["b.py"]]) == ({"zebra", "walrus"}, {"walrus"})
    assert docs["c.py"] not in held
    world.type("c.py", "zebra = 2\n")
    reader = world.reader()
    typed = reader.file("c.py")
    assert typed is not None
    assert reader.terms_held(["zebra", "walrus"], [typed.doc]) == {typed.doc: {"zebra"}}
