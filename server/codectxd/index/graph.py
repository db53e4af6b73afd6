"""A graph over the rows of a base generation, for indexes so large that a scan of all of them is the slower way.

HNSW (Malkov and Yashunin 2018) as usearch has it, over the int8 rows as they are: the cosine of two rows does not know of
their scales. How far a search walks is chosen by measuring, when the graph is built, what share of the true nearest rows it
finds; a graph that does not find enough is thrown away, and the scan goes on. A base never changes, so nothing is ever
removed from its graph. What it proposes is scored exactly by whoever asks. The other home of usearch, beside `vectors`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from codectxd import system
from codectxd.errors import IndexUnavailable
from codectxd.index.schema import Rows

RECALL: Final = 0.98
"""The share of the ten nearest rows that a graph must find to be used."""

_CONNECTIVITY: Final = 24
_EXPANSION_ADD: Final = 128
_WALKS: Final = (64, 128, 256, 512)
_SAMPLES: Final = 100
_NEAREST: Final = 10
_PORTION: Final = 20_000
_BLOCK: Final = 1 << 20


class GraphState(msgspec.Struct, frozen=True):
    """A graph that may be used: of which generation's base, the digest of its file, how far a search walks, and the share of
    the nearest that it finds so."""

    generation: int
    checksum: str
    walk: int
    recall: float


class Graph:
    """A graph on disk, mapped. Thread-safe."""

    def __init__(self, folder: Path, state: GraphState) -> None:
        """Raises IndexUnavailable where the file is not the one that was built."""
        from usearch.index import Index

        self.state = state
        path = graph_path(folder, state.generation)
        # The library follows a flipped bit to wherever it points: look at every byte first.
        try:
            if _digest(path) != state.checksum:
                raise IndexUnavailable("The graph on disk is damaged; vectors are scanned instead.")
            index: Any = Index.restore(str(path), view=True)
        except (OSError, ValueError, RuntimeError) as problem:
            raise IndexUnavailable(
                f"The graph on disk cannot be read ({problem}); vectors are scanned instead."
            ) from problem
        index.expansion_search = state.walk
        self._index = index

    def nearest(self, row: npt.NDArray[np.int8], count: int) -> npt.NDArray[np.int64]:
        """The places, in the base, of about `count` rows nearest to `row`."""
        found = self._index.search(row, count, threads=1)
        places: npt.NDArray[np.int64] = np.asarray(found.keys).astype(np.int64)
        return places


def build(folder: Path, generation: int, rows: Rows, wanted: Callable[[], bool] = lambda: True) -> GraphState | None:
    """Build the graph of a base and measure it; None, and no file, where it finds too little or is no longer `wanted`."""
    index = _new(rows.shape[1])
    for at in range(0, len(rows), _PORTION):
        if not wanted():
            return None
        part = np.ascontiguousarray(rows[at : at + _PORTION])
        # More threads than one lose rows for good in this library.
        index.add(np.arange(at, at + len(part), dtype=np.uint64), part, threads=1)
    walk, recall = _measured(index, rows)
    if recall < RECALL:
        return None
    path = graph_path(folder, generation)
    index.save(str(path))
    system.sync(path)
    system.sync(folder)
    return GraphState(generation, _digest(path), walk, recall)


def graph_path(folder: Path, generation: int) -> Path:
    """Where the graph of a base lies, beside it and under its number, so that it goes when the base does."""
    return folder / f"{generation}.base.usearch"


def _new(dimension: int) -> Any:
    from usearch.index import Index

    return Index(ndim=dimension, metric="cos", dtype="i8", connectivity=_CONNECTIVITY, expansion_add=_EXPANSION_ADD)


def _measured(index: Any, rows: Rows) -> tuple[int, float]:
    """The shortest walk that finds enough, or the longest, and what share it finds of what a scan does."""
    chosen = np.random.default_rng(1).integers(len(rows), size=(_SAMPLES, 2))
    # Between two rows: a question lies near to many chunks and is none of them.
    queries = [((rows[one].astype(np.int16) + rows[other]) // 2).astype(np.int8) for one, other in chosen]
    truth = _truth(rows, queries)
    recall = 0.0
    for walk in _WALKS:
        index.expansion_search = walk
        found = [set(np.asarray(index.search(query, _NEAREST, threads=1).keys).tolist()) for query in queries]
        recall = sum(len(one & true) for one, true in zip(found, truth, strict=True)) / (_NEAREST * len(queries))
        if recall >= RECALL:
            return walk, recall
    return _WALKS[-1], recall


def _truth(rows: Rows, queries: Sequence[npt.NDArray[np.int8]]) -> list[set[int]]:
    norms = np.concatenate(
        [np.linalg.norm(rows[at : at + _PORTION].astype(np.float32), axis=1) for at in range(0, len(rows), _PORTION)]
    )
    norms[norms == 0] = 1.0
    return [_nearest(rows, norms, query) for query in queries]


def _nearest(rows: Rows, norms: npt.NDArray[np.float32], query: npt.NDArray[np.int8]) -> set[int]:
    import numkong

    dots = np.asarray(numkong.cdist(query.reshape(1, -1), rows, metric="dot"))[0] / norms
    return set(np.argpartition(-dots, _NEAREST)[:_NEAREST].tolist())


def _digest(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
