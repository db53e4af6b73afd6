"""What git shows, through the one adapter, in repositories of every shape."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from codectxd.errors import GitUnavailable
from codectxd.vcs.repo import MANY, Repo
from unit.vcs.repository import commit, git, new_repository, write


def opened(root: Path) -> Repo:
    repo = Repo.find(str(root))
    assert repo is not None
    return repo


def test_a_folder_in_no_repository_has_none(tmp_path: Path) -> None:
    assert Repo.find(str(tmp_path)) is None
    assert Repo.find(str(tmp_path / "nowhere")) is None


def test_a_folder_in_no_repository_needs_no_gitpython(tmp_path: Path) -> None:
    code = f"import sys; from codectxd.vcs.repo import Repo; Repo.find({str(tmp_path)!r}); sys.exit('git' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


def test_tracked_and_untracked_files_are_listed_and_ignored_ones_are_not(root: Path) -> None:
    new_repository(root, a="1", src__b="2")
    write(root, {".gitignore": "*.log\n/out/\n", "x.log": "", "out/y": "", "src/forced.log": ""})
    git(root, "add", "a")
    git(root, "add", "-f", "src/forced.log")
    listed = opened(root).list_files()
    assert sorted(listed) == [".gitignore", "a", "src/b", "src/forced.log"]


def test_a_deleted_file_is_listed_while_it_is_tracked(root: Path) -> None:
    commit(new_repository(root, a="1", b="2"))
    (root / "a").unlink()
    assert sorted(opened(root).list_files()) == ["a", "b"]


def test_a_file_in_conflict_is_listed_once(root: Path) -> None:
    commit(new_repository(root, a="1"))
    git(root, "switch", "-q", "-c", "other")
    write(root, {"a": "2"})
    commit(root)
    git(root, "switch", "-q", "main")
    write(root, {"a": "3"})
    commit(root)
    subprocess.run(["git", "-C", str(root), "merge", "-q", "other"], capture_output=True, check=False)
    assert git(root, "ls-files", "-u").count("\n") == 3
    assert opened(root).list_files() == ["a"]


def test_names_of_any_bytes_are_listed_as_they_are(root: Path) -> None:
    new_repository(root)
    names = [b"with space", b"line\nend", "über.py".encode(), b"latin-\xe9.py", b":(glob)*", b"*", b"-x", b"tab\t"]
    for name in names:
        (root / os.fsdecode(name)).write_text("x")
    repo = opened(root)
    assert sorted(os.fsencode(path) for path in repo.list_files()) == sorted(names)
    for name in names:
        assert repo.list_files([os.fsdecode(name)]) == [os.fsdecode(name)]


@pytest.mark.parametrize("name", [b"with space", b"line\nend", b"latin-\xe9", b"-C", b":(top)"])
def test_the_root_may_have_any_name(tmp_path: Path, name: bytes) -> None:
    root = new_repository(tmp_path / os.fsdecode(name), a="", sub__b="")
    assert sorted(opened(root).list_files()) == ["a", "sub/b"]
    assert opened(root / "sub").list_files() == ["b"]
    assert opened(root).git_paths().top == str(root)


def test_asking_for_paths_lists_what_is_at_and_below_them(root: Path) -> None:
    new_repository(root, a="", ab="", d__a="", d__e__b="", f__a="")
    repo = opened(root)
    assert sorted(repo.list_files(["d", "a", "gone", "f/gone"])) == ["a", "d/a", "d/e/b"]
    assert repo.list_files(["gone"]) == []
    assert len(repo.list_files(["gone", ""])) == 5
    assert repo.list_files(["a", "a"]) == ["a"]


def test_asking_for_many_paths_lists_the_same_as_asking_for_each(root: Path) -> None:
    files = {f"d{number % 7}/f{number}": "" for number in range(3 * MANY)}
    write(new_repository(root), files)
    wanted = [*list(files)[: 2 * MANY], *(f"gone/{number}" for number in range(MANY)), "d3"]
    listed = opened(root).list_files(wanted)
    assert set(listed) == {*list(files)[: 2 * MANY], *(path for path in files if path.startswith("d3/"))}
    assert len(listed) == len(set(listed))


def test_a_root_below_the_top_sees_its_own_files_by_its_own_paths(root: Path) -> None:
    new_repository(root, top="", sub__a="", sub__deep__b="", other__c="")
    write(root, {".gitignore": "*.log\n", "sub/.gitignore": "!keep.log\n", "sub/x.log": "", "sub/keep.log": ""})
    repo = opened(root / "sub")
    assert sorted(repo.list_files()) == [".gitignore", "a", "deep/b", "keep.log"]
    assert repo.list_files(["deep"]) == ["deep/b"]
    ignores = repo.git_paths().ignores
    assert ignores[-1] == (str(root / ".gitignore"), str(root))
    assert str(root / ".gitignore") in repo.git_paths().watched


def test_a_root_that_the_repository_ignores_is_in_none(root: Path) -> None:
    new_repository(root, a="", build__x="")
    write(root, {".gitignore": "build/\n"})
    assert Repo.find(str(root / "build")) is None
    git(root, "add", "-f", "build/x")
    assert opened(root / "build").list_files() == ["x"]


def test_gits_own_folder_and_a_bare_repository_are_in_none(root: Path, tmp_path: Path) -> None:
    new_repository(root, a="")
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    assert Repo.find(str(root / ".git")) is None
    assert Repo.find(str(tmp_path / "bare.git")) is None


def test_a_git_folder_that_is_none_counts_for_nothing(root: Path) -> None:
    (root / ".git").mkdir(parents=True)
    assert Repo.find(str(root)) is None


def test_a_second_worktree_has_its_own_files_head_and_index(root: Path, tmp_path: Path) -> None:
    commit(new_repository(root, a="1"))
    git(root, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    write(tmp_path / "side", {"only-here": ""})
    repo = opened(tmp_path / "side")
    assert sorted(repo.list_files()) == ["a", "only-here"]
    assert repo.head() == "side"
    paths = repo.git_paths()
    assert all(os.path.isfile(file) for file in (paths.head, paths.index, paths.config))
    assert paths.index.endswith(".git/worktrees/side/index")
    assert (str(root / ".git" / "info" / "exclude"), str(tmp_path / "side")) in paths.ignores


def test_a_worktree_inside_its_own_repository_is_not_listed_twice(root: Path) -> None:
    commit(new_repository(root, a="1"))
    git(root, "worktree", "add", "-q", "-b", "side", str(root / "trees" / "side"))
    assert opened(root).list_files() == ["a"]
    assert opened(root).list_files(["trees/side/a"]) == []


def test_files_of_submodules_are_listed_with_their_folder(root: Path, tmp_path: Path) -> None:
    commit(new_repository(tmp_path / "library", lib__x="", y=""))
    new_repository(root, a="")
    git(root, "submodule", "-q", "add", str(tmp_path / "library"), "deps/library")
    commit(root)
    write(root, {"deps/library/untracked": "", "deps/library/.gitignore": "*.log\n", "deps/library/x.log": ""})
    repo = opened(root)
    inside = {f"deps/library/{name}" for name in ("lib/x", "y", "untracked", ".gitignore")}
    assert set(repo.list_files()) == {"a", ".gitmodules", *inside}
    assert repo.submodules() == ["deps/library"]
    assert set(repo.list_files(["deps"])) == inside
    assert repo.list_files(["deps/library/lib"]) == ["deps/library/lib/x"]
    assert repo.list_files(["deps/library/x.log", "deps/library/y"]) == ["deps/library/y"]
    assert set(repo.list_files(["deps/library/y", "deps/library"])) == inside


def test_a_submodule_that_is_not_checked_out_has_no_files(root: Path, tmp_path: Path) -> None:
    commit(new_repository(tmp_path / "library", x=""))
    new_repository(root, a="")
    git(root, "submodule", "-q", "add", str(tmp_path / "library"), "library")
    git(root, "submodule", "-q", "deinit", "-f", "library")
    repo = opened(root)
    assert sorted(repo.list_files()) == [".gitmodules", "a"]
    assert repo.submodules() == ["library"]


def test_files_of_a_nested_repository_are_listed_as_it_shows_them(root: Path) -> None:
    new_repository(root, a="")
    nested = new_repository(root / "tools" / "nested", b="", c__d="")
    write(nested, {".gitignore": "*.log\n", "e.log": ""})
    new_repository(nested / "c" / "deeper", f="")
    repo = opened(root)
    inside = {"tools/nested/.gitignore", "tools/nested/b", "tools/nested/c/d", "tools/nested/c/deeper/f"}
    assert set(repo.list_files()) == {"a", *inside}
    assert repo.list_files(["tools/nested/b"]) == ["tools/nested/b"]
    assert set(repo.list_files(["tools/nested/c"])) == {"tools/nested/c/d", "tools/nested/c/deeper/f"}
    assert set(repo.list_files(["tools/nested/c/deeper/f", "a"])) == {"a", "tools/nested/c/deeper/f"}
    assert repo.submodules() == []


def test_a_nested_repository_that_is_ignored_is_not_listed(root: Path) -> None:
    new_repository(root, a="")
    write(root, {".gitignore": "nested/\n"})
    new_repository(root / "nested", b="")
    repo = opened(root)
    assert sorted(repo.list_files()) == [".gitignore", "a"]
    assert repo.list_files(["nested/b"]) == []


def test_a_nested_repository_that_git_cannot_read_is_listed_as_its_folder(root: Path) -> None:
    new_repository(root, a="")
    nested = new_repository(root / "nested", b="")
    (nested / ".git" / "config").write_text("[broken\n")
    assert sorted(opened(root).list_files()) == ["a", "nested"]


def test_head_names_the_branch_the_commit_or_a_branch_yet_to_be_born(root: Path) -> None:
    new_repository(root, a="1")
    repo = opened(root)
    assert repo.head() == "main"
    name = commit(root)
    git(root, "switch", "-q", "-c", "feature/x")
    assert repo.head() == "feature/x"
    git(root, "switch", "-q", "--detach")
    assert repo.head() == name[:12]
    (root / ".git" / "HEAD").unlink()
    assert repo.head() is None


def test_the_users_ignore_file_is_found_where_git_looks_for_it(root: Path, tmp_path: Path) -> None:
    new_repository(root, a="", b="")
    home = Path(os.environ["HOME"])
    assert opened(root).git_paths().ignores[0] == (str(home / ".config" / "git" / "ignore"), str(root))
    write(home, {"ignored-by-me": "b\n"})
    git(root, "config", "core.excludesFile", "~/ignored-by-me")
    repo = opened(root)
    assert repo.git_paths().ignores[0] == (str(home / "ignored-by-me"), str(root))
    assert repo.list_files() == ["a"]


def test_a_repository_of_another_user_is_refused_with_what_to_do(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_repository(root, a="")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(GitUnavailable, match=r"safe\.directory"):
        Repo.find(str(root))


def test_a_missing_git_is_said_to_be_missing(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_repository(root, a="")
    repo = opened(root)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitUnavailable, match="install"):
        Repo.find(str(root))
    with pytest.raises(GitUnavailable, match="install"):
        repo.list_files()


def test_a_repository_that_breaks_or_vanishes_is_an_error_that_says_so(root: Path) -> None:
    new_repository(root, a="")
    repo = opened(root)
    (root / ".git" / "config").write_text("[broken\n")
    with pytest.raises(GitUnavailable, match="config"):
        repo.list_files()
    root.rename(root.with_name("elsewhere"))
    with pytest.raises(GitUnavailable, match=str(root)):
        repo.list_files()


def test_variables_of_another_repository_are_not_listened_to(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_repository(root, a="")
    new_repository(tmp_path / "other", z="")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "other" / ".git" / "index"))
    repo = opened(root)
    assert repo.list_files() == ["a"]
    assert repo.git_paths().top == str(root)


def state_of(folder: Path) -> dict[str, tuple[int, int, int, bytes | None]]:
    """All there is below a folder, git's own files too."""
    state = {}
    for place, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = os.path.join(place, name)
            found = os.lstat(path)
            content = Path(path).read_bytes() if os.path.isfile(path) else None
            state[path] = (found.st_mtime_ns, found.st_ino, found.st_mode, content)
    return state


def test_I16_no_call_writes_locks_or_runs_what_a_configuration_names(root: Path, tmp_path: Path) -> None:
    commit(new_repository(root, a="1", b="2"))
    new_repository(root / "nested", c="")
    mark = tmp_path / "ran"
    command = f"touch '{mark}'; exit 1"
    for setting in ("core.fsmonitor", "core.pager", "diff.external", "filter.x.clean", "core.sshCommand", "alias.ls-files"):
        git(root, "config", setting, f"!{command}" if setting.startswith("alias") else command)
    write(root, {".gitattributes": "* filter=x\n", "a": "changed"})
    for hook in ("post-index-change", "post-checkout", "pre-commit"):
        (root / ".git" / "hooks" / hook).write_text(f"#!/bin/sh\n{command}\n")
        (root / ".git" / "hooks" / hook).chmod(0o755)
    os.utime(root / "b", (1, 1))  # git would note in its index that the file is unchanged all the same.
    (root / ".git" / "index.lock").write_text("")
    before = state_of(root)
    repo = opened(root)
    repo.list_files()
    repo.list_files(["a", "nested/c"])
    repo.submodules()
    repo.head()
    repo.git_paths()
    repo.close()
    assert state_of(root) == before
    assert not mark.exists()


def test_no_git_process_outlives_the_question(root: Path) -> None:
    repo = opened(new_repository(root, a=""))
    repo.list_files()
    repo.close()
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
    names = [Path(f"/proc/{child}/comm").read_text().strip() for child in children]
    assert "git" not in names


def test_threads_may_ask_at_the_same_time(root: Path) -> None:
    repo = opened(new_repository(root, a="", b=""))
    answers: list[list[str]] = []
    threads = [threading.Thread(target=lambda: answers.append(sorted(repo.list_files()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == [["a", "b"]] * 8
