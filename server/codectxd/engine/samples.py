"""What a text is compared by: lines of a file or of a buffer, the chunk at a line, or a text from elsewhere.

Lines of a file that no workspace has are read as workspaces read theirs, and with the same refusals. Any thread. Knows
nothing of what is done with the text.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

import msgspec

from codectxd.chunk.cells import said_in
from codectxd.chunk.languages import language_of
from codectxd.errors import NoSuchPath, UsageError
from codectxd.index.reader import Reader
from codectxd.paths import resolve_root
from codectxd.search.similar import Sample
from codectxd.types import Skipped
from codectxd.workspace.filters import REASONS, Limits
from codectxd.workspace.source import digest_of, read_source

_AROUND: Final = 15
"""Lines before and after one that is in no chunk."""


class Target(msgspec.Struct, frozen=True):
    """What is to be compared: lines `[first, last)` of the file at the absolute `path`, or of `text`, where an editor holds
    it; the chunk at `first` where both are the same; all of `text` without lines."""

    path: str | None = None
    text: bytes | None = None
    lines: tuple[int, int] | None = None


def sample_of(target: Target, roots: Sequence[str], readers: Sequence[Reader]) -> Sample:
    """The text, and its place in one of the workspaces at `roots`. Raises UsageError where there is no such text."""
    path = resolve_root(target.path) if target.path is not None else None
    at, inner = _place(path, roots) if path is not None else (None, "")
    reader = readers[at] if at is not None else None
    text = target.text if target.text is not None else _text(path, inner, reader)
    lines = text.split(b"\n")
    count = len(lines) - (lines[-1] == b"")
    if target.lines is None:
        sample = Sample(text.decode("utf-8", "replace"), at, inner, 0, count)
        return _filled(sample, "There is nothing to compare: the text is empty.")
    shown = path or "The document"
    first, last = target.lines
    if not 0 <= first < count or last > count:
        wrong = first + 1 if not 0 <= first < count else last
        raise UsageError(f"{shown} has {count} lines: there is no line {wrong}.")
    if first == last:
        first, last = _chunk_at(reader, inner, text, first) or (max(0, first - _AROUND), min(count, first + _AROUND + 1))
    part = b"\n".join(lines[first:last]) + (b"\n" if last < len(lines) else b"")
    language = language_of(path) if path is not None else ""
    sample = Sample(said_in(part, language), at, inner, first, last)
    return _filled(sample, f"There is nothing to compare on these lines of {shown}.")


def _place(path: str, roots: Sequence[str]) -> tuple[int | None, str]:
    """The workspace that the absolute `path` lies in, the innermost of several, and its path there."""
    inside = [at for at, root in enumerate(roots) if path.startswith(root.rstrip(os.sep) + os.sep)]
    at = max(inside, key=lambda at: len(roots[at]), default=None)
    return at, os.path.relpath(path, roots[at]) if at is not None else ""


def _text(path: str | None, inner: str, reader: Reader | None) -> bytes:
    if reader is not None and reader.file(inner) is not None and (text := reader.file_text(inner)) is not None:
        return text
    if path is None:
        raise UsageError("There is nothing to compare: the document is not open here, and no file.")
    if os.path.isdir(path):
        raise UsageError(f"{path} is a folder: name a line of a file.")
    found = read_source(os.path.dirname(path), os.path.basename(path), language_of, Limits())
    if isinstance(found, Skipped):
        if found.reason == "vanished":
            raise NoSuchPath(path)
        raise UsageError(f"{path} cannot be compared. {REASONS[found.reason]}")
    return found.text


def _chunk_at(reader: Reader | None, inner: str, text: bytes, line: int) -> tuple[int, int] | None:
    """The lines of the chunk at `line`, where the file is indexed as it is."""
    file = reader.file(inner) if reader is not None else None
    for row in reader.chunks_of(file.doc) if reader is not None and file is not None else ():
        if row.start_line <= line < row.end_line and digest_of(text[row.start_byte : row.end_byte]) == row.digest:
            return row.start_line, row.end_line
    return None


def _filled(sample: Sample, problem: str) -> Sample:
    if not sample.text.strip():
        raise UsageError(problem)
    return sample
