"""How much of a question a file holds, anywhere in it: BM25 judges chunks, and an answer's words may stand in several.

Pure and total. A word counts by its rarity, so that a file with the two rare words of a question comes before one with five
common ones. Knows nothing of how the words of a file were found.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from codectxd.chunk.terms import Expander
from codectxd.index.lexical import Statistics
from codectxd.index.reader import ChunkRow
from codectxd.index.schema import doc_of


def coverage(
    terms: Sequence[str], held: Mapping[int, Collection[str]], rows: Mapping[int, ChunkRow], statistics: Statistics
) -> dict[int, float]:
    """The share of `terms` that each document of `rows` holds in its text or its path, between 0 and 1."""
    worth = {term: statistics.idf("body", term, 0) for term in terms}
    whole = sum(worth.values())
    paths = {doc_of(key): row.path for key, row in rows.items()}
    if not whole:
        return dict.fromkeys(paths, 0.0)
    # One memory for all paths: they have most of their words in common.
    expand = Expander().expand
    has = {doc: {*held.get(doc, ()), *expand(path).split()} for doc, path in paths.items()}
    return {doc: sum(worth[term] for term in terms if term in has[doc]) / whole for doc in paths}
