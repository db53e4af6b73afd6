"""A workspace's tree is opened whatever became of its repository, and says so where git is of no use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from codectxd.config import WorkspaceConfig
from codectxd.engine.trees import Opened, open_tree
from unit.vcs.repository import ENVIRONMENT, FOREIGN, commit, git, new_repository, write


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with an ignore file, a tracked file that it ignores, and one that `info/exclude` hides."""
    for name, value in {**ENVIRONMENT, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)
    root = new_repository(tmp_path / "root", a="1", out__kept="1", mine="1", sub__b="1")
    write(root, {".gitignore": "out/\n", ".git/info/exclude": "mine\n"})
    git(root, "add", "-f", "out/kept")
    commit(root)
    write(root, {"node_modules/c": "1"})
    return root


def opened(root: Path) -> Opened:
    return open_tree(str(root), WorkspaceConfig())


def found(root: Path) -> tuple[set[str], str | None]:
    probe = opened(root).tree.probe()
    return set(probe.stamps) - {".gitignore"}, probe.problem


WITHOUT_GIT = {"a", "sub/b", "node_modules/c"}
"""Where a repository decides what is heaps of others' files, nobody else does."""


def test_git_is_asked_where_it_answers(root: Path) -> None:
    assert found(root) == ({*WITHOUT_GIT, "out/kept"}, None)


@pytest.mark.parametrize(
    "damage",
    [
        lambda root: (root / ".git" / "HEAD").unlink(),
        lambda root: (root / ".git" / "index").write_bytes(b"nonsense"),
        lambda root: (root / ".git" / "config").write_text("[broken\n"),
    ],
)
def test_a_damaged_repository_is_walked_by_its_ignore_files_and_named(root: Path, damage: Callable[[Path], object]) -> None:
    damage(root)
    files, problem = found(root)
    assert files == WITHOUT_GIT
    assert problem is not None
    assert str(root) in problem
    assert "\n" not in problem


def test_a_repository_of_another_user_is_walked_and_named_with_what_to_do(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    files, problem = found(root)
    assert files == WITHOUT_GIT
    assert problem is not None
    assert f"safe.directory {root}" in problem
    paths = opened(root).git_paths
    assert paths is not None
    assert str(root / ".git" / "HEAD") in paths.watched
    assert os.path.join(os.environ["HOME"], ".gitconfig") in paths.watched, "it may come to name the folder as safe"


def test_a_machine_without_git_has_its_trees_walked_and_says_so(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    files, problem = found(root)
    assert files == WITHOUT_GIT
    assert problem is not None
    assert "install" in problem


def test_what_is_no_repository_has_no_problem(root: Path, tmp_path: Path) -> None:
    write(tmp_path, {"plain/a": "1", "plain/node_modules/b": "1"})
    assert found(tmp_path / "plain") == ({"a"}, None)


def test_a_bare_repository_has_no_files(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(root), str(tmp_path / "bare.git"))
    assert found(tmp_path / "bare.git") == (set(), None)
    write(tmp_path, {"around/a": "1"})
    git(tmp_path, "clone", "-q", "--bare", str(root), str(tmp_path / "around" / "inner.git"))
    assert found(tmp_path / "around") == ({"a"}, None)


def test_checkouts_around_a_bare_repository_are_each_listed_by_git(root: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    git(tmp_path, "clone", "-q", "--bare", str(root), str(project / ".bare"))
    write(project, {".git": "gitdir: ./.bare\n"})
    git(project, "worktree", "add", "-q", "main")
    files, problem = found(project)
    assert files == {"main/a", "main/out/kept", "main/sub/b", "main/.gitignore"}
    assert problem is None


def test_another_checkout_of_the_same_repository_is_not_listed_twice(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(root, "worktree", "add", "-q", str(root / "side"))
    write(root, {".codectxignore": "!/side/\n"})
    assert found(root)[0] == {*WITHOUT_GIT, "out/kept", ".codectxignore"}
    assert opened(root).tree.is_ignored_dir("side")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert found(root)[0] == {*WITHOUT_GIT, ".codectxignore"}


@pytest.mark.parametrize("ignores", ["", "!/.cx/\n"])
@pytest.mark.parametrize("in_git", [True, False])
def test_codectxds_own_files_are_never_looked_at(
    root: Path, monkeypatch: pytest.MonkeyPatch, ignores: str, in_git: bool
) -> None:
    monkeypatch.setenv("CODECTX_HOME", str(root / ".cx"))
    write(root, {".cx/daemon.log": "1", ".cx/deep/x.py": "1", "by/.cx/y.py": "1"})
    (root / ".codectxignore").write_text(ignores or "# nothing\n")
    if not in_git:
        (root / ".git").rename(root.parent / "elsewhere")
    tree = opened(root).tree
    probe = tree.probe()
    assert [path for path in probe.stamps if ".cx" in path] == ["by/.cx/y.py"]
    assert [(skip.path, skip.reason) for skip in probe.skipped if ".cx" in skip.path] == [(".cx", "codectxd's own")]
    assert tree.probe([".cx/daemon.log", ".cx/deep"]).stamps == {}
    assert tree.is_ignored_dir(".cx")
    assert tree.is_ignored_dir(".cx/deep")
    assert not tree.is_ignored_dir("by/.cx")
