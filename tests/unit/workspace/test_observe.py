"""The watcher of systems without inotify, over the observer that this one has: the same hints."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from codectxd.workspace.observe import ObservingWatcher
from unit.vcs.repository import write

DEADLINE_S = 10.0


class Watched:
    """A root that is watched, and what was reported of it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.triggers = folder / "elsewhere"
        for made in (self.root, self.triggers, folder / "state"):
            made.mkdir()
        self.paths: set[str] = set()
        self.reasons: list[str] = []
        self._changed = threading.Condition()
        self._marks = 0
        self.watcher = ObservingWatcher(
            str(self.root),
            self._on_paths,
            self._on_everything,
            lambda path: path == "ignored",
            state=str(folder / "state"),
            triggers=[str(self.triggers / "index")],
        )
        self.watcher.start()

    def _on_paths(self, paths: Collection[str]) -> None:
        with self._changed:
            self.paths |= set(paths)
            self._changed.notify_all()

    def _on_everything(self, reason: str) -> None:
        with self._changed:
            self.reasons.append(reason)
            self._changed.notify_all()

    def until(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, DEADLINE_S), (self.paths, self.reasons)

    def settle(self) -> None:
        """Wait until a change of now was reported, and with it all that came before it in this folder."""
        self._marks += 1
        write(self.root, {f"mark{self._marks}": "x"})
        self.until(lambda: f"mark{self._marks}" in self.paths)

    def reported(self, work: Callable[[], object]) -> set[str]:
        self.settle()
        self.paths.clear()
        work()
        self.settle()
        return {path for path in self.paths if not path.startswith("mark")}


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    found = Watched(tmp_path)
    yield found
    found.watcher.stop()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda root: write(root, {"new": "x"}), {"new"}),
        (lambda root: write(root, {"a": "x"}), {"a"}),
        (lambda root: write(root, {"d/b": "x"}), {"d/b"}),
        (lambda root: (root / "a").unlink(), {"a"}),
        (lambda root: (root / "a").rename(root / "z"), {"a", "z"}),
        (lambda root: (root / "d").rename(root / "e"), {"d", "e"}),
        (lambda root: shutil.copytree(root / "d", root / "copy"), {"copy"}),
        (lambda root: shutil.rmtree(root / "d"), {"d", "d/b"}),
    ],
)
def test_every_kind_of_change_is_reported_by_its_path(
    watched: Watched, change: Callable[[Path], object], expected: set[str]
) -> None:
    write(watched.root, {"a": "1", "d/b": "2"})
    assert expected <= watched.reported(lambda: change(watched.root))


def test_an_atomic_save_reports_the_file(watched: Watched) -> None:
    write(watched.root, {"a.py": "old"})

    def save() -> None:
        write(watched.root, {"a.py.tmp": "new"})
        os.replace(watched.root / "a.py.tmp", watched.root / "a.py")

    assert watched.reported(save) == {"a.py", "a.py.tmp"}


def test_what_is_ignored_or_git_s_own_is_not_reported(watched: Watched) -> None:
    assert watched.reported(lambda: write(watched.root, {"ignored/a": "1", ".git/objects/x": "1"})) <= {"ignored", ".git"}
    assert watched.reported(lambda: write(watched.root, {"ignored/b": "1", ".git/objects/y": "1"})) == set()


def test_looking_at_files_is_no_change(watched: Watched) -> None:
    write(watched.root, {"a": "1", "d/b": "2"})
    assert watched.reported(lambda: [(watched.root / "a").read_text(), list(os.walk(watched.root))]) == set()


def test_ignore_files_and_triggers_put_everything_in_doubt(watched: Watched) -> None:
    write(watched.root, {"d/.gitignore": "x"})
    watched.until(lambda: ".gitignore changed" in watched.reasons)
    write(watched.triggers, {"index": "x", "other": "x"})
    watched.until(lambda: "index changed" in watched.reasons)
    assert "other changed" not in watched.reasons
    watched.watcher.follow(lambda path: False, lambda: (), [str(watched.triggers / "other")])
    write(watched.triggers, {"other": "y"})
    watched.until(lambda: "other changed" in watched.reasons)


def test_a_root_that_is_gone_is_said(watched: Watched) -> None:
    assert (watched.watcher.health, watched.watcher.alive) == ("ok", True)
    shutil.rmtree(watched.root)
    watched.until(lambda: bool(watched.reasons))
    assert watched.watcher.health.startswith("dead: ")


def test_nobody_vouches_that_everything_was_reported(watched: Watched) -> None:
    assert not watched.watcher.prove(DEADLINE_S)


def test_a_folder_that_is_not_there_is_not_watched(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    nothing = ObservingWatcher(
        str(tmp_path / "none"), lambda paths: None, lambda reason: None, lambda path: False, state=str(tmp_path / "state")
    )
    nothing.start()
    assert nothing.health.startswith("dead: ")
    nothing.stop()
    nothing.stop()
