"""The durable index as a reader finds it at one generation: files, words and vectors that belong together.

Immutable; `advanced` gives the next one and shares what did not change. Opened by the daemon beside the indexer that
writes: everything here reads what flips made part of the world, and takes no lock. Knows nothing of the overlay.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from codectxd.errors import IndexUnavailable
from codectxd.index.catalog import CatalogView, FileRecord
from codectxd.index.dense import VectorRows
from codectxd.index.files import Files, Mask, Wanted, files_of
from codectxd.index.lexical import LexicalReader, lexical_folder
from codectxd.index.merkle import folder_digests
from codectxd.index.vectors import VectorReader, VectorState
from codectxd.types import Digest, Skipped

_PATHS = 50_000


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
        of_paths: dict[str, frozenset[str]],
    ) -> None:
        """`of_paths` is what `of_path` remembers, which an earlier generation may have begun."""
        self.folder = folder
        self.catalog = catalog
        self.lexical = lexical
        self.vectors = vectors
        self.files = files
        self.meta = meta
        self.problems = problems
        self._skipped: Sequence[Skipped] | None = None
        self._rows: VectorRows | None = None
        self._folders: Mapping[str, Digest] | None = None
        self._of_paths = of_paths

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
        return self.files.counts

    def skipped(self) -> Sequence[Skipped]:
        """Every file that is not indexed, with the reason."""
        if self._skipped is None:
            try:
                self._skipped = self.catalog.skipped()
            except IndexUnavailable:
                self._skipped = []
        return self._skipped

    def mask(self, name: object, wanted: Wanted, again: Callable[[], Wanted]) -> Mask:
        """As `Files.mask`."""
        return self.files.mask(name, wanted, again)

    def by_stem(self) -> Mapping[str, Sequence[FileRecord]]:
        """As `Files.by_stem`."""
        return self.files.by_stem()

    def of_path(self, path: str, made: Callable[[str], frozenset[str]]) -> frozenset[str]:
        """What `made`, always the same, makes of a path: remembered."""
        found = self._of_paths.get(path)
        if found is None:
            if len(self._of_paths) >= _PATHS:
                self._of_paths.clear()
            found = self._of_paths[path] = made(path)
        return found

    def advanced(self, changed: Collection[str] | None) -> Snapshot:
        """The index as it is now, where only `changed` paths differ (None: anything may). Raises IndexUnavailable."""
        if changed is None or not self.catalog.is_current():
            return open_snapshot(self.folder, self)
        meta = self.catalog.meta()
        records, rows = self.catalog.files_at(list(changed), _model_of(meta))
        if meta.get("incarnation") != self.meta.get("incarnation") or _model_of(meta) != _model_of(self.meta):
            return open_snapshot(self.folder, None)
        return _assembled(self.folder, self.catalog, self.files.after(changed, records, rows), meta, self)

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
        meta, records, rows = catalog.snapshot(_model_of)
    except IndexUnavailable:
        catalog.close()
        raise
    if previous is not None and meta.get("incarnation") != previous.meta.get("incarnation"):
        previous = None
    return _assembled(folder, catalog, files_of(records, rows), meta, previous)


def _assembled(
    folder: Path, catalog: CatalogView, files: Files, meta: dict[str, Any], previous: Snapshot | None
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
    of_paths = previous._of_paths if previous is not None else {}
    return Snapshot(folder, catalog, lexical, vectors, files, meta, tuple(problems), of_paths)


def _model_of(meta: Mapping[str, Any]) -> str | None:
    """Whose vectors those are that the catalogue speaks of."""
    try:
        return msgspec.json.decode(meta["vectors"], type=VectorState).model
    except (KeyError, msgspec.MsgspecError):
        return None
