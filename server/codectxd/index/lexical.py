"""The lexical index: BM25 over identifiers, whole and split, in three fields. The only home of tantivy.

Texts come in already expanded (`chunk.terms`): tantivy splits at spaces and counts. It proposes keys; whether a document is
part of the world is the catalogue's to say. `LexicalWriter` lives in the indexer, once per workspace and for long (a
writer dropped after each commit would never merge segments); `LexicalReader` reads from any process and thread.
"""

from __future__ import annotations

import contextlib
import math
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tantivy
from tantivy import Document, Index, Occur, Query, SchemaBuilder

from codectxd.errors import IndexUnavailable
from codectxd.index.footers import damaged
from codectxd.index.schema import FIELDS, Field, Keys, Parcel, doc_of, key_of, u32

_HEAP_BYTES = 48_000_000
_SAID = 150
"""So much of what tantivy says of damage is told: it can quote a whole file."""

_K1, _B = 1.2, 0.75
"""tantivy's own constants, so that the overlay scores a chunk as the index will."""
_MOST_BITS = 20
"""Powers of two whose sum is exact in single precision."""
_MOST_CHUNKS = 300
"""Of two dozen files; each more takes a microsecond."""


def _schema() -> tantivy.Schema:
    builder = SchemaBuilder()
    # Signed: a delete by an unsigned term deletes nothing in this version, silently.
    builder.add_integer_field("key", stored=False, indexed=False, fast=True)
    builder.add_integer_field("doc", stored=False, indexed=True, fast=False)
    # The same for every chunk: its frequency is the number of chunks that tantivy's BM25 counts with, deleted ones included.
    builder.add_integer_field("every", stored=False, indexed=True, fast=False)
    for name in FIELDS:
        builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="freq")
    return builder.build()


def lexical_folder(folder: Path, generation: int) -> Path:
    """Where the words of an index in `folder` are: a merge writes them anew beside the old ones."""
    return folder / "lexical" / str(generation)


def _open(folder: Path) -> Index:
    # A flipped bit is a wrong answer or the end of the process: look at every byte once, at opening.
    if (name := damaged(folder)) is not None:
        raise IndexUnavailable(f"The lexical index in {folder} is damaged ({name}); it is being rebuilt.")
    with _readable(folder):
        return Index(_schema(), path=str(folder))


@contextlib.contextmanager
def _readable(folder: Path) -> Iterator[None]:
    # A damaged segment raises pyo3's PanicException, which is a BaseException; a file that is gone, ValueError.
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as problem:
        said = str(problem)[:_SAID]
        raise IndexUnavailable(f"The lexical index in {folder} is damaged ({said}); it is being rebuilt.") from problem


@contextlib.contextmanager
def _named(folder: Path) -> Iterator[None]:
    """tantivy reports whatever the disk refuses as a ValueError."""
    try:
        yield
    except ValueError as problem:
        raise IndexUnavailable(f"The lexical index in {folder} cannot be written: {problem}.") from problem


class LexicalWriter:
    """Adds and deletes; nothing is visible before `commit`."""

    def __init__(self, folder: Path) -> None:
        """Open or create. Raises IndexUnavailable where the folder holds something damaged or locked."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._index = _open(folder)
        self._schema = self._index.schema
        try:
            self._writer = self._index.writer(_HEAP_BYTES, 1)
        except ValueError as problem:
            raise IndexUnavailable(f"The lexical index in {folder} is in use by another process.") from problem
        self._index.config_reader("manual", 0)

    @staticmethod
    def destroy(folder: Path) -> None:
        """Remove an index that cannot be opened."""
        shutil.rmtree(folder, ignore_errors=True)

    def add(self, doc: int, parcel: Parcel) -> None:
        """Add every chunk of a document."""
        for ordinal, (body, symbol) in enumerate(zip(parcel.body, parcel.symbol, strict=True)):
            row = Document()
            row.add_integer("key", key_of(doc, ordinal))
            row.add_integer("doc", doc)
            row.add_integer("every", 1)
            row.add_text("body", body)
            row.add_text("symbol", symbol)
            row.add_text("path", parcel.path_terms)
            with _named(self._folder):
                self._writer.add_document(row)

    def delete(self, docs: Sequence[int]) -> None:
        """Delete every chunk of these documents."""
        for at in range(0, len(docs), 1000):
            query = Query.term_set_query(self._schema, "doc", list(docs[at : at + 1000]))
            self._writer.delete_documents_by_query(query)

    def commit(self) -> None:
        """Make what was added and deleted durable and visible. Raises IndexUnavailable where the disk refuses."""
        with _named(self._folder):
            self._writer.commit()

    def keys(self) -> Keys:
        """The key of every live chunk, sorted; for recovery by set difference. Raises IndexUnavailable on damage."""
        with _readable(self._folder):
            self._index.reload()
            searcher = self._index.searcher()
            if not searcher.num_docs:
                return np.empty(0, np.int64)
            found = searcher.search(Query.all_query(), searcher.num_docs, count=False)
            return np.sort(np.array(_keys_of(searcher, found.hits), np.int64))

    def close(self) -> None:
        """Wait for merges under way and let go of the lock."""
        self._writer.wait_merging_threads()


class LexicalReader:
    """A view of the last commit seen by `reload`; thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Raises IndexUnavailable where there is no readable index."""
        if not (folder / "meta.json").exists():
            raise IndexUnavailable(f"There is no lexical index in {folder} yet.")
        self._index = _open(folder)
        self._schema = self._index.schema
        with _readable(folder):
            self._index.config_reader("manual", 0)
            self._searcher = self._index.searcher()
        self._folder = folder

    def reload(self) -> None:
        """See the newest commit from now on. Raises IndexUnavailable, and goes on with the one it saw."""
        with _readable(self._folder):
            self._index.reload()
            self._searcher = self._index.searcher()

    def search(
        self,
        terms: Sequence[str],
        weights: Mapping[str, float],
        limit: int,
        *,
        only: Collection[int] | None = None,
        statistics: Statistics | None = None,
    ) -> list[tuple[int, float]]:
        """The best `limit` (key, score): BM25 summed over `terms` and fields, each field times its weight.

        `only` restricts to these documents, before the cut. With `statistics` of several indexes together, the rarity of a
        term is as in all of them, so that scores of each compare (the lengths are compared with each one's own mean).
        Raises IndexUnavailable, as every question here, where what is read turns out damaged.
        """
        if not terms or limit <= 0 or (only is not None and not only):
            return []
        searcher = self._searcher
        rarer = _ratios(self.statistics(terms), statistics, terms, weights) if statistics is not None else {}
        words = [
            (Occur.Should, _weighted(Query.term_query(self._schema, field, term, index_option="freq"), factor))
            for term in terms
            for field, weight in weights.items()
            for factor in (weight * rarer.get((field, term), 1.0),)
        ]
        query = Query.boolean_query(words)
        if only is not None:
            members = Query.const_score_query(Query.term_set_query(self._schema, "doc", list(only)), 0.0)
            query = Query.boolean_query([(Occur.Must, query), (Occur.Must, members)])
        with _readable(self._folder):
            hits = searcher.search(query, limit, count=False).hits
            return [(key, float(score)) for key, (score, _) in zip(_keys_of(searcher, hits), hits, strict=True)]

    def documents_with(self, terms: Sequence[str], most: int) -> set[int] | None:
        """The documents with a chunk whose body has every one of `terms`; None where more than `most` chunks may have."""
        searcher = self._searcher
        rarest = min(searcher.doc_freq("body", term) for term in terms)
        if rarest == 0:
            return set()
        if rarest > most:
            return None
        every = [(Occur.Must, self._having(term)) for term in terms]
        with _readable(self._folder):
            hits = searcher.search(Query.boolean_query(every), rarest, count=False).hits
            return {doc_of(key) for key in _keys_of(searcher, hits)}

    def terms_held(self, terms: Sequence[str], docs: Collection[int]) -> dict[int, frozenset[str]]:
        """Which of `terms`, of which the first twenty count, the bodies of each of `docs` hold, where they hold any.

        One query for all of them: each term is worth a power of two, so that a chunk's score is the set of those it holds.
        The rarest is worth most, and of many chunks those may be left out that hold the most common ones alone.
        """
        searcher = self._searcher
        ranked = sorted(terms[:_MOST_BITS], key=lambda term: -searcher.doc_freq("body", term))
        if not ranked or not docs:
            return {}
        words = [(Occur.Should, Query.const_score_query(self._having(term), 2.0**n)) for n, term in enumerate(ranked)]
        members = Query.const_score_query(Query.term_set_query(self._schema, "doc", list(docs)), 0.0)
        query = Query.boolean_query([(Occur.Must, Query.boolean_query(words)), (Occur.Must, members)])
        masks: dict[int, int] = {}
        with _readable(self._folder):
            hits = searcher.search(query, _MOST_CHUNKS, count=False).hits
            keys = _keys_of(searcher, hits)
        for key, (score, _) in zip(keys, hits, strict=True):
            masks[doc_of(key)] = masks.get(doc_of(key), 0) | int(score)
        return {doc: frozenset(term for n, term in enumerate(ranked) if mask >> n & 1) for doc, mask in masks.items()}

    def _having(self, term: str) -> Query:
        """The chunks whose body has `term`, whatever they score."""
        return Query.term_query(self._schema, "body", term, index_option="basic")

    def statistics(self, terms: Iterable[str]) -> Statistics:
        """What BM25 needs to score a text that is not in the index as if it were."""
        searcher = self._searcher
        with _readable(self._folder):
            frequencies = {(field, term): searcher.doc_freq(field, term) for term in terms for field in FIELDS}
            return Statistics(searcher.doc_freq("every", 1), frequencies)


class Statistics:
    """Document frequencies of the index, for BM25 over the overlay (Robertson and Zaragoza 2009, as tantivy computes it)."""

    def __init__(self, n_docs: int, frequencies: Mapping[tuple[str, str], int]) -> None:
        self._n_docs = n_docs
        self._frequencies = frequencies

    def frequency(self, field: str, term: str) -> int:
        """In how many chunks the term is."""
        return self._frequencies.get((field, term), 0)

    def beside(self, other: Statistics) -> Statistics:
        """Those of two indexes together."""
        both = self._frequencies.keys() | other._frequencies.keys()
        summed = {key: self._frequencies.get(key, 0) + other._frequencies.get(key, 0) for key in both}
        return Statistics(self._n_docs + other._n_docs, summed)

    def idf(self, field: str, term: str, seen: int) -> float:
        """Inverse document frequency, where `seen` chunks of the overlay hold the term too."""
        frequency = max(self._frequencies.get((field, term), 0), seen)
        total = max(self._n_docs, frequency)
        return math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))


def score_fields(
    fields: Mapping[str, Field], terms: Sequence[str], weights: Mapping[str, float], statistics: Statistics,
    averages: Mapping[str, float],
) -> dict[int, float]:  # fmt: skip
    """BM25 of one overlay document's chunks: ordinal → score, for those that hold a term."""
    scores: dict[int, float] = {}
    for name, weight in weights.items():
        field = fields[name]
        for term in terms:
            posting = field.postings.get(term)
            if posting is None:
                continue
            pairs = u32(posting).reshape(-1, 2)
            lengths = _kept_lengths(u32(field.lengths))
            idf = statistics.idf(name, term, len(pairs))
            average = averages.get(name) or 1.0
            for ordinal, count in pairs.tolist():
                norm = _K1 * (1 - _B + _B * float(lengths[ordinal]) / average)
                scores[ordinal] = scores.get(ordinal, 0.0) + weight * idf * count * (_K1 + 1) / (count + norm)
    return scores


def _ratios(own: Statistics, joint: Statistics, terms: Iterable[str], fields: Iterable[str]) -> dict[tuple[str, str], float]:
    """How much rarer each term is in all indexes than in one's own."""
    return {(field, term): joint.idf(field, term, 0) / own.idf(field, term, 0) for term in terms for field in fields}


def _kept_lengths(lengths: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """Lengths as tantivy keeps them, in one byte: exact up to 40, rounded down beyond (SmallFloat of Lucene)."""
    return _LENGTHS[np.searchsorted(_LENGTHS, lengths, "right") - 1]


def _four_bits(code: int) -> int:
    """A number of four significant bits out of its code."""
    return code if code < 8 else (code & 7 | 8) << (code >> 3) - 1


_LENGTHS = np.array([code if code < 24 else 24 + _four_bits(code - 24) for code in range(256)], np.int64)


def _keys_of(searcher: tantivy.Searcher, hits: Sequence[tuple[Any, tantivy.DocAddress]]) -> list[int]:
    values = searcher.fast_field_values("key", [address for _, address in hits])
    return [int(value) for value in values if value is not None]


def _weighted(query: Query, weight: float) -> Query:
    return query if weight == 1.0 else Query.boost_query(query, weight)
