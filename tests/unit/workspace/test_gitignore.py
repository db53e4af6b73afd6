"""Ignore patterns mean what git takes them to mean."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from codectxd.gitignore import parse
from codectxd.workspace.ignore import Hidden, IgnoreRules
from codectxd.workspace.walk import Walk

NAMES = ["a", "b", "ab", "aab", "a.b", "A", "foo", "[x]", "b\\", " c", "d ", "é", "#h", "!n", "-", "^", "x\ny", "\t"]
FOLDERS = ["", "a/", "b/", "a/b/", "a/a/", "a/a/b/", "foo/", "foo/a/", "foo/a/b/", "[x]/", "é/"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with some hundred files, and beside it a repository that is not in it."""
    base = tmp_path_factory.mktemp("ignore")
    subprocess.run(["git", "init", "-q", "--bare", str(base / "git")], check=True)
    for folder in FOLDERS:
        (base / "tree" / folder).mkdir(parents=True, exist_ok=True)
    for folder in FOLDERS:
        for name in NAMES:
            if f"{folder}{name}/" not in FOLDERS:
                (base / "tree" / folder / name).write_text("")
    return base / "tree"


def shown_by_git(tree: Path, *options: str) -> set[str]:
    command = ["git", f"--git-dir={tree.parent / 'git'}", f"--work-tree={tree}", *options, "-C", str(tree)]
    ran = subprocess.run(
        [*command, "ls-files", "-o", "-z", "--exclude-standard"],
        capture_output=True,
        check=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "XDG_CONFIG_HOME": "/dev/null"},
    )
    return {os.fsdecode(name) for name in ran.stdout.split(b"\0") if name}


def walked(root: Path, rules: IgnoreRules | None = None) -> list[str]:
    return list(Walk(str(root), rules or IgnoreRules(str(root)), lambda folder, paths: None).everything())


def put(tree: Path, contents: dict[str, bytes]) -> None:
    for folder in FOLDERS:
        file = tree / folder / ".gitignore"
        file.unlink(missing_ok=True)
        if folder in contents:
            file.write_bytes(contents[folder])


pieces = st.sampled_from(
    [
        *"ab*?/!#-^ \\.",
        *("**", "/", "[", "]", "[ab]", "[!a]", "[^b]", "[a-z]", "[z-a]", "[[:alpha:]]", "[[:x:]]", "[]-a]", "[\\]]"),
        *("foo", "a/b", "**/", "/**", "é", "\t", "\r", "[x]", "\\[x]", "[!", "[[:", "[a-"),
        *("*a*", "a*a", "*b*b", "**/a/", "/**/b/**/"),
    ]
)
lines = st.lists(pieces, min_size=1, max_size=5).map("".join)
contents = st.lists(lines, max_size=5).flatmap(
    lambda made: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join([*made, ""]).encode())
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["", "a/", "foo/", "foo/a/"]), contents, max_size=3))
@example({"": b"*\n!a/\n!foo\n"})
@example({"": b"b\n", "a/": b"b\n!b\n"})
@example({"": b"*.b\n!foo/\n", "foo/": b"!a.b"})
@example({"": b"\xef\xbb\xbffoo\n"})
@example({"": b"/a**/b\n"})
@example({"": b"\\#h\n\\!n\nd\\ \n c\n"})
@example({"": b"a/\0b\n!/\n/\n//\n"})
def test_a_walk_lists_what_git_lists(tree: Path, ignore_files: dict[str, bytes]) -> None:
    put(tree, ignore_files)
    rules = IgnoreRules(str(tree))
    shown = shown_by_git(tree)
    assert set(walked(tree, rules)) == shown
    every = {folder + name for folder in FOLDERS for name in NAMES if f"{folder}{name}/" not in FOLDERS}
    assert {path for path in every if not rules.is_ignored(path, is_folder=False)} == shown & every


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents, contents, contents)
def test_files_outside_the_root_rank_below_those_inside_as_in_git(
    tree: Path, user: bytes, exclude: bytes, inside: bytes
) -> None:
    put(tree, {"": inside})
    users = tree.parent / "users-ignore"
    users.write_bytes(user)
    of_repository = tree.parent / "git" / "info" / "exclude"
    of_repository.parent.mkdir(exist_ok=True)
    of_repository.write_bytes(exclude)
    rules = IgnoreRules(str(tree), [(str(users), str(tree)), (str(of_repository), str(tree))])
    shown = shown_by_git(tree, "-c", f"core.excludesFile={users}")
    listed = set(walked(tree, rules))
    of_repository.unlink()
    assert listed == shown


def test_patterns_of_a_folder_above_the_root_hold_from_there(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / ".gitignore").write_text("/a/b/hidden\n*.log\n/shown\n")
    for name in ("hidden", "shown", "x.log"):
        (tmp_path / "a" / "b" / name).write_text("x")
    rules = IgnoreRules(str(tmp_path / "a" / "b"), [(str(tmp_path / ".gitignore"), str(tmp_path))])
    assert walked(tmp_path / "a" / "b", rules) == ["shown"]


def test_an_ignore_file_that_changes_is_read_again(tmp_path: Path) -> None:
    rules = IgnoreRules(str(tmp_path))
    assert not rules.is_ignored("a", is_folder=True)
    (tmp_path / ".gitignore").write_text("a\n")
    assert rules.is_ignored("a", is_folder=True)
    assert rules.is_ignored("a/b/c", is_folder=False)
    (tmp_path / ".gitignore").unlink()
    assert not rules.is_ignored("a", is_folder=True)


def test_an_ignore_file_that_is_a_link_or_a_folder_or_a_pipe_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("*\n")
    for folder in ("link", "folder", "pipe"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").write_text("x")
    (tmp_path / "link" / ".gitignore").symlink_to("../other")
    (tmp_path / "folder" / ".gitignore").mkdir()
    os.mkfifo(tmp_path / "pipe" / ".gitignore")
    shown = set(walked(tmp_path))
    assert {"link/file", "folder/file", "pipe/file"} <= shown


def test_a_repositorys_own_folder_is_never_listed(tmp_path: Path) -> None:
    for folder in (".git", "inner/.git"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "config").write_text("x")
    (tmp_path / "inner" / "file").write_text("x")
    rules = IgnoreRules(str(tmp_path))
    assert walked(tmp_path, rules) == ["inner/file"]
    assert rules.is_ignored("inner/.git", is_folder=True)
    assert rules.is_ignored(".git/config", is_folder=False)


def test_links_are_listed_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "self").symlink_to("self")
    assert sorted(walked(tmp_path)) == ["a/up", "self"]


def test_an_exclusion_hides_below_folders_whatever_is_said_elsewhere() -> None:
    excluded = Hidden(IgnoreRules("/", exclude=["/gen/", "*.sql", "!keep.sql"]))
    hidden = {"gen/a/b.py", "x/y.sql", "gen/keep.sql"}
    shown = {"gen.py", "x/gen/a.py", "x/keep.sql"}
    assert {path for path in hidden | shown if excluded.hides(path, is_folder=False)} == hidden
    assert excluded.hides("gen", is_folder=True)
    assert not excluded.hides("gen", is_folder=False)
    assert not Hidden(IgnoreRules("/")).hides("gen/a", is_folder=False)


@settings(max_examples=300)
@given(st.binary(max_size=60), st.binary(min_size=1, max_size=20))
def test_I6_any_bytes_are_patterns(content: bytes, name: bytes) -> None:
    assert parse(content).verdict(b"a/" + name, name, is_folder=True) in (True, False, None)


def test_a_walk_of_a_folder_that_is_gone_is_empty(tmp_path: Path) -> None:
    assert walked(tmp_path / "nowhere") == []


@pytest.fixture(autouse=True)
def _clean(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "tree" in request.fixturenames:
        put(request.getfixturevalue("tree"), {})
