"""Exact words: the chunks in whose text something stands letter for letter. Works over a `Reader`.

The words inside of what is looked for say which documents can hold it at all, where they are rare enough; the others are
looked at in full, those first that probably do hold it. So what is there is found, however common its words, unless the
time runs out. A chunk is whole lines, so nothing on one line is cut apart. Knows nothing of how a query is written.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from typing import Final

import msgspec

from codectxd.index.reader import ChunkRow, FileRow, Reader, Scope
from codectxd.index.schema import doc_of

LONGEST_S: Final = 2.0
"""How long one question may look; some 50,000 files of ordinary size."""

_LIKELY: Final = 300


class Quote(msgspec.Struct, frozen=True):
    """What must stand in a text: `text`, in any mixture of capitals and small letters if `folded`.

    `certain` are terms (`chunk.terms`) that every text with it has, `terms` those that most have.
    """

    text: str
    folded: bool
    certain: tuple[str, ...]
    terms: tuple[str, ...]


class Held(msgspec.Struct, frozen=True):
    """The chunks that hold all that was looked for, by path and line, and whether these are all of them."""

    keys: tuple[int, ...]
    complete: bool


def holding(reader: Reader, quotes: Sequence[Quote], scope: Scope, longest_s: float = LONGEST_S) -> Held:
    """The chunks in `scope` each of which holds every one of `quotes`, as far as `longest_s` seconds allow."""
    deadline = time.monotonic() + longest_s
    found: list[tuple[str, int]] = []
    for file in _in_order(reader, quotes, scope):
        if time.monotonic() > deadline:
            return Held(_sorted(found), complete=False)
        found += [(row.path, row.key) for row in _of_file(reader, quotes, file) if scope.admits(row.key)]
    return Held(_sorted(found), complete=True)


def holds(text: bytes, quote: Quote) -> bool:
    """Whether `quote` stands in `text`, which is UTF-8 as far as it is text."""
    if not quote.folded:
        return quote.text.encode("utf-8", "replace") in text
    if quote.text.isascii():
        return quote.text.encode() in text.lower()
    return quote.text in text.decode("utf-8", "replace").lower()


def _of_file(reader: Reader, quotes: Sequence[Quote], file: FileRow) -> list[ChunkRow]:
    seen = reader.peek(file.path)
    if seen is not None and not all(holds(seen, quote) for quote in quotes):
        return []
    text = reader.text_once(file.path)
    if text is None:
        reader.stale.add(file.path)
        return []
    rows = reader.chunks_of(file.doc)
    return [row for row in rows if all(holds(text[row.start_byte : row.end_byte], quote) for quote in quotes)]


def _in_order(reader: Reader, quotes: Sequence[Quote], scope: Scope) -> Iterator[FileRow]:
    """The files that can hold `quotes`, those first that probably do."""
    possible = reader.documents_with([term for quote in quotes for term in quote.certain], scope)
    terms = [term for quote in quotes for term in quote.terms]
    likely = [doc_of(key) for key, _ in reader.lexical(terms, scope, _LIKELY, {"body": 1.0})] if terms else []
    place = {doc: at for at, doc in reversed(list(enumerate(likely)))}
    files = [file for file in reader.files(scope) if possible is None or file.doc in possible]
    yield from sorted(files, key=lambda file: (place.get(file.doc, len(likely)), file.path))


def _sorted(found: Collection[tuple[str, int]]) -> tuple[int, ...]:
    return tuple(key for _, key in sorted(found))
