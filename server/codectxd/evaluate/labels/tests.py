"""Tests as questions: the name of a test says what the tested code does, and its file is named after that code's.

Pure: paths and texts in, names out. Knows nothing of how a test is run.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from codectxd.chunk.chunker import chunk

FEWEST_WORDS, MOST_WORDS = 3, 25


def tested(tests: Iterable[str], sources: Iterable[str]) -> dict[str, str]:
    """The source file that each test file is named after, where there is exactly one."""
    by_stem: Mapping[str, list[str]] = defaultdict(list)
    for path in sources:
        by_stem[_plain(_stem(path))].append(path)
    found = {}
    for path in tests:
        candidates = by_stem.get(_plain(_MARK.sub("", _stem(path))), [])
        if len(candidates) == 1:
            found[path] = candidates[0]
    return found


def names(text: str, language: str) -> Iterator[str]:
    """What each test of a text says that it tests, in words."""
    for symbol in chunk(text.encode(), language).symbols:
        words = symbol.name if " " in symbol.name else " ".join(_WORD.findall(symbol.name))
        is_test = " " in symbol.name or _IS_TEST.match(symbol.name)
        asked = _IS_TEST.sub("", words, count=1).strip().lower()
        if is_test and FEWEST_WORDS <= len(asked.split()) <= MOST_WORDS and not _NO_QUESTION.search(asked):
            yield asked


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def _plain(stem: str) -> str:
    return re.sub(r"[\W_]+", "", stem).lower()


_MARK: Final = re.compile(
    r"^(?:test|spec)s?[_-]|[_-](?:test|spec)s?$|(?<=[a-z0-9])(?:Test|Spec)(?:s|Case|Suite)?$|^Test(?=[A-Z])"
)
_IS_TEST: Final = re.compile(r"(?:tests?|it|should)(?:[\s_]+|(?=[A-Z]))", re.IGNORECASE)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NO_QUESTION: Final = re.compile(r"[\"<>{}|\\]|^\W")
