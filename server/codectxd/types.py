"""The vocabulary: the nouns every other module speaks in.

Plain frozen records with public fields and no behaviour. Paths are relative to a workspace root and POSIX; positions
are zero-based lines and byte offsets in the file's text as UTF-8. Nothing here knows of LSP, of SQL or of a library.
These types never leave the process: what is stored is in `index/schema`, what is sent is in `wire/messages`.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Role: TypeAlias = Literal["source", "test", "example", "docs", "config", "generated", "vendored"]
"""What a file is to its project; ranking treats each differently."""

Content: TypeAlias = Literal["code", "docs", "config", "all"]
Mode: TypeAlias = Literal["hybrid", "semantic", "lexical"]
BuildMode: TypeAlias = Literal["auto", "sequential", "parallel", "pipeline"]
"""How an index is built: one file after the other, whole files side by side, or in stages. The index is the same."""
Likeness: TypeAlias = Literal["duplicate", "near"]
"""What a text is to one that it was compared with: the same but for blanks, or nearly."""
Signal: TypeAlias = Literal["lexical", "semantic", "symbol", "path"]

Digest: TypeAlias = bytes
"""BLAKE2b with 16 bytes of output."""


class Stamp(msgspec.Struct, frozen=True, gc=False):
    """What `stat` says of a file: equal stamps mean an unchanged file, unless the file was written just now.

    `ctime_ns` is the clock's word that somebody touched the file, which who puts its times back cannot take back.
    """

    mtime_ns: int
    size: int
    inode: int
    ctime_ns: int = 0


class Skipped(msgspec.Struct, frozen=True):
    """A file that is not indexed, and the named reason (one of `workspace.filters.REASONS` or of the workers).

    With a `stamp`, the file was looked into and need not be again while its stamp is this one.
    """

    path: str
    reason: str
    stamp: Stamp | None = None


class Source(msgspec.Struct, frozen=True):
    """A file's text as it was read once: `text` is valid UTF-8, `digest` is of `text`."""

    path: str
    text: bytes
    digest: Digest
    stamp: Stamp
    language: str
    role: Role


class Chunk(msgspec.Struct, frozen=True):
    """A run of whole lines of one file: lines `[start_line, end_line)`, bytes `[start_byte, end_byte)` of its text.

    `symbol` is the dotted path of the innermost definition that the chunk belongs to ("" at file level), `kind` that
    definition's kind ("function", "class", "section", ...; "lines" where there is none).
    """

    start_line: int
    end_line: int
    start_byte: int
    end_byte: int
    symbol: str
    kind: str


class Symbol(msgspec.Struct, frozen=True):
    """A definition: where its name stands, and the definition's last line.

    `container` is the dotted path of the enclosing definitions. `column` and `end_column` are byte offsets of the name
    within `line`; `chunk` is the index, in its file, of the chunk in which the name stands.
    """

    name: str
    kind: str
    container: str
    line: int
    column: int
    end_column: int
    end_line: int
    chunk: int


class Query(msgspec.Struct, frozen=True):
    """A question, parsed. `text` is what is left for words and vectors once filters were taken out of it.

    `files`, where it is given, names by their absolute paths the only ones that may answer; `at_hand` those that whoever
    asks has open or edited lately. With `widens`, nobody chose its `content`: where that has no answer, everything may
    answer instead.
    """

    text: str
    limit: int = 10
    mode: Mode = "hybrid"
    languages: tuple[str, ...] = ()
    globs: tuple[str, ...] = ()
    files: tuple[str, ...] | None = None
    content: Content = "code"
    include_unsaved: bool = True
    explain: bool = False
    widens: bool = False
    at_hand: tuple[str, ...] = ()


class Boost(msgspec.Struct, frozen=True):
    """One signal's effect on a hit's score, by name."""

    name: str
    value: float


class Why(msgspec.Struct, frozen=True):
    """Why a hit stands where it does. Ranks count from 1; None where that list did not hold the chunk."""

    lexical_rank: int | None
    semantic_rank: int | None
    terms: tuple[str, ...]
    boosts: tuple[Boost, ...]


class Hit(msgspec.Struct, frozen=True):
    """An answer: a chunk whose `snippet` was checked against the file or the buffer just before it was handed out.

    `likeness`, where something was compared: whether it is a copy of that but for blanks, or nearly one.
    """

    path: str
    start_line: int
    end_line: int
    snippet: str
    symbol: str
    kind: str
    language: str
    score: float
    matched: tuple[Signal, ...]
    unsaved: bool
    why: Why | None = None
    likeness: Likeness | None = None


class SymbolHit(msgspec.Struct, frozen=True):
    """A definition found by name; `column` and `end_column` are UTF-8 byte offsets.

    `line_text` is the line they are in, None where the whole file is ASCII and columns are the same in any encoding.
    """

    path: str
    symbol: Symbol
    line_text: bytes | None
    unsaved: bool


class ListedFile(msgspec.Struct, frozen=True, order=True):
    """A file by name: indexed, with its language and role, or left out for `reason`."""

    path: str
    language: str = ""
    role: str = ""
    unsaved: bool = False
    reason: str = ""


class Freshness(msgspec.Struct, frozen=True):
    """As of what an answer speaks. `words` and `vectors` are shares, 0 to 1, of the known files that are searchable."""

    generation: int
    head: str | None
    words: float
    vectors: float
    degraded: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    pending: int = 0


class Asked(msgspec.Struct, frozen=True):
    """How a question was understood: the words looked up, the names that may be defined somewhere, the filters in force."""

    terms: tuple[str, ...]
    names: tuple[str, ...]
    filters: tuple[str, ...]


class Answer(msgspec.Struct, frozen=True):
    """Hits in order, each with the root of its workspace; as of what they are true, and to what they are the answer.

    `widened` where nothing of the content asked for answered, and these are from everything else.
    """

    hits: tuple[tuple[str, Hit], ...]
    freshness: Freshness
    asked: Asked
    took_ms: float
    widened: bool = False
