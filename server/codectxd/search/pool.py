"""Several workspaces as one: their candidates in one pool, so that one fusion and one ranking judge them all. Pure.

A score says nothing across workspaces once it is spread between the best and the worst of its own: the best of a
workspace that knows nothing would stand beside the best of one that knows. So cosines are compared as they are, being of one
model, and BM25 by the rarity of words in all workspaces together (`Statistics.beside`). A key of the pool says which
workspace it is from. Knows nothing of how candidates were found, or how they are judged.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from codectxd.chunk.terms import expand
from codectxd.index.lexical import Statistics
from codectxd.index.reader import ChunkRow, Reader
from codectxd.index.schema import doc_of, key_of
from codectxd.search.candidates import Candidates, ranks
from codectxd.search.weights import Weights

MAX_WORKSPACES: Final = 64
"""What one question may be asked of."""

_KEY_BITS: Final = 58
"""Keys of a Reader are below two to the power of this: 42 bits for a document, be it the overlay's, 16 for a place in it."""

_V = TypeVar("_V")


def joint_statistics(readers: Sequence[Reader], terms: Sequence[str]) -> Statistics | None:
    """How rare `terms` are in all Readers together; None where there is but one, which knows by itself."""
    return statistics_of(readers, terms) if len(readers) > 1 else None


def statistics_of(readers: Sequence[Reader], terms: Sequence[str]) -> Statistics:
    """How rare `terms` are in all Readers together."""
    nothing = Statistics(0, {})
    return functools.reduce(Statistics.beside, (reader.statistics(terms) for reader in readers), nothing)


def pooled(parts: Sequence[Candidates], weights: Weights) -> Candidates:
    """The candidates of all Readers, in their order, as those of one."""
    if len(parts) == 1:
        return parts[0]
    lexical = _best(((_marked(part.lexical, at)) for at, part in enumerate(parts)), weights)
    semantic = {key: score for at, part in enumerate(parts) for key, score in _marked(part.semantic, at).items()}
    places = _best(
        (
            {key: semantic[key] for key in _marked(part.semantic_ranks, at)}
            for at, part in enumerate(parts)
        ),
        weights,
    )  # fmt: skip
    return Candidates(
        lexical=dict(lexical),
        semantic=semantic,
        lexical_ranks=ranks(lexical),
        semantic_ranks=ranks(places),
        definitions=tuple((_mark(key, at), symbol) for at, part in enumerate(parts) for key, symbol in part.definitions),
        named=frozenset(_mark(key, at) for at, part in enumerate(parts) for key in part.named),
        degraded=tuple(dict.fromkeys(name for part in parts for name in part.degraded)),
    )


def chunks(readers: Sequence[Reader], keys: Sequence[int]) -> dict[int, ChunkRow]:
    """The chunks among the pool's `keys` that are in the world now, under those keys."""
    found: dict[int, ChunkRow] = {}
    for at, reader in enumerate(readers):
        mine = [key & _OWN for key in keys if origin_of(key) == at]
        rows = reader.chunks(mine) if mine else {}
        found.update((_mark(key, at), msgspec.structs.replace(row, key=_mark(key, at))) for key, row in rows.items())
    return found


def terms_held(readers: Sequence[Reader], terms: Sequence[str], keys: Iterable[int]) -> dict[int, frozenset[str]]:
    """Which of `terms` the files of the pool's `keys` hold, by the pool's document: each file as a whole."""
    held: dict[int, frozenset[str]] = {}
    for at, docs in _docs(readers, keys):
        found = readers[at].terms_held(terms, docs)
        held.update((doc_of(_mark(key_of(doc, 0), at)), words) for doc, words in found.items())
    return held


def path_terms(readers: Sequence[Reader], rows: Mapping[int, ChunkRow]) -> dict[int, frozenset[str]]:
    """The terms of the path of each document of the pool that has one of `rows`."""
    paths = {doc_of(key): (origin_of(key), row.path) for key, row in rows.items()}
    return {doc: readers[at].of_path(path, _terms_of) for doc, (at, path) in paths.items()}


def _terms_of(path: str) -> frozenset[str]:
    return frozenset(expand(path).split())


def sizes(readers: Sequence[Reader], keys: Iterable[int]) -> dict[int, int]:
    """How many chunks the files of the pool's `keys` have, by the pool's document."""
    found: dict[int, int] = {}
    for at, docs in _docs(readers, keys):
        found.update((doc_of(_mark(key_of(doc, 0), at)), size) for doc, size in readers[at].sizes(docs).items())
    return found


def origin_of(key: int) -> int:
    """Which of the Readers a key of the pool is from."""
    return key >> _KEY_BITS


def _docs(readers: Sequence[Reader], keys: Iterable[int]) -> Iterator[tuple[int, list[int]]]:
    """The documents of the pool's `keys` as each Reader knows them that has any, with its place."""
    firsts = [key_of(doc, 0) for doc in {doc_of(key) for key in keys}]
    for at in range(len(readers)):
        mine = [doc_of(first & _OWN) for first in firsts if origin_of(first) == at]
        if mine:
            yield at, mine


_OWN: Final = (1 << _KEY_BITS) - 1


def _mark(key: int, at: int) -> int:
    return key | at << _KEY_BITS


def _marked(scores: Mapping[int, _V], at: int) -> dict[int, _V]:
    return {_mark(key, at): score for key, score in scores.items()}


def _best(lists: Iterable[Mapping[int, float]], weights: Weights) -> list[tuple[int, float]]:
    """The best of several lists of scores that compare, best first."""
    every = [hit for scores in lists for hit in scores.items()]
    return sorted(every, key=lambda hit: (-hit[1], hit[0]))[: weights.candidates]
