"""Every shape that leaves the memory of one process: columns in files, and what workers hand over.

Domain types never leave the process (invariant I11): these are columns, encoded as MessagePack arrays, whose layout is
versioned by `paths.FORMAT` (workspaces) and `VAULT_FORMAT` (vault). Knows nothing of how they are made.

A chunk's key is its document's id and its place in the document, `doc << 16 | ordinal`: one integer serves the catalogue,
the lexical index and the vectors, and the document of a key is a shift away.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from codectxd.types import Chunk, Digest, Role, Stamp, Symbol

VAULT_FORMAT = 2
WORKING_TREE = 1
"""Id of the tree that is the files on disk; refs get higher ones."""

ORDINAL_BITS = 16
MAX_CHUNKS = 1 << ORDINAL_BITS
OVERLAY_DOC = 1 << 40
"""Documents of the overlay are numbered from here, so that one key space serves the index and the overlay."""

Keys = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int8]
Scales = npt.NDArray[np.float32]


def key_of(doc: int, ordinal: int) -> int:
    """The key of the chunk at `ordinal` of document `doc`."""
    return doc << ORDINAL_BITS | ordinal


def doc_of(key: int) -> int:
    """The document a chunk belongs to."""
    return key >> ORDINAL_BITS


class Chunking(msgspec.Struct, frozen=True, array_like=True):
    """What a text yields, whatever its path: chunks and definitions as columns. The vault keeps it by the text's digest.

    Integer columns are little-endian uint32. `digests` holds 16 bytes a chunk: of its bytes in the text.
    `ascii` says that the whole text is, so that byte columns are columns in any encoding.
    """

    lines: int
    start_lines: bytes
    end_lines: bytes
    start_bytes: bytes
    end_bytes: bytes
    symbols: list[str]
    kinds: list[str]
    digests: bytes
    names: list[str]
    name_kinds: list[str]
    containers: list[str]
    name_lines: bytes
    name_columns: bytes
    name_end_columns: bytes
    name_end_lines: bytes
    name_chunks: bytes
    ascii: bool = False

    @property
    def size(self) -> int:
        """How many chunks there are."""
        return len(self.symbols)

    def chunks(self) -> list[Chunk]:
        """The chunks, in order."""
        columns = (u32(c).tolist() for c in (self.start_lines, self.end_lines, self.start_bytes, self.end_bytes))
        return [Chunk(*row) for row in zip(*columns, self.symbols, self.kinds, strict=True)]

    def definitions(self) -> list[Symbol]:
        """The definitions, in order."""
        numbers = (
            u32(c).tolist()
            for c in (self.name_lines, self.name_columns, self.name_end_columns, self.name_end_lines, self.name_chunks)
        )
        return [Symbol(*row) for row in zip(self.names, self.name_kinds, self.containers, *numbers, strict=True)]

    def chunk_digests(self) -> list[Digest]:
        """The digest of each chunk's text, in order."""
        return split_digests(self.digests)


def split_digests(column: bytes) -> list[Digest]:
    """The digests that were joined to a column."""
    return [column[at : at + 16] for at in range(0, len(column), 16)]


def to_columns(text: bytes, chunks: Sequence[Chunk], symbols: Sequence[Symbol], digests: Sequence[Digest]) -> Chunking:
    """Chunks and definitions of one text as columns."""
    return Chunking(
        lines=text.count(b"\n") + 1,
        ascii=text.isascii(),
        start_lines=packed(c.start_line for c in chunks),
        end_lines=packed(c.end_line for c in chunks),
        start_bytes=packed(c.start_byte for c in chunks),
        end_bytes=packed(c.end_byte for c in chunks),
        symbols=[c.symbol for c in chunks],
        kinds=[c.kind for c in chunks],
        digests=b"".join(digests),
        names=[s.name for s in symbols],
        name_kinds=[s.kind for s in symbols],
        containers=[s.container for s in symbols],
        name_lines=packed(s.line for s in symbols),
        name_columns=packed(s.column for s in symbols),
        name_end_columns=packed(s.end_column for s in symbols),
        name_end_lines=packed(s.end_line for s in symbols),
        name_chunks=packed(s.chunk for s in symbols),
    )


class Field(msgspec.Struct, frozen=True, array_like=True):
    """One lexical field of an overlay document: `postings[term]` is ordinal, count, ordinal, count, ... as uint32;
    `lengths` is the number of terms in each chunk, uint32."""

    postings: dict[str, bytes]
    lengths: bytes


class Vectors(msgspec.Struct, frozen=True, array_like=True):
    """int8 rows (chunks × dimension) and their float32 scales, the path's own row last; from one model."""

    model: str
    dimension: int
    rows: bytes
    scales: bytes


class Parcel(msgspec.Struct, frozen=True, array_like=True):
    """One document, read, chunked, split and embedded: what a worker hands to the overlay and to the writer.

    `vectors` is None where no model was to be had. `body` and `symbol` are each chunk's expanded terms and `path_terms`
    the path's, for the lexical index; `path_digest` is of the string that gave the path's vector; `text` and `fields` are
    there only where the overlay will answer from them. `said` holds 16 bytes a chunk, of exactly the string that was
    embedded, and is empty where that is the chunk as it stands in the text. `parsed` and `embedded` count what was computed
    rather than found in the vault.
    """

    path: str
    digest: Digest
    stamp: Stamp | None
    language: str
    role: Role
    chunking: Chunking
    vectors: Vectors | None
    body: list[str]
    symbol: list[str]
    path_terms: str
    path_digest: Digest
    text: bytes | None = None
    fields: dict[str, Field] | None = None
    parsed: int = 0
    embedded: int = 0
    said: bytes = b""

    def embedded_digests(self) -> list[Digest]:
        """The digest of each chunk's embedded string, in order, and of the path's."""
        return [*split_digests(self.said or self.chunking.digests), self.path_digest]


def path_words(path: str) -> str:
    """The string that is embedded for a path: its parts without the suffix, as words."""
    folder, _, name = path.rpartition("/")
    return spaced(f"{folder}/{name.split('.')[0] or name}").strip()


def spaced(path: str) -> str:
    """A path with what parts its words replaced by spaces."""
    return path.replace("/", " ").replace(".", " ").replace("-", " ")


FIELDS = ("body", "symbol", "path")
"""The lexical fields. Every chunk carries the path's terms too, so that a word of the path finds the file's chunks."""


def u32(column: bytes) -> npt.NDArray[np.uint32]:
    """An integer column as an array."""
    return np.frombuffer(column, "<u4")


def packed(values: object) -> bytes:
    """Non-negative integers as a column."""
    return np.fromiter(values, "<u4").tobytes()  # type: ignore[call-overload,no-any-return]
