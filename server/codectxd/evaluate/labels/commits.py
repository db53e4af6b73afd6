"""Commits as questions: the subject of a commit asks, the code that it changed answers.

Runs `git log`, and knows nothing of what is indexed: a file that is gone since answers nothing.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

FEWEST_WORDS, MOST_WORDS = 4, 25
MOST_FILES = 4
"""A commit that changed more is about no place in particular."""

_LOOKED_AT: Final = 3_000
_DEADLINE_S: Final = 60


class Commit(msgspec.Struct, frozen=True):
    """A subject without its decoration, and the paths that were changed."""

    subject: str
    paths: tuple[str, ...]


def commits(root: Path) -> Iterator[Commit]:
    """The newest commits whose subject could be a question; none outside of a repository."""
    command = ["git", "-C", str(root), "-c", "core.quotePath=false", "-c", "diff.renames=false"]
    command += ["log", f"-{_LOOKED_AT}", "--no-merges", "--name-only", "--relative", "--format=%x00%s"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_DEADLINE_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return
    for entry in done.stdout.decode(errors="replace").split("\0")[1:]:
        subject, *paths = [line for line in entry.split("\n") if line] or [""]
        asked = _TRAILER.sub("", _PREFIX.sub("", subject)).strip(" .")
        if FEWEST_WORDS <= len(asked.split()) <= MOST_WORDS and not _NO_QUESTION.search(asked):
            yield Commit(asked, tuple(paths))


_PREFIX: Final = re.compile(r"^(?:\[[^\]]*\]\s*|[\w./-]+(?:\([^)]*\))?!?:\s+|(?:gh|bpo)-\d+:\s*)+", re.IGNORECASE)
_TRAILER: Final = re.compile(r"\s*\((?:#|gh-|bpo-)\d+\)|\s*\[[^\]]*\]$", re.IGNORECASE)
_NO_QUESTION: Final = re.compile(
    r"\b(?:bump|merge|release|version|typos?|changelog|readme|revert|lint|format(?:ting)?|wip|ci|copyright|update dep\w*)\b"
    r"|[\"<>{}|\\]|^\W|\w+:\w",
    re.IGNORECASE,
)
