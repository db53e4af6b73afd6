"""Definitions by name, for `workspace/symbol`: exact, then prefix, then substring, then letters in order; of each,
the definitions of code before those of documentation, configuration and style sheets.

Works over a `Reader`: names from the catalogue's index, and the overlay's on top. A definition whose line no longer holds
its name is left out and its path noted as stale: a jump must land. Knows nothing of LSP.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from codectxd.index.catalog import ASIDE_KINDS, SymbolRecord, fold
from codectxd.index.reader import Reader, Scope
from codectxd.index.schema import key_of
from codectxd.types import SymbolHit

_EXACT, _PREFIX, _SUBSTRING, _LETTERS, _NO = range(5)


def find_symbols(reader: Reader, text: str, limit: int, scope: Scope | None = None) -> list[SymbolHit]:
    """At most `limit` definitions in `scope` whose name matches `text`, best first; an empty text matches all.

    A dotted or `::`-joined text restricts to containers that end with what stands before the last part.
    Raises Cancelled.
    """
    # More than `limit`, since a layer may hide some and a container may exclude others.
    enough = 2 * limit + 50
    while True:
        durable, is_all = _durable(reader, fold(_parts(text)[-1]), enough)
        hits = _hits(reader, text, limit, [r for r in durable if scope is None or scope.holds(r.doc)], scope)
        # Filters come before the cut: where they leave too little, more is looked at.
        if scope is None or is_all or len(hits) >= limit:
            return hits
        enough *= 8


def best_of(found: Sequence[Sequence[SymbolHit]], text: str, limit: int) -> list[tuple[int, SymbolHit]]:
    """What several Readers found for `text`, the best first, each with the place of its Reader; at most `limit`."""
    every = [(at, hit) for at, hits in enumerate(found) for hit in hits]
    wanted = fold(_parts(text)[-1])
    every.sort(key=lambda one: (*_order(SymbolRecord(one[1].path, 0, one[1].symbol), wanted), one[0]))
    return every[:limit]


def _hits(reader: Reader, text: str, limit: int, durable: Sequence[SymbolRecord], scope: Scope | None) -> list[SymbolHit]:
    *containers, name = _parts(text)
    wanted = fold(name)
    hidden = reader.layer.entries
    seen: set[tuple[str, int, int, str]] = set()
    hits: list[SymbolHit] = []
    candidates = (record for record in durable if record.path not in hidden)
    for record in sorted((*_overlay(reader, wanted, scope), *candidates), key=lambda r: _order(r, wanted)):
        place = (record.path, record.symbol.line, record.symbol.column, record.symbol.name)
        if place in seen or not _inside(record, containers):
            continue
        seen.add(place)
        hit = _checked(reader, record)
        if hit is not None:
            hits.append(hit)
        if len(hits) == limit:
            break
    return hits


def _parts(text: str) -> list[str]:
    parts = [part for part in text.strip().replace("::", ".").replace("#", ".").split(".") if part]
    return parts or [""]


def _durable(reader: Reader, wanted: str, enough: int) -> tuple[list[SymbolRecord], bool]:
    """Definitions that match, `enough` of each kind, and whether these are all."""
    if reader.snapshot is None:
        return [], True
    catalog = reader.snapshot.catalog
    exact = catalog.definitions([wanted]) if wanted else []
    found = catalog.names_from(wanted, enough)
    if len(found) >= enough or not wanted:
        return [*exact, *found], len(found) < enough
    letters = "%".join(("", *map(_escaped, wanted), ""))
    more = catalog.names_like(letters, f"%{_escaped(wanted)}%", enough)
    return [*exact, *found, *more], len(more) < enough


def _overlay(reader: Reader, wanted: str, scope: Scope | None) -> Iterator[SymbolRecord]:
    for path, entry in reader.layer.entries.items():
        reader.checkpoint()
        if entry.parcel is None or (scope is not None and not scope.holds(entry.doc)):
            continue
        for symbol in reader.overlay_symbols(entry.doc):
            if _tier(fold(symbol.name), wanted) != _NO:
                yield SymbolRecord(path, entry.doc, symbol)


def _order(record: SymbolRecord, wanted: str) -> tuple[int, bool, int, str, str, int]:
    folded = fold(record.symbol.name)
    is_aside = record.symbol.kind in ASIDE_KINDS
    return _tier(folded, wanted), is_aside, len(folded), folded, record.path, record.symbol.line


def _tier(folded: str, wanted: str) -> int:
    if folded == wanted:
        return _EXACT
    if folded.startswith(wanted):
        return _PREFIX
    if wanted in folded:
        return _SUBSTRING
    return _LETTERS if _in_order(wanted, folded) else _NO


def _in_order(letters: Iterable[str], text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)


def _inside(record: SymbolRecord, containers: list[str]) -> bool:
    if not containers:
        return True
    around = [fold(part) for part in record.symbol.container.split(".")]
    return around[-len(containers) :] == [fold(part) for part in containers]


def _checked(reader: Reader, record: SymbolRecord) -> SymbolHit | None:
    if reader.is_plain_and_unchanged(record.path):
        return SymbolHit(record.path, record.symbol, None, False)
    line = reader.line_at(record.path, key_of(record.doc, record.symbol.chunk), record.symbol.line)
    name = record.symbol.name.encode()
    if line is None or (line[record.symbol.column : record.symbol.end_column] != name and name not in line):
        reader.stale.add(record.path)
        return None
    entry = reader.layer.entries.get(record.path)
    return SymbolHit(record.path, record.symbol, line, entry is not None and entry.unsaved)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
