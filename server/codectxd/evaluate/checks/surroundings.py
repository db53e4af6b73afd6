"""What the machine allows a watcher, and what kind of folder the workspace is."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from codectxd.errors import GitUnavailable
from codectxd.evaluate.checks.findings import Finding, Patient, ok, problem, warning
from codectxd.vcs.repo import Repo
from codectxd.workspace.watch import SHARE_OF_LIMIT, Watcher

_INOTIFY = Path("/proc/sys/fs/inotify")
_EVENT_S = 5.0
_FEW_INSTANCES = 16
_FEW_WATCHES = 8_192

NETWORK = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "vboxsf", "virtiofs", "fuse.sshfs",
     "fuse.vmhgfs-fuse", "drvfs", "prl_fs", "fuse.rclone", "fuse.gvfsd-fuse")
)  # fmt: skip
"""File systems on which somebody else's changes make no events here, or may make none."""


def watcher(patient: Patient) -> Iterator[Finding]:
    """The limits, what is used of them, and whether an event arrives at all."""
    yield _instances()
    yield _watches(_folders_below(patient.root))
    yield _event(patient.layout.state)


def _limit(name: str) -> int:
    return int((_INOTIFY / name).read_text())


def _instances() -> Finding:
    try:
        limit, used = _limit("max_user_instances"), sum(1 for _ in _instances_in_use())
    except (OSError, ValueError):
        return warning(
            "watcher", "instances", "the limit cannot be read from /proc", "nothing, if an event arrives (see below)"
        )
    told = f"{used} of {limit} inotify instances are in use"
    if limit - used < _FEW_INSTANCES:
        return warning("watcher", "instances", told, "run `sudo sysctl fs.inotify.max_user_instances=1024`")
    return ok("watcher", "instances", told)


def _instances_in_use() -> Iterator[Path]:
    """The inotify descriptors of all processes that this user may look at."""
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            for handle in (process / "fd").iterdir():
                if os.readlink(handle) == "anon_inode:inotify":
                    yield handle
        except OSError:  # It has ended meanwhile, or is somebody else's.
            continue


def _watches(folders: int) -> Finding:
    try:
        limit = _limit("max_user_watches")
    except (OSError, ValueError):
        return warning(
            "watcher", "watches", "the limit cannot be read from /proc", "nothing, if an event arrives (see below)"
        )
    told = f"{limit} folders may be watched, and this workspace has {folders} at most"
    raise_it = f"run `sudo sysctl fs.inotify.max_user_watches={max(524_288, 4 * folders)}`, or ignore folders"
    if folders > limit * SHARE_OF_LIMIT:
        return warning("watcher", "watches", f"{told}: changes in some may be seen late", raise_it)
    if limit < _FEW_WATCHES:
        return warning("watcher", "watches", told, raise_it)
    return ok("watcher", "watches", told)


def _folders_below(root: str) -> int:
    """How many folders there are, git's own left out: what is ignored is not watched, so fewer may be."""
    count = 0
    for _, folders, _ in os.walk(root):
        folders[:] = [name for name in folders if name != ".git"]
        count += 1
    return count


def _event(state: Path) -> Finding:
    """Whether a change is reported, in a folder of our own: nothing is written into the workspace."""
    ours = state if os.access(state, os.W_OK) and state.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="doctor-", dir=ours) as folder:
        watcher = Watcher(folder, lambda paths: None, lambda reason: None, lambda path: False, state=folder)
        watcher.start()
        try:
            arrived, health = watcher.prove(_EVENT_S), watcher.health
        finally:
            watcher.stop()
    if arrived:
        return ok("watcher", "events", "a change is reported")
    told = f"a change was not reported within {_EVENT_S:.0f} s ({health})"
    return problem(
        "watcher", "events", told, "raise fs.inotify.max_user_instances, or close other programs that watch folders"
    )


def workspace(patient: Patient) -> Iterator[Finding]:
    """The folder itself, its repository, and where it is mounted."""
    root = patient.root
    if not os.access(root, os.R_OK | os.X_OK):
        yield problem("workspace", "folder", f"{root} cannot be read", f"run `chmod u+rx {root}`, or ask who owns it")
        return
    yield ok("workspace", "folder", f"{root} can be read")
    yield _repository(root)
    yield _mount(root)


def _repository(root: str) -> Finding:
    try:
        repo = Repo.find(root)
        head = None if repo is None else repo.head()
    except GitUnavailable as failure:
        told, _, remedy = str(failure).partition(": ")
        return problem("workspace", "git", told, (remedy or f"see what `git -C {root} status` says").rstrip("."))
    if repo is None:
        return ok("workspace", "git", "it is in no repository: every file that no .gitignore hides is read")
    return ok("workspace", "git", f"git shows its files (on {head or 'no commit yet'})")


def _mount(root: str) -> Finding:
    kind = file_system(root)
    if kind in NETWORK:
        told = f"{root} is on a {kind} file system: changes made by other machines are not reported"
        return warning(
            "workspace", "file system", told, "nothing, if only this machine edits; else `codectxd index` after changes"
        )
    return ok("workspace", "file system", kind or "unknown")


def file_system(path: str) -> str:
    """The type of the file system on which the absolute `path` lies; empty where that cannot be told."""
    best, kind = "", ""
    try:
        lines = Path("/proc/self/mounts").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    for fields in (line.split(" ") for line in lines):
        point = fields[1].replace("\\040", " ")
        if len(point) >= len(best) and (path == point or path.startswith(point.rstrip("/") + "/")):
            best, kind = point, fields[2]
    return kind
