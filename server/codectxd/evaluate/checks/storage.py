"""Is what lies on disk whole: the vault, and the catalogue, words and vectors of every workspace.

Everything is opened for reading, beside whoever writes; a daemon at work may put a new generation of vectors in the place
of the one that is being looked at, so what looks damaged is looked at again.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from codectxd import paths
from codectxd.errors import IndexUnavailable
from codectxd.evaluate.checks.findings import Finding, Patient, ok, problem, size, warning
from codectxd.index.catalog import CatalogView
from codectxd.index.lexical import LexicalReader, lexical_folder
from codectxd.index.vault import VaultView
from codectxd.index.vectors import VectorReader, VectorState

_LITTLE = 1_000_000_000
_TOO_LITTLE = 50_000_000
_LOOKS = 3
_PAUSE_S = 0.2


def storage(patient: Patient) -> Iterator[Finding]:
    """The disk, the vault, and every workspace that has an index."""
    state = patient.layout.state
    if not state.is_dir():
        yield ok("store", "state folder", f"{state} is not there yet: nothing is indexed")
        return
    yield _disk(state)
    yield _vault(patient.layout.vault)
    for folder in sorted((state / "workspaces").glob("*")):
        yield from _workspace(folder)


def _disk(state: Path) -> Finding:
    free, used = shutil.disk_usage(state).free, taken(state)
    told = f"{size(free)} are free, and codectxd takes {size(used)}, in {state}"
    remedy = "make room, or set CODECTX_HOME to a folder on another disk"
    if free < _TOO_LITTLE:
        return problem("store", "disk", told, remedy)
    return warning("store", "disk", told, remedy) if free < _LITTLE else ok("store", "disk", told)


def _vault(path: Path) -> Finding:
    if not path.exists():
        return ok("store", "vault", "it is not there yet; it is made with the first index")
    view = VaultView(path)
    try:
        damage = view.damage()
    finally:
        view.close()
    if damage is not None:
        remedy = f"run `codectxd stop`, and remove {path}: that costs the time to embed again, and nothing else"
        return problem("store", "vault", f"it is damaged: {damage}", remedy)
    return ok("store", "vault", f"whole, {size(path.stat().st_size)}")


def _workspace(folder: Path) -> Iterator[Finding]:
    current = folder / f"v{paths.FORMAT}"
    for other in sorted(folder.glob("v*")):
        if other != current:
            told = f"{other.name} of another version of codectxd takes {size(taken(other))}"
            yield warning("store", "format", told, f"run `rm -r {other}`, unless you will go back to that version")
    if not (current / "catalog.db").exists():
        return
    yield _looked_at(current)
    holder = lock_holder(current / "lock")
    if holder is not None and not _is_ours(holder):
        told = f"{current} is locked by process {holder}, which is no codectxd"
        yield problem("store", "lock", told, f"see what it is with `ps -p {holder}`, and end it")


def _looked_at(folder: Path) -> Finding:
    """One line for one workspace; what looks damaged is looked at again, since somebody may be writing."""
    for left in reversed(range(_LOOKS)):
        root = "a workspace"
        try:
            view = CatalogView(folder / "catalog.db")
            try:
                meta = view.meta()
                root = str(meta.get("root", root))
                view.check()
                files = len(view.files())
            finally:
                view.close()
            _check_derived(folder, meta)
        except (IndexUnavailable, msgspec.MsgspecError, OSError) as failure:
            if not left:
                return _damaged(root, folder, failure)
            time.sleep(_PAUSE_S)
        else:
            return _whole(root, folder, files)
    raise AssertionError("unreachable")


def _check_derived(folder: Path, meta: dict[str, Any]) -> None:
    """Open words and vectors as the daemon does, the vectors' checksums included. Raises IndexUnavailable."""
    LexicalReader(lexical_folder(folder, int(meta.get("words", 0))))
    state = meta.get("vectors")
    if isinstance(state, str):
        VectorReader(folder / "vectors", msgspec.json.decode(state, type=VectorState))


def _damaged(root: str, folder: Path, failure: Exception) -> Finding:
    remedy = f"run `codectxd index --force {root}`, which makes it anew"
    if root == "a workspace":
        remedy = f"run `codectxd stop && rm -r {folder}`: its folder is indexed again with the next question to it"
    return problem("store", "workspace", f"the index of {root} is not whole: {str(failure).rstrip('.')}", remedy)


def _whole(root: str, folder: Path, files: int) -> Finding:
    told = f"{root}: {files} files, {size(taken(folder))}, catalogue, words and vectors are whole"
    if not os.path.isdir(root):
        return warning(
            "store", "workspace", f"{root} is gone; its index takes {size(taken(folder))}", f"run `rm -r {folder.parent}`"
        )
    return ok("store", "workspace", told)


def taken(folder: Path) -> int:
    """Bytes of all files below `folder`; what goes meanwhile counts nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
            except OSError:
                continue
    return total


def lock_holder(path: Path) -> int | None:
    """The process that holds the lock on `path`, as the kernel tells it; None where nobody does."""
    try:
        inode = path.stat().st_ino
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    for fields in (line.split() for line in lines):
        if len(fields) > 5 and fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == str(inode):
            return int(fields[4])
    return None


def _is_ours(pid: int) -> bool:
    try:
        return b"codectxd" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # It has ended meanwhile, and its lock with it.
        return True
