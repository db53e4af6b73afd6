"""A light English stemmer. It joins the forms by which a question and a program call the same thing.

After M. F. Porter, "An algorithm for suffix stripping", Program 14 (3), 1980, 130 to 137: plurals, -ed and -ing (steps 1a
to 1c), then some of the endings that turn verbs and adjectives into nouns (of steps 2 to 4), then the final e (5a). Less
is taken off than there, and never so much that fewer than three letters are left. It knows no dictionary: a stem need not
be a word. Deterministic, and applied to what is indexed and asked alike.
"""

from __future__ import annotations

import re
from typing import Final


def stem(word: str) -> str:
    """The stem of a lower-case ASCII word; shorter words than four letters are their own."""
    if len(word) < 4:
        return word
    word = _without_ending(_without_participle(_without_plural(word)))
    if word.endswith("y") and len(word) > 3 and word[-2] not in _VOWELS:
        return word[:-1] + "i"
    if len(word) > 4 and (word[-1] == "e" or (word.endswith("ll") and len(word) > 5)):
        return word[:-1]
    return word


def _without_plural(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 4 else word[:-1]
    if word.endswith(("ss", "us", "is", "ias")) or not word.endswith("s"):
        return word
    if word.endswith(("xes", "ches", "shes", "zes")) and len(word) > 4:
        return word[:-2]
    return word[:-1]


def _without_participle(word: str) -> str:
    for suffix in ("ing", "ed"):
        base = word.removesuffix(suffix)
        if base != word:
            needed = suffix == "ed" and base.endswith("e")  # need, speed, agreed
            return _whole(base) if len(base) > 2 and _VOWEL.search(base) and not needed else word
    return word


def _whole(base: str) -> str:
    """What -ed or -ing was added to: retri is retry, runn is run, fil is file."""
    if base[-1] == "i":
        return base[:-1] + "y"
    if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz":
        return base[:-1]
    return base + "e" if _SHORT.fullmatch(base) else base


def _without_ending(word: str) -> str:
    """validation is validat, as validate is; callable is call, security is secur."""
    for ending, keep in _ENDINGS:
        if word.endswith(ending):
            return word[:keep] if len(word) + keep >= _SHORTEST else word
    return word


_ENDINGS: Final = (
    *(("tion", -3), ("sion", -3), ("ator", -2), ("able", -4), ("ible", -4), ("ity", -3), ("ness", -4), ("ful", -3)),
)
_SHORTEST: Final = 4
"""So many letters must be left of a longer word."""
_VOWELS: Final = "aeiou"
_VOWEL: Final = re.compile("[aeiouy]")
_SHORT: Final = re.compile("[^aeiou][aeiouy][^aeiouywx]")
"""Consonant, vowel, consonant: as a rule such a word would have doubled its last letter, had it ended so."""
