"""On a file system that takes several spellings for one file, a file is known by the one that it has there.

No such file system is to be had on every machine, so the looks at the disk are given; the tree is told by them that its root
is one, and git by its own setting.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd.vcs.repo import Repo, list_repository
from codectxd.workspace.filters import Limits
from codectxd.workspace.spelling import RealDisk, Spelling
from codectxd.workspace.tree import GitView, Tree
from unit.vcs.repository import commit, git, new_repository, write
from unit.workspace.trees import language_of

ACCENT = "caf\u00e9.py"
DECOMPOSED = unicodedata.normalize("NFD", ACCENT)


class Loose:
    """A disk that takes names for the same one that are equal by `case` or by `accents`."""

    def __init__(self, entries: Sequence[str], *, case: bool = True, accents: bool = True) -> None:
        self._case = case
        self._accents = accents
        self._entries = [f"/r/{entry}" for entry in entries]

    def _key(self, path: str) -> str:
        path = unicodedata.normalize("NFD", path) if self._accents else path
        return path.casefold() if self._case else path

    def names(self, folder: str) -> Sequence[str]:
        below = [entry for entry in self._entries if self._key(entry).startswith(self._key(folder) + "/")]
        return list(dict.fromkeys(entry[len(folder) + 1 :].split("/")[0] for entry in below))

    def is_same(self, path: str, other: str) -> bool:
        keys = {self._key(entry) for entry in self._entries}
        return self._key(path) == self._key(other) and self._key(path) in keys


def spelled(disk: Loose, *paths: str) -> list[str]:
    return list(Spelling("/r", disk).on_disk(paths))


def test_what_ignores_case_or_accents_is_found_out_by_looking() -> None:
    assert Spelling("/r", Loose(["Makefile", "src"])).is_loose()
    assert Spelling("/r", Loose([DECOMPOSED], case=False)).is_loose()
    assert Spelling("/r", Loose([ACCENT], accents=False)).is_loose()
    assert not Spelling("/r", Loose(["Makefile", ACCENT], case=False, accents=False)).is_loose()
    assert not Spelling("/r", Loose(["a", "A"], case=False)).is_loose()
    assert not Spelling("/r", Loose(["1", "2"])).is_loose()
    assert not Spelling("/r", Loose(["mount"])).is_loose(closed=["mount"])
    assert Spelling("/r", Loose(["mount", "other"])).is_loose(closed=["mount"])
    assert not Spelling("/r", Loose([])).is_loose()


def test_a_path_is_spelled_as_on_the_disk_in_each_of_its_folders() -> None:
    disk = Loose(["Src/Deep/Main.py", f"Src/{DECOMPOSED}"])
    assert spelled(disk, "src/deep/main.py", "SRC/DEEP/other.py", f"src/{ACCENT}", "gone/x", "Src/Deep/Main.py") == [
        "Src/Deep/Main.py",
        "Src/Deep/other.py",
        f"Src/{DECOMPOSED}",
        "gone/x",
        "Src/Deep/Main.py",
    ]
    spelling = Spelling("/r", disk)
    assert spelling.is_exact("Src/Deep/Main.py")
    assert spelling.is_exact("Src/gone.py")
    assert not spelling.is_exact("Src/Deep/main.py")
    assert not spelling.is_exact("src/Deep/Main.py")


@given(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=8))
def test_I6_any_name_has_a_spelling(name: str) -> None:
    for disk in (Loose([name]), Loose([name], case=False, accents=False)):
        assert spelled(disk, name) == [name]
        Spelling("/r", disk).is_loose()


def test_the_disk_of_this_machine_is_looked_at(tmp_path: Path) -> None:
    write(tmp_path, {"Name": "1", "d/e": "1"})
    disk = RealDisk()
    assert sorted(disk.names(str(tmp_path))) == ["Name", "d"]
    assert disk.names(str(tmp_path / "gone")) == ()
    assert disk.is_same(str(tmp_path / "Name"), str(tmp_path / "d" / ".." / "Name"))
    assert not disk.is_same(str(tmp_path / "Name"), str(tmp_path / "gone"))
    assert Spelling(str(tmp_path)).is_loose() == os.path.exists(tmp_path / "nAME")


class Told(RealDisk):
    """The disk of this machine, which is said to ignore case."""

    def is_same(self, path: str, other: str) -> bool:
        return path.casefold() == other.casefold()


@pytest.mark.parametrize("in_git", [True, False])
def test_a_name_that_changed_in_its_case_alone_is_the_new_one_and_not_the_old(root: Path, in_git: bool) -> None:
    if in_git:
        new_repository(root)
        git(root, "config", "core.ignorecase", "true")
    write(root, {"Old.py": "1", "d/Other.py": "1", "d/e/f.py": "1"})
    if in_git:
        commit(root)
    repo = Repo.find(str(root))
    git_view = GitView(repo.list_files if repo else None, list_repository)
    tree = Tree(str(root), language_of, Limits(), git_view, disk=Told())
    assert set(tree.probe().stamps) == {"Old.py", "d/Other.py", "d/e/f.py"}
    (root / "Old.py").rename(root / "old.py")
    (root / "d" / "Other.py").rename(root / "d" / "OTHER.py")
    assert set(tree.probe().stamps) == {"old.py", "d/OTHER.py", "d/e/f.py"}
    for asked in (["Old.py", "old.py"], ["old.py"]):
        assert set(tree.probe(asked).stamps) == {"old.py"}
    assert set(tree.probe(["Old.py"]).stamps) == set()
    assert set(tree.probe(["d"]).stamps) == {"d/OTHER.py", "d/e/f.py"}
    assert set(tree.probe(["d/OTHER.py", "d/Other.py", "d/e"]).stamps) == {"d/OTHER.py", "d/e/f.py"}
    (root / "d").rename(root / "D")
    assert set(tree.probe(["d", "D"]).stamps) == {"D/OTHER.py", "D/e/f.py"}
