"""What a run of questions found, how two runs compare, and both for a terminal. Pure: knows nothing of how one asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import msgspec

from codectxd.evaluate import resampling
from codectxd.evaluate.asking import Asked
from codectxd.evaluate.report import quantile
from codectxd.evaluate.resampling import Estimate

GROUPS = ("category", "language", "half", "repo")
"""By what the questions are told apart, where they differ in it."""


class Scores(msgspec.Struct, frozen=True, rename="camel"):
    """Of so many questions; means of the repositories' means, with their intervals."""

    questions: int
    repositories: int
    ndcg: Estimate
    reciprocal_rank: Estimate
    recall: Estimate


class Run(msgspec.Struct, frozen=True, rename="camel"):
    """One run: `all` questions, groups of them (`by["category"]["where"]`), milliseconds, and each question."""

    version: str
    dataset: str
    folder: str
    all: Scores
    by: dict[str, dict[str, Scores]]
    latency: dict[str, float]
    asked: list[Asked]


class Comparison(msgspec.Struct, frozen=True, rename="camel"):
    """How much more a run has than another one of the same questions, which are `questions` in number."""

    questions: int
    ndcg: Estimate
    reciprocal_rank: Estimate
    recall: Estimate


def run_of(version: str, dataset: str, folder: str, asked: Sequence[Asked]) -> Run:
    """The run in which the questions `asked` were put; there is at least one."""
    by = {}
    for name in GROUPS:
        groups = _grouped(asked, lambda one, name=name: getattr(one, name))  # type: ignore[misc]
        if len(groups) > 1:
            by[name] = {group: _scores(of_one) for group, of_one in sorted(groups.items())}
    latency = {
        f"{name}_p{share}": quantile([getattr(one, f"{name}_ms") for one in asked], share / 100)
        for name in ("command", "search")
        for share in (50, 95)
    }
    return Run(version, dataset, folder, _scores(asked), by, latency, list(asked))


def compare(before: Run, after: Run) -> Comparison | None:
    """By pairs of the same question; None where no question was put in both runs."""
    earlier = {(one.repo, one.query): one for one in before.asked}
    pairs = [(earlier[one.repo, one.query], one) for one in after.asked if (one.repo, one.query) in earlier]
    if not pairs:
        return None
    old, new = [one for one, _ in pairs], [one for _, one in pairs]
    gains = {name: resampling.gain(_values(old, name), _values(new, name)) for name in ("ndcg", "reciprocal_rank", "recall")}
    return Comparison(len(pairs), **gains)


def table(run: Run) -> str:
    """`run` for a terminal."""
    lines = [
        f"codectxd {run.version}: {run.dataset}, of {run.folder}; brackets hold 95 % of what chance would make of it",
        "",
        f"{'':<26} {'questions':>9}  {'NDCG@10':<22}{'MRR':<22}{'recall@10':<22}",
        _line("all", run.all),
    ]
    for name, groups in run.by.items():
        lines += ["", f"by {name}", *(_line(group or "-", scores) for group, scores in groups.items())]
    took = run.latency
    lines += ["", f"search {took['search_p50']:.1f} ms, 95 % within {took['search_p95']:.1f} ms;"
              f" the whole command {took['command_p50']:.0f} ms, {took['command_p95']:.0f} ms"]  # fmt: skip
    return "\n".join(lines)


def comparison_table(found: Comparison) -> str:
    """`found` for a terminal."""
    parts = (("NDCG@10", found.ndcg), ("MRR", found.reciprocal_rank), ("recall@10", found.recall))
    told = ", ".join(f"{name} {_shown(estimate, signed=True)}{_verdict(estimate)}" for name, estimate in parts)
    return f"compared by {found.questions} questions that both runs put: {told}"


def _scores(asked: Sequence[Asked]) -> Scores:
    return Scores(
        questions=len(asked),
        repositories=len({one.repo for one in asked}),
        ndcg=resampling.mean(_values(asked, "ndcg")),
        reciprocal_rank=resampling.mean(_values(asked, "reciprocal_rank")),
        recall=resampling.mean(_values(asked, "recall")),
    )


def _values(asked: Sequence[Asked], name: str) -> dict[str, list[float]]:
    """A number of each question, by repository."""
    return {repo: [getattr(one, name) for one in of_one] for repo, of_one in _grouped(asked, lambda one: one.repo).items()}


def _grouped(asked: Sequence[Asked], name: Callable[[Asked], str]) -> Mapping[str, list[Asked]]:
    groups: defaultdict[str, list[Asked]] = defaultdict(list)
    for one in asked:
        groups[name(one)].append(one)
    return groups


def _line(name: str, scores: Scores) -> str:
    cells = "".join(f"{_shown(e):<22}" for e in (scores.ndcg, scores.reciprocal_rank, scores.recall))
    return f"{name:<26} {scores.questions:>9}  {cells}".rstrip()


def _shown(estimate: Estimate, *, signed: bool = False) -> str:
    form = "+.3f" if signed else ".3f"
    return f"{estimate.mean:{form}} [{estimate.low:{form}} {estimate.high:{form}}]"


def _verdict(estimate: Estimate) -> str:
    if not estimate.is_clear:
        return " (no difference that chance would not make)"
    return " BETTER" if estimate.low > 0 else " WORSE"
