"""The questions of one repository about itself, and the copy of it that they are asked of.

Of each kind so many are drawn, always the same ones of the same repository. The copy lacks what they were made of: the lines
of a comment are empty, a test file whose tests are asked about is not there. The original is only read.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from codectxd.chunk.languages import language_of
from codectxd.errors import UsageError
from codectxd.evaluate import corpus
from codectxd.evaluate.dataset import Question, Target
from codectxd.evaluate.labels import comments, commits, messages, tests
from codectxd.types import Role
from codectxd.workspace.filters import role_of

_T = TypeVar("_T")
_LARGEST = 1_000_000
_FEWEST = 5
"""A kind with fewer questions would say nothing."""


def prepared(root: Path, copy: Path, most: int) -> list[Question]:
    """Fill the folder `copy`, and return at most `most` questions of each kind. Raises UsageError without any."""
    texts = _texts(root)
    roles = {path: role_of(path, language_of(path, text.encode()), text[:1024].encode()) for path, text in texts.items()}
    about, remarks = _of_comments(texts, roles, most)
    names, gone = _of_tests(texts, roles, most)
    questions = [*about, *_of_commits(root, roles, most), *names, *_of_messages(texts, roles, most)]
    if not questions:
        raise UsageError(
            f"{root} has too few comments, commits, tests and messages to ask about:"
            " name a DATASET, as `codectxd help eval` says."
        )
    for path, text in texts.items():
        if path not in gone:
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            kept = comments.without(text, remarks[path]) if path in remarks else text
            (copy / path).write_bytes(kept.encode("utf-8", "surrogateescape"))
    corpus.commit(copy, "All")
    return questions


def _of_comments(
    texts: dict[str, str], roles: dict[str, Role], most: int
) -> tuple[list[Question], dict[str, list[comments.Remark]]]:
    """Questions of doc comments, and by path the remarks that were taken."""
    found = [
        (path, remark)
        for path, text in texts.items()
        if roles[path] == "source"
        for remark in comments.remarks(text, language_of(path, text.encode()))
    ]
    once = {remark.sentence: (path, remark) for path, remark in reversed(found)}
    taken: dict[str, list[comments.Remark]] = {}
    questions = []
    for path, remark in _drawn(sorted(once.values(), key=lambda one: (one[0], one[1].first)), most):
        taken.setdefault(path, []).append(remark)
        target = Target(path, remark.first + 1, remark.last)
        questions.append(Question(remark.sentence, [target], category="doc comments"))
    return questions, taken


def _of_commits(root: Path, roles: dict[str, Role], most: int) -> list[Question]:
    found: dict[str, Question] = {}
    for commit in commits.commits(root):
        paths = [path for path in commit.paths if roles.get(path) == "source"]
        if 0 < len(paths) <= commits.MOST_FILES and len(commit.paths) <= 3 * commits.MOST_FILES:
            found.setdefault(commit.subject, Question(commit.subject, [Target(path) for path in paths], category="commits"))
    return _drawn(list(found.values()), most)


def _of_tests(texts: dict[str, str], roles: dict[str, Role], most: int) -> tuple[list[Question], set[str]]:
    """Questions of tests' names, and the files that they are from."""
    of_role = {role: [path for path in texts if roles[path] == role] for role in ("test", "source")}
    found: dict[str, tuple[str, Question]] = {}
    for path, source in tests.tested(of_role["test"], of_role["source"]).items():
        for name in tests.names(texts[path], language_of(path, texts[path].encode())):
            found.setdefault(name, (path, Question(name, [Target(source)], category="tests")))
    drawn = _drawn(list(found.values()), most)
    return [question for _, question in drawn], {path for path, _ in drawn}


def _of_messages(texts: dict[str, str], roles: dict[str, Role], most: int) -> list[Question]:
    """Questions of what programs say when they fail; what is said in several places asks for none of them."""
    found: dict[str, list[Target]] = {}
    for path in (path for path in texts if roles[path] == "source"):
        for message in messages.messages(texts[path]):
            target = Target(path, message.line + 1, message.line + 1)
            found.setdefault(message.text, []).append(target)
    alone = [Question(said, places, category="error messages") for said, places in found.items() if len(places) == 1]
    return _drawn(alone, most)


def _drawn(found: Sequence[_T], most: int) -> list[_T]:
    """At most `most` of `found`, the same ones every time; none where they are too few to say anything."""
    if len(found) < _FEWEST:
        return []
    return list(found) if len(found) <= most else random.Random(0).sample(found, most)


def _texts(root: Path) -> dict[str, str]:
    """The text files of `root` that git shows, or all that are not hidden where it is no repository, by relative path."""
    texts = {}
    for path in _paths(root):
        file = root / path
        if file.is_file() and not file.is_symlink() and file.stat().st_size <= _LARGEST:
            data = file.read_bytes()
            if b"\0" not in data:
                texts[path] = data.decode("utf-8", "surrogateescape")
    return texts


def _paths(root: Path) -> list[str]:
    command = ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"]
    done = subprocess.run(command, capture_output=True)
    if done.returncode == 0:
        return sorted({path for path in done.stdout.decode(errors="surrogateescape").split("\0") if path})
    return sorted(
        file.relative_to(root).as_posix()
        for file in root.rglob("*")
        if not any(part.startswith(".") for part in file.relative_to(root).parts)
    )
