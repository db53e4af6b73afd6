"""A digest for each folder of a tree, of all that is indexed in it: equal where, and only where, the same texts lie in it
under the same names (Merkle 1987). Pure.

Two clones of one commit agree in every folder; one edit changes the digests of the folders above it and no other. Knows
nothing of where files and digests come from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from codectxd.types import Digest

_FILE, _FOLDER = b"f", b"d"


def folder_digests(files: Iterable[tuple[str, Digest]]) -> dict[str, Digest]:
    """The digest of every folder, the root's under "", of files given by relative path and digest in any order."""
    entries: dict[str, list[tuple[bytes, bytes, Digest]]] = {"": []}
    for path, digest in files:
        folder, _, name = path.rpartition("/")
        _entries_of(folder, entries).append((_name(name), _FILE, digest))
    found: dict[str, Digest] = {}
    # Deepest first: a folder's digest is of those of the folders in it.
    for folder in sorted(entries, key=lambda one: (-one.count("/"), not one, one)):
        found[folder] = digest = _digest(entries[folder])
        if folder:
            above, _, name = folder.rpartition("/")
            entries[above].append((_name(name), _FOLDER, digest))
    return found


def _entries_of(folder: str, entries: dict[str, list[tuple[bytes, bytes, Digest]]]) -> list[tuple[bytes, bytes, Digest]]:
    """The list for `folder`, and one for each folder above it."""
    here = folder
    while here not in entries:
        entries[here] = []
        here = here.rpartition("/")[0]
    return entries[folder]


def _digest(entries: list[tuple[bytes, bytes, Digest]]) -> Digest:
    digest = hashlib.blake2b(digest_size=16)
    for name, kind, of in sorted(entries):
        # The length keeps a name from being taken for the end of another and the beginning of what follows.
        digest.update(len(name).to_bytes(4, "little") + name + kind + of)
    return digest.digest()


def _name(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
