"""The write protocol: vault, append, flip, sweep. The only way in which an index changes, in the indexer process alone.

1. *vault*: chunkings and vectors are kept by content; losing this step costs time later.
2. *append*: words and vectors of new documents become durable, under ids that nobody ever had, invisible to the world.
3. *flip*: one commit of the catalogue makes the documents members of the tree (invariant I3).
4. *sweep*: documents that no tree holds any more leave words and catalogue.

Vectors of another model, or those that a document came without, are taken from the vault: `attach` gives them to documents
that have none, `adopt` makes another model that of the whole world, once it covers all of it.

Merging takes what was deleted out of vectors and words: living rows are copied into a new base, at once (`merge_vectors`)
or while groups go on being applied (`begin_fold`, `finish_fold`); words, of which nothing can be copied, are written anew
beside the old ones from the parcels of every file (`begin_words`, `apply`, `finish_words`). Each becomes the world's by a
flip of its own. Without a delta, what a group appends is a whole new base of what lives after its flip.

A crash between any two steps is mended by `store` at the next opening. Knows nothing of where parcels come from.
"""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from codectxd.index.bases import VectorSet
from codectxd.index.catalog import Change, Content, DocumentVectors
from codectxd.index.graph import GraphState
from codectxd.index.schema import FIELDS, ORDINAL_BITS, Parcel, key_of, path_words
from codectxd.index.store import Store
from codectxd.index.vault import Vault, chunking_key, vector_keys
from codectxd.index.vectors import Fold, VectorState, unpack
from codectxd.types import Digest, Skipped, Stamp

_DOCUMENTS = 100
"""So many documents' vectors are looked up in the vault at once."""
_FOLD_ROWS = 4_000
"""A delta of so few rows, a megabyte, is left alone while it grows: folding it would cost more than it does."""
_FOLD_SHARE = 4
"""A larger one is folded once it has more than this part of the rows of the base; it is held in memory, the base mapped."""
_REST_SHARE = 20
"""The same where nothing follows for now, as after a build."""


class Group(msgspec.Struct, frozen=True):
    """What becomes part of the world together. `seen_ns` is the clock when the stamps were taken."""

    parcels: Sequence[Parcel] = ()
    gone: Sequence[str] = ()
    skipped: Sequence[Skipped] = ()
    clear_skips: Sequence[str] = ()
    stamps: Sequence[tuple[str, Stamp]] = ()
    seen_ns: int = 0

    def is_empty(self) -> bool:
        """Whether applying it would change nothing."""
        return not (self.parcels or self.gone or self.skipped or self.clear_skips or self.stamps)


class Applied(msgspec.Struct, frozen=True):
    """What a flip did: the new generation, and every path whose record may differ now."""

    generation: int
    changed: list[str]
    seconds: dict[str, float]


class Writer:
    """Applies groups to one store. `reached` is told the name of each step just before it (tests kill there)."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        chunker_version: int,
        reached: Callable[[str], None] = lambda step: None,
        *,
        delta: bool = True,
    ) -> None:
        """`delta`: vectors of new documents are appended; without, each group makes a new base."""
        self.store = store
        self._delta = delta
        self._vault = vault
        self._chunker_version = chunker_version
        self._reached = reached
        store.follow(chunker_version)
        self._rewritten: set[int] = set()
        self._rewritten_terms: dict[str, tuple[int, int]] = {}
        self._terms: dict[str, tuple[int, int]] = msgspec.json.decode(store.catalog.view.meta().get("terms", "{}"))

    def apply(self, group: Group) -> Applied:
        """Make `group` part of the world. Raises IndexUnavailable or OSError where the disk refuses."""
        clock = _Clock()
        self._reached("vault")
        self._keep(group.parcels)
        clock.lap("commit")
        new, readopted = self._divided([self._fitting(parcel) for parcel in group.parcels])
        self._reached("append words")
        for doc, parcel in new:
            self.store.lexical.add(doc, parcel)
        if new:
            self.store.lexical.commit()
        self._add_next_words([*new, *readopted])
        clock.lap("lexical")
        self._reached("append vectors")
        state = self._append_vectors(group, new, readopted)
        clock.lap("vectors")
        self._reached("flip")
        generation = self.store.catalog.flip(self._change(group, new, readopted, state))
        self.store.vectors.adopt(state)
        self._reached("sweep")
        self.store.sweep_catalog()
        self._reached("done")
        clock.lap("commit")
        changed = [p.path for p in group.parcels] + [*group.gone, *(s.path for s in group.skipped)]
        return Applied(generation, changed, clock.seconds)

    def _fitting(self, parcel: Parcel) -> Parcel:
        """A parcel without vectors that cannot be compared with those of the index: it was prepared before a flip of
        models."""
        if parcel.vectors is None or parcel.vectors.model == self.store.vectors.state.model:
            return parcel
        return msgspec.structs.replace(parcel, vectors=None)

    def keep(self, parcels: Sequence[Parcel]) -> None:
        """Keep in the vault what was computed for `parcels`, and change nothing else."""
        self._keep(parcels)

    def attach(self, paths: Collection[str] | None = None) -> Applied | None:
        """Give documents without vectors (those of `paths`, or all) what the vault has of the index's model; None where
        there is nothing to give."""
        state = self.store.vectors.state
        contents = self._without_rows(self.store.catalog.view.contents(without=state.model, paths=paths))
        found = self._rows_of(contents, state.model, state.dimension) if contents else _Rows(state.dimension)
        if not found.documents:
            return None
        clock = _Clock()
        self._reached("append vectors")
        state = self.store.vectors.append([found.set()])
        self._reached("flip vectors")
        meta = [("vectors", msgspec.json.encode(state).decode())]
        generation = self.store.catalog.flip(Change((), meta=meta, vectors=found.documents))
        self.store.vectors.adopt(state)
        clock.lap("vectors")
        return Applied(generation, found.paths, clock.seconds)

    def _without_rows(self, contents: Iterable[Content]) -> list[Content]:
        """Those documents of which there is no row. What lost some of its rows, and was therefore said to have none, is read
        again under another id: the same key twice would be two answers."""
        found = list(contents)
        held = frozenset(np.unique(self.store.vectors.keys() >> ORDINAL_BITS).tolist()) if found else frozenset()
        again = [content.doc for content in found if content.doc in held]
        if again:
            self.store.catalog.evict_docs(again)
        return [content for content in found if content.doc not in held]

    def adopt(self, model: str, dimension: int, source: str) -> Applied | None:
        """Make `model`, of the folder `source`, that of the whole index, by one flip; None, and nothing changed, where the
        vault lacks any of its vectors."""
        clock = _Clock()
        found = self._rows_of(self.store.catalog.view.contents(), model, dimension)
        if found.lacking:
            return None
        store = self.store
        self._reached("write model")
        state = store.vectors.written(VectorState(model, dimension, source=source), found.set())
        self._reached("flip model")
        meta = [("vectors", msgspec.json.encode(state).decode()), ("left_model", store.vectors.state.model)]
        generation = store.catalog.flip(Change((), meta=meta, vectors=found.documents, model=model))
        store.vectors.close()
        store.vectors = type(store.vectors)(store.folder / "vectors", state)
        clock.lap("vectors")
        return Applied(generation, found.paths, clock.seconds)

    def _rows_of(self, contents: Iterable[Content], model: str, dimension: int) -> _Rows:
        """What the vault has of these documents, of each all or nothing."""
        found, view = _Rows(dimension), self._vault.view()
        try:
            for part in _parted(contents):
                keys = {content.doc: vector_keys(model, embedded_digests(content)) for content in part}
                rows = view.vectors([key for some in keys.values() for key in some])
                for content in part:
                    found.add(content, model, [rows.get(key) for key in keys[content.doc]])
        finally:
            view.close()
        return found

    def wants_fold(self, *, at_rest: bool = False) -> bool:
        """Whether the delta has grown so much that it is worth a new base. `at_rest`: nothing follows for now."""
        state = self.store.vectors.state
        least, share = (0, _REST_SHARE) if at_rest else (_FOLD_ROWS, _FOLD_SHARE)
        return self._delta and state.delta_rows > max(least, state.base_rows // share)

    def begin_fold(self) -> Fold:
        """A fold of what lives now, to be written on any thread while groups go on being applied, and then finished."""
        docs = [doc for doc, _, model in self.store.catalog.view.documents() if model is not None]
        self._reached("merge vectors")
        return self.store.vectors.fold(_alive(docs))

    def finish_fold(self, fold: Fold) -> Applied | None:
        """Publish a fold that was written; None where the base that it took the place of is no more."""
        store = self.store
        if fold.begun.generation != store.vectors.state.generation:
            return None
        clock = _Clock()
        state = store.vectors.folded(fold)
        self._reached("flip merged")
        generation = store.catalog.flip(Change((), meta=[("vectors", msgspec.json.encode(state).decode())]))
        store.vectors.adopt(state)
        clock.lap("vectors")
        return Applied(generation, [], clock.seconds)

    def merge_vectors(self) -> Applied | None:
        """Make a base of all that lives now; None where there is one, and nothing beside it."""
        state = self.store.vectors.state
        living = sum(chunks for _, chunks, model in self.store.catalog.view.documents() if model is not None)
        if not state.delta_rows and state.base_rows == living:
            return None
        fold = self.begin_fold()
        fold.write()
        return self.finish_fold(fold)

    def wants_graph(self, graph_from: int) -> bool:
        """Whether the base is so large that a graph over it is worth trying."""
        state = self.store.vectors.state
        # Without a delta each group makes a new base, for which a graph would come too late.
        if not self._delta or not 0 < graph_from <= state.base_rows:
            return False
        return state.graph is None or state.graph.generation != state.generation

    def adopt_graph(self, graph: GraphState) -> Applied | None:
        """Publish a graph that was built beside the base; None where that base is no more."""
        state = self.store.vectors.state
        if graph.generation != state.generation:
            return None
        self._reached("flip graph")
        state = msgspec.structs.replace(state, graph=graph)
        generation = self.store.catalog.flip(Change((), meta=[("vectors", msgspec.json.encode(state).decode())]))
        self.store.vectors.state = state
        return Applied(generation, [], {})

    def begin_words(self) -> None:
        """Begin to write the words anew; what is applied from now on, known or new, becomes part of both."""
        self.store.begin_words()
        self._rewritten = set()
        self._rewritten_terms = {}

    def finish_words(self) -> Applied | None:
        """Publish the words written anew; None, and nothing changed, where they are not those of the whole world."""
        if self.store.next_words is None:
            return None
        clock = _Clock()
        self._reached("merge words")
        self.store.next_words.commit()
        if not self.store.are_next_words_complete():
            self.store.abandon_words()
            return None
        meta = self.store.catalog.view.meta()
        self._terms = dict(self._rewritten_terms)
        self._reached("flip words")
        changes = [("words", int(meta.get("words", 0)) + 1), ("terms", msgspec.json.encode(self._terms).decode())]
        generation = self.store.catalog.flip(Change((), meta=changes))
        self.store.adopt_words()
        clock.lap("lexical")
        return Applied(generation, [], clock.seconds)

    def _add_next_words(self, documents: Sequence[tuple[int, Parcel]]) -> None:
        words = self.store.next_words
        if words is None:
            return
        for doc, parcel in documents:
            if doc not in self._rewritten:
                self._rewritten.add(doc)
                words.add(doc, parcel)
                _count(self._rewritten_terms, parcel)

    def _keep(self, parcels: Sequence[Parcel]) -> None:
        chunkings, vectors, used, used_vectors = [], [], [], list[bytes]()
        for parcel in parcels:
            key = chunking_key(parcel.digest, parcel.language, self._chunker_version)
            if parcel.parsed:
                chunkings.append((key, msgspec.msgpack.encode(parcel.chunking)))
            else:
                used.append(key)
            if parcel.vectors is None:
                continue
            if parcel.embedded:
                vectors += _vault_rows(parcel)
            if parcel.embedded < parcel.chunking.size + 1:
                used_vectors += vector_keys(parcel.vectors.model, parcel.embedded_digests())
        if chunkings or vectors or used or used_vectors:
            self._vault.put(chunkings, vectors, (used, used_vectors))

    def _divided(self, parcels: Sequence[Parcel]) -> tuple[list[tuple[int, Parcel]], list[tuple[int, Parcel]]]:
        """(new documents under reserved ids, documents that the catalogue has already)."""
        known = [(self.store.catalog.view.document_like(parcel), parcel) for parcel in parcels]
        readopted = [(doc, parcel) for doc, parcel in known if doc is not None]
        fresh = [parcel for doc, parcel in known if doc is None]
        first = self.store.catalog.reserve_docs(len(fresh)) if fresh else 0
        return list(enumerate(fresh, first)), readopted

    def _append_vectors(
        self, group: Group, new: Sequence[tuple[int, Parcel]], readopted: Sequence[tuple[int, Parcel]]
    ) -> VectorState:
        vectors = self.store.vectors
        model = vectors.state.model
        sets = [unpack(doc, p.vectors) for doc, p in new if p.vectors is not None and p.vectors.model == model]
        if self._delta:
            return vectors.append(sets)
        if not sets and not vectors.state.delta_rows:
            return vectors.state
        fold = vectors.fold(_alive(self._living(group, [doc for doc, _ in (*new, *readopted)])), sets)
        fold.write()
        return vectors.folded(fold)

    def _living(self, group: Group, coming: Sequence[int]) -> list[int]:
        """The documents that the working tree holds once `group` is flipped."""
        leaving = {*(p.path for p in group.parcels), *group.gone, *(skip.path for skip in group.skipped)}
        staying = [doc for path, (doc, _) in self.store.catalog.view.members().items() if path not in leaving]
        return [*staying, *coming]

    def _change(
        self,
        group: Group,
        new: Sequence[tuple[int, Parcel]],
        readopted: Sequence[tuple[int, Parcel]],
        state: VectorState,
    ) -> Change:
        terms = self._counted(new)
        return Change(
            parcels=new,
            readopted=readopted,
            forget=group.gone,
            skipped=group.skipped,
            clear_skips=group.clear_skips,
            stamps=group.stamps,
            seen_ns=group.seen_ns,
            meta=[
                ("vectors", msgspec.json.encode(state).decode()),
                ("terms", msgspec.json.encode(terms).decode()),
            ],
        )

    def _counted(self, new: Sequence[tuple[int, Parcel]]) -> dict[str, tuple[int, int]]:
        """Terms and chunks ever added, by field: what the overlay's BM25 takes the mean length of a chunk from."""
        for _, parcel in new:
            _count(self._terms, parcel)
        return self._terms


def _alive(docs: Sequence[int]) -> npt.NDArray[np.bool_]:
    """A table of documents by their ids."""
    alive = np.zeros(max(docs, default=-1) + 1, np.bool_)
    alive[list(docs)] = True
    return alive


class _Rows:
    """Rows of documents, as they are found."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._rows: list[bytes] = []
        self._keys: list[int] = []
        self.documents: list[DocumentVectors] = []
        self.paths: list[str] = []
        self.lacking = 0

    def add(self, content: Content, model: str, rows: Sequence[bytes | None]) -> None:
        """The rows of a document's chunks, and then that of its path; None for one that is lacking."""
        whole = [row for row in rows if row is not None and len(row) == self._dimension + 4]
        if len(whole) < len(rows):
            self.lacking += 1
            return
        self._rows += whole[:-1]
        self._keys += range(key_of(content.doc, 0), key_of(content.doc, len(whole) - 1))
        scale = memoryview(whole[-1][self._dimension :]).cast("f")[0]
        self.documents.append(DocumentVectors(content.doc, model, whole[-1][: self._dimension], scale))
        self.paths.append(content.path)

    def set(self) -> VectorSet:
        """All of them; the keys ascend where the documents' ids did."""
        table = np.frombuffer(b"".join(self._rows), np.int8).reshape(-1, self._dimension + 4)
        scales = np.ascontiguousarray(table[:, self._dimension :]).view(np.float32).reshape(-1)
        return VectorSet(np.array(self._keys, np.int64), np.ascontiguousarray(table[:, : self._dimension]), scales)


def embedded_digests(content: Content) -> list[Digest]:
    """The digest of each string that is embedded for a document: each chunk's, and then the path's."""
    return [*content.embedded, hashlib.blake2b(path_words(content.path).encode(), digest_size=16).digest()]


def _parted(contents: Iterable[Content]) -> Iterator[list[Content]]:
    found = iter(contents)
    while part := list(itertools.islice(found, _DOCUMENTS)):
        yield part


def _count(terms: dict[str, tuple[int, int]], parcel: Parcel) -> None:
    """Add a parcel's terms and chunks to the counts of each field."""
    size = len(parcel.body)
    counts = (
        sum(text.count(" ") + 1 for text in parcel.body),
        sum(text.count(" ") + 1 for text in parcel.symbol if text),
        size * (parcel.path_terms.count(" ") + 1),
    )
    for field, count in zip(FIELDS, counts, strict=True):
        found, chunks = terms.get(field, (0, 0))
        terms[field] = (found + count, chunks + size)


def _vault_rows(parcel: Parcel) -> list[tuple[bytes, bytes]]:
    assert parcel.vectors is not None
    vectors = parcel.vectors
    keys = vector_keys(vectors.model, parcel.embedded_digests())
    width = vectors.dimension
    return [
        (key, vectors.rows[at * width : (at + 1) * width] + vectors.scales[at * 4 : (at + 1) * 4])
        for at, key in enumerate(keys)
    ]


class _Clock:
    """Wall seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._at = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._at
        self._at = now
