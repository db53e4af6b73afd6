"""Why a hit stands where it does, told from what ranking recorded. Pure and total; nothing is computed a second time."""

from __future__ import annotations

import math

from codectxd.chunk.terms import query_terms
from codectxd.search.candidates import Candidates
from codectxd.search.query import Question
from codectxd.search.rank import Ranked
from codectxd.search.weights import Weights
from codectxd.types import Boost, Signal, Why


def matched(question: Question, candidates: Candidates, ranked: Ranked, weights: Weights) -> tuple[Signal, ...]:
    """The signals that found it: words that it holds, a high place by meaning, a definition or a file named so."""
    key, score = ranked.row.key, ranked.score
    found: dict[Signal, bool] = {
        "lexical": key in candidates.lexical_ranks or bool(question.quotes),
        "semantic": candidates.semantic_ranks.get(key, math.inf) <= weights.found_by_meaning,
        "symbol": score.definition > 0 or score.only_definition > 0,
        "path": score.file_name > 0 or score.place > 0,
    }
    # A chunk that nothing else found stands low by meaning, or came along with its file.
    found["semantic"] |= key in candidates.semantic and not any(found.values())
    return tuple(signal for signal, is_so in found.items() if is_so)


def why(question: Question, candidates: Candidates, ranked: Ranked, text: str) -> Why:
    """The ranks, the words of the question that `text`, its symbol or its path hold, and the steps of the score."""
    held = set(query_terms(" ".join((text, ranked.row.symbol, ranked.row.path))))
    return Why(
        lexical_rank=candidates.lexical_ranks.get(ranked.row.key),
        semantic_rank=candidates.semantic_ranks.get(ranked.row.key),
        terms=tuple(term for term in question.terms if term in held),
        boosts=_boosts(ranked),
    )


def _boosts(ranked: Ranked) -> tuple[Boost, ...]:
    """Every step that changed the score, by name; they add up to it."""
    score = ranked.score
    steps = {
        "words": score.words,
        "meaning": score.meaning,
        "definition": score.definition,
        "next chunks of the file": score.next_chunks,
        "short file": score.short_file,
        "file name": score.file_name,
        "words in the file": score.coverage,
        "place in the question": score.place,
        f"{ranked.row.role} stands back": score.role,
        "further answer of the file": score.further,
        "only definition": score.only_definition,
        "same text": score.same_text,
        "nearly the same text": score.near_text,
        "said word for word": score.verbatim,
        "open or edited lately": score.at_hand,
        "reranker": score.reranker,
    }
    return tuple(Boost(name, value) for name, value in steps.items() if value)
