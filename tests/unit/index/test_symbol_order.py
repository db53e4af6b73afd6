"""In which order definitions of the same name are listed."""

from __future__ import annotations

from pathlib import Path

from codectxd.index.symbols import find_symbols
from unit.search.worlds import World

FILES = {
    "a.yaml": "build:\n  x: 1\n",
    "Makefile": "build:\n\tcc\n",
    "package.json": '{"scripts": {"build": "x", "build:all": "y"}}\n',
    "README.md": "# Build\n",
    "z.py": "def build():\n    pass\n\n\ndef build_the_whole_thing():\n    pass\n",
}


def test_what_code_defines_comes_before_configuration_and_headings_of_the_same_name(tmp_path: Path) -> None:
    hits = find_symbols(World(tmp_path, FILES, vectors=False).reader(), "build", 10)
    assert [(hit.path, hit.symbol.name) for hit in hits] == [
        ("z.py", "build"),
        ("Makefile", "build"),
        ("README.md", "Build"),
        ("a.yaml", "build"),
        ("package.json", "build"),
        ("z.py", "build_the_whole_thing"),
        ("package.json", "build:all"),
    ]


def test_many_keys_of_configuration_hide_no_code(tmp_path: Path) -> None:
    files = {f"{n}.yaml": f"load: {n}\nload{n}: 1\n" for n in range(150)} | {"z.py": "def load_everything():\n    pass\n"}
    (first, *others) = find_symbols(World(tmp_path, files, vectors=False).reader(), "loa", 10)
    assert (first.symbol.name, len(others)) == ("load_everything", 9)
