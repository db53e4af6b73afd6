"""A commit's subject and what it changed: the one question that was asked of the code before it was there."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from training.pairs import Pair, worded
from training.sources import wanted

_COMMITS = 4_000
_HUNKS_OF_A_COMMIT, _FILES_OF_A_COMMIT = 3, 8
_HUNK_LINES = 40
_RECORD, _FIELD = "\x1e", "\x1f"
_DULL = re.compile(
    r"^(?:merge|revert|bump|release|version|v?\d|update (?:changelog|readme|dependenc|copyright|version|translation)|wip\b"
    r"|chore|ci\b|build\b|style\b|lint|typo|format|fixup|squash|prepare|\[?(?:maven|automated|bot|pre-commit))"
    r"|typos?\b|changelog|whitespace|copyright|lockfile|\bdeps?\b",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^(?:\[[^\]]*\]|\w+(?:\([^)]*\))?!?:)\s*|\s*\(?#\d+\)?\.?$|^[\w./*-]+:\s+")


class Change(NamedTuple):
    """A hunk as its file reads after the commit."""

    subject: str
    path: str
    text: str


def pairs(folder: Path, revision: str) -> Iterator[Pair]:
    """Hunks of the newest commits of a full clone; a clone without history yields nothing."""
    for change in changes(folder, revision):
        yield Pair("commit", change.subject, change.text)


def changes(folder: Path, revision: str, commits: int = _COMMITS) -> Iterator[Change]:
    """The same with the path; of the newest `commits`."""
    for record in _log(folder, revision, commits).split(_RECORD)[1:]:
        subject, _, patch = record.partition(_FIELD)
        question = _PREFIX.sub("", _PREFIX.sub("", subject.strip()))
        if not _DULL.search(subject) and not _DULL.search(question) and worded(question):
            for path, hunk in _hunks(patch):
                yield Change(question, path, hunk)


def _log(folder: Path, revision: str, commits: int) -> str:
    command = [
        "git", "-C", str(folder), "log", "--no-merges", f"--max-count={commits}", "--diff-filter=AM", "--no-renames",
        "--no-ext-diff", "--no-textconv", "--unified=4", f"--format={_RECORD}%s{_FIELD}", "--patch", revision,
    ]  # fmt: skip
    return subprocess.run(command, check=False, stdout=subprocess.PIPE).stdout.decode("utf-8", errors="replace")


def _hunks(patch: str) -> Iterator[tuple[str, str]]:
    files = patch.split("\ndiff --git a/")[1:]
    code = [file for file in files if wanted(file.partition(" b/")[0]) and not file.partition(" b/")[0].endswith(".md")]
    if not 0 < len(code) <= _FILES_OF_A_COMMIT:
        return
    found = 0
    for file in code:
        for hunk in file.split("\n@@ ")[1:]:
            text = _after(hunk)
            if found < _HUNKS_OF_A_COMMIT and worded(text):
                found += 1
                yield file.partition(" b/")[0], text


def _after(hunk: str) -> str:
    """The hunk as the file reads after the commit; empty where nothing was added."""
    lines = hunk.split("\n")[1 : _HUNK_LINES + 1]
    if sum(line.startswith("+") for line in lines) < 3:
        return ""
    return "\n".join(line[1:] for line in lines if line[:1] in ("+", " "))
