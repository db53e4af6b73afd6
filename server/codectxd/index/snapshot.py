"""The durable index as a reader finds it at one generation: files, words and vectors that belong together.

Immutable; `advanced` gives the next one and shares what did not change. Opened by the daemon beside the indexer that
writes: everything here reads what flips made part of the world, and takes no lock. Knows nothing of the overlay.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from codectxd.errors import IndexUnavailable
from codectxd.index.catalog import CatalogView, FileRecord
from codectxd.index.dense import VectorRows
from codectxd.index.lexical import LexicalReader, lexical_folder
from codectxd.index.merkle import folder_digests
from codectxd.index.schema import Rows, Scales
from codectxd.index.vectors import VectorReader, VectorState, empty_set
from codectxd.types import Digest, Role, Skipped

_MASKS = 32


class PathVectors(msgspec.Struct, frozen=True):
    """One row per file: `docs` int64 (n), `rows` int8 (n, dimension), `scales` float32 (n)."""

    docs: npt.NDArray[np.int64]
    rows: Rows
    scales: Scales


class Files(msgspec.Struct, frozen=True):
    """The working tree: by path, by document, and as a table of who is alive, indexed by document id."""

    by_path: Mapping[str, FileRecord]
    by_doc: Mapping[int, FileRecord]
    alive: npt.NDArray[np.bool_]
    paths: PathVectors


class Snapshot:
    """One generation of one workspace's durable index."""

    def __init__(
        self,
        folder: Path,
        catalog: CatalogView,
        lexical: LexicalReader | None,
        vectors: VectorReader | None,
        files: Files,
        meta: Mapping[str, Any],
        problems: tuple[str, ...],
    ) -> None:
        self.folder = folder
        self.catalog = catalog
        self.lexical = lexical
        self.vectors = vectors
        self.files = files
        self.meta = meta
        self.problems = problems
        self._masks: dict[object, npt.NDArray[np.bool_]] = {}
        self._counts: tuple[int, int] | None = None
        self._skipped: Sequence[Skipped] | None = None
        self._by_stem: dict[str, list[FileRecord]] | None = None
        self._rows: VectorRows | None = None
        self._folders: Mapping[str, Digest] | None = None

    @property
    def generation(self) -> int:
        """How many flips made this world."""
        return int(self.meta.get("generation", 0))

    @property
    def model(self) -> str | None:
        """Whose vectors these are."""
        return self.vectors.state.model if self.vectors is not None else None

    def rows(self) -> VectorRows | None:
        """The vectors as a scan wants them; None where there are none."""
        if self._rows is None and self.vectors is not None:
            self._rows = VectorRows(self.vectors.base, self.vectors.delta, self.vectors.graph)
        return self._rows

    def folder_digests(self) -> Mapping[str, Digest]:
        """A digest for each folder, of all that is indexed in it."""
        if self._folders is None:
            self._folders = folder_digests((path, record.digest) for path, record in self.files.by_path.items())
        return self._folders

    def averages(self) -> dict[str, float]:
        """Mean number of terms of a chunk, by lexical field."""
        totals: dict[str, tuple[int, int]] = msgspec.json.decode(self.meta.get("terms", "{}"))
        return {field: terms / max(1, chunks) for field, (terms, chunks) in totals.items()}

    def counts(self) -> tuple[int, int]:
        """(chunks, embedded chunks) of the working tree."""
        if self._counts is None:
            records = self.files.by_doc.values()
            embedded = (r.chunks for r in records if r.model is not None and r.model == self.model)
            self._counts = sum(r.chunks for r in records), sum(embedded)
        return self._counts

    def skipped(self) -> Sequence[Skipped]:
        """Every file that is not indexed, with the reason."""
        if self._skipped is None:
            try:
                self._skipped = self.catalog.skipped()
            except IndexUnavailable:
                self._skipped = []
        return self._skipped

    def mask(self, name: object, wanted: Callable[[str, str, Role], bool]) -> npt.NDArray[np.bool_]:
        """Which documents are `wanted(path, language, role)`, by document id; remembered under `name`. Not to be changed."""
        found = self._masks.get(name)
        if found is None:
            found = self.files.alive.copy()
            out = [r.doc for r in self.files.by_doc.values() if not wanted(r.path, r.language, r.role)]
            found[np.array(out, np.int64)] = False
            if len(self._masks) >= _MASKS:
                self._masks.clear()
            self._masks[name] = found
        return found

    def by_stem(self) -> Mapping[str, Sequence[FileRecord]]:
        """The files by the plain form of their stem."""
        if self._by_stem is None:
            found: dict[str, list[FileRecord]] = {}
            for record in self.files.by_path.values():
                found.setdefault(record.stem, []).append(record)
            self._by_stem = found
        return self._by_stem

    def advanced(self, changed: Collection[str] | None) -> Snapshot:
        """The index as it is now, where only `changed` paths differ (None: anything may). Raises IndexUnavailable."""
        if changed is None or not self.catalog.is_current():
            return open_snapshot(self.folder, self)
        meta = self.catalog.meta()
        records = self.catalog.files_at(list(changed))
        if meta.get("incarnation") != self.meta.get("incarnation"):
            return open_snapshot(self.folder, None)
        by_path = dict(self.files.by_path)
        for path in changed:
            by_path.pop(path, None)
        by_path.update((record.path, record) for record in records)
        return _assembled(self.folder, self.catalog, by_path, meta, self)

    def followed(self) -> Snapshot:
        """The index as another process has made it by now; what differs is found by comparing. Raises IndexUnavailable."""
        if not self.catalog.is_current():
            return open_snapshot(self.folder, None)
        members, known = self.catalog.members(), self.files.by_path
        changed = [path for path, member in members.items() if path not in known or _member(known[path]) != member]
        return self.advanced(changed + [path for path in known if path not in members])


def _member(record: FileRecord) -> tuple[int, str | None]:
    return record.doc, record.model


def open_snapshot(folder: Path, previous: Snapshot | None) -> Snapshot:
    """The index in `folder` as it is now. Raises IndexUnavailable where there is no readable catalogue."""
    catalog = CatalogView(folder / "catalog.db")
    try:
        meta, records = catalog.snapshot()
    except IndexUnavailable:
        catalog.close()
        raise
    if previous is not None and meta.get("incarnation") != previous.meta.get("incarnation"):
        previous = None
    return _assembled(folder, catalog, {record.path: record for record in records}, meta, previous)


def _assembled(
    folder: Path, catalog: CatalogView, by_path: dict[str, FileRecord], meta: dict[str, Any], previous: Snapshot | None
) -> Snapshot:
    problems = []
    generation = int(meta.get("words", 0))
    same_words = previous is not None and int(previous.meta.get("words", 0)) == generation
    lexical = previous.lexical if previous is not None and same_words else None
    try:
        lexical = lexical or LexicalReader(lexical_folder(folder, generation))
        lexical.reload()
    except IndexUnavailable:
        problems.append("lexical")
    vectors: VectorReader | None = None
    try:
        if meta.get("vectors"):
            state = msgspec.json.decode(meta["vectors"], type=VectorState)
            vectors = VectorReader(folder / "vectors", state, previous.vectors if previous is not None else None)
    except (IndexUnavailable, msgspec.MsgspecError):
        problems.append("semantic")
    model = vectors.state.model if vectors is not None else None
    return Snapshot(folder, catalog, lexical, vectors, _files(by_path, model), meta, tuple(problems))


def _files(by_path: dict[str, FileRecord], model: str | None) -> Files:
    by_doc = {record.doc: record for record in by_path.values()}
    alive = np.zeros(max(by_doc, default=0) + 1, np.bool_)
    alive[np.fromiter(by_doc, np.int64, len(by_doc))] = True
    return Files(by_path, by_doc, alive, _path_vectors(by_doc, model))


def _path_vectors(by_doc: dict[int, FileRecord], model: str | None) -> PathVectors:
    found = [r for r in by_doc.values() if r.path_row is not None and r.model == model]
    if not found:
        return PathVectors(np.empty(0, np.int64), empty_set(0).rows, np.empty(0, np.float32))
    rows = np.frombuffer(b"".join(r.path_row or b"" for r in found), np.int8).reshape(len(found), -1)
    scales = np.array([r.path_scale for r in found], np.float32)
    return PathVectors(np.array([r.doc for r in found], np.int64), rows, scales)
