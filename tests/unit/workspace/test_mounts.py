"""File systems inside a tree are part of it; one that hangs, fails or vanishes is a named skip and costs nothing else.

Real mounts are made in a namespace of their own, by a child process; where the system lets nobody do that, the same
decisions are tested by a table and a look that are given.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from codectxd.errors import ServiceError
from codectxd.types import Skipped
from codectxd.vcs.repo import Repo, list_repository
from codectxd.workspace.filters import Limits
from codectxd.workspace.mounts import Mount, Mounts, mounts_in
from codectxd.workspace.source import Unfit, entry_of, reason_of
from codectxd.workspace.tree import GitView, Tree
from unit.vcs.repository import commit, new_repository, write
from unit.workspace.trees import language_of, reasons

TABLE = rb"""
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:40 / /home/you rw,relatime shared:1 - nfs4 server:/you rw
31 30 0:41 / /home/you/work/with\040space rw - tmpfs tmpfs rw
32 30 0:42 / /home/you/work/remote rw - fuse.sshfs host:/ rw
33 30 0:42 / /home/you/working rw - cifs host:/ rw
34 30 0:42 / broken
"""


class Looks:
    """Looks at folders, of which some hang until they are let go."""

    def __init__(self) -> None:
        self.hanging: set[str] = set()
        self.let_go = threading.Event()
        self.asked: list[str] = []

    def __call__(self, folder: str) -> None:
        self.asked.append(folder)
        if folder in self.hanging:
            self.let_go.wait(60)


@pytest.fixture
def looks() -> Iterator[Looks]:
    made = Looks()
    yield made
    made.let_go.set()


def table_of(root: Path, *places: str) -> bytes:
    lines = [f"{number} 1 0:1 / {root}/{place} rw - fuse.sshfs x rw" for number, place in enumerate(places, start=50)]
    return "\n".join(["22 1 8:1 / / rw - ext4 /dev/sda1 rw", *lines]).encode()


def test_the_kernels_table_is_understood() -> None:
    assert mounts_in("/home/you/work", TABLE) == [
        Mount("", 30, "nfs4"),
        Mount("with space", 31, "tmpfs"),
        Mount("remote", 32, "fuse.sshfs"),
    ]
    assert mounts_in("/", TABLE)[0].path == ""
    assert {mount.path for mount in mounts_in("/", TABLE)} >= {"home/you", "home/you/working"}
    assert mounts_in("/home/you/work", b"") == []


def test_only_what_may_hang_is_asked_and_only_once_while_it_hangs(looks: Looks) -> None:
    mounts = Mounts("/home/you/work", looks, lambda: TABLE, patience_s=0.05)
    assert mounts.silent() == frozenset()
    assert sorted(looks.asked) == ["/home/you/work/", "/home/you/work/remote"]
    looks.hanging = {"/home/you/work/remote"}
    looks.asked.clear()
    assert mounts.silent() == mounts.silent() == {"remote"}
    assert looks.asked.count("/home/you/work/remote") == 1
    looks.hanging.clear()
    looks.let_go.set()
    mounts = Mounts("/home/you/work", looks, lambda: TABLE)
    assert mounts.silent() == frozenset()


@pytest.mark.parametrize("in_git", [True, False])
def test_a_mount_that_hangs_is_a_named_skip_and_nothing_else_is_lost(root: Path, looks: Looks, in_git: bool) -> None:
    files = {"a": "1", "d/b": "1", "d/far [x]/c": "1", "d/far [x]/deep/e": "1", "d/far/f": "1"}
    if in_git:
        new_repository(root)
    write(root, files)
    if in_git:
        commit(root)
        write(root, {"d/far [x]/untracked": "1"})
    repo = Repo.find(str(root))
    git = GitView(repo.list_files if repo else None, list_repository)
    looks.hanging = {f"{root}/d/far [x]"}
    mounts = Mounts(str(root), looks, lambda: table_of(root, r"d/far\040[x]"), patience_s=0.05)
    tree = Tree(str(root), language_of, Limits(), git, mounts=mounts)
    probe = tree.probe()
    assert set(probe.stamps) == {"a", "d/b", "d/far/f"}
    assert reasons(probe) == {"d/far [x]": "unreachable"}
    assert tree.is_ignored_dir("d/far [x]"), "it is not watched either, since that would hang"
    narrow = tree.probe(["d/far [x]/c", "d/b"])
    assert (set(narrow.stamps), narrow.skipped) == ({"d/b"}, ())
    assert tree.probe(["d/far [x]"]).skipped == (Skipped("d/far [x]", "unreachable"),)
    looks.let_go.set()
    looks.hanging.clear()
    wanted = set(files) | ({"d/far [x]/untracked"} if in_git else set())
    while tree.find_silent_mounts():
        pass
    assert set(tree.probe().stamps) == wanted
    assert not tree.is_ignored_dir("d/far [x]")


def test_a_root_whose_own_file_system_hangs_is_an_error_that_says_so(root: Path, looks: Looks) -> None:
    looks.hanging = {f"{root}/"}
    mounts = Mounts(str(root), looks, lambda: f"9 1 0:1 / {root} rw - nfs x rw".encode(), patience_s=0.05)
    with pytest.raises(ServiceError, match="does not answer"):
        Tree(str(root), language_of, Limits(), GitView(), mounts=mounts).probe()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        *((code, "unreachable") for code in (errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENOTCONN, errno.ETIMEDOUT)),
        *((code, "vanished") for code in (errno.ENOENT, errno.ENOTDIR)),
        *((code, "unreadable") for code in (errno.EACCES, errno.EPERM)),
        (errno.ELOOP, "broken symlink"),
    ],
)
def test_what_the_system_says_of_a_file_is_a_reason(code: int, reason: str) -> None:
    assert reason_of(OSError(code, os.strerror(code))) == reason


IN_NAMESPACE = r"""
import ctypes, os, subprocess, sys, threading
from pathlib import Path
from codectxd.vcs.repo import Repo, list_repository
from codectxd.workspace.filters import Limits
from codectxd.workspace.tree import GitView, Tree
from codectxd.workspace.watch import Watcher

root, state, in_git = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "git"
libc = ctypes.CDLL(None, use_errno=True)

def mount(kind, place, options=b""):
    (root / place).mkdir(exist_ok=True)
    if libc.mount(b"test", os.fsencode(root / place), kind, 0, options):
        sys.exit(77)

def unmount(place):
    assert libc.umount2(os.fsencode(root / place), 2) == 0

mount(b"tmpfs", "probe")
unmount("probe")
(root / "probe").rmdir()
(root / "a").write_text("1")
(root / "mnt").mkdir()
(root / "mnt" / "below").write_text("1")
if in_git:
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
repo = Repo.find(str(root))
tree = Tree(str(root), lambda path, text: "text", Limits(), GitView(repo.list_files if repo else None, list_repository))

changed = threading.Condition()
paths, doubts = set(), []

def on_paths(found):
    with changed:
        paths.update(found)
        changed.notify_all()

def on_everything(reason):
    with changed:
        doubts.append(reason)
        changed.notify_all()

def reported(what):
    with changed:
        assert changed.wait_for(lambda: what in paths or any(what in doubt for doubt in doubts), 20), (what, paths, doubts)
        paths.clear()
        doubts.clear()

def found():
    probe = tree.probe()
    watcher.follow(tree.is_ignored_dir, tree.shown_folders, ())
    return set(probe.stamps), {skip.path: skip.reason for skip in probe.skipped}

watcher = Watcher(str(root), on_paths, on_everything, tree.is_ignored_dir, state=state)
watcher.start()
assert found() == ({"a", "mnt/below"}, {})

mount(b"tmpfs", "mnt")
reported("mounted")
assert found() == ({"a"}, {})
(root / "mnt" / "inside").write_text("1")
reported("mnt/inside")
assert found() == ({"a", "mnt/inside"}, {})
unmount("mnt")
reported("mounted")
assert found() == ({"a", "mnt/below"}, {})
(root / "mnt" / "again").write_text("1")
reported("mnt/again")

device = os.open("/dev/fuse", os.O_RDWR)
mount(b"fuse.silent", "mnt", b"fd=%d,rootmode=40000,user_id=0,group_id=0" % device)
reported("mounted")
assert found() == ({"a"}, {"mnt": "unreachable"}), found()
(root / "b").write_text("1")
reported("b")
os.close(device)
while tree.find_silent_mounts():
    pass
assert found() == ({"a", "b"}, {"mnt": "unreachable"}), found()
unmount("mnt")
reported("mounted")
assert found() == ({"a", "b", "mnt/below", "mnt/again"}, {})
watcher.stop()
"""
NOT_ALLOWED = 77


@pytest.mark.parametrize("kind", ["git", "plain"])
def test_real_mounts_come_go_hang_and_fail(root: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "state").mkdir()
    enter = ["unshare", "--user", "--mount", "--map-root-user"]
    command = [sys.executable, "-W", "error", "-c", IN_NAMESPACE, str(root), str(tmp_path / "state"), kind]
    if subprocess.run([*enter, "test", "-w", "/dev/fuse"], capture_output=True, check=False).returncode:
        return  # Nobody may mount anything here; the decisions are tested above.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run([*enter, *command], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode in (0, NOT_ALLOWED), ran.stderr


def test_a_folder_that_can_be_listed_was_named_for_nothing(root: Path) -> None:
    (root / "d").mkdir()
    with pytest.raises(Unfit, match="vanished"):
        entry_of(str(root), "d")
