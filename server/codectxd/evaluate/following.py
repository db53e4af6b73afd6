"""Benchmarks of freshness: from a keystroke, and from a save, until search finds it by words, by meaning and by symbol.

Every edit is looked for by one of the three, in turn, so that what is timed is one question and not three.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from codectxd.evaluate import corpus
from codectxd.evaluate.laboratory import Laboratory
from codectxd.evaluate.report import Row, quantile
from codectxd.evaluate.session import Session, until

FILES = 40
LARGEST = 64 * 1024
SIGNALS = ("words", "symbol", "meaning")

_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


class _Edit(msgspec.Struct, frozen=True):
    """A new function at the top of a file of the repository, and the signal to find it by.

    Its name is one word that nobody has used, so that only it can be found. At the top, it moves all else in the file.
    """

    name: str
    path: Path
    shown_path: str
    signal: str

    @property
    def text(self) -> str:
        return f"def {self.name}(lever):\n    return lever\n\n\n"

    def is_found(self, session: Session, *, unsaved: bool) -> bool:
        if self.signal == "symbol":
            return any(symbol.name == self.name for symbol in session.symbols(self.name))
        if self.signal == "words":
            hits = session.search(self.name, limit=3, mode="lexical")
        else:
            hits = session.search(self.name, limit=200, mode="semantic", files=[str(self.path)])
        return any(self.name in hit.snippet and hit.path == self.shown_path and hit.unsaved == unsaved for hit in hits)


def unsaved(laboratory: Laboratory) -> list[Row]:
    """A function typed into the buffer of a real file, until a search through the socket finds it."""
    times: dict[str, list[float]] = {signal: [] for signal in SIGNALS}
    with laboratory.built.session(laboratory.root) as session:
        session.wait_fresh(durable=True)
        for edits in _plan(laboratory.root):
            path = edits[0].path
            session.open(path, path.read_text(errors="replace"))
            for version, edit in enumerate(edits, 2):
                began = time.perf_counter()
                session.insert(path, version, edit.text)
                _wait(session, edit, unsaved=True)
                times[edit.signal].append((time.perf_counter() - began) * 1000)
            session.close_buffer(path)
        session.wait_fresh(durable=True)
    return [_row("unsaved", "unsaved edit to searchable, p95", times, target=50)]


def saved(laboratory: Laboratory) -> list[Row]:
    """A function added to a real file on disk, with no editor to announce it."""
    times: dict[str, list[float]] = {signal: [] for signal in SIGNALS}
    with laboratory.built.session(laboratory.root) as session:
        session.wait_fresh(durable=True)
        for edits in _plan(laboratory.root):
            before = edits[0].path.read_bytes()
            for edit in edits:
                edit.path.write_bytes(edit.text.encode() + edit.path.read_bytes())
                began = time.perf_counter()
                _wait(session, edit, unsaved=False)
                times[edit.signal].append((time.perf_counter() - began) * 1000)
            edits[0].path.write_bytes(before)
        session.wait_fresh(durable=True)
    return [_row("saved", "saved file to searchable, p95", times, target=300)]


def _plan(root: Path) -> Iterator[list[_Edit]]:
    """For each file one edit for each signal."""
    for path in corpus.spread(corpus.sources(root, at_most=LARGEST), FILES):
        chance = random.Random(path.name)
        shown = path.relative_to(root).as_posix()
        yield [_Edit("".join(chance.choices(_SYLLABLES, k=6)), path, shown, signal) for signal in SIGNALS]


def _wait(session: Session, edit: _Edit, *, unsaved: bool) -> None:
    until(lambda: edit.is_found(session, unsaved=unsaved), what=f"{edit.name} in {edit.shown_path} by {edit.signal}")


def _row(name: str, what: str, times: dict[str, list[float]], *, target: float) -> Row:
    every = [one for group in times.values() for one in group]
    by_signal = {f"{signal} p95": quantile(group, 0.95) for signal, group in times.items()}
    details = {"p50": quantile(every, 0.5), "max": max(every), **by_signal, "edits": len(every)}
    return Row(name, what, quantile(every, 0.95), "ms", target, details)
