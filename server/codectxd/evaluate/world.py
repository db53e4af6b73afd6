"""What can be found in a workspace, so that two indexes of it can be compared.

By meaning and by name in order. By words as a set: BM25 counts deleted documents until they are merged away, so that an
index with a history may order close scores otherwise than a fresh one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from codectxd.evaluate.session import Session
from codectxd.wire import messages


def world(session: Session, words: Sequence[str], questions: Sequence[str]) -> dict[str, Any]:
    """Counts, skips, names, and the answers to words and questions."""
    about = session.workspace()
    found: dict[str, Any] = {
        "counts": (about.files, about.chunks, about.vectors, about.pending, about.phase, about.skipped),
        "skipped": msgspec.to_builtins(about.skipped_files),
        "names": msgspec.to_builtins(session.symbols("")),
    }
    for word in words:
        hits = session.search(word, mode="lexical", limit=200, content="all")
        found[f"word {word}"] = sorted(map(_shown, hits))
        found[f"name {word}"] = msgspec.to_builtins(session.symbols(word))
    for question in questions:
        hits = session.search(question, mode="semantic", limit=50, content="all")
        found[f"meaning {question}"] = [(*_shown(hit), round(hit.score, 6)) for hit in hits]
    return found


def difference(one: dict[str, Any], other: dict[str, Any]) -> str | None:
    """The first part that differs, and how; None where nothing does."""
    for name in one:
        if one[name] != other[name]:
            return f"{name}: {_cut(one[name], other[name])} is not {_cut(other[name], one[name])}"
    return None


def _cut(one: Any, other: Any) -> str:
    return str([entry for entry in one if entry not in other] or "the order")[:500]


def _shown(hit: messages.Hit) -> tuple[str, int, int, str, str]:
    return hit.path, hit.range.start.line, hit.range.end.line, hit.snippet, hit.symbol or ""
