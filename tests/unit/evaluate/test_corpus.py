"""Copies of real code to measure with."""

from __future__ import annotations

import subprocess
from pathlib import Path

from codectxd.evaluate import corpus


def plant(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x = 1\n" * (len(name) + 1))


def test_tests_and_installed_packages_stay_behind(tmp_path: Path) -> None:
    plant(tmp_path / "lib", "a.py", "b/c.py", "test/t.py", "b/tests/t.py", "site-packages/p.py", "b/__pycache__/c.pyc")
    assert corpus.copy(tmp_path / "lib", tmp_path / "copy") == 2
    assert sorted(path.name for path in (tmp_path / "copy").rglob("*.*")) == ["a.py", "c.py"]


def test_links_are_not_followed_out_of_the_source(tmp_path: Path) -> None:
    plant(tmp_path / "lib", "a.py")
    plant(tmp_path, "outside.py")
    (tmp_path / "lib" / "link.py").symlink_to(tmp_path / "outside.py")
    (tmp_path / "lib" / "round").symlink_to(tmp_path / "lib")
    assert corpus.copy(tmp_path / "lib", tmp_path / "copy") == 1


def test_a_copy_becomes_a_repository_with_branches(tmp_path: Path) -> None:
    plant(tmp_path, "a.py")
    corpus.commit(tmp_path, "First")
    corpus.git(tmp_path, "switch", "-q", "-c", "other")
    plant(tmp_path, "b.py")
    corpus.commit(tmp_path, "Second")
    corpus.git(tmp_path, "switch", "-q", "main")
    assert not (tmp_path / "b.py").exists()
    count = subprocess.run(["git", "rev-list", "--count", "other"], cwd=tmp_path, capture_output=True, check=True).stdout
    assert int(count) == 2


def test_files_are_taken_from_the_whole_range_of_sizes(tmp_path: Path) -> None:
    plant(tmp_path, *("x" * n + ".py" for n in range(1, 21)))
    chosen = corpus.spread(corpus.sources(tmp_path, at_most=1_000), 5)
    assert len(set(chosen)) == 5
    assert max(corpus.sources(tmp_path, at_most=1_000), key=lambda path: path.stat().st_size) in chosen


def test_fewer_files_than_asked_for_are_all_taken(tmp_path: Path) -> None:
    plant(tmp_path, "a.py", "b.py")
    assert len(corpus.spread(corpus.sources(tmp_path, at_most=1_000), 5)) == 2


def test_there_is_a_standard_library() -> None:
    assert (corpus.standard_library() / "bisect.py").is_file()
