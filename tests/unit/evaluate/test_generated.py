"""Trees that are made up: the same each time, of distinct lines, and code that every parser understands."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from codectxd.chunk.chunker import chunk
from codectxd.chunk.languages import language_of
from codectxd.evaluate import generated


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.*")}


def test_the_same_size_is_the_same_tree(tmp_path: Path) -> None:
    for name in ("a", "b"):
        generated.write(tmp_path / name, 60)
    assert texts(tmp_path / "a") == texts(tmp_path / "b")
    assert len(texts(tmp_path / "a")) == 60


def test_lines_are_distinct_but_for_what_closes_a_block(tmp_path: Path) -> None:
    lines = generated.write(tmp_path, 300)
    assert 80 * 300 < lines < 130 * 300
    counts = Counter(line for text in texts(tmp_path).values() for line in text.splitlines() if len(line.strip()) > 20)
    assert sum(count for count in counts.values() if count > 1) < 0.02 * sum(counts.values())


def test_every_language_has_its_definitions(tmp_path: Path) -> None:
    generated.write(tmp_path, 10)
    for path in tmp_path.rglob("*.*"):
        text = path.read_bytes()
        found = chunk(text, language_of(path.name, text))
        assert len(found.symbols) >= 12, path
