"""The working tree as it is: stamps of what is worth indexing, named skips for the rest, with git and without."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codectxd.errors import NoSuchPath
from codectxd.types import Skipped, Source
from codectxd.workspace.tree import Probe, Tree
from codectxd.workspace.walk import covers
from unit.vcs.repository import commit, git, new_repository, write
from unit.workspace.trees import plain, reasons, refused, with_git

both = pytest.mark.parametrize("opened", [plain, with_git])
Opened = Callable[..., Tree]


@both
def test_everything_is_probed_with_stamps_and_named_skips(root: Path, opened: Opened) -> None:
    new_repository(root, a="1", src__b="2", empty="", image="x")
    write(root, {".gitignore": "out\n", "out": "", "big.txt": "x" * 1_000_001, "logo.png": "x"})
    (root / "away").symlink_to("/etc/passwd")
    (root / "dir").symlink_to("src")
    (root / "loop").symlink_to("loop")
    (root / "same").symlink_to("src/b")
    (root / os.fsdecode(b"latin-\xe9")).write_text("x")
    probe = opened(root).probe()
    assert probe.scope is None
    assert set(probe.stamps) == {"a", "src/b", "image", ".gitignore"}
    stat = (root / "src" / "b").stat()
    stamp = probe.stamps["src/b"]
    assert (stamp.mtime_ns, stamp.size, stamp.inode) == (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    assert reasons(probe) == {
        "empty": "empty",
        "big.txt": "too large",
        "logo.png": "binary",
        "away": "symlink outside",
        "dir": "symlinked folder",
        "same": "symlinked file",
        "loop": "broken symlink",
        "latin-\ufffd": "name not utf-8",
    }


def test_pipes_are_skipped_where_they_are_listed(root: Path) -> None:
    os.mkfifo(root / "pipe")
    assert reasons(plain(root).probe()) == {"pipe": "special file"}


@both
def test_a_probe_of_paths_finds_what_is_at_and_below_them(root: Path, opened: Opened) -> None:
    new_repository(root, a="1", d__b="1", d__e__c="1", f="1")
    write(root, {".gitignore": "*.log\n", "d/x.log": "1"})
    tree = opened(root)
    probe = tree.probe(["a", "d/", "gone", "d/x.log"])
    assert set(probe.stamps) == {"a", "d/b", "d/e/c"}
    assert probe.scope == {"a", "d", "gone", "d/x.log"}
    assert not probe.skipped
    assert tree.probe([]) == tree.probe(["../root/a"]) == Probe(frozenset(), {}, ())
    assert tree.probe([""]).scope is None


@both
def test_what_is_gone_is_neither_found_nor_skipped(root: Path, opened: Opened) -> None:
    new_repository(root, a="1", d__b="1")
    commit(root)
    (root / "a").unlink()
    (root / "d" / "b").unlink()
    tree = opened(root)
    for probe in (tree.probe(), tree.probe(["a", "d"])):
        assert not probe.stamps
        assert not probe.skipped


@both
def test_a_file_that_became_a_folder_and_the_other_way_round(root: Path, opened: Opened) -> None:
    new_repository(root, a="1", d__b="1")
    commit(root)
    (root / "a").unlink()
    write(root, {"a/inner": "1"})
    (root / "d" / "b").unlink()
    (root / "d").rmdir()
    write(root, {"d": "1"})
    for probe in (opened(root).probe(), opened(root).probe(["a", "d"]), opened(root).probe(["a/inner", "d", "d/b"])):
        assert set(probe.stamps) == {"a/inner", "d"}
        assert not probe.skipped


@both
def test_nothing_is_found_through_a_linked_folder(root: Path, opened: Opened) -> None:
    new_repository(root, d__b="1")
    (root / "link").symlink_to("d")
    (root / "d" / "up").symlink_to("..")
    probe = opened(root).probe(["link/b", "d/up/d/b"])
    assert not probe.stamps
    assert set(opened(root).probe(["link"]).stamps) == set()


def test_a_submodule_and_a_nested_repository_are_probed_as_part_of_the_tree(root: Path, tmp_path: Path) -> None:
    commit(new_repository(tmp_path / "library", x="1"))
    new_repository(root, a="1")
    git(root, "submodule", "-q", "add", str(tmp_path / "library"), "library")
    write(new_repository(root / "nested"), {"y": "1"})
    assert set(with_git(root).probe().stamps) == {"a", ".gitmodules", "library/x", "nested/y"}


@both
def test_a_repository_inside_that_git_cannot_list_is_named_and_found_by_its_ignore_files(root: Path, opened: Opened) -> None:
    new_repository(root, a="1")
    nested = new_repository(root / "nested", b="1", d__c="1", out__x="1")
    write(nested, {".gitignore": "out/\n"})
    (nested / ".git" / "config").write_text("[broken\n")
    tree = opened(root)
    probe = tree.probe()
    assert set(probe.stamps) == {"a", "nested/b", "nested/d/c", "nested/.gitignore"}
    assert reasons(probe) == {"nested": "unlisted repository"}
    assert tree.probe(["nested/d", "nested/out"]) == Probe(
        frozenset({"nested/d", "nested/out"}), {"nested/d/c": probe.stamps["nested/d/c"]}, ()
    )


@both
def test_a_setting_excludes_even_what_is_tracked(root: Path, opened: Opened) -> None:
    commit(new_repository(root, a="1", gen__b="1", d__gen__c="1"))
    tree = opened(root, ["/gen/", "*.sql"])
    assert set(tree.probe().stamps) == {"a", "d/gen/c"}
    assert set(tree.probe(["gen/b", "a"]).stamps) == {"a"}
    assert tree.is_ignored_dir("gen")
    assert not tree.is_ignored_dir("d/gen")


def test_without_git_the_usual_heaps_are_left_out_unless_an_ignore_file_wants_them(root: Path) -> None:
    write(root, {"a": "1", "node_modules/x/index.js": "1", "deep/__pycache__/y": "1", ".venv/lib/z": "1", "venv/a": "1"})
    write(root, {"env/pyvenv.cfg": "1", "env/lib/z": "1", "target/CACHEDIR.TAG": "1", "target/debug/z": "1"})
    tree = plain(root)
    for probe in (tree.probe(), tree.probe(["a", "venv", "env", "target/debug/z", ".venv", "deep/__pycache__/y"])):
        assert set(probe.stamps) == {"a", "venv/a"}
    assert tree.is_ignored_dir("env")
    assert tree.is_ignored_dir("target/debug")
    assert tree.is_ignored_dir("node_modules")
    assert tree.is_ignored_dir("deep/__pycache__/inner")
    write(root, {".gitignore": "!node_modules/\n"})
    assert set(tree.probe().stamps) == {"a", "venv/a", ".gitignore", "node_modules/x/index.js"}
    assert not tree.is_ignored_dir("node_modules")


def test_a_folder_is_not_ignored_while_git_tracks_a_file_in_it(root: Path) -> None:
    new_repository(root, a="1", out__kept__b="1", out__other__c="1")
    write(root, {".gitignore": "out/\n", ".git/info/exclude": "mine/\n"})
    git(root, "add", "-f", "out/kept/b")
    tree = with_git(root)
    assert not tree.is_ignored_dir("out")
    assert not tree.is_ignored_dir("out/kept")
    assert tree.is_ignored_dir("out/other")
    git(root, "add", "-f", "out/other/c")
    assert not tree.is_ignored_dir("out/other")
    assert tree.is_ignored_dir("mine")
    assert not tree.is_ignored_dir("yours")
    assert refused(root).is_ignored_dir("out")


def test_a_root_that_is_gone_is_an_error_and_not_an_empty_tree(root: Path) -> None:
    tree = plain(root)
    root.rmdir()
    with pytest.raises(NoSuchPath):
        tree.probe()
    with pytest.raises(NoSuchPath):
        tree.probe(["a"])
    assert tree.read("a") == Skipped("a", "vanished")


@both
def test_what_is_probed_can_be_read_with_the_same_stamp(root: Path, opened: Opened) -> None:
    new_repository(root, a="1\n", d__b="grün\n")
    (root / "link").symlink_to("d/b")
    tree = opened(root)
    for path, stamp in tree.probe().stamps.items():
        found = tree.read(path)
        assert isinstance(found, Source)
        assert found.stamp == stamp


def test_I16_neither_probing_nor_reading_changes_anything(root: Path) -> None:
    commit(new_repository(root, a="1", d__b="2"))
    write(root, {".gitignore": "x\n", ".git/index.lock": ""})
    os.utime(root / "a", (1, 1))
    before = {path: os.lstat(path) for path in root.rglob("*")}
    for tree in (plain(root), with_git(root)):
        for path in tree.probe().stamps:
            tree.read(path)
        tree.probe(["a", "gone"])
        tree.is_ignored_dir("d")
    after = {path: os.lstat(path) for path in root.rglob("*")}
    assert {path: (found.st_mtime_ns, found.st_ctime_ns) for path, found in after.items()} == {
        path: (found.st_mtime_ns, found.st_ctime_ns) for path, found in before.items()
    }


def test_a_scope_covers_its_paths_and_what_is_below_them() -> None:
    scope = frozenset({"a/b", "c"})
    assert [path for path in ("a", "a/b", "a/b/x/y", "a/bc", "c/d", "", "cd") if covers(scope, path)] == [
        "a/b",
        "a/b/x/y",
        "c/d",
    ]
    assert covers(None, "x")
    assert covers(frozenset({""}), "x")
    assert not covers(frozenset(), "x")


names = st.sampled_from(["a", "b", "c", "d.log"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(paths, max_size=12), st.sets(paths, max_size=4), st.sampled_from(["", "*.log\n", "a/\n!a/b\n", "/b/c\n"]))
def test_git_and_the_walk_find_the_same_whatever_is_asked(
    tmp_path_factory: pytest.TempPathFactory, files: set[str], asked: set[str], ignore: str
) -> None:
    root = tmp_path_factory.mktemp("either")
    new_repository(root)
    for path in sorted(files, key=len, reverse=True):
        if not (root / path).is_dir():
            write(root, {path: "1"})
            files = {other for other in files if not path.startswith(f"{other}/")}
    write(root, {".gitignore": f"{ignore}#\n"})
    for question in (None, sorted(asked)):
        mine, gits = plain(root).probe(question), with_git(root).probe(question)
        assert mine == Probe(gits.scope, {path: gits.stamps[path] for path in mine.stamps}, gits.skipped)
        assert mine.stamps.keys() == gits.stamps.keys()
