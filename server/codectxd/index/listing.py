"""Files by name: those that answer, and those that are left out with the reason. Works over a `Reader`.

A text with one of `*?[` is a glob in gitignore's manner; another one is a name, a part of a path or, where nothing is
closer, letters of it in their order, and then the closest come first. Paths are compared whatever their capitals. Knows
nothing of what is in the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from codectxd.index.filters import Filters, is_glob, path_glob
from codectxd.index.reader import Reader
from codectxd.types import ListedFile

Order = tuple[int, int, str]
"""How far from what was asked for, how long, and the path itself."""

_LETTERS: Final = 5


class Listing(msgspec.Struct, frozen=True):
    """The first files by their order, and how many there are."""

    files: tuple[tuple[Order, ListedFile], ...]
    total: int


def list_files(reader: Reader, text: str, filters: Filters, limit: int) -> Listing:
    """The files that pass `filters` and match `text`, unsaved ones among them. Raises BadFilter."""
    files = reader.files(reader.scope(filters))
    return _listing(text, limit, (ListedFile(f.path, f.language, f.role, f.unsaved) for f in files))


def list_skipped(reader: Reader, text: str, filters: Filters, limit: int) -> Listing:
    """As `list_files`, for the files that are not indexed; they have no language. Raises BadFilter."""
    passes = filters.test()
    skipped = reader.snapshot.skipped() if reader.snapshot is not None else ()
    left_out = [one for one in skipped if passes(one.path, "", "source") and not one.path.startswith(reader.not_under)]
    return _listing(text, limit, (ListedFile(one.path, reason=one.reason) for one in left_out))


def joined(listings: Sequence[Listing], limit: int) -> tuple[list[tuple[int, ListedFile]], int]:
    """The files of several Readers in one order, each with the place of its Reader, and how many there are."""
    if any(_is_close(listing) for listing in listings):
        listings = [listing if _is_close(listing) else Listing((), 0) for listing in listings]
    every = sorted((order, at, file) for at, listing in enumerate(listings) for order, file in listing.files)
    return [(at, file) for _, at, file in every[:limit]], sum(listing.total for listing in listings)


def _listing(text: str, limit: int, files: Iterable[ListedFile]) -> Listing:
    order = _by_glob(text) if is_glob(text) else _by_letters(text)
    found = [(place, file) for file in files if (place := order(file.path)) is not None]
    # Letters in order are for who knows no more: where something is closer, they are only chance.
    found = [one for one in found if one[0][0] < _LETTERS] or found
    found.sort(key=lambda one: one[0])
    return Listing(tuple(found[:limit]), len(found))


def _is_close(listing: Listing) -> bool:
    return bool(listing.files) and listing.files[0][0][0] < _LETTERS


def _by_glob(pattern: str) -> Callable[[str], Order | None]:
    matches = path_glob((pattern,))
    return lambda path: (0, 0, path) if matches(path) else None


def _by_letters(text: str) -> Callable[[str], Order | None]:
    """By how closely a path is named: its end, its stem, its name's beginning, a part of its name, of itself, letters."""
    wanted = text.strip().casefold()

    def order(path: str) -> Order | None:
        if not wanted:
            return 0, 0, path
        folded = path.casefold()
        name = folded.rpartition("/")[2]
        if folded == wanted or f"/{folded}".endswith(f"/{wanted}"):
            return 0, len(path), path
        if name.partition(".")[0] == wanted:
            return 1, len(path), path
        for tier, is_so in enumerate((name.startswith(wanted), wanted in name, wanted in folded), start=2):
            if is_so:
                return tier, len(path), path
        rest = iter(folded)
        return (_LETTERS, len(path), path) if all(letter in rest for letter in wanted) else None

    return order
