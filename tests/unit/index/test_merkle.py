"""Digests of folders: equal for the same texts under the same names, and for nothing else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd.index.merkle import folder_digests

FILES = [("a.py", b"1"), ("src/b.py", b"2"), ("src/deep/er/c.py", b"3"), ("src/deep/d.py", b"4"), ("docs/e.md", b"5")]


def test_every_folder_has_one_whatever_the_order() -> None:
    found = folder_digests(FILES)
    assert sorted(found) == ["", "docs", "src", "src/deep", "src/deep/er"]
    assert len(set(found.values())) == 5
    shuffled = FILES[:]
    random.Random(3).shuffle(shuffled)
    assert folder_digests(shuffled) == found
    assert folder_digests([]).keys() == {""}


@pytest.mark.parametrize(
    "changed",
    [
        [("src/deep/d.py", b"9")],
        [("src/deep/renamed.py", b"4")],
        [],
        [("src/deep/d.py", b"4"), ("src/deep/new.py", b"6")],
        [("src/deep/d.py/x", b"4")],
    ],
)
def test_a_change_is_seen_by_the_folders_above_it_and_by_no_other(changed: list[tuple[str, bytes]]) -> None:
    before = folder_digests(FILES)
    after = folder_digests([file for file in FILES if file[0] != "src/deep/d.py"] + changed)
    differing = {folder for folder in before if before[folder] != after.get(folder)}
    assert differing == {"", "src", "src/deep"}


def test_a_folder_that_moved_as_it_is_keeps_its_digest() -> None:
    moved = folder_digests([(path.replace("src/deep", "lib"), digest) for path, digest in FILES])
    assert moved["lib"] == folder_digests(FILES)["src/deep"]


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=3)
TREES = st.dictionaries(st.lists(NAMES, min_size=1, max_size=4).map("/".join), st.binary(min_size=1, max_size=2), max_size=8)


@given(TREES, TREES)
def test_equal_is_what_holds_the_same(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    assert (folder_digests(one.items())[""] == folder_digests(other.items())[""]) == (one == other)
