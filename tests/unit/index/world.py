"""Parcels made by the product's own stages, stores opened on them, and what a store holds, told without its ids."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from codectxd.chunk.chunker import CHUNKER_VERSION
from codectxd.chunk.languages import language_of
from codectxd.embed.model import embedded
from codectxd.embed.onnx import OnnxEmbedder
from codectxd.engine.prepare import Preparer, digest_of
from codectxd.index.lexical import LexicalWriter, lexical_folder
from codectxd.index.overlay import Overlay
from codectxd.index.reader import Reader
from codectxd.index.schema import Parcel, doc_of
from codectxd.index.snapshot import open_snapshot
from codectxd.index.store import Store
from codectxd.index.symbols import find_symbols
from codectxd.index.vault import Vault
from codectxd.index.vectors import VectorReader
from codectxd.index.writer import Group, Writer
from codectxd.search.searcher import search
from codectxd.types import Mode, Query, Source, Stamp
from codectxd.workspace.filters import role_of

ROOT = "/somewhere/tree"
Files = Mapping[str, str]


@functools.cache
def embedder() -> OnnxEmbedder:
    """The model that ships, loaded once."""
    return OnnxEmbedder(embedded())


@functools.cache
def _preparer() -> Preparer:
    return Preparer(Path(tempfile.gettempdir()) / "no-such-folder" / "vault.db", embedder)


def parcel(path: str, text: str) -> Parcel:
    """A file of this text, read, chunked, split and embedded."""
    data = text.encode()
    language = language_of(path, data)
    stamp = Stamp(1_000, len(data), 7)
    source = Source(path, data, digest_of(data), stamp, language, role_of(path, language, data))
    return _preparer().prepare(source, stamp, for_overlay=True)


def parcels(files: Files) -> list[Parcel]:
    """One for each file."""
    return [parcel(path, text) for path, text in files.items()]


def open_store(folder: Path, **options: Any) -> Store:
    """The store in `folder`, for the model that ships."""
    return Store(folder, ROOT, embedder().model_id, embedder().dimension, **options)


def applied(
    folder: Path,
    *groups: Group,
    reached: Callable[[str], None] = lambda step: None,
    merge: bool = False,
    delta: bool = True,
) -> None:
    """Open `folder`, apply groups one by one, and close."""
    store, vault = open_store(folder), Vault(folder.parent / "vault.db")
    try:
        writer = Writer(store, vault, CHUNKER_VERSION, reached, delta=delta)
        for group in groups:
            writer.apply(group)
        if merge:
            writer.merge_vectors()
    finally:
        store.close()
        vault.close()


def contents(folder: Path) -> dict[str, Any]:
    """All that the store in `folder` says of its tree, by path and place instead of by id. The store is closed."""
    snapshot = open_snapshot(folder, None)
    catalog, by_doc = snapshot.catalog, snapshot.files.by_doc
    state = snapshot.vectors.state if snapshot.vectors is not None else None
    vectors = VectorReader(folder / "vectors", state) if state is not None else None
    rows: dict[tuple[str, int], tuple[bytes, float]] = {}
    for part in (vectors.base, vectors.delta) if vectors is not None else ():
        for key, row, scale in zip(part.keys.tolist(), part.rows, part.scales.tolist(), strict=True):
            if doc_of(key) in by_doc:
                rows[by_doc[doc_of(key)].path, key & 0xFFFF] = (row.tobytes(), scale)
    words = LexicalWriter(lexical_folder(folder, int(snapshot.meta.get("words", 0))))
    keys = words.keys().tolist()
    words.close()
    path_rows = {
        doc: (row.tobytes(), scale)
        for paths in snapshot.files.paths
        for doc, row, scale in zip(paths.docs, paths.rows, paths.scales, strict=True)
    }
    found = {
        "files": {
            r.path: (r.digest, r.language, r.role, r.chunks, r.model, r.stamp, path_rows.get(r.doc)) for r in by_doc.values()
        },
        "chunks": {
            r.path: [(c.start_line, c.end_line, c.start_byte, c.end_byte, c.symbol, c.kind, c.digest) for c in chunks]
            for r in by_doc.values()
            if (chunks := catalog.chunks_of(r.doc)) is not None
        },
        "symbols": sorted((s.path, s.symbol.line, s.symbol.name) for s in catalog.names_from("", 10_000)),
        "skipped": sorted((s.path, s.reason) for s in catalog.skipped()),
        # A document that no tree holds has no name here: its words are told apart by None.
        "words": sorted((str(by_doc[doc_of(k)].path) if doc_of(k) in by_doc else "?", k & 0xFFFF) for k in keys),
        "vectors": rows,
        "unused": sorted(doc for doc, _, _ in catalog.documents() if doc not in by_doc),
    }
    catalog.close()
    return found


def reader(folder: Path, files: Files, overlay: Overlay | None = None) -> Reader:
    """A reader of the store in `folder`, over files of these texts."""
    texts = {path: text.encode() for path, text in files.items()}
    layer = (overlay or Overlay()).layer(include_unsaved=True)
    return Reader(open_snapshot(folder, None), layer, texts.get)


def answers(folder: Path, files: Files, queries: Sequence[str]) -> dict[str, Any]:
    """What is found by each query: by meaning in order, by words as a set (deleted documents still count in BM25 until
    tantivy merges them away, so that close scores may change places), by name in order."""
    found: dict[str, Any] = {}
    for text in queries:
        for mode in ("semantic", "lexical"):
            hits = [(h.path, h.start_line, h.end_line, h.snippet) for h in _hits(folder, files, text, mode)]
            found[f"{mode}: {text}"] = sorted(hits) if mode == "lexical" else hits
        symbols = find_symbols(reader(folder, files), text, 50)
        found[f"symbols: {text}"] = [(s.path, s.symbol.line, s.symbol.name) for s in symbols]
    return found


def word_scores(folder: Path, terms: Sequence[str]) -> dict[str, list[tuple[str, int, float]]]:
    """What the words say by themselves, with scores: these depend on the statistics of the whole index."""
    snapshot = open_snapshot(folder, None)
    assert snapshot.lexical is not None
    found = {}
    for term in terms:
        hits = snapshot.lexical.search([term], {"body": 1.0, "symbol": 2.0, "path": 1.0}, 50)
        paths = [(snapshot.files.by_doc[doc_of(key)].path, key & 0xFFFF, round(score, 6)) for key, score in hits]
        found[term] = sorted(paths, key=lambda one: (-one[2], one))
    snapshot.catalog.close()
    return found


def _hits(folder: Path, files: Files, text: str, mode: Mode) -> Sequence[Any]:
    return search([reader(folder, files)], [embedder()], Query(text, limit=50, mode=mode, content="all")).hits


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Fail with the first part that differs."""
    for name in one:
        assert one[name] == other[name], name


def unit(seed: int, count: int = 1) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Unit vectors, the same for the same seed."""
    found = np.random.default_rng(seed).normal(size=(count, embedder().dimension)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)
