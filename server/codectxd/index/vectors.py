"""The vectors: int8 rows with a scale each, in an immutable base and an appended delta. A home of numkong.

A search is an exact scan: faster to build than a graph, exact, trivially filtered, and for a million rows still fast enough
(`numkong`'s int8 kernel takes 1.3 ms for 100,000 rows of 256); only above, `graph` may stand beside a base. The base is
mapped from disk (`bases`). The delta is three files that only grow, of which the first `delta_rows` rows count: that number,
like the base's name and checksum, stands in the catalogue, so the flip decides here too. A `Fold` makes a new base of both
while rows go on being appended. Which rows are alive is the reader's to say, by document.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from codectxd import system
from codectxd.errors import IndexUnavailable
from codectxd.index.bases import PARTS, VectorSet, base_path, empty_set, read_base, unreadable, write_base
from codectxd.index.graph import Graph, GraphState
from codectxd.index.schema import Keys, Rows, Scales, Vectors, key_of

log = logging.getLogger(__name__)

_EMPTY_CHECKSUM = ""

Places = npt.NDArray[np.intp]


class VectorState(msgspec.Struct, frozen=True):
    """Which rows are the world's: kept in the catalogue, as JSON, and changed by the flip alone. `source` is the folder of
    the model, empty for the one in the package."""

    model: str
    dimension: int
    generation: int = 0
    base_rows: int = 0
    base_checksum: str = _EMPTY_CHECKSUM
    delta_rows: int = 0
    delta_checksum: str = _EMPTY_CHECKSUM
    graph: GraphState | None = None
    source: str = ""


def unpack(doc: int, vectors: Vectors) -> VectorSet:
    """A parcel's chunk rows (the last row, the path's, left out) under the keys of document `doc`."""
    rows = np.frombuffer(vectors.rows, np.int8).reshape(-1, vectors.dimension)[:-1]
    scales = np.frombuffer(vectors.scales, np.float32)[:-1]
    keys = np.arange(len(rows), dtype=np.int64) + key_of(doc, 0)
    return VectorSet(keys, rows, scales)


def cosines(query: npt.NDArray[np.float32], rows: Rows, scales: Scales) -> npt.NDArray[np.float32]:
    """The cosine of a unit vector with each row, float32 (n). Exact for the stored int8 rows up to the query's rounding."""
    if not len(rows):
        return np.empty(0, np.float32)
    import numkong

    peak = float(np.abs(query).max())
    if peak == 0.0:
        return np.zeros(len(rows), np.float32)
    quantised = np.rint(query * (127.0 / peak)).astype(np.int8).reshape(1, -1)
    dots = np.asarray(numkong.cdist(quantised, np.ascontiguousarray(rows), metric="dot"))[0]
    found: npt.NDArray[np.float32] = dots.astype(np.float32) * (scales * np.float32(peak / 127.0))
    return found


class VectorReader:
    """Reads the state that the catalogue names; immutable."""

    def __init__(self, folder: Path, state: VectorState, previous: VectorReader | None = None) -> None:
        """What `previous` has read of the same generation is shared. Raises IndexUnavailable on damage."""
        self.state = state
        self.base: VectorSet
        self.delta: VectorSet
        self.graph = _graph(folder, state, previous)
        if previous is not None and _extends(state, previous.state):
            self.base, self.delta = previous.base, _grown(folder, previous, state)
        else:
            self.base = _read_base(folder, state)
            self.delta = _read_delta(folder, state)
            _check_delta(self.delta, state)


def _graph(folder: Path, state: VectorState, previous: VectorReader | None) -> Graph | None:
    """The graph of this base, shared with `previous`; None where there is none, or none that can be used."""
    if state.graph is None or state.graph.generation != state.generation:
        return None
    if previous is not None and previous.graph is not None and previous.graph.state == state.graph:
        return previous.graph
    try:
        return Graph(folder, state.graph)
    except IndexUnavailable as problem:
        log.warning("%s", problem)
        return None


class Fold:
    """A new base of what lives of the old one and of the delta, which grows on meanwhile. Made by `VectorWriter.fold`."""

    def __init__(self, folder: Path, begun: VectorState, old: VectorSet, new: VectorSet, keep: Places) -> None:
        self.begun = begun
        self._folder = folder
        self._old, self._new, self._keep = old, new, keep
        self._cancelled = False
        self.checksum: str | None = None

    def write(self) -> None:
        """Write it; on any thread. Nothing refers to its files before a flip does. Raises Unwanted, OSError."""
        generation = self.begun.generation + 1
        try:
            self.checksum = write_base(
                self._folder, generation, self._old, self._new, self._keep, lambda: not self._cancelled
            )
        except BaseException:
            # A disk that is full, perhaps, which half of it would keep full.
            for part in PARTS:
                system.remove(base_path(self._folder, generation, part))
            raise

    def cancel(self) -> None:
        """Have `write` end soon, on whichever thread it is under way."""
        self._cancelled = True

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self._keep)


class VectorWriter:
    """Appends to the delta and merges it into new bases, in the indexer alone."""

    def __init__(self, folder: Path, state: VectorState) -> None:
        """Open at `state`, forgetting rows that no flip ever made part of it. Raises IndexUnavailable on damage."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.state = state
        _read_base(folder, state)
        delta = _read_delta(folder, state)
        _check_delta(delta, state)
        self._digests = _delta_digests(delta)
        self._pending = self._digests
        # Open for the writer's life, or their generation's; `close` closes them.
        self._files = _open_delta(folder, state.generation, "ab")
        self._next_files: list[BinaryIO] = []
        self._rewind()
        self._remove_others()

    def append(self, sets: Sequence[VectorSet]) -> VectorState:
        """Write rows durably and return the state that includes them; `adopt` it once the flip has."""
        if not sets:
            return self.state
        self._rewind()
        self._pending = [digest.copy() for digest in self._digests]
        added = _joint(sets)
        _write_delta(self._files, self._pending, added)
        rows = self.state.delta_rows + len(added.keys)
        return msgspec.structs.replace(self.state, delta_rows=rows, delta_checksum=_joined(self._pending))

    def adopt(self, state: VectorState) -> None:
        """The flip named `state`: it is the world now."""
        if state.generation != self.state.generation:
            for file in self._files:
                file.close()
            self._files, self._next_files = self._next_files, []
            self.state, self._digests = state, self._pending
            self._remove_others()
        elif state != self.state:
            self.state, self._digests = state, self._pending

    def _rewind(self) -> None:
        """Cut off what was appended for a flip that never came."""
        for file, width in zip(self._files, _widths(self.state.dimension), strict=True):
            file.truncate(self.state.delta_rows * width)
            file.seek(0, os.SEEK_END)

    def keys(self) -> Keys:
        """Every key of base and delta, sorted."""
        base, delta = _read_base(self._folder, self.state), _read_delta(self._folder, self.state)
        return np.sort(np.concatenate([base.keys, delta.keys]))

    def fold(self, alive: npt.NDArray[np.bool_], added: Sequence[VectorSet] = ()) -> Fold:
        """What makes a new base of the rows whose document is `alive` (indexed by document id), and of those `added`."""
        base, delta = _read_base(self._folder, self.state), _read_delta(self._folder, self.state)
        new = _joint([delta, *added])
        keys = np.concatenate([base.keys, new.keys])
        docs = keys >> 16
        known = docs < len(alive)
        keep = np.flatnonzero(known & alive[np.where(known, docs, 0)]) if len(alive) else np.empty(0, np.intp)
        return Fold(self._folder, self.state, base, new, keep[np.argsort(keys[keep], kind="stable")])

    def folded(self, fold: Fold) -> VectorState:
        """The state in which a written `fold` is the base, and what was appended since it was begun the delta.

        `adopt` it once the flip has. Raises OSError.
        """
        assert fold.checksum is not None
        assert fold.begun.generation == self.state.generation
        self._forget_next()
        self._next_files = _open_delta(self._folder, self.state.generation + 1, "wb")
        self._pending = _no_digests()
        since = _read_delta(self._folder, self.state, fold.begun.delta_rows)
        if len(since.keys):
            _write_delta(self._next_files, self._pending, since)
        return VectorState(
            self.state.model,
            self.state.dimension,
            self.state.generation + 1,
            fold.rows,
            fold.checksum,
            len(since.keys),
            _joined(self._pending) if len(since.keys) else _EMPTY_CHECKSUM,
            source=self.state.source,
        )

    def written(self, state: VectorState, vectors: VectorSet) -> VectorState:
        """Write a new base of these rows, whose keys ascend, for the model of `state`; returns its state. Nothing refers to
        it before a flip does; a writer that is opened at it then takes the place of this one."""
        generation, every = self.state.generation + 1, np.arange(len(vectors.keys))
        checksum = write_base(self._folder, generation, empty_set(state.dimension), vectors, every, lambda: True)
        return VectorState(state.model, state.dimension, generation, len(every), checksum, source=state.source)

    def base(self) -> VectorSet:
        """The rows of the base, mapped. Raises IndexUnavailable on damage."""
        return _read_base(self._folder, self.state)

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self._folder

    def close(self) -> None:
        """Close the delta's files."""
        self._forget_next()
        for file in self._files:
            file.close()

    def _forget_next(self) -> None:
        for file in self._next_files:
            file.close()
        self._next_files = []

    def _remove_others(self) -> None:
        # Readers that still map an older base keep it: removing a name does not take the pages away.
        for path in self._folder.iterdir():
            if not path.name.startswith(f"{self.state.generation}."):
                system.remove(path)


def _widths(dimension: int) -> tuple[int, int, int]:
    return 8, dimension, 4


def _delta_path(folder: Path, generation: int, part: str) -> Path:
    return folder / f"{generation}.delta.{part}"


def _open_delta(folder: Path, generation: int, mode: Literal["ab", "wb"]) -> list[BinaryIO]:
    return [open(_delta_path(folder, generation, part), mode) for part in PARTS]


def _write_delta(files: Sequence[BinaryIO], digests: Sequence[hashlib.blake2b], added: VectorSet) -> None:
    """Append rows durably, and their bytes to the digests."""
    for file, digest, part in zip(files, digests, PARTS, strict=True):
        data = getattr(added, part).tobytes()
        digest.update(data)
        file.write(data)
        file.flush()
        system.sync_data(file.fileno())


def _joint(sets: Sequence[VectorSet]) -> VectorSet:
    """One or more sets as one."""
    return sets[0] if len(sets) == 1 else VectorSet(*(np.concatenate([getattr(s, part) for s in sets]) for part in PARTS))


def _read_base(folder: Path, state: VectorState) -> VectorSet:
    return read_base(folder, state.generation, state.base_rows, state.dimension, state.base_checksum)


def _read_delta(folder: Path, state: VectorState, start: int = 0) -> VectorSet:
    count, dimension = state.delta_rows - start, state.dimension
    if not count:
        return empty_set(dimension)
    try:
        keys = np.fromfile(_delta_path(folder, state.generation, "keys"), np.int64, count, offset=8 * start)
        rows = np.fromfile(
            _delta_path(folder, state.generation, "rows"), np.int8, count * dimension, offset=start * dimension
        )
        scales = np.fromfile(_delta_path(folder, state.generation, "scales"), np.float32, count, offset=4 * start)
    except OSError as problem:
        raise unreadable(problem) from problem
    if not len(keys) == len(scales) == len(rows) // dimension == count:
        raise IndexUnavailable("The vectors on disk are shorter than they should be; they are being made again.")
    return VectorSet(keys, rows.reshape(count, dimension), scales)


def _extends(state: VectorState, earlier: VectorState) -> bool:
    """Whether `state` is `earlier` with nothing but rows appended."""
    same = (state.model, state.generation, state.base_checksum) == (
        earlier.model,
        earlier.generation,
        earlier.base_checksum,
    )
    return same and state.delta_rows >= earlier.delta_rows


def _grown(folder: Path, previous: VectorReader, state: VectorState) -> VectorSet:
    """The delta of `previous` and the rows appended since."""
    if state.delta_rows == previous.state.delta_rows:
        return previous.delta
    new = _read_delta(folder, state, previous.state.delta_rows)
    old = previous.delta
    return VectorSet(
        np.concatenate([old.keys, new.keys]),
        np.concatenate([old.rows, new.rows]),
        np.concatenate([old.scales, new.scales]),
    )


def _delta_digests(delta: VectorSet) -> list[hashlib.blake2b]:
    digests = _no_digests()
    for digest, part in zip(digests, PARTS, strict=True):
        digest.update(getattr(delta, part).tobytes())
    return digests


def _no_digests() -> list[hashlib.blake2b]:
    return [hashlib.blake2b(digest_size=16) for _ in PARTS]


def _joined(digests: Sequence[hashlib.blake2b]) -> str:
    return "".join(digest.hexdigest() for digest in digests)


def _check_delta(delta: VectorSet, state: VectorState) -> None:
    if state.delta_rows and _joined(_delta_digests(delta)) != state.delta_checksum:
        raise IndexUnavailable("The vectors on disk are damaged; they are being made again.")
