"""Error messages as questions: what a program says when it fails asks for the place that says it.

Found by lines, in the manner of most languages: something is raised, thrown or reported with a literal. What stands in the
literal for a value becomes one, as in the message that a person pastes. Unlike comments, messages are left where they are:
they are what is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

FEWEST_WORDS, MOST_WORDS = 4, 25


class Message(msgspec.Struct, frozen=True):
    """What is said, after the name of the error where it has one, and the line that says it, from 0 on."""

    text: str
    line: int


def messages(text: str) -> Iterator[Message]:
    """The messages of errors in a program's text that say enough to look for them."""
    for number, line in enumerate(text.split("\n")):
        found = _RAISED.search(line)
        if found is None:
            continue
        said = _VALUE.sub("42", found["said"]).strip()
        name = found["name"] or ""
        if FEWEST_WORDS <= len(said.split()) <= MOST_WORDS and not _NO_QUESTION.search(said):
            yield Message(f"{name}: {said}" if name[:1].isupper() else said, number)


_RAISED: Final = re.compile(
    r"""\b (?: (?:raise|throw) \s+ (?:new\s+)? (?:[\w.]+\.)? (?P<name>\w+)
    |   panic!? | bail!? | errors\.New | fmt\.Errorf | (?:log\.)?[Ff]atal\w* | die | abort ) \s* \(? \s*
    [furbFURB]{0,2} (?P<quote>["']) (?P<said> (?: (?!(?P=quote)) [^\\] )* ) (?P=quote)""",
    re.VERBOSE,
)
_VALUE: Final = re.compile(r"\$?\{[^{}]*\}|%[-+0-9.]*[a-zA-Z]|#\{[^{}]*\}")
_NO_QUESTION: Final = re.compile(r"[\"<>{}|\\]|^\W|\w+:\w")
