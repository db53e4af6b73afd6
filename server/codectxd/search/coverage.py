"""How much of a question a file holds, anywhere in it: BM25 judges chunks, and an answer's words may stand in several.

Pure and total. A word counts by its rarity, so that a file with the two rare words of a question comes before one with five
common ones. Knows nothing of how the words of a file were found.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from codectxd.index.lexical import Statistics


def coverage(
    terms: Sequence[str],
    held: Mapping[int, Collection[str]],
    in_path: Mapping[int, Collection[str]],
    statistics: Statistics,
) -> dict[int, float]:
    """The share of `terms`, between 0 and 1, that each document of `in_path` holds: in its text (`held`) or its path."""
    worth = {term: statistics.idf("body", term, 0) for term in terms}
    whole = sum(worth.values())
    if not whole:
        return dict.fromkeys(in_path, 0.0)
    nothing: Collection[str] = ()
    return {
        doc: sum(worth[term] for term in terms if term in held.get(doc, nothing) or term in path) / whole
        for doc, path in in_path.items()
    }
