"""A base: the immutable part of the vectors. Three files under a generation's number, written once, mapped by whoever reads.

The rows are a matrix in usearch's own file format, beside them a key and a scale for each, all in the order of the keys. A
base is written in portions, so that it takes no memory to speak of, and its checksum is worked out on the way. Which
generation is the world's is not known here. A home of usearch.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from codectxd import system
from codectxd.errors import IndexUnavailable
from codectxd.index.schema import Keys, Rows, Scales

PARTS = ("keys", "rows", "scales")
"""Of which vectors consist, in this order wherever a checksum is made of them."""

_COPY_ROWS = 65_536
_BLOCK = 1 << 20
_EMPTY_CHECKSUM = ""


class VectorSet(msgspec.Struct, frozen=True):
    """Rows in memory or mapped: keys int64 (n), rows int8 (n, dimension), scales float32 (n)."""

    keys: Keys
    rows: Rows
    scales: Scales


class Unwanted(Exception):
    """Nobody waits for the base any more that is being written."""


def empty_set(dimension: int) -> VectorSet:
    """No rows."""
    return VectorSet(np.empty(0, np.int64), np.empty((0, dimension), np.int8), np.empty(0, np.float32))


def base_path(folder: Path, generation: int, part: str) -> Path:
    """Where a part of a base lies."""
    return folder / f"{generation}.base.{'i8bin' if part == 'rows' else part}"


def write_base(
    folder: Path, generation: int, old: VectorSet, new: VectorSet, keep: npt.NDArray[np.intp], wanted: Callable[[], bool]
) -> str:
    """Write the rows at `keep` of `old` and `new`, which are counted on, durably; returns the checksum.

    Raises Unwanted soon after they are not `wanted` any more, and OSError.
    """
    if not len(keep):
        return _EMPTY_CHECKSUM
    digest = hashlib.blake2b(digest_size=16)
    for part in PARTS:
        path = base_path(folder, generation, part)
        with open(path, "wb") as file:
            for block in _blocks(part, old, new, keep):
                if not wanted():
                    raise Unwanted
                digest.update(block)
                file.write(block)
            file.flush()
            system.sync_data(file.fileno())
    system.sync(folder)
    return digest.hexdigest()


def _blocks(part: str, old: VectorSet, new: VectorSet, keep: npt.NDArray[np.intp]) -> Iterator[bytes]:
    first, second = getattr(old, part), getattr(new, part)
    if part == "rows":
        yield struct.pack("=II", len(keep), first.shape[1])
    for at in range(0, len(keep), _COPY_ROWS):
        places = keep[at : at + _COPY_ROWS]
        among_old = places < len(first)
        block = np.empty((len(places), *first.shape[1:]), first.dtype)
        block[among_old] = first[places[among_old]]
        block[~among_old] = second[places[~among_old] - len(first)]
        yield block.tobytes()


def read_base(folder: Path, generation: int, rows: int, dimension: int, checksum: str) -> VectorSet:
    """A base of so many rows, mapped. Raises IndexUnavailable where its bytes are not those that were written."""
    if not rows:
        return empty_set(dimension)
    from usearch.io import load_matrix

    # A flipped bit in a mapped file is a wrong answer nobody would notice: look at every byte once, at opening.
    try:
        if _checksum(folder, generation) != checksum:
            raise IndexUnavailable("The vectors on disk are damaged; they are being made again.")
        matrix: Rows = np.asarray(load_matrix(str(base_path(folder, generation, "rows")), view=True))
        keys = np.fromfile(base_path(folder, generation, "keys"), np.int64)
        scales = np.fromfile(base_path(folder, generation, "scales"), np.float32)
    except OSError as problem:
        raise unreadable(problem) from problem
    return VectorSet(keys, matrix, scales)


def unreadable(problem: OSError) -> IndexUnavailable:
    """What is said where a file of vectors cannot be read."""
    return IndexUnavailable(f"The vectors on disk cannot be read ({problem}); they are being made again.")


def _checksum(folder: Path, generation: int) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in PARTS:
        with open(base_path(folder, generation, part), "rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()
