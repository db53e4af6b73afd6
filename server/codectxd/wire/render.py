"""Answers as text for terminals and agents.

Pure: types of the wire in, lines out; whether to colour is the caller's to say. Control characters of file names and
snippets never reach the terminal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from codectxd.wire import messages

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

_BOLD = "\x1b[1m"
_DIM = "\x1b[2m"
_CYAN = "\x1b[36m"
_GREEN = "\x1b[32m"
_YELLOW = "\x1b[33m"
_OFF = "\x1b[0m"

_LIKENESS = {"duplicate": "duplicate", "near": "near duplicate"}
_KINDS = {
    1: "file",
    2: "module",
    3: "namespace",
    4: "package",
    5: "class",
    6: "method",
    7: "property",
    8: "field",
    9: "constructor",
    10: "enum",
    11: "interface",
    12: "function",
    13: "variable",
    14: "constant",
    15: "section",
    20: "key",
    22: "variant",
    23: "struct",
    24: "trigger",
    26: "type",
}


def hits(answer: messages.SearchAnswer, *, colour: bool) -> str:
    """Each hit as `path:line` with what it is, then its numbered lines, a blank line between hits; before them, and in the
    last line of each, the explanation, where there is one."""
    pen = _Pen(colour)
    shown = ["\n".join(_hit(hit, pen)) + "\n" for hit in answer.hits]
    if isinstance(answer.explained, messages.Explained):
        shown.insert(0, "\n".join(pen(_DIM, line) for line in _explained(answer.explained)) + "\n")
    return "\n".join(shown)


def symbols(found: Sequence[messages.SymbolInformation], paths: Sequence[str], *, colour: bool) -> str:
    """One line for each definition; `paths` are the names to show for their files, in the same order."""
    pen = _Pen(colour)
    lines = []
    for symbol, path in zip(found, paths, strict=True):
        start = symbol.location.range.start
        name = f"{symbol.container_name}.{symbol.name}" if symbol.container_name else symbol.name
        place = pen(_CYAN, f"{_plain(path)}:{start.line + 1}:{start.character + 1}")
        lines.append(f"{place}  {pen(_BOLD, _plain(name))}  {pen(_DIM, _KINDS.get(symbol.kind, 'symbol'))}\n")
    return "".join(lines)


def paths(answer: messages.ListPathsAnswer, *, colour: bool) -> str:
    """A path a line, with the reason where it is left out."""
    pen = _Pen(colour)
    marks = (pen(_DIM, one.reason or "") or pen(_YELLOW, "unsaved" if one.unsaved else "") for one in answer.paths)
    return "".join(f"{_plain(one.path)}  {mark}".rstrip() + "\n" for one, mark in zip(answer.paths, marks, strict=True))


def status(about: messages.Status, *, colour: bool) -> str:
    """The daemon in a line, and a paragraph for each workspace."""
    pen = _Pen(colour)
    sessions = "1 session" if about.sessions == 1 else f"{about.sessions} sessions"
    head = (
        f"codectxd {about.version}, pid {about.pid}, up {_duration(about.uptime_s)}, {_bytes(about.rss_bytes)}, {sessions}"
    )
    if about.reranker is not None:
        head += f"\n{_reranker(about.reranker)}"
    if not about.workspaces:
        return f"{head}\nNo workspace is open.\n"
    return f"{head}\n" + "".join("\n" + "\n".join(_workspace(one, pen)) + "\n" for one in about.workspaces)


def indexed(workspaces: Sequence[messages.WorkspaceStatus], seconds: float) -> str:
    """One line for a finished index: files, chunks, seconds, and the files skipped by reason."""
    files = sum(one.files for one in workspaces)
    chunks = sum(one.chunks for one in workspaces)
    counts: dict[str, int] = {}
    for group in (group for one in workspaces for group in one.skipped_files):
        counts[group.reason] = counts.get(group.reason, 0) + group.count
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))
    skipped = f", {sum(counts.values())} skipped ({reasons})" if counts else ""
    return f"{files} files, {chunks} chunks in {seconds:.1f} s{skipped}"


def freshness_note(freshness: messages.Freshness) -> str | None:
    """One line on what an answer does not cover; None where it covers everything."""
    parts = []
    if freshness.words < 1 or freshness.vectors < 1:
        words, vectors = int(100 * freshness.words), int(100 * freshness.vectors)
        parts.append(f"of the files, {words}% are searchable by words and {vectors}% by meaning")
    if freshness.pending and not parts:
        parts.append(f"{freshness.pending} changed files are not searchable yet")
    if freshness.degraded:
        why = " (`codectxd status` says why)" if "indexing" in freshness.degraded else ""
        parts.append(f"degraded: {', '.join(freshness.degraded)}{why}")
    if freshness.stale:
        more = ", ..." if len(freshness.stale) > 3 else ""
        parts.append(f"changed since: {', '.join(map(_plain, freshness.stale[:3]))}{more}")
    return f"note: {'; '.join(parts)}" if parts else None


class _Pen:
    """Colours, or not."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, code: str, text: str) -> str:
        return f"{code}{text}{_OFF}" if self._colour and text else text


def _hit(hit: messages.Hit, pen: _Pen) -> Iterator[str]:
    yield "  ".join(filter(None, _header(hit, pen)))
    first = hit.range.start.line + 1
    lines = hit.snippet.removesuffix("\n").split("\n")
    width = len(str(first + len(lines) - 1))
    for number, line in enumerate(lines, first):
        yield f"{pen(_DIM, f'{number:>{width}}')}  {_plain(line)}".rstrip()
    if hit.why:
        yield from (pen(_DIM, f"  {line}") for line in _why(hit.score, hit.why))


def _header(hit: messages.Hit, pen: _Pen) -> Iterator[str]:
    yield pen(_CYAN, f"{_plain(hit.path)}:{hit.range.start.line + 1}")
    yield pen(_BOLD, _plain(f"{hit.kind} {hit.symbol}")) if hit.symbol else ""
    yield pen(_DIM, f"[{', '.join(hit.matched)}]") if hit.matched else ""
    yield pen(_GREEN, _LIKENESS[hit.likeness]) if hit.likeness else ""
    yield pen(_YELLOW, "unsaved") if hit.unsaved else ""


def _explained(explained: messages.Explained) -> Iterator[str]:
    yield f"looked for: {', '.join(map(_plain, explained.terms)) or 'no words'}"
    if explained.names:
        yield f"as names: {', '.join(map(_plain, explained.names))}"
    yield f"filters: {', '.join(map(_plain, explained.filters)) or 'none'}"


def _why(score: float, why: messages.Why) -> Iterator[str]:
    """The score as the sum that it is, and where the hit stands by words and by meaning."""
    yield f"score {score:.3f} =" + "".join(f" {boost.value:+.3f} {_plain(boost.name)}" for boost in why.boosts)
    parts = [
        f"{_nth(why.lexical_rank)} by words" if why.lexical_rank else "",
        f"{_nth(why.semantic_rank)} by meaning" if why.semantic_rank else "",
        f"holds: {', '.join(map(_plain, why.terms))}" if why.terms else "",
    ]
    if any(parts):
        yield "; ".join(filter(None, parts))


def _nth(rank: int) -> str:
    ending = "th" if rank % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{ending}"


def _reranker(told: messages.RerankerStatus) -> str:
    state = f"cannot be used: {told.problem}" if told.problem else "reads the first answers" if told.ready else "is loading"
    return _plain(f"reranker {told.model} {state}")


def _workspace(one: messages.WorkspaceStatus, pen: _Pen) -> Iterator[str]:
    phase = pen(_GREEN if one.phase == "ready" else _YELLOW, one.phase)
    progress = f" {one.done}/{one.total}" if one.total and one.phase == "indexing" else ""
    yield f"{pen(_BOLD, _plain(one.root))}  {phase}{progress}" + (f"  on {_plain(one.branch)}" if one.branch else "")
    yield f"  {one.files} files, {one.chunks} chunks, {one.vectors} vectors, {one.pending} pending"
    yield f"  model {one.model}, watcher {one.watcher}, generation {one.generation}"
    if one.role == "follower":
        yield f"  follows the process that writes the index, pid {one.writer or 'unknown'}"
    if one.filling is not None:
        yield f"  {_filling(one, one.filling)}"
    if one.message:
        yield f"  {_plain(one.message)}"
    if one.build is not None:
        yield from _build(one, one.build, pen)
    for group in one.skipped_files:
        examples = ", ".join(map(_plain, group.examples[:3]))
        yield f"  skipped {group.count} {group.reason}: {group.meaning} {pen(_DIM, examples)}".rstrip()


def _filling(one: messages.WorkspaceStatus, told: messages.FillStatus) -> str:
    """How far the model is that is to answer next, or what keeps it from coming."""
    done = f", {told.done} of {told.total} texts" if told.total else ""
    if told.problem:
        return _plain(f"model {told.model or 'of the settings'} cannot take over{done}: {told.problem}")
    left = f", {_duration(told.left_s)} left" if told.left_s is not None else ""
    pace = f", {told.per_s:.0f}/s{left}" if told.per_s else ""
    what = "is being embedded by the model" if told.model == one.model else "is to be searched by the model"
    return f"{what} {_plain(told.model)}{done}{pace}"


def _build(one: messages.WorkspaceStatus, build: messages.BuildStatus, pen: _Pen) -> Iterator[str]:
    """How the last index run that had anything to do went, or how the one under way goes."""
    workers = f"{build.workers} worker{'s' if build.workers > 1 else ''}"
    yield f"  {'being built' if one.phase == 'indexing' else 'built last'} {build.mode}, {workers}: {_plain(build.why)}"
    if build.estimate:
        yield f"  {_plain(build.estimate)}"
    spent = f"{build.elapsed_s:.1f} s, {build.files_per_s:.0f} files/s, {build.cpu_s:.1f} s of processors"
    done = f"{build.files} files taken in, {build.parsed} parsed, {build.embedded} chunks embedded"
    yield f"  {spent}, {_bytes(build.peak_bytes)} at most; {done}"
    stages = [f"{name} {value:.1f}" for name, value in messages.to_builtins(build.stage_seconds).items() if value >= 0.05]
    waiting = [f"{count} before {name}" for name, count in build.queues.items() if count]
    told = [f"stages {', '.join(stages)} s, {build.overlap:.1f} at a time" if stages else "", *waiting[:4]]
    if any(told):
        yield pen(_DIM, f"  {'; '.join(filter(None, told))}")


def _plain(text: str) -> str:
    """Without control characters, which could make a terminal do things."""
    return _CONTROL.sub("\ufffd", text.removesuffix("\r").replace("\t", "    "))


def _bytes(count: int) -> str:
    return f"{count / 1_000_000:.0f} MB"


def _duration(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
