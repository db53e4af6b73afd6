"""`codectxd eval`: how well the real command finds what answers, by a set of questions or by a repository's own.

A home of its own is used, so neither the user's daemon nor an earlier index has a say. Exit status as everywhere: 0 done,
2 bad usage, 3 it scored below what was demanded, or got worse than in the run it was compared with.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

import codectxd
from codectxd import paths
from codectxd.clients import places, terminal
from codectxd.embed.model import ModelSpec, found_in, located, setting_of
from codectxd.errors import UsageError
from codectxd.evaluate import asking, corpus, dataset
from codectxd.evaluate.dataset import Question
from codectxd.evaluate.labels import own
from codectxd.evaluate.laboratory import SETTINGS, Home
from codectxd.evaluate.scores import Run, compare, comparison_table, run_of, table

PYTHON = "python"
"""What `--folder` calls the standard library of the running Python, which every machine has."""

_UNHURRIED_MS = 60_000

ITSELF = "the repository's own comments, commits, tests and messages"


def main(options: argparse.Namespace) -> int:
    """Ask, print, compare; the exit status."""
    before = None if options.against is None else _earlier(Path(options.against))
    with tempfile.TemporaryDirectory(prefix="cx-eval-", ignore_cleanup_errors=True) as room:
        run = _run(options, Path(room))
    sys.stdout.write(_shown(run, as_json=options.json) + "\n")
    return max(_judge(run, options.fail_under), 0 if before is None else _compare(before, run))


def _run(options: argparse.Namespace, room: Path) -> Run:
    folder, name = _code(options.folder, room)
    if options.dataset is None:
        copy = room / "copy"
        copy.mkdir()
        questions, told = own.prepared(folder, copy, options.questions), ITSELF
        folder = copy
    else:
        questions, told = _chosen(Path(options.dataset), options.half), options.dataset
    spec = None if options.model is None else found_in(located(setting_of(options.model), paths.layout().models))
    second = None if options.reranker is None else _reranker(options.reranker)
    with _home(room, "" if spec is None else spec.source, "" if second is None else second.source) as home:
        asked = list(asking.ask(home, folder, questions, terminal.note, None if spec is None else spec.id))
    return run_of(codectxd.__version__, told, name, asked)


def _reranker(named: str) -> ModelSpec:
    spec = found_in(located(setting_of(named), paths.layout().models))
    if spec.kind != "reranker":
        raise UsageError(f"{named} is no reranker: `codectxd model list` says which one is.")
    return spec


@contextmanager
def _home(room: Path, model: str, reranker: str) -> Iterator[Home]:
    """A new home, whose settings name the models in these folders. A reranker has all the time that it wants, since what is
    measured is its order."""
    named = {"model": model, "reranker": reranker}
    lines = "".join(f"{name} = {msgspec.json.encode(folder).decode()}\n" for name, folder in named.items())
    home = Home(room / "home", f"{SETTINGS}{lines}reranker_ms = {_UNHURRIED_MS}\n")
    try:
        yield home
    finally:
        home.kill()


def _code(named: str | None, room: Path) -> tuple[Path, str]:
    """The folder to ask about, and what to call it."""
    if named != PYTHON:
        folder = places.folder(named)
        return Path(folder), Path(folder).name
    copy = room / "library"
    corpus.copy(corpus.standard_library(), copy)
    return copy, "Python's library"


def _chosen(file: Path, half: str | None) -> list[Question]:
    questions = dataset.read(file)
    chosen = [question for question in questions if half in (None, question.half)]
    if not chosen:
        halves = ", ".join(sorted({question.half for question in questions if question.half})) or "none"
        raise UsageError(f"{file} has no half called {half!r}; it has {halves}.")
    return chosen


def _earlier(file: Path) -> Run:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Run)
    except (OSError, msgspec.DecodeError) as problem:
        raise UsageError(f"{file} is not the JSON of an earlier run: {problem}") from problem


def _shown(run: Run, *, as_json: bool) -> str:
    return msgspec.json.format(msgspec.json.encode(run)).decode() if as_json else table(run)


def _judge(run: Run, fail_under: float | None) -> int:
    if fail_under is None or run.all.ndcg.mean >= fail_under:
        return 0
    terminal.note(f"NDCG@10 is {run.all.ndcg.mean:.3f}, less than the {fail_under:g} that was demanded.")
    return 3


def _compare(before: Run, after: Run) -> int:
    """3 where it got worse beyond chance; told on stderr, so that stdout stays one JSON object."""
    found = compare(before, after)
    if found is None:
        raise UsageError("The run to compare with has none of these questions.")
    terminal.note(comparison_table(found))
    return 3 if found.ndcg.high < 0 else 0
