"""Pairs of a question and its answer, out of what programmers wrote beside each other anyway.

A documentation sentence and the code below it, a commit's subject and its hunks, a name and the body it names, a path
and the file's content, a heading and its section. Everything works on lines and regular expressions, so that it is the
same for nineteen languages; `kind` names what a pair is made of.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from training.comments import Documented, documented, first_comment, first_sentence
from training.sources import File

CHUNK_LINES = 25
_FEWEST_WORDS = 3
_PATH_CHUNKS, _NEIGHBOURS, _HEADER_CHUNKS = 2, 1, 1
"""Chunks drawn at random from each file for one kind of pair."""


class Pair(NamedTuple):
    kind: str
    question: str
    answer: str


def of_file(file: File, random_: random.Random) -> Iterator[Pair]:
    if file.language == "markdown":
        yield from _sections(file.text)
        return
    chunks = windows(file.text)
    if not chunks:
        return
    for item in documented(file.text, file.language):
        yield from _of_documented(item)
    yield from _names(file.text)
    path = path_words(file.path)
    for chunk in random_.sample(chunks, min(_PATH_CHUNKS, len(chunks))):
        yield Pair("path", path, chunk)
    header = first_sentence(first_comment(file.text, file.language))
    if worded(header):
        yield Pair("header-path", header, path)
        for chunk in random_.sample(chunks, min(_HEADER_CHUNKS, len(chunks))):
            yield Pair("header", header, chunk)
    for _ in range(min(_NEIGHBOURS, len(chunks) - 1)):
        place = random_.randrange(len(chunks) - 1)
        yield Pair("neighbours", chunks[place], chunks[place + 1])


def windows(text: str) -> list[str]:
    lines = text.splitlines(keepends=True)
    chunks = ["".join(lines[first : first + CHUNK_LINES]) for first in range(0, len(lines), CHUNK_LINES)]
    return [chunk for chunk in chunks if worded(chunk)]


def path_words(path: str) -> str:
    """A path as the product embeds it: without suffix, its folders and its name as words."""
    return str(PurePosixPath(path).with_suffix("")).replace("/", " ")


def worded(text: str) -> bool:
    return len(re.findall(r"[^\W\d_]{2,}", text)) >= _FEWEST_WORDS


def _of_documented(item: Documented) -> Iterator[Pair]:
    sentence = first_sentence(item.comment)
    if worded(sentence) and worded(item.code):
        yield Pair("sentence", sentence, item.code)
        rest = item.comment[len(sentence) :].strip()
        if worded(rest) and len(rest) < 600:
            yield Pair("comment", rest, item.code)


_DEFINITION = re.compile(
    r"^[ \t]*(?:[\w@<>,:*&\[\]()\"']+[ \t]+){0,6}?"
    r"(?:def[pm]?|defmacro|func|fn|fun|function|class|struct|interface|trait|module|enum|object|protocol|void|sub|type)"
    r"[ \t]+(?:\([^)]*\)[ \t]*)?([A-Za-z_][\w.]*[!?]?)[^\n;]*\n"
    r"|^[ \t]*(?:[\w:<>*&\[\],?]+[ \t]+)+\**([A-Za-z_]\w+)\([^;{}=]*\)[^;\n]*\{[ \t]*\n",
    re.MULTILINE,
)
_SPLIT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_.]+")


def words_of(name: str) -> list[str]:
    return _SPLIT.sub(" ", name).split()


def _names(text: str) -> Iterator[Pair]:
    """A definition's name in words, and the lines after its signature."""
    for match in _DEFINITION.finditer(text):
        words = words_of(match.group(1) or match.group(2))
        body = "".join(text[match.end() : match.end() + 2_000].splitlines(keepends=True)[:CHUNK_LINES])
        if len(words) > 1 and worded(body):
            yield Pair("name", " ".join(words), body)


_HEADING = re.compile(r"^#{1,5}[ \t]+(.+?)[ \t#]*$|^([^\n]{3,80})\n[=\-~^\"*]{4,}[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"([^\n]+)\n\s*```[\w+-]*\n(.*?)```", re.DOTALL)


def _sections(text: str) -> Iterator[Pair]:
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    for heading, end in zip(headings, ends, strict=False):
        title = (heading.group(1) or heading.group(2)).strip()
        section = text[heading.end() : end].strip()[:1_500]
        if worded(title) and worded(section):
            yield Pair("heading", title, section)
    for match in _FENCE.finditer(text):
        paragraph, code = match.group(1).strip(), match.group(2)[:1_500]
        if worded(paragraph) and worded(code):
            yield Pair("example", paragraph, code)


_ASKED = (
    "how does {} work", "how is {} done", "where is {}", "where is {} implemented", "what does {} do", "how to {}",
    "which code does {}", "code that {}", "find {}", "function for {}", "class for {}", "implementation of {}",
    "how are {} handled", "{} implementation", "{} logic", "{} internals", "explain {}", "show me {}",
)  # fmt: skip
_ASKED_SHARE = 0.4


def asked(question: str, random_: random.Random) -> str:
    """Some questions in the words in which people put them, so that those words come to weigh little."""
    if len(question) > 120 or random_.random() > _ASKED_SHARE:
        return question
    return random_.choice(_ASKED).format(question[:1].lower() + question[1:].rstrip("."))
