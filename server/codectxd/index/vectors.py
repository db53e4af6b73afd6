"""The vectors: int8 rows with a scale each, in an immutable base and an appended delta. The home of usearch and numkong.

A search is an exact scan: faster to build than a graph, exact, trivially filtered, and for a million rows still fast enough
(`numkong`'s int8 kernel takes 1.3 ms for 100,000 rows of 256); only above, `graph` may stand beside a base. The base is a
matrix in usearch's own file format, memory-mapped. The delta is three files that only grow, of which the first
`delta_rows` rows count: that number, like the base's name and checksum, stands in the catalogue, so the flip decides
here too. Which rows are alive is the reader's to say, by document.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from codectxd import system
from codectxd.errors import IndexUnavailable
from codectxd.index.graph import Graph, GraphState
from codectxd.index.schema import Keys, Rows, Scales, Vectors, key_of

log = logging.getLogger(__name__)

_COPY_ROWS = 65_536
_EMPTY_CHECKSUM = ""


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


class VectorSet(msgspec.Struct, frozen=True):
    """Rows in memory or mapped: keys int64 (n), rows int8 (n, dimension), scales float32 (n)."""

    keys: Keys
    rows: Rows
    scales: Scales


def empty_set(dimension: int) -> VectorSet:
    """No rows."""
    return VectorSet(np.empty(0, np.int64), np.empty((0, dimension), np.int8), np.empty(0, np.float32))


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
        # Open for the writer's life; `close` closes them.
        self._files = [open(_delta_path(folder, state.generation, part), "ab") for part in _PARTS]  # noqa: SIM115
        self._rewind()
        self._remove_others()

    def append(self, sets: Sequence[VectorSet]) -> VectorState:
        """Write rows durably and return the state that includes them; `adopt` it once the flip has."""
        if not sets:
            return self.state
        self._rewind()
        columns = [np.concatenate([getattr(s, part) for s in sets]) for part in _PARTS]
        self._pending = [digest.copy() for digest in self._digests]
        for file, digest, column in zip(self._files, self._pending, columns, strict=True):
            data = column.tobytes()
            digest.update(data)
            file.write(data)
            file.flush()
            system.sync_data(file.fileno())
        rows = self.state.delta_rows + len(columns[0])
        return msgspec.structs.replace(self.state, delta_rows=rows, delta_checksum=_joined(self._pending))

    def adopt(self, state: VectorState) -> None:
        """The flip named `state`: it is the world now."""
        if state != self.state:
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

    def merged(self, alive: npt.NDArray[np.bool_]) -> VectorState:
        """Write a new base of the rows whose document is `alive` (indexed by document id); returns its state.

        Nothing refers to the new files before the flip; `reopen` at the state once it has.
        """
        base, delta = _read_base(self._folder, self.state), _read_delta(self._folder, self.state)
        keys = np.concatenate([base.keys, delta.keys])
        docs = keys >> 16
        known = docs < len(alive)
        keep = np.flatnonzero(known & alive[np.where(known, docs, 0)]) if len(alive) else np.empty(0, np.int64)
        keep = keep[np.argsort(keys[keep], kind="stable")]
        rows = _gather(base.rows, delta.rows, keep)
        scales = np.concatenate([base.scales, delta.scales])[keep]
        old = self.state
        return self.written(VectorState(old.model, old.dimension, source=old.source), VectorSet(keys[keep], rows, scales))

    def written(self, state: VectorState, vectors: VectorSet) -> VectorState:
        """Write a new base of these rows, whose keys ascend, for the model of `state`; returns its state, of which the same
        holds as of what `merged` returns."""
        state = VectorState(state.model, state.dimension, self.state.generation + 1, len(vectors.keys), source=state.source)
        return msgspec.structs.replace(state, base_checksum=_write_base(self._folder, state, vectors))

    def base(self) -> VectorSet:
        """The rows of the base, mapped. Raises IndexUnavailable on damage."""
        return _read_base(self._folder, self.state)

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self._folder

    def close(self) -> None:
        """Close the delta's files."""
        for file in self._files:
            file.close()

    def _remove_others(self) -> None:
        # Readers that still map an older base keep it: removing a name does not take the pages away.
        for path in self._folder.iterdir():
            if not path.name.startswith(f"{self.state.generation}."):
                system.remove(path)


_PARTS = ("keys", "rows", "scales")


def _widths(dimension: int) -> tuple[int, int, int]:
    return 8, dimension, 4


def _delta_path(folder: Path, generation: int, part: str) -> Path:
    return folder / f"{generation}.delta.{part}"


def _base_path(folder: Path, generation: int, part: str) -> Path:
    return folder / f"{generation}.base.{'i8bin' if part == 'rows' else part}"


def _gather(base: Rows, delta: Rows, wanted: npt.NDArray[np.int64]) -> Rows:
    rows = np.empty((len(wanted), base.shape[1]), np.int8)
    for at in range(0, len(wanted), _COPY_ROWS):
        part = wanted[at : at + _COPY_ROWS]
        from_base = part < len(base)
        rows[at : at + len(part)][from_base] = base[part[from_base]]
        rows[at : at + len(part)][~from_base] = delta[part[~from_base] - len(base)]
    return rows


def _write_base(folder: Path, state: VectorState, vectors: VectorSet) -> str:
    from usearch.io import save_matrix

    if not state.base_rows:
        return _EMPTY_CHECKSUM
    save_matrix(vectors.rows, str(_base_path(folder, state.generation, "rows")))
    vectors.keys.tofile(_base_path(folder, state.generation, "keys"))
    vectors.scales.tofile(_base_path(folder, state.generation, "scales"))
    for part in _PARTS:
        system.sync(_base_path(folder, state.generation, part))
    system.sync(folder)
    return _base_checksum(folder, state.generation)


def _read_base(folder: Path, state: VectorState) -> VectorSet:
    if not state.base_rows:
        return empty_set(state.dimension)
    from usearch.io import load_matrix

    # A flipped bit in a mapped file is a wrong answer nobody would notice: look at every byte once, at opening.
    try:
        if _base_checksum(folder, state.generation) != state.base_checksum:
            raise IndexUnavailable("The vectors on disk are damaged; they are being made again.")
        rows: Rows = np.asarray(load_matrix(str(_base_path(folder, state.generation, "rows")), view=True))
        keys = np.fromfile(_base_path(folder, state.generation, "keys"), np.int64)
        scales = np.fromfile(_base_path(folder, state.generation, "scales"), np.float32)
    except OSError as problem:
        raise _unreadable(problem) from problem
    return VectorSet(keys, rows, scales)


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
        raise _unreadable(problem) from problem
    if not len(keys) == len(scales) == len(rows) // dimension == count:
        raise IndexUnavailable("The vectors on disk are shorter than they should be; they are being made again.")
    return VectorSet(keys, rows.reshape(count, dimension), scales)


def _unreadable(problem: OSError) -> IndexUnavailable:
    return IndexUnavailable(f"The vectors on disk cannot be read ({problem}); they are being made again.")


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
    digests = [hashlib.blake2b(digest_size=16) for _ in _PARTS]
    for digest, part in zip(digests, _PARTS, strict=True):
        digest.update(getattr(delta, part).tobytes())
    return digests


def _joined(digests: Sequence[hashlib.blake2b]) -> str:
    return "".join(digest.hexdigest() for digest in digests)


def _check_delta(delta: VectorSet, state: VectorState) -> None:
    if state.delta_rows and _joined(_delta_digests(delta)) != state.delta_checksum:
        raise IndexUnavailable("The vectors on disk are damaged; they are being made again.")


def _base_checksum(folder: Path, generation: int) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in _PARTS:
        with open(_base_path(folder, generation, part), "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
