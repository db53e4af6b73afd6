"""May codectxd write where it must, and nobody else; and can its settings be read."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from codectxd import config
from codectxd.errors import UsageError
from codectxd.evaluate.checks.findings import Finding, Patient, ok, problem, warning


def permissions(patient: Patient) -> Iterator[Finding]:
    """State folder, runtime folder, socket, settings."""
    layout = patient.layout
    yield _folder("state folder", layout.state)
    yield _folder("runtime folder", layout.runtime)
    if os.path.lexists(layout.socket):
        yield _socket(layout.socket)
    yield _settings(patient)


def _folder(what: str, folder: Path) -> Finding:
    elsewhere = f"remove or repair {folder}, or set CODECTX_HOME to another folder"
    try:
        found = folder.stat()
    except FileNotFoundError:
        return _creatable(what, folder)
    except OSError as failure:
        return problem("permissions", what, f"{folder} cannot be looked at: {failure.strerror}", elsewhere)
    if not stat.S_ISDIR(found.st_mode):
        return problem("permissions", what, f"{folder} is no folder", elsewhere)
    if found.st_uid != os.getuid():
        return problem("permissions", what, f"{folder} belongs to another user", elsewhere)
    if found.st_mode & 0o077:
        told = f"others may look into {folder} (mode {stat.S_IMODE(found.st_mode):04o})"
        return warning("permissions", what, told, f"run `chmod 700 {folder}`; the daemon does so too when it starts")
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x" * 4096)
    except OSError as failure:
        return problem("permissions", what, f"{folder} cannot be written to: {failure.strerror}", elsewhere)
    return ok("permissions", what, f"{folder} is this user's alone and can be written to")


def _creatable(what: str, folder: Path) -> Finding:
    parent = next((parent for parent in folder.parents if os.path.lexists(parent)), Path("/"))
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        told = f"{folder} is not there, and cannot be made in {parent}"
        return problem("permissions", what, told, f"make {parent} writable, or set CODECTX_HOME to another folder")
    return ok("permissions", what, f"{folder} is not there yet; it is made when it is needed")


def _socket(path: Path) -> Finding:
    found = path.lstat()
    remedy = f"remove {path}: the next question makes a new one"
    if not stat.S_ISSOCK(found.st_mode):
        return problem("permissions", "socket", f"{path} is no socket", remedy)
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        return problem("permissions", "socket", f"{path} is not this user's alone", remedy)
    return ok("permissions", "socket", f"{path} is this user's alone")


def _settings(patient: Patient) -> Finding:
    try:
        config.load_user(patient.layout.config_file)
        config.load_workspace(patient.root)
    except UsageError as failure:
        return problem("permissions", "settings", str(failure).rstrip("."), "mend that line, or remove it")
    there = [str(path) for path in (patient.layout.config_file, Path(patient.root) / "codectx.toml") if path.exists()]
    return ok(
        "permissions", "settings", f"{' and '.join(there)} can be read" if there else "there is no file: the defaults hold"
    )
