"""What a text is compared by, and what is said where there is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codectxd.engine.samples import Target, sample_of
from codectxd.errors import NoSuchPath, UsageError
from codectxd.search.similar import Sample
from unit.search.worlds import World

SHOP = "import tea\n\n\ndef steep(leaves):\n    return leaves.wait()\n\n\n" + "\n".join(
    f"def serve_{at}(cup):\n    cup.fill({at})\n    return cup.price + {at}\n" for at in range(40)
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("samples"), {"shop/tea.py": SHOP, "blank.py": "a = 1\n\n\n\n"})


def sample(world: World, path: str | Path | None, lines: tuple[int, int] | None, text: bytes | None = None) -> Sample:
    named = os.path.join(world.root, path) if path is not None else None
    return sample_of(Target(named, text, lines), [str(world.root)], [world.reader()])


def test_a_line_means_the_chunk_there(world: World) -> None:
    found = sample(world, "shop/tea.py", (20, 20))
    assert (found.origin, found.path) == (0, "shop/tea.py")
    assert found.start_line <= 20 < found.end_line
    assert found.text == "".join(SHOP.splitlines(keepends=True)[found.start_line : found.end_line])


def test_several_lines_mean_those_lines(world: World) -> None:
    found = sample(world, "shop/tea.py", (3, 5))
    assert (found.text, found.start_line, found.end_line) == ("def steep(leaves):\n    return leaves.wait()\n", 3, 5)


def test_what_an_editor_holds_goes_before_what_is_saved(world: World) -> None:
    held = b"# typed\n" * 50 + b"def brew():\n    return 1\n"
    found = sample(world, "shop/tea.py", (50, 52), held)
    assert found.text == "def brew():\n    return 1\n"
    around = sample(world, "shop/tea.py", (50, 50), held)
    assert (around.start_line, around.end_line) == (35, 52), "no chunk of the index is there"


def test_a_file_that_no_workspace_has_is_read(world: World, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("\n".join(f"line {at}" for at in range(100)))
    found = sample(world, tmp_path / "other.py", (50, 50))
    assert found.text.splitlines() == [f"line {at}" for at in range(35, 66)]
    assert found.origin is None
    whole = sample(world, tmp_path / "other.py", None)
    assert len(whole.text.splitlines()) == 100


def test_a_document_without_a_file_is_compared(world: World) -> None:
    assert sample(world, None, (0, 1), b"one\ntwo\n").text == "one\n"
    assert sample(world, None, None, b"one\ntwo").text == "one\ntwo"


@pytest.mark.parametrize(
    ("path", "lines", "said"),
    [
        ("blank.py", (9, 9), "has 4 lines: there is no line 10"),
        ("blank.py", (2, 9), "there is no line 9"),
        ("blank.py", (-1, -1), "there is no line 0"),
        ("blank.py", (1, 3), "nothing to compare on these lines"),
        ("picture.png", (0, 0), "not text"),
        ("nul.py", (0, 0), "not text"),
        ("shop", (0, 0), "is a folder"),
        ("id_rsa", (0, 0), "keys or passwords"),
        (None, (0, 0), "not open here"),
    ],
)
def test_where_there_is_nothing_to_compare_a_sentence_says_so(
    world: World, path: str | None, lines: tuple[int, int], said: str
) -> None:
    world.edit("picture.png", "x")
    world.edit("nul.py", "x\0")
    world.edit("id_rsa", "secret")
    with pytest.raises(UsageError, match=said):
        sample(world, path, lines)


def test_a_file_that_is_not_there_is_named(world: World) -> None:
    with pytest.raises(NoSuchPath, match=r"nothing\.py"):
        sample(world, "nothing.py", (0, 0))


def test_of_workspaces_within_workspaces_the_innermost_has_the_file(world: World) -> None:
    inner = World(world.root.parent / "inner", {"tea.py": SHOP})
    roots = [str(world.root), str(world.root / "shop")]
    found = sample_of(Target(str(world.root / "shop/tea.py"), None, (0, 1)), roots, [world.reader(), inner.reader()])
    assert (found.origin, found.path) == (1, "tea.py")
