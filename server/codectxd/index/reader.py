"""One workspace as one query sees it: the durable index under the overlay's layers. What `search/` works over.

A `Reader` has no method that changes anything. It proposes candidates from words, vectors and names, masks what an upper
layer hides *before* the cut, and confirms with the catalogue what is in the tree (invariant I1). It knows nothing of
ranking, of processes or of the protocol.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from codectxd.errors import Cancelled
from codectxd.index.catalog import ChunkRecord, FileRecord, fold, plain_stem
from codectxd.index.dense import Dense, Whole
from codectxd.index.filters import Filters
from codectxd.index.lexical import Statistics, score_fields
from codectxd.index.overlay import Entry, Layer
from codectxd.index.schema import OVERLAY_DOC, Parcel, doc_of, key_of
from codectxd.index.snapshot import Snapshot
from codectxd.index.vectors import cosines
from codectxd.types import Role, Stamp, Symbol

_ONLY_AT_MOST = 4096
"""Up to this many documents in scope the lexical index is told their ids; above, hits out of scope are passed over."""
_BM25_DECIMALS = 3
_RARE = 20_000
"""Words in more chunks than this are no help in finding what has them all: looking at every file is as fast."""


class ChunkRow(msgspec.Struct, frozen=True):
    """A chunk that is in the world, and the file it is in. `end_line` is exclusive."""

    key: int
    path: str
    language: str
    role: Role
    symbol: str
    kind: str
    start_line: int
    end_line: int
    start_byte: int
    end_byte: int
    unsaved: bool
    digest: bytes


class FileRow(msgspec.Struct, frozen=True):
    """A file that is in the world."""

    doc: int
    path: str
    language: str
    role: Role
    unsaved: bool


class Scope(msgspec.Struct, frozen=True):
    """The documents a question may be answered from: durable ones as a table by id, overlay ones as a set.

    `keys`, where there are any, are the only chunks that may answer; those of `without` may not.
    """

    durable: npt.NDArray[np.bool_]
    overlay: frozenset[int]
    n_durable: int
    keys: Mapping[int, None] | None = None
    without: frozenset[int] = frozenset()

    def holds(self, doc: int) -> bool:
        """Whether `doc` may answer."""
        if doc >= OVERLAY_DOC:
            return doc in self.overlay
        return doc < len(self.durable) and bool(self.durable[doc])

    def admits(self, key: int) -> bool:
        """Whether the chunk `key` may answer."""
        return (self.keys is None or key in self.keys) and key not in self.without and self.holds(doc_of(key))

    def mask(self, keys: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_] | None:
        """Which of `keys`, whose documents are in scope, may answer; None for all."""
        if self.keys is None and not self.without:
            return None
        wanted = np.ones(len(keys), np.bool_) if self.keys is None else np.isin(keys, list(self.keys))
        return wanted & ~np.isin(keys, list(self.without))

    def within(self, keys: Collection[int]) -> Scope:
        """This scope, cut down to some of its chunks."""
        docs = {doc_of(key) for key in keys}
        durable = np.zeros_like(self.durable)
        durable[[doc for doc in docs if doc < OVERLAY_DOC]] = True
        return Scope(durable, self.overlay & docs, int(durable.sum()), dict.fromkeys(keys), self.without)

    def beside(self, keys: Collection[int]) -> Scope:
        """This scope without some of its chunks."""
        if self.keys is not None:
            gone = frozenset(keys)
            return self.within([key for key in self.keys if key not in gone])
        return msgspec.structs.replace(self, without=self.without.union(keys))


class Reader:
    """See the module. Used on one thread; cheap to make, one per query."""

    def __init__(
        self,
        snapshot: Snapshot | None,
        layer: Layer,
        read_text: Callable[[str], bytes | None],
        is_unchanged: Callable[[str, Stamp], bool] = lambda path, stamp: False,
        peek: Callable[[str], bytes | None] = lambda path: None,
        not_under: Sequence[str] = (),
        only: frozenset[str] | None = None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """`snapshot` is None while nothing is durable. `read_text` gives a file's text as it is on disk now,
        `is_unchanged` says whether its stamp still is the one given; `peek` gives a file's bytes with less care and in
        less time, or None where these say nothing about its text. Another Reader answers for what begins with one of
        `not_under`; no file but those of `only` is asked about, where it is given. `is_cancelled` says whether nobody waits
        any more."""
        self._snapshot = snapshot
        self._layer = layer
        self._read_text = read_text
        self._is_unchanged = is_unchanged
        self._peek = peek
        self.not_under = tuple(not_under)
        self._only = only
        self._is_cancelled = is_cancelled
        self._texts: dict[str, bytes | None] = {}
        self._unchanged: dict[str, bool] = {}
        self.stale: set[str] = set()

    @property
    def model(self) -> str | None:
        """The model whose vectors can be searched; None where there are none."""
        durable = self._snapshot.model if self._snapshot is not None else None
        return durable or self._layer.model

    def checkpoint(self) -> None:
        """To be called between steps, and in whatever goes over files or hits. Raises Cancelled."""
        if self._is_cancelled():
            raise Cancelled

    # -- what may answer ----------------------------------------------------------------------------------------------

    def scope(self, filters: Filters) -> Scope:
        """The documents that pass the filters and that no layer hides. Raises BadFilter on a glob that is none."""
        filters = msgspec.structs.replace(filters, not_under=self.not_under, only=self._only)
        passes = filters.test(self.checkpoint)

        def wanted(path: str, language: str, role: Role) -> bool:
            self.checkpoint()
            return passes(path, language, role)

        durable = np.zeros(0, np.bool_)
        if self._snapshot is not None:
            durable = self._snapshot.mask(filters, wanted, filters.test).copy()
            for path in self._layer.entries:
                if (hidden := self._snapshot.files.by_path.get(path)) is not None:
                    durable[hidden.doc] = False
        overlay = frozenset(
            doc for doc, entry in self._layer.by_doc.items()
            if entry.parcel is not None and wanted(entry.parcel.path, entry.parcel.language, entry.parcel.role)
        )  # fmt: skip
        return Scope(durable, overlay, int(durable.sum()))

    def files(self, scope: Scope) -> list[FileRow]:
        """Every file in scope."""
        durable = [_file_row(r) for r in self._records() if scope.holds(r.doc)]
        return durable + [_overlay_file(self._layer.by_doc[doc]) for doc in scope.overlay]

    def file_stems(self, stems: Collection[str], scope: Scope) -> list[FileRow]:
        """Files in scope whose stem, lower-cased, is one of `stems`; `word_stem` and `wordStem` are `wordstem` too."""
        wanted = {plain_stem(stem) for stem in stems}
        by_stem = self._snapshot.by_stem() if self._snapshot is not None else {}
        durable = [_file_row(r) for stem in sorted(wanted) for r in by_stem.get(stem, ()) if scope.holds(r.doc)]
        overlay = [_overlay_file(self._layer.by_doc[doc]) for doc in sorted(scope.overlay)]
        return durable + [file for file in overlay if plain_stem(file.path) in wanted]

    def documents_with(self, terms: Sequence[str], scope: Scope) -> Collection[int] | None:
        """The documents in scope that may have every one of `terms` in one chunk's body; None where there is no saying."""
        lexical = self._snapshot.lexical if self._snapshot is not None else None
        durable = lexical.documents_with(terms, _RARE) if lexical is not None and terms else None
        return None if durable is None else durable | scope.overlay

    def terms_held(self, terms: Sequence[str], docs: Collection[int]) -> dict[int, frozenset[str]]:
        """Which of `terms` the text of each of `docs` holds, where it holds any."""
        lexical = self._snapshot.lexical if self._snapshot is not None else None
        durable = [doc for doc in docs if doc < OVERLAY_DOC]
        held = lexical.terms_held(terms, durable) if lexical is not None else {}
        for doc in docs:
            entry = self._layer.by_doc.get(doc)
            if entry is not None and entry.parcel is not None and entry.parcel.fields is not None:
                held[doc] = frozenset(terms) & entry.parcel.fields["body"].postings.keys()
        return held

    # -- candidates ---------------------------------------------------------------------------------------------------

    def lexical(
        self,
        terms: Sequence[str],
        scope: Scope,
        limit: int,
        weights: Mapping[str, float],
        statistics: Statistics | None = None,
    ) -> list[tuple[int, float]]:
        """The best (key, BM25) in scope, best first, ties by key; with `statistics` of several Readers together, theirs."""
        terms = list(dict.fromkeys(terms))
        found = self._durable_words(terms, scope, limit, weights, statistics)
        found += self._overlay_words(terms, scope, weights, statistics)
        # tantivy adds up in single precision: what differs by that alone is a tie.
        found = [(key, round(score, _BM25_DECIMALS)) for key, score in found]
        found.sort(key=lambda hit: (-hit[1], hit[0]))
        return found[:limit]

    def statistics(self, terms: Sequence[str]) -> Statistics:
        """How rare these terms are in the durable index."""
        lexical = self._snapshot.lexical if self._snapshot is not None else None
        return lexical.statistics(terms) if lexical is not None else Statistics(0, {})

    def _durable_words(
        self,
        terms: Sequence[str],
        scope: Scope,
        limit: int,
        weights: Mapping[str, float],
        statistics: Statistics | None,
    ) -> list[tuple[int, float]]:
        if self._snapshot is None or self._snapshot.lexical is None or not scope.n_durable:
            return []
        lexical, only = self._snapshot.lexical, None
        if scope.n_durable <= _ONLY_AT_MOST and scope.n_durable < len(self._snapshot.files.by_doc) // 2:
            only = np.flatnonzero(scope.durable).tolist()
        # Hits out of scope (hidden by a layer, filtered, or swept a moment ago) are passed over: ask for more until
        # enough are left, so that the mask comes before the cut.
        asked = limit + 50
        while True:
            self.checkpoint()
            hits = lexical.search(terms, weights, asked, only=only, statistics=statistics)
            kept = [hit for hit in hits if scope.admits(hit[0])]
            if len(kept) >= limit or len(hits) < asked:
                return kept[:limit]
            asked *= 4

    def _overlay_words(
        self, terms: Sequence[str], scope: Scope, weights: Mapping[str, float], statistics: Statistics | None
    ) -> list[tuple[int, float]]:
        entries = [self._layer.by_doc[doc] for doc in sorted(scope.overlay)]
        if not entries or not terms:
            return []
        averages = self._snapshot.averages() if self._snapshot is not None else {}
        found: list[tuple[int, float]] = []
        statistics = statistics or self.statistics(terms)
        for entry in entries:
            if entry.parcel is None or entry.parcel.fields is None:
                continue
            scores = score_fields(entry.parcel.fields, terms, weights, statistics, averages)
            found += [(key_of(entry.doc, ordinal), score) for ordinal, score in scores.items()]
        return [hit for hit in found if scope.admits(hit[0])]

    def dense(self, vector: npt.NDArray[np.float32], scope: Scope, path_weight: float) -> Dense | None:
        """Score every chunk in scope against a unit vector; None where there are no vectors of this dimension."""
        durable, whole = self._durable_dense(vector, scope, path_weight)
        overlay = self._overlay_dense(vector, scope, path_weight)
        parts = [part for part in (durable, overlay) if part is not None]
        if not parts:
            return None
        keys = np.concatenate([keys for keys, _ in parts]) if len(parts) > 1 else parts[0][0]
        scores = np.concatenate([scores for _, scores in parts]) if len(parts) > 1 else parts[0][1]
        if (wanted := scope.mask(keys)) is not None:
            scores[~wanted] = -np.inf
        return Dense(keys, scores, whole)

    def _durable_dense(
        self, vector: npt.NDArray[np.float32], scope: Scope, path_weight: float
    ) -> tuple[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]] | None, Whole | None]:
        """Keys and scores of the durable chunks, or of those that may be among the best, and then who knows the others."""
        snapshot = self._snapshot
        if snapshot is None or snapshot.vectors is None or snapshot.vectors.state.dimension != len(vector):
            return None, None
        paths, rows = snapshot.files.paths, snapshot.rows()
        assert rows is not None
        by_doc = np.where(scope.durable, np.float32(0.0), np.float32(-np.inf))
        for part in paths:
            if len(part.docs):
                by_doc[part.docs] += path_weight * np.maximum(cosines(vector, part.rows, part.scales), 0.0)
        places = rows.likely(vector, by_doc)
        if places is None:
            return (rows.keys, rows.scores(vector, by_doc)), None
        whole = Whole(rows, vector, by_doc, scope.admits)
        return (rows.keys[places], rows.scores_at(places, vector, by_doc)), whole

    def _overlay_dense(
        self, vector: npt.NDArray[np.float32], scope: Scope, path_weight: float
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]] | None:
        vectors = self._layer.vectors
        # A flip of models may have come between the layer and the snapshot: what cannot be compared is not.
        if not len(vectors.keys) or vectors.rows.shape[1] != len(vector) or self._layer.model != self.model:
            return None
        scores = cosines(vector, vectors.rows, vectors.scales)
        docs = vectors.keys >> 16
        for doc, entry in self._layer.by_doc.items():
            mine = slice(*np.searchsorted(docs, [doc, doc + 1]).tolist())
            if doc not in scope.overlay:
                scores[mine] = -np.inf
            elif entry.parcel is not None and entry.parcel.vectors is not None and len(scores[mine]):
                scores[mine] += path_weight * max(_path_cosine(vector, entry.parcel), 0.0)
        return vectors.keys, scores

    def definitions(self, names: Sequence[str], scope: Scope) -> list[tuple[int, Symbol]]:
        """The chunks in which a symbol of exactly one of these names, whatever the case, is defined."""
        folded = list(dict.fromkeys(fold(name) for name in names))[:32]
        if not folded:
            return []
        found = []
        if self._snapshot is not None:
            records = self._snapshot.catalog.definitions(folded)
            found = [(key_of(r.doc, r.symbol.chunk), r.symbol) for r in records if scope.holds(r.doc)]
        for doc in sorted(scope.overlay):
            for symbol in self.overlay_symbols(doc):
                if fold(symbol.name) in folded:
                    found.append((key_of(doc, symbol.chunk), symbol))
        return [(key, symbol) for key, symbol in found if scope.admits(key)]

    def overlay_symbols(self, doc: int) -> list[Symbol]:
        """The definitions in an overlay document."""
        parcel = self._layer.by_doc[doc].parcel
        return parcel.chunking.definitions() if parcel is not None else []

    # -- confirmation -------------------------------------------------------------------------------------------------

    def chunks(self, keys: Sequence[int]) -> dict[int, ChunkRow]:
        """The chunks among `keys` that are in the world now."""
        durable = [key for key in keys if key < key_of(OVERLAY_DOC, 0)]
        rows: dict[int, ChunkRow] = {}
        if self._snapshot is not None and durable:
            by_doc = self._snapshot.files.by_doc
            for chunk in self._snapshot.catalog.chunks(durable):
                record = by_doc.get(doc_of(chunk.key))
                if record is not None:
                    rows[chunk.key] = _chunk_row(chunk, _file_row(record))
        by_document: dict[int, list[ChunkRecord]] = {}
        for key in keys:
            entry = self._layer.by_doc.get(doc_of(key))
            if entry is not None and entry.parcel is not None:
                if entry.doc not in by_document:
                    by_document[entry.doc] = _overlay_chunks(entry)
                rows[key] = _chunk_row(by_document[entry.doc][key - key_of(entry.doc, 0)], _overlay_file(entry))
        return rows

    def file(self, path: str) -> FileRow | None:
        """The file at `path`, if it is in the world."""
        entry = self._layer.entries.get(path)
        if entry is not None:
            return _overlay_file(entry) if entry.parcel is not None else None
        record = self._snapshot.files.by_path.get(path) if self._snapshot is not None else None
        return _file_row(record) if record is not None else None

    def chunks_of(self, doc: int) -> list[ChunkRow]:
        """Every chunk of a document in the world, in order."""
        entry = self._layer.by_doc.get(doc)
        if entry is not None:
            return [_chunk_row(chunk, _overlay_file(entry)) for chunk in _overlay_chunks(entry)]
        record = self._snapshot.files.by_doc.get(doc) if self._snapshot is not None else None
        if record is None or self._snapshot is None:
            return []
        return [_chunk_row(chunk, _file_row(record)) for chunk in self._snapshot.catalog.chunks_of(doc)]

    def sizes(self, docs: Collection[int]) -> dict[int, int]:
        """How many chunks each of `docs` has that is in the world."""
        files = self._snapshot.files.by_doc if self._snapshot is not None else {}
        found = {doc: files[doc].chunks for doc in docs if doc in files}
        found.update(
            (doc, len(_overlay_chunks(entry))) for doc in docs if (entry := self._layer.by_doc.get(doc)) is not None
        )
        return found

    def text_of(self, row: ChunkRow) -> str | None:
        """The chunk's text as it stands in the file or buffer now; None where it no longer does (see `stale`).

        Raises Cancelled, as `file_text` and `is_plain_and_unchanged` do: a query that reads many files can be stopped.
        """
        text = self.file_text(row.path)
        part = None if text is None else text[row.start_byte : row.end_byte]
        if part is None or hashlib.blake2b(part, digest_size=16).digest() != row.digest:
            self.stale.add(row.path)
            return None
        return part.decode("utf-8", "replace")

    def file_text(self, path: str) -> bytes | None:
        """A path's text in the uppermost layer that has it, read at most once."""
        self.checkpoint()
        if path not in self._texts:
            entry = self._layer.entries.get(path)
            if entry is not None:
                self._texts[path] = entry.parcel.text if entry.parcel is not None else None
            else:
                self._texts[path] = self._read_text(path)
        return self._texts[path]

    def text_once(self, path: str) -> bytes | None:
        """As `file_text`, but not kept: for who goes through many files."""
        self.checkpoint()
        if path in self._texts or path in self._layer.entries:
            return self.file_text(path)
        return self._read_text(path)

    def peek(self, path: str) -> bytes | None:
        """What the text of `path` probably is, quickly; None where there is no telling."""
        self.checkpoint()
        entry = self._layer.entries.get(path)
        return self._peek(path) if entry is None else entry.parcel.text if entry.parcel is not None else None

    def is_plain_and_unchanged(self, path: str) -> bool:
        """Whether the saved text of `path` is ASCII and as it was indexed, and no layer hides it."""
        self.checkpoint()
        record = self._snapshot.files.by_path.get(path) if self._snapshot is not None else None
        if record is None or not record.ascii or path in self._layer.entries:
            return False
        if path not in self._unchanged:
            self._unchanged[path] = self._is_unchanged(path, record.stamp)
        return self._unchanged[path]

    def line_at(self, path: str, key: int, line: int) -> bytes | None:
        """Line `line` of the text of `path`, which begins in the chunk `key`; None where that is gone."""
        text, row = self.file_text(path), self.chunks([key]).get(key)
        if text is None or row is None:
            return None
        lines = text[row.start_byte : row.end_byte].split(b"\n")
        at = line - row.start_line
        return lines[at].removesuffix(b"\r") if 0 <= at < len(lines) else None

    def of_path(self, path: str, made: Callable[[str], frozenset[str]]) -> frozenset[str]:
        """What `made` makes of a path, which is all that it looks at: remembered for as long as the index is open."""
        return self._snapshot.of_path(path, made) if self._snapshot is not None else made(path)

    def _records(self) -> Collection[FileRecord]:
        return self._snapshot.files.by_doc.values() if self._snapshot is not None else ()

    # -- names --------------------------------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot | None:
        """The durable index below; for `index/symbols`."""
        return self._snapshot

    @property
    def layer(self) -> Layer:
        """The overlay above; for `index/symbols`."""
        return self._layer


def _file_row(record: FileRecord) -> FileRow:
    return FileRow(record.doc, record.path, record.language, record.role, False)


def _overlay_file(entry: Entry) -> FileRow:
    assert entry.parcel is not None
    return FileRow(entry.doc, entry.parcel.path, entry.parcel.language, entry.parcel.role, entry.unsaved)


def _overlay_chunks(entry: Entry) -> list[ChunkRecord]:
    if entry.parcel is None:
        return []
    columns = entry.parcel.chunking
    return [
        ChunkRecord(key_of(entry.doc, at), c.start_line, c.end_line, c.start_byte, c.end_byte, c.symbol, c.kind, digest)
        for at, (c, digest) in enumerate(zip(columns.chunks(), columns.chunk_digests(), strict=True))
    ]


def _chunk_row(chunk: ChunkRecord, file: FileRow) -> ChunkRow:
    return ChunkRow(
        chunk.key, file.path, file.language, file.role, chunk.symbol, chunk.kind, chunk.start_line, chunk.end_line,
        chunk.start_byte, chunk.end_byte, file.unsaved, chunk.digest,
    )  # fmt: skip


def _path_cosine(vector: npt.NDArray[np.float32], parcel: Parcel) -> float:
    if parcel.vectors is None:
        return 0.0
    row = np.frombuffer(parcel.vectors.rows, np.int8)[-parcel.vectors.dimension :].reshape(1, -1)
    return float(cosines(vector, row, np.frombuffer(parcel.vectors.scales, np.float32)[-1:])[0])
