"""Every kind of change is reported soon, ignored folders cost nothing, and a watcher says how well it watches."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import pytest

from codectxd.vcs.repo import Repo
from codectxd.workspace.watch import Watcher
from unit.vcs.repository import commit, git, new_repository, write

DEADLINE_S = 10


class Reports:
    """What a watcher reported, and a way to wait for more."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.reasons: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None
        """What happens on the watcher's thread before paths are noted."""
        self._changed = threading.Condition()

    def on_paths(self, paths: Collection[str]) -> None:
        self.meanwhile()
        with self._changed:
            self.paths |= set(paths)
            self._changed.notify_all()

    def on_everything(self, reason: str) -> None:
        with self._changed:
            self.reasons.append(reason)
            self._changed.notify_all()

    def until(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, DEADLINE_S), (self.paths, self.reasons)

    def clear(self) -> None:
        with self._changed:
            self.paths.clear()
            self.reasons.clear()


class Watched:
    """A root, its watcher, and what that reported."""

    def __init__(self, root: Path, state: Path, ignored: Collection[str], **options: object) -> None:
        self.root = root
        self.reports = Reports()
        self.ignored = set(ignored)
        self.watcher = Watcher(
            str(root),
            self.reports.on_paths,
            self.reports.on_everything,
            lambda path: path in self.ignored or path.rpartition("/")[2] in self.ignored,
            state=str(state),
            **options,  # type: ignore[arg-type]
        )
        self.watcher.start()

    def reported(self, work: Callable[[], object]) -> set[str]:
        """The paths that `work` makes the watcher report; all of them, since events come in order."""
        self.reports.clear()
        work()
        assert self.watcher.prove(DEADLINE_S)
        return set(self.reports.paths)


Watching = Callable[..., Watched]


@pytest.fixture
def watching(root: Path, tmp_path: Path) -> Iterator[Watching]:
    """Starts watchers of the root and stops them."""
    started: list[Watched] = []
    (tmp_path / "state").mkdir()

    def start(ignored: Collection[str] = (), triggers: Sequence[str] = (), budget: int | None = None) -> Watched:
        started.append(Watched(root, tmp_path / "state", ignored, triggers=triggers, budget=budget))
        return started[-1]

    yield start
    for watched in started:
        watched.watcher.stop()


def inotify_watches() -> int:
    """The watches of every inotify descriptor of this process, as the kernel counts them."""
    infos = [Path("/proc/self/fdinfo", fd) for fd in os.listdir("/proc/self/fd") if is_inotify(fd)]
    return sum(info.read_text().count("inotify wd:") for info in infos)


def is_inotify(descriptor: str) -> bool:
    try:
        return "inotify" in os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return False


def test_a_saved_file_is_reported_at_once_and_without_help(watching: Watching) -> None:
    watched = watching()
    for turn in range(20):
        write(watched.root, {f"f{turn}": "x"})
        watched.reports.until(lambda turn=turn: f"f{turn}" in watched.reports.paths)  # type: ignore[misc]
    assert watched.watcher.health == "ok"
    assert watched.reports.reasons == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda root: write(root, {"new": "x"}), {"new"}),
        (lambda root: write(root, {"a": "x"}), {"a"}),
        (lambda root: write(root, {"d/b": "x"}), {"d/b"}),
        (lambda root: (root / "a").unlink(), {"a"}),
        (lambda root: (root / "a").rename(root / "z"), {"a", "z"}),
        (lambda root: (root / "a").rename(root / "d" / "b"), {"a", "d/b"}),
        (lambda root: (root / "a").rename(root.parent / "away"), {"a"}),
        (lambda root: (root.parent / "outside").rename(root / "d" / "in"), {"d/in"}),
        (lambda root: (root / "a").chmod(0o600), {"a"}),
        (lambda root: os.truncate(root / "a", 0), {"a"}),
        (lambda root: os.utime(root / "d" / "b", (1, 1)), {"d/b"}),
        (lambda root: os.link(root / "a", root / "hard"), {"hard"}),
        (lambda root: (root / "soft").symlink_to("a"), {"soft"}),
        (lambda root: (root / "folder-link").symlink_to("d"), {"folder-link"}),
        (lambda root: (root / "n").mkdir(), {"n"}),
        (lambda root: (root / "empty").rmdir(), {"empty"}),
        (lambda root: (root / "d").rename(root / "e"), {"d", "e"}),
        (lambda root: (root / "d").rename(root.parent / "away"), {"d"}),
        (lambda root: (root / "d").chmod(0o700), {"d"}),
        (lambda root: shutil.copytree(root / "d", root / "copy"), {"copy"}),
        (lambda root: shutil.rmtree(root / "d"), {"d", "d/b", "d/deep", "d/deep/c"}),
        (lambda root: (root / os.fsdecode(b"latin-\xe9")).write_text("x"), {os.fsdecode(b"latin-\xe9")}),
        (lambda root: (root / "line\nend").write_text("x"), {"line\nend"}),
    ],
)
def test_every_kind_of_change_is_reported_by_its_path(
    watching: Watching, change: Callable[[Path], object], expected: set[str]
) -> None:
    watched = watching()
    root = watched.root
    write(root, {"a": "1", "d/b": "2", "d/deep/c": "3"})
    (root / "empty").mkdir()
    write(root.parent, {"outside": "4"})
    assert watched.watcher.prove(DEADLINE_S)
    reported = watched.reported(lambda: change(root))
    assert expected <= reported
    roots = {path.split("/")[0] for path in expected}
    assert {path.split("/")[0] for path in reported} == roots, "and nothing else is"


def test_an_atomic_save_reports_the_file(watching: Watching) -> None:
    watched = watching()
    write(watched.root, {"a.py": "old"})

    def save() -> None:
        write(watched.root, {"a.py.tmp": "new"})
        os.replace(watched.root / "a.py.tmp", watched.root / "a.py")

    assert watched.reported(save) == {"a.py", "a.py.tmp"}


def test_a_file_that_stays_open_is_reported_all_the_same(watching: Watching) -> None:
    watched = watching()
    with open(watched.root / "log", "w", buffering=1) as file:
        file.write("first\n")
        watched.reports.until(lambda: "log" in watched.reports.paths)
        watched.reports.clear()
        file.write("second\n")
        watched.reports.until(lambda: "log" in watched.reports.paths)


def test_looking_at_files_is_no_change(watching: Watching) -> None:
    watched = watching()
    write(watched.root, {"a": "1", "d/b": "2"})
    assert watched.watcher.prove(DEADLINE_S)
    assert watched.reported(lambda: [(watched.root / "d" / "b").read_text(), list(os.walk(watched.root))]) == set()


def test_a_new_folder_is_watched_with_all_that_is_in_it_already(watching: Watching) -> None:
    watched = watching()

    def make() -> None:
        for turn in range(50):
            write(watched.root, {f"n{turn}/x/y/z/file": "1"})

    make()
    assert watched.watcher.prove(DEADLINE_S)
    assert watched.watcher.watched == 1 + 50 * 4
    late = {f"n{turn}/x/y/z/late": "1" for turn in range(50)}
    assert watched.reported(lambda: write(watched.root, late)) == set(late)


def test_a_folder_that_moves_is_watched_where_it_went(watching: Watching) -> None:
    watched = watching()
    write(watched.root, {"a/b/c": "1"})
    assert watched.watcher.prove(DEADLINE_S)
    (watched.root / "a").rename(watched.root / "z")
    assert watched.watcher.prove(DEADLINE_S)
    assert watched.reported(lambda: write(watched.root, {"z/b/c": "2"})) == {"z/b/c"}
    (watched.root / "z" / "b").rename(watched.root / "b")
    assert watched.watcher.prove(DEADLINE_S)
    assert watched.reported(lambda: write(watched.root, {"b/c": "2"})) == {"b/c"}
    assert watched.watcher.watched == 3


def test_a_folder_that_moves_out_is_watched_no_longer_and_one_that_moves_in_is(watching: Watching) -> None:
    watched = watching()
    write(watched.root, {"a/b/c": "1"})
    write(watched.root.parent, {"other/x/y": "1"})
    assert watched.watcher.prove(DEADLINE_S)
    before = inotify_watches()
    (watched.root / "a").rename(watched.root.parent / "gone")
    assert watched.watcher.prove(DEADLINE_S)
    assert inotify_watches() == before - 2
    assert watched.reported(lambda: write(watched.root.parent, {"gone/b/c": "2"})) == set()
    (watched.root.parent / "other").rename(watched.root / "in")
    assert watched.watcher.prove(DEADLINE_S)
    assert watched.reported(lambda: write(watched.root, {"in/x/y": "2"})) == {"in/x/y"}


def test_ignored_folders_have_no_watch_whenever_they_appear(watching: Watching) -> None:
    watched_before = inotify_watches()
    watched = watching(ignored=["node_modules", "target"])
    assert inotify_watches() == watched_before + 2  # The root and the state folder.
    files = {
        "node_modules/x/y/index.js": "1",
        "src/target/debug/deep/z": "1",
        ".git/objects/aa/b": "1",
        "src/lib/a": "1",
        "nested/.git/refs/heads/main": "1",
    }
    write(watched.root, files)
    assert watched.watcher.prove(DEADLINE_S)
    assert inotify_watches() == watched_before + 2 + 3
    assert watched.watcher.watched == 4
    late = dict.fromkeys(files, "2")
    assert watched.reported(lambda: write(watched.root, late)) == {"src/lib/a"}


def test_ignored_folders_that_are_there_at_the_start_have_no_watch(watching: Watching, root: Path) -> None:
    before = inotify_watches()
    write(root, {"node_modules/x/y/z": "1", ".git/objects/a": "1", "src/b": "1"})
    watching(ignored=["node_modules"])
    assert inotify_watches() == before + 3


def test_folders_are_watched_anew_when_the_rules_change(watching: Watching) -> None:
    watched = watching(ignored=["gen"])
    write(watched.root, {"gen/deep/a": "1", "src/b": "1"})
    assert watched.watcher.prove(DEADLINE_S)
    assert watched.watcher.watched == 2
    watched.ignored = {"src"}
    write(watched.root, {".gitignore": "src\n"})
    watched.reports.until(lambda: watched.reports.reasons == [".gitignore changed"])
    assert watched.reported(lambda: write(watched.root, {"gen/deep/a": "2", "src/b": "2"})) == {"gen/deep/a"}
    watched.ignored = set()
    watched.watcher.resync()
    assert watched.reported(lambda: write(watched.root, {"src/b": "3"})) == {"src/b"}


def test_what_git_decides_by_makes_everything_doubtful(watching: Watching, root: Path) -> None:
    commit(new_repository(root, a="1", d__b="1"))
    repo = Repo.find(str(root))
    assert repo is not None
    watched = watching(triggers=repo.git_paths().watched)
    assert watched.watcher.watched == 2
    steps: list[tuple[Callable[[], object], str]] = [
        (lambda: git(root, "switch", "-q", "-c", "side"), "HEAD changed"),
        (lambda: git(root, "rm", "-q", "--cached", "a"), "index changed"),
        (lambda: git(root, "config", "core.excludesFile", "x"), "config changed"),
        (lambda: write(root, {".git/info/exclude": "x"}), "exclude changed"),
        (lambda: write(root, {"d/.gitignore": "x"}), ".gitignore changed"),
    ]
    for step, reason in steps:
        watched.reports.clear()
        step()
        watched.reports.until(lambda reason=reason: reason in watched.reports.reasons)  # type: ignore[misc]
    assert not any(path.startswith(".git/") for path in watched.reports.paths)


def test_gits_own_work_is_silent_where_it_changes_no_files(watching: Watching, root: Path) -> None:
    commit(new_repository(root, a="1"))
    repo = Repo.find(str(root))
    assert repo is not None
    watched = watching(triggers=repo.git_paths().watched)
    watched.reported(lambda: (repo.list_files(), repo.head(), git(root, "log", "-1"), git(root, "branch", "other")))
    assert watched.reports.paths == set()
    assert watched.reports.reasons == []


def test_many_writes_of_the_index_are_one_report(watching: Watching, root: Path) -> None:
    new_repository(root, a="1")
    repo = Repo.find(str(root))
    assert repo is not None
    watched = watching(triggers=repo.git_paths().watched)
    index, other = root / ".git" / "index", root / ".git" / "index.lock"
    started = time.monotonic()
    for turn in range(100):
        other.write_text(str(turn))
        os.replace(other, index)
    spent = time.monotonic() - started
    assert watched.watcher.prove(DEADLINE_S)
    assert 1 <= len(watched.reports.reasons) <= 2 + spent / 0.1


def test_a_repository_that_appears_or_vanishes_makes_everything_doubtful(watching: Watching, root: Path) -> None:
    watched = watching()
    git(root, "init", "-q")
    watched.reports.until(lambda: ".git changed" in watched.reports.reasons)
    watched.reports.clear()
    shutil.rmtree(root / ".git")
    watched.reports.until(lambda: ".git changed" in watched.reports.reasons)


def test_a_burst_of_five_thousand_files_is_reported_whole(watching: Watching) -> None:
    watched = watching()
    files = [f"d{number % 50}/f{number}" for number in range(5000)]
    script = "import os, sys\nfor p in sys.argv[1:]:\n os.makedirs(os.path.dirname(p), exist_ok=True)\n open(p, 'w').close()"
    reported = watched.reported(lambda: subprocess.run([sys.executable, "-c", script, *files], cwd=watched.root, check=True))
    covered = {path for path in files if path in reported or path.partition("/")[0] in reported}
    assert covered == set(files)
    again = watched.reported(lambda: subprocess.run([sys.executable, "-c", script, *files], cwd=watched.root, check=True))
    assert again == set(files)
    assert watched.watcher.health == "ok"


def test_lost_events_make_everything_doubtful_and_the_watcher_goes_on(watching: Watching) -> None:
    watched = watching()
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    entered, leave = threading.Event(), threading.Event()
    watched.reports.meanwhile = lambda: (entered.set(), leave.wait(60))
    write(watched.root, {"first": "x"})
    assert entered.wait(DEADLINE_S)
    for number in range(limit // 2 + 100):
        name = watched.root / f"{number % 1000}"
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
        name.unlink()
    write(watched.root, {"unseen/deep/file": "x"})
    leave.set()
    watched.reports.until(lambda: any("more happened" in reason for reason in watched.reports.reasons))
    assert watched.watcher.prove(DEADLINE_S)
    assert watched.reported(lambda: write(watched.root, {"unseen/deep/file": "y"})) == {"unseen/deep/file"}
    assert watched.watcher.health == "ok"


def test_a_budget_of_watches_is_kept_and_named(watching: Watching, root: Path) -> None:
    write(root, {f"d{number}/e/f": "1" for number in range(10)})
    watched = watching(budget=8)
    assert watched.watcher.watched == 8
    assert watched.watcher.health.startswith("limited: ")
    assert "max_user_watches" in watched.watcher.health
    assert watched.watcher.prove(DEADLINE_S)


def test_a_root_that_is_removed_ends_the_watch_with_a_word(watching: Watching) -> None:
    watched = watching()
    write(watched.root, {"a": "1"})
    shutil.rmtree(watched.root)
    watched.reports.until(lambda: any("removed" in reason for reason in watched.reports.reasons))
    assert watched.watcher.health.startswith("dead: ")
    assert not watched.watcher.prove(0.1)


def test_a_root_that_is_moved_ends_the_watch_with_a_word(watching: Watching) -> None:
    watched = watching()
    watched.root.rename(watched.root.with_name("elsewhere"))
    watched.reports.until(lambda: len(watched.reports.reasons) == 1)
    assert watched.watcher.health.startswith("dead: ")


def test_a_folder_above_the_root_that_is_moved_is_noticed_when_asked(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    root = tmp_path / "above" / "root"
    root.mkdir(parents=True)
    watched = Watched(root, tmp_path / "state", ())
    assert watched.watcher.prove(DEADLINE_S)
    (tmp_path / "above").rename(tmp_path / "elsewhere")
    root.mkdir(parents=True)
    assert not watched.watcher.prove(DEADLINE_S)
    assert watched.watcher.health.startswith("dead: ")
    watched.watcher.stop()


def test_a_root_that_is_not_there_is_dead_from_the_start(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "nowhere", tmp_path, ())
    assert watched.watcher.health.startswith("dead: ")
    assert not watched.watcher.prove(0.1)
    watched.watcher.resync()
    watched.watcher.stop()


def test_no_descriptor_left_for_a_watch_is_dead_and_not_an_error(root: Path, tmp_path: Path) -> None:
    lowest_free = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest_free)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        watched = Watched(root, tmp_path, ())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert watched.watcher.health.startswith("dead: ")
    watched.watcher.stop()


def test_a_proof_fails_without_a_state_folder_and_names_no_cause_it_does_not_know(root: Path, tmp_path: Path) -> None:
    watched = Watched(root, tmp_path / "nowhere", ())
    assert watched.watcher.health == "ok"
    assert not watched.watcher.prove(0.05)
    watched.watcher.stop()


def test_one_thread_and_one_descriptor_are_all_it_takes_and_stop_gives_them_back(watching: Watching, root: Path) -> None:
    write(root, {f"d{number}/f": "1" for number in range(200)})
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    watched = watching()
    assert threading.active_count() == threads + 1
    assert watched.watcher.prove(DEADLINE_S)
    watched.watcher.stop()
    watched.watcher.stop()
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert watched.watcher.health == "dead: it was stopped"
    assert watched.reports.reasons == []


def test_a_watcher_that_was_stopped_reports_nothing(watching: Watching) -> None:
    watched = watching()
    watched.watcher.stop()
    write(watched.root, {"a": "1"})
    assert not watched.watcher.prove(0.05)
    assert watched.reports.paths == set()


def test_stopping_in_the_middle_of_a_burst_is_quick_and_quiet(watching: Watching) -> None:
    watched = watching()
    done = threading.Event()

    def make() -> None:
        for number in range(1_000_000):
            if done.is_set():
                return
            write(watched.root, {f"d{number}/e/f": "x"})

    maker = threading.Thread(target=make)
    maker.start()
    watched.reports.until(lambda: len(watched.reports.paths) > 20)
    watched.watcher.stop()
    done.set()
    maker.join()
    assert threading.active_count() >= 1
    assert watched.watcher.health == "dead: it was stopped"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ends_by_itself_is_noticed(watching: Watching) -> None:
    watched = watching()

    def fail() -> None:
        raise RuntimeError("a mistake of the caller")

    watched.reports.meanwhile = fail
    write(watched.root, {"a": "1"})
    watched.reports.until(lambda: watched.reports.reasons == ["its thread ended"])
    assert watched.watcher.health == "dead: its thread ended"
    assert not watched.watcher.prove(0.05)


def test_I16_watching_changes_nothing_in_the_workspace(watching: Watching, root: Path) -> None:
    write(root, {"a": "1", "d/b": "1", ".git/HEAD": "x"})
    before = {path: os.lstat(path) for path in root.rglob("*")}
    watched = watching(triggers=[str(root / ".git" / "HEAD")])
    assert watched.watcher.prove(DEADLINE_S)
    watched.watcher.resync()
    watched.watcher.stop()
    after = {path: os.lstat(path) for path in root.rglob("*")}
    assert {path: (stat.st_mtime_ns, stat.st_ctime_ns) for path, stat in after.items()} == {
        path: (stat.st_mtime_ns, stat.st_ctime_ns) for path, stat in before.items()
    }
