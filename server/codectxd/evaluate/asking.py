"""Questions put to the real command line, one process each, as a person puts them; and what came of each.

The command is `codectxd search QUERY FOLDER -k 10 --json` and nothing more: no switch and no path of the product is there
for being measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from codectxd.errors import ModelUnavailable, UsageError
from codectxd.evaluate import dataset, metrics
from codectxd.evaluate.dataset import Question
from codectxd.evaluate.laboratory import Home
from codectxd.evaluate.metrics import Found, Wanted
from codectxd.wire.messages import Hit, SearchAnswer, Status

_LOOK_S = 0.25
_SAY_S = 30.0


class Asked(msgspec.Struct, frozen=True, rename="camel"):
    """One question and what its answer was worth. `ranks` are those of its targets, null for one that no hit answers.

    `command_ms` is how long the whole command took, `search_ms` how long the daemon did.
    """

    repo: str
    query: str
    category: str
    language: str
    half: str
    ranks: list[int | None]
    ndcg: float
    reciprocal_rank: float
    recall: float
    first: str | None
    command_ms: float
    search_ms: float


def ask(
    home: Home, folder: Path, questions: Sequence[Question], begin: Callable[[str], None], model: str | None = None
) -> Iterator[Asked]:
    """Index the repositories of `questions` below `folder` in `home`, and put the questions to each, once `model` answers
    where one is named. Raises UsageError, and ModelUnavailable where that model cannot."""
    for root, of_one in _by_root(folder, questions).items():
        answers = [dataset.wanted(question, root) for question in of_one]
        prefix = f"{of_one[0].repo}: " if of_one[0].repo else ""
        begin(f"{prefix}indexing, then {len(of_one)} questions ...")
        home.command("index", str(root))
        if model is not None:
            _await(home, root, model, begin)
        for question, wanted in zip(of_one, answers, strict=True):
            yield _asked(home, root, question, wanted)


def _await(home: Home, root: Path, model: str, say: Callable[[str], None]) -> None:
    """Wait until `model` answers in the workspace at `root`, however long that takes."""
    said_at = time.monotonic()
    while True:
        (workspace,) = msgspec.json.decode(home.command("status", str(root), "--json"), type=Status).workspaces
        filling = workspace.filling
        if workspace.model == model:
            return
        if filling is not None and filling.problem:
            raise ModelUnavailable(filling.problem)
        if filling is not None and filling.total and time.monotonic() - said_at > _SAY_S:
            said_at = time.monotonic()
            say(f"{filling.done} of {filling.total} texts embedded, {filling.per_s:.1f}/s")
        time.sleep(_LOOK_S)


def _by_root(folder: Path, questions: Sequence[Question]) -> Mapping[Path, list[Question]]:
    found: dict[Path, list[Question]] = {}
    for question in questions:
        root = dataset.folder_of(question, folder)
        if not root.is_dir():
            raise UsageError(f"There is no folder {root} to ask about: name the code by --folder.")
        found.setdefault(root, []).append(question)
    return found


def _asked(home: Home, root: Path, question: Question, wanted: Sequence[Wanted]) -> Asked:
    began = time.monotonic()
    said = home.command("search", question.query, str(root), "-k", str(metrics.DEPTH), "--json")
    took_ms = (time.monotonic() - began) * 1000
    answer = msgspec.json.decode(said, type=SearchAnswer) if said.strip() else None
    if answer is not None and "reranker" in answer.freshness.degraded:
        raise ModelUnavailable("The reranker had no say in an answer: `codectxd doctor` tries it, once it is chosen.")
    hits = answer.hits if answer is not None else []
    ranks = metrics.ranks([_found(hit) for hit in hits], wanted)
    return Asked(
        repo=question.repo,
        query=question.query,
        category=question.category,
        language=dataset.language(question),
        half=question.half,
        ranks=ranks,
        ndcg=metrics.ndcg(ranks),
        reciprocal_rank=metrics.reciprocal_rank(ranks),
        recall=metrics.recall(ranks),
        first=hits[0].path if hits else None,
        command_ms=took_ms,
        search_ms=answer.took_ms if answer is not None else took_ms,
    )


def _found(hit: Hit) -> Found:
    """A hit by its lines, counted from 1; a range that ends where a line begins does not have that line."""
    start, end = hit.range.start, hit.range.end
    return Found(hit.path, start.line + 1, max(start.line + 1, end.line + (1 if end.character else 0)))
