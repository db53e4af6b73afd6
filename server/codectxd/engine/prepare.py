"""From a text to a parcel: chunks, symbols, terms and vectors, each found in the vault or computed. Runs in workers.

The one place where `chunk` and `embed` meet. A model that cannot be loaded costs the vectors, not the words. Knows nothing
of files on disk, of git or of the index.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from codectxd.chunk.cells import said_in
from codectxd.chunk.chunker import CHUNKER_VERSION, chunk
from codectxd.chunk.terms import Expander, counts
from codectxd.embed.embedder import Embedder
from codectxd.embed.quantise import quantise
from codectxd.errors import ModelUnavailable
from codectxd.index.schema import Chunking, Field, Parcel, Vectors, packed, path_words, spaced, to_columns
from codectxd.index.vault import VaultView, chunking_key, vector_keys
from codectxd.types import Digest, Source, Stamp, Symbol

_ROWS_KEPT = 20_000
"""Vectors of recent chunks kept in memory: typing in a file changes one of its chunks, and the vault lags behind."""


class Preparer:
    """Makes parcels. One per worker process; not thread-safe."""

    def __init__(
        self,
        vault: Path,
        load: Callable[[], Embedder],
        known: tuple[str, int] | None = None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        """`load` gives the model, once it is first needed; it may raise ModelUnavailable. `known` is its id and dimension,
        where these can be had without loading it: texts that are all in the vault then cost no loading. `beat` is called
        whenever some of the vectors of a text are there: with a slow model, it is these steps that a deadline is for."""
        self._vault = VaultView(vault)
        self._known = known
        self._load = load
        self._beat = beat
        self._embedder: Embedder | None = None
        self._model_problem: str | None = None
        self._expander = Expander()
        self._rows: OrderedDict[bytes, bytes] = OrderedDict()
        self._unkept: set[bytes] = set()
        self.seconds: dict[str, float] = {}

    def embedder(self) -> Embedder | None:
        """The model, or None where it cannot be loaded."""
        if self._embedder is None and self._model_problem is None:
            try:
                self._embedder = self._load()
                self._beat()
            except ModelUnavailable as problem:
                self._model_problem = str(problem)
        return self._embedder

    def model(self) -> tuple[str, int] | None:
        """The model's id and dimension, None where it cannot be loaded."""
        if self._model_problem is not None:
            return None
        if self._known is not None:
            return self._known
        embedder = self.embedder()
        return None if embedder is None else (embedder.model_id, embedder.dimension)

    @property
    def problem(self) -> str | None:
        """Why the model cannot be loaded, once that was tried."""
        return self._model_problem

    def warm(self) -> None:
        """Load the model and a grammar, and let each do a little, so that the first real text finds them ready."""
        text = b"def warm() -> None: ...\n"
        source = Source("warm.py", text, digest_of(text), Stamp(0, len(text), 0), "python", "source")
        self.prepare(source, None, for_overlay=True)

    def prepare(self, source: Source, stamp: Stamp | None, *, for_overlay: bool, within_s: float | None = None) -> Parcel:
        """The parcel of one text. `for_overlay` adds what the overlay answers from: the text and its postings.

        Where the model takes longer than `within_s`, the parcel comes without vectors; asked again, it goes on from there.
        """
        parcel, strings = self.cut(source, stamp, for_overlay=for_overlay)
        clock = time.perf_counter()
        kept = stamp is not None or not for_overlay
        vectors, embedded = self._vectors(parcel.embedded_digests(), strings, within_s, kept=kept)
        self._lap("embed", clock)
        return msgspec.structs.replace(parcel, vectors=vectors, embedded=embedded)

    def cut(self, source: Source, stamp: Stamp | None, *, for_overlay: bool = False) -> tuple[Parcel, list[str]]:
        """The parcel of one text without its vectors, and the strings to embed: each chunk's, then the path's."""
        chunking, parsed = self._chunking(source)
        texts = _texts(source, chunking)
        clock = time.perf_counter()
        body = [self._expander.expand(text) for text in texts]
        by_chunk = _symbols_by_chunk(chunking)
        symbol = [self._expander.symbol_terms(by_chunk.get(at, ()), dotted) for at, dotted in enumerate(chunking.symbols)]
        path_terms = self._expander.expand(spaced(source.path))
        self._lap("lexical", clock)
        path_text = path_words(source.path)
        parcel = Parcel(
            path=source.path,
            digest=source.digest,
            stamp=stamp,
            language=source.language,
            role=source.role,
            chunking=chunking,
            vectors=None,
            body=body,
            symbol=symbol,
            path_terms=path_terms,
            path_digest=digest_of(path_text.encode()),
            text=source.text if for_overlay else None,
            fields=_fields(body, symbol, path_terms) if for_overlay else None,
            parsed=parsed,
            said=b"".join(digest_of(text.encode()) for text in texts) if source.language == "jupyter" else b"",
        )
        return parcel, [*texts, path_text]

    def _chunking(self, source: Source) -> tuple[Chunking, int]:
        clock = time.perf_counter()
        found = self._vault.chunking(chunking_key(source.digest, source.language, CHUNKER_VERSION))
        if found is not None:
            self._lap("chunk", clock)
            return found, 0
        chunked = chunk(source.text, source.language)
        digests = [digest_of(source.text[c.start_byte : c.end_byte]) for c in chunked.chunks]
        columns = to_columns(source.text, chunked.chunks, chunked.symbols, digests)
        self._lap("chunk", clock)
        return columns, 1

    def known_rows(self, digests: Sequence[Digest]) -> list[bytes]:
        """What the vault has for the strings of these digests: rows, empty where it has none."""
        known = self.model()
        if known is None:
            return [b""] * len(digests)
        keys = vector_keys(known[0], digests)
        found = self._vault.vectors(keys)
        return [found.get(key, b"") for key in keys]

    def embed(self, strings: Sequence[str]) -> list[bytes] | None:
        """A row for each string: int8 values, then a float32 scale. None where no model can be loaded."""
        embedder = self.embedder()
        if embedder is None:
            return None
        return _rows_of(embedder.encode(strings))

    def _vectors(
        self, digests: Sequence[Digest], strings: Sequence[str], within_s: float | None, *, kept: bool
    ) -> tuple[Vectors | None, int]:
        """Rows of every chunk and then of the path, and how many had to be computed and were not in a `kept` parcel yet."""
        known = self.model()
        if known is None:
            return None, 0
        keys = vector_keys(known[0], digests)
        missing = [key for key in keys if key not in self._rows]
        if missing:
            self._rows.update(self._vault.vectors(missing))
        due = {key: text for key, text in zip(keys, strings, strict=True) if key not in self._rows}
        if due:
            self._embed_within(due, within_s)
            if not all(key in self._rows for key in due):
                return None, 0
        found = [self._rows[key] for key in keys]
        computed = self._unkept.intersection(keys)
        if kept:
            self._unkept -= computed
        for key in keys:
            self._rows.move_to_end(key)
        while len(self._rows) > _ROWS_KEPT:
            self._unkept.discard(self._rows.popitem(last=False)[0])
        return joined(*known, found), len(computed)

    def _embed_within(self, due: Mapping[bytes, str], within_s: float | None) -> None:
        """Compute rows, all of them or as many as there is time for."""
        embedder = None if within_s == 0 else self.embedder()
        if embedder is None:
            return
        keys, until = list(due), time.perf_counter() + (within_s or 0.0)
        for places, vectors in embedder.batches(list(due.values())):
            found = {keys[at]: row for at, row in zip(places, _rows_of(vectors), strict=True)}
            self._rows.update(found)
            self._unkept.update(found)
            self._beat()
            if within_s is not None and time.perf_counter() >= until:
                return

    def _lap(self, stage: str, since: float) -> float:
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - since
        return now


def _rows_of(vectors: npt.NDArray[np.float32]) -> list[bytes]:
    rows, scales = quantise(vectors)
    return [row.tobytes() + np.float32(scale).tobytes() for row, scale in zip(rows, scales, strict=True)]


def joined(model: str, dimension: int, rows: Sequence[bytes]) -> Vectors:
    """Rows, each with its scale behind it, as the columns of a parcel."""
    values, scales = b"".join(row[:dimension] for row in rows), b"".join(row[dimension:] for row in rows)
    return Vectors(model, dimension, values, scales)


def digest_of(text: bytes) -> Digest:
    """The digest that names a text everywhere."""
    return hashlib.blake2b(text, digest_size=16).digest()


def _texts(source: Source, chunking: Chunking) -> list[str]:
    """What is looked up in each chunk: its slice of the text, or what that says where the text is another's notation."""
    return [said_in(source.text[c.start_byte : c.end_byte], source.language) for c in chunking.chunks()]


def _symbols_by_chunk(chunking: Chunking) -> dict[int, list[Symbol]]:
    found: dict[int, list[Symbol]] = {}
    for symbol in chunking.definitions():
        found.setdefault(symbol.chunk, []).append(symbol)
    return found


def _fields(body: Sequence[str], symbol: Sequence[str], path_terms: str) -> dict[str, Field]:
    return {"body": _field(body), "symbol": _field(symbol), "path": _field([path_terms] * len(body))}


def _field(texts: Sequence[str]) -> Field:
    postings: dict[str, list[int]] = {}
    lengths = []
    for ordinal, text in enumerate(texts):
        found = counts(text)
        lengths.append(sum(found.values()))
        for term, count in found.items():
            postings.setdefault(term, []).extend((ordinal, count))
    return Field({term: packed(pairs) for term, pairs in postings.items()}, packed(lengths))
