"""What an error says, found word for word: the best candidates' texts are read, and those that say it come forward.

A message stands in a program as one literal or as several, with values between them, so it is the runs of its words that
count. Runs on one thread; reads through the Readers and knows nothing of how the candidates were found.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from codectxd.index.reader import Reader
from codectxd.search.kinds import message_of
from codectxd.search.pool import origin_of
from codectxd.search.query import Question
from codectxd.search.rank import Ranked, in_order
from codectxd.search.weights import Weights

_SHORTEST: Final = 3
"""Words in a row that are no accident."""
_LONGEST: Final = 60
"""Words of a message that are looked at."""


def said_first(readers: Sequence[Reader], question: Question, ranked: Sequence[Ranked], weights: Weights) -> list[Ranked]:
    """`ranked`, with those of the first ones forward that say what the error in the question says."""
    words = _words(message_of(question.text))[:_LONGEST]
    if question.kind != "error" or len(words) < _SHORTEST:
        return list(ranked)
    judged = []
    for candidate in ranked[: weights.read_for_words]:
        text = readers[origin_of(candidate.row.key)].text_of(candidate.row)
        share = share_said(words, text) if text is not None else 0.0
        score = msgspec.structs.replace(candidate.score, verbatim=weights.verbatim * share)
        judged.append(Ranked(candidate.row, score, score.total))
    return in_order([*judged, *ranked[weights.read_for_words :]])


def share_said(words: Sequence[str], text: str) -> float:
    """The share of `words` that stand in `text` in runs of three or more, in order and without a gap."""
    held = f" {' '.join(_words(text))} "
    at = said = 0
    while at <= len(words) - _SHORTEST:
        length = _run(words[at:], held)
        said += length if length >= _SHORTEST else 0
        at += max(length, 1) if length >= _SHORTEST else 1
    return said / len(words) if words else 0.0


def line_said(message: str, text: str) -> int | None:
    """The line of `text` that says most of `message`, by words that follow one another; None where none says two."""
    words = _words(message)[:_LONGEST]
    pairs = set(itertools.pairwise(words))
    said = [len(pairs.intersection(itertools.pairwise(line))) for line in map(_words, text.split("\n"))]
    return said.index(max(said)) if pairs and max(said) > 0 else None


def _run(words: Sequence[str], held: str) -> int:
    """How many of the first of `words` stand in `held` in a row."""
    length = 0
    while length < len(words) and f" {' '.join(words[: length + 1])} " in held:
        length += 1
    return length


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


_WORD: Final = re.compile(r"\w+")
