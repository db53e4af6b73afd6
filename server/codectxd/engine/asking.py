"""Questions to several workspaces at once: one answer, as if they were one. Blocking; any thread.

Of folders within folders the innermost answers for its files. Knows nothing of how workspaces are opened or kept, nor of
sessions.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

import msgspec

from codectxd.embed.embedder import Embedder
from codectxd.engine.engine import Engine
from codectxd.engine.readers import IsCancelled
from codectxd.engine.samples import Target, sample_of
from codectxd.errors import BadFilter, IndexUnavailable
from codectxd.index.filters import Filters
from codectxd.index.listing import joined, list_files, list_skipped
from codectxd.index.reader import Reader, Scope
from codectxd.index.symbols import best_of, find_symbols
from codectxd.paths import resolve_root
from codectxd.search.filters import among
from codectxd.search.pool import MAX_WORKSPACES
from codectxd.search.rerank import Second
from codectxd.search.searcher import Result, search
from codectxd.search.similar import similar
from codectxd.types import Answer, Freshness, ListedFile, Query, SymbolHit

_T = TypeVar("_T")

_TRIES: Final = 5
"""How often an index may be erased under one question before the question is given up."""


class Looking(msgspec.Struct, frozen=True):
    """Whether a question looks at unsaved text, whether nobody waits for its answer any more, and the only files, absolute,
    that it is about."""

    include_unsaved: bool
    is_cancelled: IsCancelled
    files: tuple[str, ...] | None = None


class Listed(msgspec.Struct, frozen=True):
    """Which files are asked for: those that `text` names, or, with `skipped`, of those that are left out."""

    text: str
    limit: int
    skipped: bool
    include_unsaved: bool


def ask(
    engines: Sequence[Engine],
    embedders: Sequence[Embedder],
    second: Second | None,
    query: Query,
    is_cancelled: IsCancelled = lambda: False,
) -> Answer:
    """The best hits of all workspaces, and as of what they are true; with `second`, a reranker has a say. Raises UsageError,
    Cancelled."""
    began = time.perf_counter()
    looking = Looking(query.include_unsaved, is_cancelled, query.files)
    at_hand = [inside(engine.root, query.at_hand) for engine in engines]
    question = partial(search, embedders=embedders, query=query, at_hand=at_hand, second=second)
    return _answered(engines, _answer(engines, question, looking), began)


def ask_similar(
    engines: Sequence[Engine],
    embedders: Sequence[Embedder],
    target: Target,
    query: Query,
    is_cancelled: IsCancelled = lambda: False,
) -> Answer:
    """What in all workspaces is most like `target`, under the filters of `query`. Raises UsageError, Cancelled."""
    began = time.perf_counter()
    roots = [engine.root for engine in engines]
    result = _answer(
        engines,
        lambda readers: similar(readers, embedders, sample_of(target, roots, readers), query),
        Looking(query.include_unsaved, is_cancelled, query.files),
    )
    return _answered(engines, result, began)


def _answered(engines: Sequence[Engine], result: Result, began: float) -> Answer:
    hits = zip(result.hits, result.origins, strict=True)
    return Answer(
        hits=tuple((engines[origin].root, hit) for hit, origin in hits),
        freshness=_as_of(engines, result),
        asked=result.asked,
        took_ms=(time.perf_counter() - began) * 1e3,
        widened=result.widened,
    )


def ask_names(
    engines: Sequence[Engine], text: str, limit: int, is_cancelled: IsCancelled = lambda: False
) -> list[tuple[str, SymbolHit]]:
    """The definitions of all workspaces whose names match `text` best, each with its root. Raises UsageError, Cancelled."""
    name, filters = among(text)
    found = _answer(
        engines,
        lambda readers: [find_symbols(reader, name, limit, _scope(reader, filters)) for reader in readers],
        Looking(True, is_cancelled),
    )
    return [(engines[at].root, hit) for at, hit in best_of(found, name, limit)]


def ask_paths(
    engines: Sequence[Engine], listed: Listed, is_cancelled: IsCancelled = lambda: False
) -> tuple[list[tuple[str, ListedFile]], int, Freshness]:
    """The files of all workspaces that are asked for, each with its root; how many there are in all, and as of what that is
    true. Raises UsageError, Cancelled."""
    name, found_filters = among(listed.text)
    filters, one = found_filters or Filters(content="all"), list_skipped if listed.skipped else list_files
    found, total = _answer(
        engines,
        lambda readers: joined([one(reader, name, filters, listed.limit) for reader in readers], listed.limit),
        Looking(listed.include_unsaved, is_cancelled),
    )
    return [(engines[at].root, file) for at, file in found], total, freshness_of(engines)


def _answer(engines: Sequence[Engine], question: Callable[[list[Reader]], _T], looking: Looking) -> _T:
    """Ask Readers of all workspaces, once more where an index was erased under the question, or have it mended. What the
    Readers find to be stale is looked at again."""
    for _ in range(_TRIES):
        seen = [engine.view.snapshot for engine in engines]
        readers = _readers(engines, looking)
        try:
            answer = question(readers)
        except IndexUnavailable as problem:
            if not any([engine.is_renewed(one) for engine, one in zip(engines, seen, strict=True)]):
                # Which of several is damaged is not known here: to open the others afresh costs little.
                for engine in engines:
                    engine.mend(problem)
                raise
        else:
            for engine, reader in zip(engines, readers, strict=True):
                engine.see_again(reader.stale)
            return answer
    return question(_readers(engines, looking))


def _readers(engines: Sequence[Engine], looking: Looking) -> list[Reader]:
    if len(engines) > MAX_WORKSPACES:
        raise BadFilter(f"At most {MAX_WORKSPACES} folders can be asked at once, not {len(engines)}.")
    within = nested([engine.root for engine in engines])
    files = None if looking.files is None else list(map(_really, looking.files))
    return [
        engine.reader(
            include_unsaved=looking.include_unsaved,
            not_under=within[engine.root],
            only=None if files is None else inside(engine.root, files),
            is_cancelled=looking.is_cancelled,
        )
        for engine in engines
    ]


def _really(file: str) -> str:
    """The absolute path of a file, its folder being where that really is; no link is an indexed file itself."""
    return os.path.join(resolve_root(os.path.dirname(file)), os.path.basename(file))


def inside(root: str, files: Sequence[str]) -> frozenset[str]:
    """What is in the folder `root` of `files`, all absolute, by the paths there."""
    prefix = root.rstrip(os.sep) + os.sep
    return frozenset(file.removeprefix(prefix).replace(os.sep, "/") for file in files if file.startswith(prefix))


def _scope(reader: Reader, filters: Filters | None) -> Scope | None:
    """What may answer; None for everything."""
    if filters is None and not reader.not_under:
        return None
    return reader.scope(filters or Filters(content="all"))


def nested(roots: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each root, what paths in one of the others begin with."""
    below = {root: root.rstrip(os.sep) + os.sep for root in roots}
    return {
        root: tuple(inner.removeprefix(prefix) for inner in below.values() if inner != prefix and inner.startswith(prefix))
        for root, prefix in below.items()
    }


def _as_of(engines: Sequence[Engine], result: Result) -> Freshness:
    parts = [engine.freshness(result.degraded, stale) for engine, stale in zip(engines, result.stale, strict=True)]
    return merged(parts, [engine.size() for engine in engines])


def freshness_of(engines: Sequence[Engine]) -> Freshness:
    """As of what an answer from all of them would speak now."""
    return merged([engine.freshness() for engine in engines], [engine.size() for engine in engines])


def merged(parts: Sequence[Freshness], sizes: Sequence[int]) -> Freshness:
    """What can be said of all parts together; shares are of all files, of which each part has so many."""
    if len(parts) == 1:
        return parts[0]
    heads = {part.head for part in parts}
    return Freshness(
        generation=max((part.generation for part in parts), default=0),
        head=heads.pop() if len(heads) == 1 else None,
        words=_share([part.words for part in parts], sizes),
        vectors=_share([part.vectors for part in parts], sizes),
        degraded=tuple(sorted({name for part in parts for name in part.degraded})),
        stale=tuple(path for part in parts for path in part.stale)[:20],
        pending=sum(part.pending for part in parts),
    )


def _share(shares: Sequence[float], sizes: Sequence[int]) -> float:
    if all(share == 1.0 for share in shares):
        return 1.0
    return sum(share * size for share, size in zip(shares, sizes, strict=True)) / sum(sizes)
