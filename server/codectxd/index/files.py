"""The working tree as a snapshot holds it: its files by path and by document, and what is asked of all of them.

Immutable; `after` gives the tree after a change, and works out anew only what the change touches: a saved file among a
hundred thousand must not cost a look at each of them. Knows nothing of where records come from.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from codectxd.index.bases import empty_set
from codectxd.index.catalog import FileRecord, PathRows
from codectxd.index.schema import Rows, Scales
from codectxd.types import Role

Mask = npt.NDArray[np.bool_]
Wanted = Callable[[str, str, Role], bool]

_MASKS = 32
_FEW_PATHS = 500
"""So many rows are joined anew for each change without anybody noticing."""


class PathVectors(msgspec.Struct, frozen=True):
    """One row per file: `docs` int64 (n), `rows` int8 (n, dimension), `scales` float32 (n)."""

    docs: npt.NDArray[np.int64]
    rows: Rows
    scales: Scales


class Files:
    """The working tree: by path, by document, as a table of who is alive, indexed by document id, and its paths' vectors."""

    def __init__(
        self,
        by_path: dict[str, FileRecord],
        by_doc: dict[int, FileRecord],
        alive: Mask,
        paths: tuple[PathVectors, ...],
        counts: tuple[int, int],
    ) -> None:
        """`counts` are the chunks, and the embedded ones. `paths` hold each living document at most once, in any order,
        and may hold some that live no more."""
        self.by_path: Mapping[str, FileRecord] = by_path
        self.by_doc: Mapping[int, FileRecord] = by_doc
        self.alive = alive
        self.paths = paths
        self.counts = counts
        self._masks: dict[object, tuple[Callable[[], Wanted], Mask]] = {}
        self._by_stem: dict[str, list[FileRecord]] | None = None

    def embedded(self) -> int:
        """How many files have a vector of their path."""
        return sum(int(np.count_nonzero(self.alive[part.docs])) for part in self.paths)

    def mask(self, name: object, wanted: Wanted, again: Callable[[], Wanted]) -> Mask:
        """Which documents are `wanted(path, language, role)`, by document id; remembered under `name`. Not to be changed.

        `again` gives the same function when files have changed, without whatever this one question brought with it.
        """
        found = self._masks.get(name)
        if found is None:
            mask = self.alive.copy()
            out = [r.doc for r in self.by_doc.values() if not wanted(r.path, r.language, r.role)]
            mask[np.array(out, np.int64)] = False
            if len(self._masks) >= _MASKS:
                self._masks = {}
            found = self._masks[name] = again, mask
        return found[1]

    def by_stem(self) -> Mapping[str, Sequence[FileRecord]]:
        """The files by the plain form of their stem."""
        if self._by_stem is None:
            self._by_stem = {}
            _add_stems(self._by_stem, self.by_path.values())
        return self._by_stem

    def after(self, changed: Collection[str], records: Sequence[FileRecord], rows: PathRows) -> Files:
        """The tree in which the paths `changed` are these records, with their paths' vectors, or are no more."""
        if not changed:
            return self
        by_path, by_doc = dict(self.by_path), dict(self.by_doc)
        out = [record for path in changed if (record := by_path.pop(path, None)) is not None]
        for record in out:
            by_doc.pop(record.doc, None)
        by_path.update((record.path, record) for record in records)
        by_doc.update((record.doc, record) for record in records)
        gone, new = _docs(out), _docs(records)
        alive = _changed(self.alive, gone, new, np.ones(len(new), np.bool_))
        # A row that is known already is that of the same document: nothing is ever changed in one.
        known = {record.doc for record in out if record.model is not None}
        paths = _with(self.paths, _path_vectors(rows), known, alive)
        less, more = _counts(out), _counts(records)
        counts = self.counts[0] - less[0] + more[0], self.counts[1] - less[1] + more[1]
        found = Files(by_path, by_doc, alive, paths, counts)
        for name, (again, mask) in list(self._masks.items()):
            wanted = again()
            verdicts = np.array([wanted(r.path, r.language, r.role) for r in records], np.bool_)
            found._masks[name] = again, _changed(mask, gone, new, verdicts)
        if self._by_stem is not None:
            found._by_stem = _stems_after(self._by_stem, out, records)
        return found


def files_of(records: Sequence[FileRecord], rows: PathRows) -> Files:
    """The tree of these records, with their paths' vectors."""
    docs = _docs(records)
    alive = np.zeros(int(docs.max(initial=0)) + 1, np.bool_)
    alive[docs] = True
    by_path, by_doc = {record.path: record for record in records}, {record.doc: record for record in records}
    return Files(by_path, by_doc, alive, (_path_vectors(rows),), _counts(records))


def _docs(records: Sequence[FileRecord]) -> npt.NDArray[np.int64]:
    return np.fromiter((record.doc for record in records), np.int64, len(records))


def _counts(records: Iterable[FileRecord]) -> tuple[int, int]:
    sizes = [(record.chunks, record.model is not None) for record in records]
    return sum(chunks for chunks, _ in sizes), sum(chunks for chunks, embedded in sizes if embedded)


def _changed(mask: Mask, gone: npt.NDArray[np.int64], new: npt.NDArray[np.int64], verdicts: Mask) -> Mask:
    found = np.zeros(max(len(mask), int(new.max(initial=0)) + 1), np.bool_)
    found[: len(mask)] = mask
    found[gone] = False
    found[new] = verdicts
    return found


def _stems_after(
    stems: Mapping[str, list[FileRecord]], out: Sequence[FileRecord], records: Sequence[FileRecord]
) -> dict[str, list[FileRecord]]:
    found = dict(stems)
    for stem in {record.stem for record in (*out, *records)}:
        found[stem] = list(found.get(stem, ()))
    for record in out:
        found[record.stem].remove(record)
    _add_stems(found, records)
    for stem in {record.stem for record in out}:
        if not found[stem]:
            del found[stem]
    return found


def _add_stems(stems: dict[str, list[FileRecord]], records: Iterable[FileRecord]) -> None:
    for record in records:
        stems.setdefault(record.stem, []).append(record)


def _path_vectors(rows: PathRows) -> PathVectors:
    if not rows.docs:
        return PathVectors(np.empty(0, np.int64), empty_set(0).rows, np.empty(0, np.float32))
    matrix = np.frombuffer(rows.rows, np.int8).reshape(len(rows.docs), -1)
    return PathVectors(np.array(rows.docs, np.int64), matrix, np.array(rows.scales, np.float32))


def _with(parts: tuple[PathVectors, ...], new: PathVectors, known: set[int], alive: Mask) -> tuple[PathVectors, ...]:
    """The rows of `parts`, and those of `new` that are not `known`; a large part is left alone until joining is worth it."""
    held = _chosen(new, np.array([doc not in known for doc in new.docs.tolist()], np.bool_))
    first, *rest = parts or (held,)
    second = _joined([*rest, *([held] if parts else [])])
    if len(second.docs) <= max(_FEW_PATHS, len(first.docs) // 8):
        return (first, second) if len(second.docs) else (first,)
    joined = _joined([first, second])
    return (_chosen(joined, alive[joined.docs]),)


def _chosen(vectors: PathVectors, wanted: Mask) -> PathVectors:
    return PathVectors(vectors.docs[wanted], vectors.rows[wanted], vectors.scales[wanted])


def _joined(parts: Sequence[PathVectors]) -> PathVectors:
    held = [part for part in parts if len(part.docs)]
    if len(held) < 2:
        return held[0] if held else _path_vectors(PathRows([], b"", []))
    columns = ([getattr(part, name) for part in held] for name in ("docs", "rows", "scales"))
    return PathVectors(*map(np.concatenate, columns))
