"""Whether a file is, byte for byte, what its writer left there: a digest of it, in a file beside it.

A database's own check looks at its structure; a bit that flipped inside of a name or a number passes it, and would be an
answer that nobody ever gave. Whoever changes the file takes the seal away before and sets it after; while there is none, or
none that is itself whole, nothing is said. What SQLite appends to its log needs no seal: each frame there has a checksum.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from codectxd import system

_PROGRAM = """
import hashlib, sys
digest = hashlib.blake2b(digest_size=16)
with open(sys.argv[1], "rb", buffering=0) as file:
    while block := file.read(1 << 20):
        digest.update(block)
sys.stdout.buffer.write(digest.digest())
"""
_BLOCK = 1 << 20
_SIZE = 16


def put(path: Path) -> None:
    """Seal the file as it is on the disk now. Raises OSError."""
    digest = _digest(path)
    new = _place(path).with_suffix(".new")
    new.write_bytes(digest + _hash(digest))
    system.sync(new)
    new.replace(_place(path))


def take(path: Path) -> None:
    """The file is about to be changed. Raises OSError."""
    if _place(path).exists():
        _place(path).unlink(missing_ok=True)
        system.sync(path.parent)


def is_set(path: Path) -> bool:
    """Whether there is a seal, whole or broken."""
    return _place(path).exists()


def holds(path: Path) -> bool | None:
    """Whether the file is the one that was sealed; None where it is being changed, or nobody says."""
    said = _said(path)
    if said is None:
        return None
    try:
        found = _digest(path)
    except OSError:
        return False if path.exists() else None
    if found == said:
        return True
    return False if _said(path) == said else None


def _said(path: Path) -> bytes | None:
    try:
        seal = _place(path).read_bytes()
    except OSError:
        return None
    return seal[:_SIZE] if len(seal) == 2 * _SIZE and _hash(seal[:_SIZE]) == seal[_SIZE:] else None


def _place(path: Path) -> Path:
    return path.with_suffix(".seal")


def _digest(path: Path) -> bytes:
    """Of the file's bytes. Raises OSError.

    A process of its own reads them. Whoever closes a file that SQLite has open lets go of all of SQLite's locks in that
    process, whichever descriptor they were of: the next connection that closes elsewhere would take itself for the last
    one, and remove a log in use.
    """
    if sys.platform == "win32":  # Locks are of descriptors there.
        return _read(path, close=True)
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, os.fspath(path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError:  # No process may be started here: a descriptor that is never closed lets go of nothing either.
        return _read(path, close=False)
    if done.returncode or len(done.stdout) != _SIZE:
        raise OSError(f"{path} could not be read")
    return done.stdout


def _read(path: Path, *, close: bool) -> bytes:
    digest = hashlib.blake2b(digest_size=_SIZE)
    handle = os.open(path, system.READ_ONLY)
    try:
        while block := os.read(handle, _BLOCK):
            digest.update(block)
    finally:
        if close:
            os.close(handle)
    return digest.digest()


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_SIZE).digest()
