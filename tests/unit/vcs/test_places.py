"""Where git keeps what it decides by is found without git, and as git itself says it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codectxd.errors import GitUnavailable
from codectxd.vcs.places import checkout_of, decisive_files, guessed_paths
from codectxd.vcs.repo import Repo, list_repository
from unit.vcs.repository import commit, git, new_repository, write


def opened(root: Path) -> Repo:
    repo = Repo.find(str(root))
    assert repo is not None
    return repo


def test_what_is_guessed_is_what_git_says(root: Path, tmp_path: Path) -> None:
    commit(new_repository(root, a="1", sub__deep__b="1"))
    git(root, "worktree", "add", "-q", str(tmp_path / "side"))
    for folder in (root, root / "sub" / "deep", tmp_path / "side", tmp_path / "side" / "sub"):
        assert guessed_paths(str(folder)) == opened(folder).git_paths()
    assert guessed_paths(str(tmp_path)) is None
    assert checkout_of(str(root / "sub" / "gone")) == str(root)


def test_a_checkout_of_any_kind_has_files_that_decide(root: Path, tmp_path: Path) -> None:
    library = new_repository(tmp_path / "library", x="1")
    commit(library)
    commit(new_repository(root, a="1"))
    git(root, "submodule", "-q", "add", str(library), "library")
    git(root, "worktree", "add", "-q", str(tmp_path / "side"))
    names = {"HEAD", "index", "config", "exclude"}
    for checkout in (root, root / "library", tmp_path / "side"):
        files = decisive_files(str(checkout))
        assert {os.path.basename(file) for file in files} == names
        assert all(os.path.isfile(file) for file in files)
    assert decisive_files(str(root / "library"))[0] == str(root / ".git" / "modules" / "library" / "HEAD")
    assert decisive_files(str(tmp_path)) == ()


def test_a_git_link_that_is_none_leads_nowhere(tmp_path: Path) -> None:
    for name, content in {"empty": "", "words": "not a link", "binary": "\0\0"}.items():
        write(tmp_path, {f"{name}/.git": content})
        assert decisive_files(str(tmp_path / name)) == ()
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / ".git")
    assert decisive_files(str(tmp_path / "pipe")) == ()


@pytest.mark.parametrize(
    "damage",
    [
        lambda store: (store / "HEAD").unlink(),
        lambda store: (store / "HEAD").write_text("nonsense"),
        lambda store: (store / "index").write_bytes(b"DIRC nonsense"),
        lambda store: (store / "config").write_text("[broken\n"),
        lambda store: (store / "objects").rename(store / "elsewhere"),
    ],
)
def test_a_damaged_repository_is_an_error_and_not_none(root: Path, damage: object) -> None:
    commit(new_repository(root, a="1"))
    damage(root / ".git")  # type: ignore[operator]
    with pytest.raises(GitUnavailable, match="git"):
        opened(root).list_files()


def test_a_link_to_a_store_that_is_gone_is_an_error(root: Path) -> None:
    write(root, {"a": "1", ".git": "gitdir: ../gone\n"})
    with pytest.raises(GitUnavailable, match="git"):
        Repo.find(str(root))


def test_a_repository_is_listed_by_its_folder_alone(root: Path) -> None:
    new_repository(root, a="1", d__b="1")
    (root / "d" / ".git").mkdir()
    assert sorted(list_repository(str(root)) or ()) == ["a", "d/b"]
    assert list_repository(str(root), ["d"]) == ["d/b"]
    assert list_repository(str(root / "d")) is None, "it is a folder in one"
    assert list_repository(str(root.parent)) is None
    (root / ".git" / "HEAD").unlink()
    with pytest.raises(GitUnavailable):
        list_repository(str(root))


def test_a_sparse_checkout_lists_what_is_there_and_follows_what_is_wanted(root: Path) -> None:
    commit(new_repository(root, a="1", in__b="1", out__c="1", out__deep__d="1"))
    repo = opened(root)
    git(root, "sparse-checkout", "set", "in")
    assert sorted(repo.list_files()) == ["a", "in/b"]
    assert repo.list_files(["out/c"]) == []
    write(root, {"out/c": "mine", "out/new": "1"})
    assert sorted(repo.list_files()) == ["a", "in/b", "out/c", "out/new"]
    for name in ("out/c", "out/new"):
        (root / name).unlink()
    git(root, "sparse-checkout", "set", "--sparse-index", "out")
    assert sorted(repo.list_files()) == ["a", "out/c", "out/deep/d"]
    git(root, "sparse-checkout", "set", "--sparse-index", "in")
    assert sorted(repo.list_files()) == ["a", "in/b"]
    git(root, "sparse-checkout", "disable")
    assert sorted(repo.list_files()) == ["a", "in/b", "out/c", "out/deep/d"]


def test_folders_that_hang_are_not_looked_into(root: Path) -> None:
    commit(new_repository(root, a="1", sub__far__b="1", sub__c="1"))
    write(root, {"sub/far/untracked": "1", "sub/far [x]\\*/y": "1", "sub/far [x]\\z": "1"})
    new_repository(root / "nested", d="1", far__e="1")
    without = ["sub/far", "sub/far [x]\\*", "nested/far"]
    assert sorted(opened(root).list_files((), without)) == ["a", "nested/d", "sub/c", "sub/far [x]\\z"]
    assert opened(root).list_files(["sub/far/b"], without) == []
    assert opened(root).list_files(["sub/far/b", "a"], without) == ["a"]
    assert sorted(opened(root / "sub").list_files((), ["far", "far [x]\\*"])) == ["c", "far [x]\\z"]


def test_what_git_says_is_understood_in_any_language(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANG", "LC_ALL", "LANGUAGE", "LC_MESSAGES"):
        monkeypatch.setenv(name, "de_DE.UTF-8")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    new_repository(root, a="1")
    with pytest.raises(GitUnavailable, match=r"safe\.directory"):
        Repo.find(str(root))
