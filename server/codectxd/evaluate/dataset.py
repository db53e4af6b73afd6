"""Questions with their answers, in a file of JSON lines: what `codectxd eval DATASET` asks.

A line is `{"query": ..., "targets": [{"path": ...}]}`; `repo`, `category`, `language`, `half` are for telling apart. A
target may be lines (`start_line`, `end_line`, counted from 1) or a `symbol`, a definition by its dotted name, whose lines
are looked up in the file as it is: those of a library differ between its releases. What is the same for all questions about
a repository may stand in `repos.json` beside the file. Knows nothing of how one asks.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from codectxd.chunk.chunker import chunk
from codectxd.chunk.languages import language_of
from codectxd.errors import UsageError
from codectxd.evaluate.metrics import Wanted

REPOSITORIES = "repos.json"
"""What the file is called that says more of repositories, beside that of the questions."""


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file that answers, or a part of it. Relative to the repository, or to a folder below or above."""

    path: str
    start_line: int | None = None
    end_line: int | None = None
    symbol: str | None = None


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the file. `repo` is a folder's name where questions are about several; only its folder `root` is asked."""

    query: str
    targets: list[Target]
    repo: str = ""
    category: str = ""
    half: str = ""
    language: str = ""
    root: str = ""


class Repository(msgspec.Struct, frozen=True):
    """What `repos.json` says of a repository: its language, where it is from, and the folder of it that is asked about."""

    name: str
    language: str = ""
    github: str = ""
    revision: str = ""
    root: str = ""


def repositories(file: Path) -> list[Repository]:
    """The repositories that `file`, a `repos.json`, describes. Raises UsageError."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[Repository])
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem.strerror}.") from problem
    except msgspec.DecodeError as problem:
        raise UsageError(f"{file} is no list of repositories, each with a name: {problem}.") from problem


def read(file: Path) -> list[Question]:
    """The questions of `file`, with what `repos.json` says. Raises UsageError where there are none, or a line is none."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem.strerror}.") from problem
    questions = [_question(line, f"{file}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not questions:
        raise UsageError(f"{file} has no questions: one JSON object a line, with a query and its targets.")
    beside = file.with_name(REPOSITORIES)
    known = {one.name: one for one in repositories(beside)} if beside.is_file() else {}
    return [_completed(question, known.get(question.repo)) for question in questions]


def folder_of(question: Question, folder: Path) -> Path:
    """Where the code is that `question` is about: the folder of its repository's name in `folder`, or `folder` itself, and
    its root in that, where there is one."""
    named = folder / question.repo
    top = named if question.repo and named.is_dir() else folder
    return top / question.root if (top / question.root).is_dir() else top


def wanted(question: Question, root: Path) -> list[Wanted]:
    """What answers `question` in the code at `root`. Raises UsageError where a symbol is not defined there."""
    return [_wanted(target, root) for target in question.targets]


def language(question: Question) -> str:
    """What was said, or else the language of the first file that answers, as its name tells it."""
    return question.language or language_of(question.targets[0].path)


def _completed(question: Question, repository: Repository | None) -> Question:
    if repository is None:
        return question
    return msgspec.structs.replace(
        question, language=question.language or repository.language, root=question.root or repository.root
    )


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
