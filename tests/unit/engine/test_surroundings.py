"""What is followed by events equals what is found by looking, whatever happens to a tree and its repositories (I4)."""

from __future__ import annotations

import os
import random
import shutil
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import pytest

from codectxd.config import load_workspace
from codectxd.engine.surroundings import Surroundings
from codectxd.engine.trees import open_tree
from codectxd.types import Stamp
from codectxd.workspace.tree import Probe
from codectxd.workspace.walk import covers
from unit.vcs.repository import ENVIRONMENT, FOREIGN, commit, git, new_repository, write

DEADLINE_S = 30


class Follower:
    """Keeps up with a tree as an engine does: small changes by their paths, the rest by looking at everything."""

    def __init__(self, root: Path, state: Path) -> None:
        self.root = root
        self.files: dict[str, Stamp] = {}
        self.skips: dict[str, str] = {}
        self._lock = threading.Lock()
        self._paths: set[str] = set()
        self._doubts: list[str] = ["opened"]
        self.looks = 0
        self.around = Surroundings(str(root), state, mark=self._mark, everything=self._doubt, changed=lambda: None)
        self.around.look()
        assert self.around.health == "ok"

    def settle(self) -> None:
        """Take in all that happened up to now."""
        while True:
            assert self.around.prove(DEADLINE_S), self.around.health
            with self._lock:
                paths, self._paths = self._paths, set()
                doubts, self._doubts = self._doubts, []
            if doubts:
                self._take(self.fresh())
                self.looks += 1
                self.around.look()
            elif paths:
                self._take(self._tree().probe(sorted(paths)))
            else:
                return

    def fresh(self) -> Probe:
        return self._tree().probe()

    def _tree(self):  # type: ignore[no-untyped-def]
        return open_tree(str(self.root), load_workspace(str(self.root))).tree

    def _take(self, found: Probe) -> None:
        kept = {path: stamp for path, stamp in self.files.items() if not covers(found.scope, path)}
        skips = {path: reason for path, reason in self.skips.items() if not covers(found.scope, path)}
        self.files = {**kept, **found.stamps}
        self.skips = {**skips, **{skip.path: skip.reason for skip in found.skipped}}

    def _mark(self, paths: Collection[str]) -> None:
        with self._lock:
            self._paths.update(paths)

    def _doubt(self, reason: str) -> None:
        with self._lock:
            self._doubts.append(reason)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {**ENVIRONMENT, "HOME": str(tmp_path / "home")}.items():
        monkeypatch.setenv(name, value)
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home" / ".config" / "git").mkdir(parents=True)


@pytest.fixture
def follow(tmp_path: Path) -> Iterator[Callable[[], Follower]]:
    """Begins to follow the root."""
    begun: list[Follower] = []
    (tmp_path / "root").mkdir()

    def begin() -> Follower:
        begun.append(Follower(tmp_path / "root", tmp_path / "state"))
        begun[-1].settle()
        return begun[-1]

    yield begin
    for follower in begun:
        follower.around.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


Follow = Callable[[], Follower]


def check(follower: Follower) -> set[str]:
    """What is known after all that happened, which equals a fresh look."""
    follower.settle()
    fresh = follower.fresh()
    assert follower.files == fresh.stamps
    assert _without_targets(follower.skips) == _without_targets({skip.path: skip.reason for skip in fresh.skipped})
    return set(follower.files)


def _without_targets(skips: Mapping[str, str]) -> dict[str, str]:
    """What a link leads to may change without the link."""
    return {path: "link" if "symlink" in reason else reason for path, reason in skips.items()}


def test_an_edit_of_the_ignore_file_is_followed_into_and_out_of_ignored_folders(follow: Follow, root: Path) -> None:
    new_repository(root, a="1", heap__deep__b="1", c="1")
    write(root, {".gitignore": "heap/\n"})
    follower = follow()
    assert check(follower) == {".gitignore", "a", "c"}
    write(root, {".codectxignore": "!/heap/deep/\nc\n"})
    assert check(follower) == {".gitignore", ".codectxignore", "a", "heap/deep/b"}
    write(root, {"heap/deep/new": "1", "heap/other": "1"})
    assert check(follower) == {".gitignore", ".codectxignore", "a", "heap/deep/b", "heap/deep/new"}
    write(root, {"heap/deep/.codectxignore": "new\n"})
    assert "heap/deep/new" not in check(follower)
    (root / ".codectxignore").unlink()
    assert check(follower) == {".gitignore", "a", "c"}


def test_a_folder_that_is_tracked_though_ignored_is_followed_from_then_on(follow: Follow, root: Path) -> None:
    commit(new_repository(root, a="1"))
    write(root, {".gitignore": "out/\n", "out/kept/b": "1", "out/c": "1"})
    follower = follow()
    git(root, "add", "-f", "out/kept/b")
    assert "out/kept/b" in check(follower)
    looks = follower.looks
    write(root, {"out/kept/b": "22"})
    assert follower.files["out/kept/b"].size == 1
    check(follower)
    assert (follower.files["out/kept/b"].size, follower.looks) == (2, looks)


def test_a_submodule_is_followed_by_its_own_head_and_ignore_rules(follow: Follow, root: Path, tmp_path: Path) -> None:
    library = new_repository(tmp_path / "library", x="1", y="1")
    commit(library)
    git(library, "switch", "-q", "-c", "other")
    write(library, {"only-here": "1"})
    commit(library)
    git(library, "switch", "-q", "main")
    new_repository(root, a="1")
    git(root, "submodule", "-q", "add", str(library), "library")
    commit(root)
    git(root, "submodule", "-q", "deinit", "-f", "library")
    follower = follow()
    assert check(follower) == {"a", ".gitmodules"}
    git(root, "submodule", "-q", "update", "--init")
    assert check(follower) == {"a", ".gitmodules", "library/x", "library/y"}
    git(root / "library", "checkout", "-q", "origin/other")
    assert "library/only-here" in check(follower)
    write(root, {".git/modules/library/info/exclude": "mine\n", "library/mine": "1"})
    assert "library/mine" not in check(follower)
    write(root, {".git/modules/library/info/exclude": "#\n"})
    assert "library/mine" in check(follower)
    git(root / "library", "rm", "-q", "--cached", "x")
    write(root, {"library/.gitignore": "x\n"})
    assert "library/x" not in check(follower)


def test_a_repository_inside_comes_and_goes(follow: Follow, root: Path) -> None:
    write(root, {"a": "1", ".gitignore": "*.log\n", "inner/b": "1", "inner/c.log": "1"})
    follower = follow()
    assert check(follower) == {"a", ".gitignore", "inner/b"}
    new_repository(root / "inner")
    assert "inner/c.log" in check(follower)
    write(root, {"inner/.git/info/exclude": "b\n"})
    assert "inner/b" not in check(follower)
    git(root / "inner", "add", "-f", "b")
    assert "inner/b" in check(follower)
    shutil.rmtree(root / "inner" / ".git")
    assert check(follower) == {"a", ".gitignore", "inner/b"}


def test_a_repository_made_of_the_root_itself_is_followed(follow: Follow, root: Path) -> None:
    write(root, {"a": "1", "node_modules/b": "1"})
    follower = follow()
    assert check(follower) == {"a"}
    new_repository(root)
    assert check(follower) == {"a", "node_modules/b"}
    write(root, {".git/info/exclude": "a\n"})
    assert check(follower) == {"node_modules/b"}
    assert follower.around.head() == "main"


def test_a_sparse_checkout_is_followed_when_it_is_changed(follow: Follow, root: Path) -> None:
    commit(new_repository(root, a="1", in__b="1", out__c="1"))
    follower = follow()
    git(root, "sparse-checkout", "set", "in")
    assert check(follower) == {"a", "in/b"}
    assert follower.skips == {}
    git(root, "sparse-checkout", "set", "out")
    assert check(follower) == {"a", "out/c"}
    git(root, "sparse-checkout", "disable")
    assert check(follower) == {"a", "in/b", "out/c"}


def test_git_that_refuses_and_then_does_not_is_noticed(follow: Follow, root: Path) -> None:
    commit(new_repository(root, a="1"))
    write(root, {".gitignore": "out\n", "out": "1"})
    git(root, "add", "-f", "out")
    follower = follow()
    index = (root / ".git" / "index").read_bytes()
    write(root, {".git/index": "nonsense"})
    assert check(follower) == {"a", ".gitignore"}
    assert follower.fresh().problem is not None
    (root / ".git" / "index").write_bytes(index)
    assert check(follower) == {"a", ".gitignore", "out"}
    assert follower.fresh().problem is None


def test_a_root_that_is_replaced_is_watched_anew(follow: Follow, root: Path) -> None:
    write(root, {"a": "1"})
    follower = follow()
    root.rename(root.with_name("before"))
    write(root, {"b": "1"})
    follower.around.look()
    assert check(follower) == {"b"}
    write(root, {"c": "1"})
    assert check(follower) == {"b", "c"}


# -- anything at all ----------------------------------------------------------------------------------------------------

NAMES = ["a", "b", "heap", "x.log"]
FOLDERS = ["", "a", "b", "a/heap", "heap", "heap/a"]
PATTERNS = ["a", "heap/", "*.log", "!*.log", "!/heap/a/", "!heap/", "!/heap/**", "/a/*", "!a/heap/", "**/b", "!**/x.log"]


class Chaos:
    """Does to a tree what people and programs do, one thing at a time."""

    def __init__(self, root: Path, seed: int) -> None:
        self._root = root
        self._random = random.Random(seed)
        self._turn = 0
        self.did: list[str] = []

    def step(self) -> None:
        self._turn += 1
        often = [self._write, self._rules, self._track, self._repository]
        work = self._random.choice([*often, *often, self._write, self._remove, self._move, self._untrack, *self._rarely()])
        path = self._root / self._random.choice(FOLDERS) / self._random.choice(NAMES)
        self.did.append(f"{work.__name__} {path.relative_to(self._root)}")
        try:
            work(path)
        except (OSError, AssertionError) as problem:  # A file where a folder was to be, or git that refuses: no matter.
            self.did[-1] += f" ({type(problem).__name__})"

    def _rarely(self) -> list[Callable[[Path], None]]:
        return [self._exclude, self._switch, self._close, self._link]

    def _write(self, path: Path) -> None:
        write(self._root, {str(path.relative_to(self._root)): "x" * self._turn})

    def _remove(self, path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

    def _move(self, path: Path) -> None:
        path.rename(self._root / self._random.choice(FOLDERS) / self._random.choice(NAMES))

    def _rules(self, path: Path) -> None:
        file = path.parent / self._random.choice([".gitignore", ".codectxignore"])
        if self._random.random() < 0.2:
            file.unlink()
        else:
            file.write_text("\n".join(self._random.sample(PATTERNS, 2)) + f"\n# {self._turn}\n")

    def _track(self, path: Path) -> None:
        git(path.parent, "add", "-f", "--", path.name)

    def _untrack(self, path: Path) -> None:
        git(path.parent, "rm", "-q", "-r", "--cached", "--", path.name)

    def _repository(self, path: Path) -> None:
        store = path.parent / ".git"
        if path.parent == self._root:
            return
        if store.exists():
            shutil.rmtree(store)
        else:
            git(path.parent, "init", "-q")

    def _exclude(self, path: Path) -> None:
        (path.parent / ".git" / "info" / "exclude").write_text(self._random.choice(PATTERNS) + f"\n# {self._turn}\n")

    def _switch(self, path: Path) -> None:
        git(path.parent, "add", "-A")
        git(path.parent, "commit", "-q", "--allow-empty", "-m", "x")
        git(path.parent, "switch", "-q", self._random.choice(["-c", "main"]), f"side-{self._turn}")

    def _close(self, path: Path) -> None:
        path.chmod(path.stat().st_mode ^ 0o050)

    def _link(self, path: Path) -> None:
        path.symlink_to(self._random.choice(["a", "../b", "nowhere", "/"]))


@pytest.mark.parametrize("seed", range(8))
def test_I4_whatever_happens_what_is_followed_equals_a_fresh_look(follow: Follow, root: Path, seed: int) -> None:
    chaos = Chaos(root, seed)
    if seed % 4:
        new_repository(root)
    write(root, {f"{folder}/{name}".lstrip("/"): "1" for folder in ("", "a/heap", "heap/a") for name in ("b", "x.log")})
    follower = follow()
    for _ in range(12):
        for _ in range(chaos._random.choice([1, 1, 1, 2, 5])):
            chaos.step()
        try:
            check(follower)
        except AssertionError as problem:
            raise AssertionError("\n".join(chaos.did)) from problem
    assert os.path.isdir(root)
