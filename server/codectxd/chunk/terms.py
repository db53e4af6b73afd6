"""Words for the lexical index: identifiers whole and split, folded and lightly stemmed, the same for texts and questions.

A text becomes terms joined by spaces, for an index that splits at spaces and counts. `getURLForID`, `get_url_for_id` and
`GET_URL_FOR_ID` all give geturlforid, get, url, for, id; `sha256` gives sha256, sha, 256; an ordinary word gives its stem
alone, since a word that counted twice in every other form would outweigh one that has a single form. Single ASCII letters
and digits, what is longer than 64 characters, and hexadecimal and base64 data give nothing. Scripts that put no spaces
between words give pairs of neighbouring characters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from codectxd.chunk.stemmer import stem
from codectxd.types import Symbol


class Expander:
    """Expands texts with a memory for words already seen: for one thread, and for as many texts as there are."""

    def __init__(self) -> None:
        self._words = _Words()

    def expand(self, text: str) -> str:
        """The terms of `text` in order, joined by single spaces."""
        if len(self._words) > _MOST_WORDS:
            self._words.clear()
        words = _ASCII_WORD if text.isascii() else _WORD  # The narrower pattern is much the faster one.
        return " ".join(filter(None, map(self._words.__getitem__, words.findall(text))))

    def symbol_terms(self, symbols: Iterable[Symbol], path: str) -> str:
        """The terms of a chunk's own names: of the `symbols` that are defined in it and of its dotted `path`."""
        return self.expand(" ".join([path, *(symbol.name for symbol in symbols)]))


class _Words(dict[str, str]):
    def __missing__(self, word: str) -> str:
        found = self[word] = " ".join(_terms(word))
        return found


def expand(text: str) -> str:
    """The terms of a single text; where there are many, an `Expander` is much faster."""
    return Expander().expand(text)


def symbol_terms(symbols: Iterable[Symbol], path: str) -> str:
    """`Expander.symbol_terms` for a single chunk."""
    return Expander().symbol_terms(symbols, path)


def counts(expanded: str) -> dict[str, int]:
    """How often each term occurs in what `expand` returned."""
    return dict(Counter(expanded.split()))


def query_terms(text: str) -> tuple[str, ...]:
    """The terms to look up for a question, each once, in order; without stop words, unless there is nothing else."""
    words = _WORD.findall(text)
    telling = [word for word in words if word.lower() not in STOP_WORDS]
    terms = expand(" ".join(telling)) or expand(text)
    return tuple(dict.fromkeys(terms.split()))


def _terms(word: str) -> Iterator[str]:
    """The terms of one word: the stems of its parts, and before them itself, joined and folded, where there are several."""
    if len(word) > _LONGEST or (len(word) >= _SHORTEST_DATA and _is_data(word)):
        return
    if not word.isascii():
        yield from _foreign_terms(word)
        return
    parts = _PART.findall(word)
    if len(parts) > 1:
        yield "".join(parts).lower()
    for part in parts:
        yield from _part_terms(part.lower())


def _part_terms(part: str) -> Iterator[str]:
    """The terms of a part: letters by their stem; letters with digits whole, and apart (sha256, sha, 256)."""
    if len(part) < 2:
        return
    if part.isalpha():
        yield stem(part)
        return
    yield part
    if not part.isdigit():
        yield from (stem(run) for run in _RUN.findall(part) if len(run) > 1)


def _foreign_terms(word: str) -> Iterator[str]:
    folded = word.casefold()
    pairs = [folded[at : at + 2] for run in _UNSPACED.finditer(folded) for at in range(run.start(), run.end() - 1)]
    if pairs:
        yield from pairs
        yield from (term for rest in _UNSPACED.split(folded) if len(rest) > 1 for term in _terms(rest))
        return
    yield folded.replace("_", "")
    parts = [part for run in word.split("_") for part in _humps(run)]
    if len(parts) > 1:
        yield from (part.casefold() for part in parts if len(part) > 1)


def _humps(word: str) -> Iterator[str]:
    """`word` cut where a capital follows a small letter, in any script that has both."""
    start = 0
    for at in range(1, len(word)):
        if word[at].isupper() and word[at - 1].islower():
            yield word[start:at]
            start = at
    yield word[start:]


def _is_data(word: str) -> bool:
    """Whether a long run of letters and digits is a digest, a key or a picture rather than a name."""
    digits = sum(map(str.isdigit, word))
    if _HEXADECIMAL.fullmatch(word):
        return digits > 0
    # Names change between letters and digits once or twice, data all the time.
    return digits >= 3 and len(_RUN.findall(word)) > max(6, len(word) // 4) and "_" not in word


def _distinct(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORD: Final = re.compile(r"\w\w+")
_ASCII_WORD: Final = re.compile(r"[A-Za-z0-9_]{2,}")
_PART: Final = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_RUN: Final = re.compile(r"[A-Za-z]+|[0-9]+")
_HEXADECIMAL: Final = re.compile(r"(?:0[xX])?[0-9a-fA-F]+[uUlL]*")
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+"
)
"""Runs of Thai, Lao, Burmese, Khmer, Japanese kana and Chinese characters."""
_LONGEST: Final = 64
_SHORTEST_DATA: Final = 16
_MOST_WORDS: Final = 100_000
"""Words remembered; some 15 MB. A repository of a million lines has about as many different ones."""

STOP_WORDS: Final = _distinct(
    """
    a about all also am an and any anybody anyone anything are as at be because been being but by can cannot could did
    do does doing done each either else every everything for from get gets give given gives had has have having he her
    here hers him his how i if in into is it its itself just let like made make makes making may me might more most
    must my need needs neither no nor not of off on one only or other our ours out over own please same shall she
    should so some somehow someone something somewhere such than that the their theirs them then there these they thing
    things this those through to too under until up upon us use used uses using very want wants was way ways we were
    what when where whether which while who whom whose why will with within without would you your yours
    """
)
"""English words that say nothing of what is looked for. They are left out of questions, never out of texts."""
