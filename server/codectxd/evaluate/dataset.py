"""Questions with their answers, in a file of JSON lines: what `codectxd eval DATASET` asks.

A line is `{"query": ..., "targets": [{"path": ...}]}`; `repo`, `category`, `half` are for telling apart. A target may be
lines (`start_line`, `end_line`, counted from 1) or a `symbol`, a definition by its dotted name, whose lines are looked up in
the file as it is: those of a library differ between its releases. Knows nothing of how one asks.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from codectxd.chunk.chunker import chunk
from codectxd.chunk.languages import language_of
from codectxd.errors import UsageError
from codectxd.evaluate.metrics import Wanted


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file that answers, or a part of it. Relative to the repository, or to a folder below or above."""

    path: str
    start_line: int | None = None
    end_line: int | None = None
    symbol: str | None = None


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the file. `repo` is a folder's name where questions are about several."""

    query: str
    targets: list[Target]
    repo: str = ""
    category: str = ""
    half: str = ""


def read(file: Path) -> list[Question]:
    """The questions of `file`. Raises UsageError where it has none, or a line is none."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem.strerror}.") from problem
    questions = [_question(line, f"{file}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not questions:
        raise UsageError(f"{file} has no questions: one JSON object a line, with a query and its targets.")
    return questions


def folder_of(question: Question, folder: Path) -> Path:
    """Where the code is that `question` is about: the folder of its repository's name in `folder`, or `folder` itself."""
    named = folder / question.repo
    return named if question.repo and named.is_dir() else folder


def wanted(question: Question, root: Path) -> list[Wanted]:
    """What answers `question` in the code at `root`. Raises UsageError where a symbol is not defined there."""
    return [_wanted(target, root) for target in question.targets]


def language(question: Question) -> str:
    """The language of the first file that answers, as its name tells it."""
    return language_of(question.targets[0].path)


def _question(line: bytes, place: str) -> Question:
    try:
        found = msgspec.json.decode(line, type=Question)
    except msgspec.DecodeError as problem:
        raise UsageError(f"{place} is no question: {problem}.") from problem
    if not found.query.strip() or not found.targets:
        raise UsageError(f"{place} is no question: it needs a query, and targets that answer it.")
    return found


def _wanted(target: Target, root: Path) -> Wanted:
    if target.symbol is None:
        return Wanted(target.path, target.start_line, target.end_line or target.start_line)
    file = root / target.path
    try:
        text = file.read_bytes()
    except OSError as problem:
        raise UsageError(f"{file}, in which {target.symbol} answers, cannot be read: {problem.strerror}.") from problem
    for symbol in chunk(text, language_of(target.path, text)).symbols:
        if f"{symbol.container}.{symbol.name}".lstrip(".") == target.symbol:
            return Wanted(target.path, symbol.line + 1, symbol.end_line + 1)
    raise UsageError(f"{file} does not define {target.symbol}, which answers a question: is it the right version?")
