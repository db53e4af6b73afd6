"""`python -m codectxd.evaluate.soak`: hours of work in minutes, and whether anything grows that should not.

An editor edits, saves, searches and switches branches in a workspace of its own, with pauses in which the processes may
rest. Every few seconds what the daemon and its children hold is counted; in the end the last third of the run is compared
with the one before it. The vault grows by design (it keeps what was computed, by content), so it is counted apart.

A development tool. Exit status 3 where something grew, or a process stayed that should have left.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from codectxd.errors import CodectxError
from codectxd.evaluate import holdings, processes
from codectxd.evaluate.holdings import Holdings
from codectxd.evaluate.laboratory import Home
from codectxd.evaluate.session import NeverCame, Session
from codectxd.evaluate.workload import QUESTIONS, WORDS, Workload, text_of

_SETTINGS = "indexer_idle_s = 5.0\nidle_exit_s = 0\n"
_SAMPLE_S = 5.0
_WORK_S, _PAUSE_S = 45.0, 12.0
_LEAVE_S = 30.0
"""How long processes that have nothing to do are given to be gone."""

ALLOWED: dict[str, tuple[float, float]] = {
    "segments": (0.5, 12),
    "descriptors": (0.05, 6),
    "threads": (0.0, 4),
    "watches": (0.05, 4),
    "memory_mb": (0.10, 15),
    "index_mb": (0.25, 4),
}
"""By what share, and how much beyond, a number may grow from one third of a run to the next: merges come and go."""


class Growth(msgspec.Struct, frozen=True):
    """The medians of one quantity in the second and the last third, and its peak."""

    name: str
    before: float
    after: float
    peak: float
    grew: bool


class Report(msgspec.Struct):
    """What was done, what was held, and what stayed when nothing was to be done."""

    seconds: float = 0.0
    edits: int = 0
    typed: int = 0
    searches: int = 0
    switches: int = 0
    samples: list[Holdings] = []
    growth: list[Growth] = []
    resting: list[str] = []
    problems: list[str] = []

    @property
    def failed(self) -> bool:
        return bool(self.problems) or any(one.grew for one in self.growth)


class Soak:
    """One run, in `home`, over `work`."""

    def __init__(self, home: Home, work: Workload, seed: int) -> None:
        self._home, self._work = home, work
        self._chosen = random.Random(seed)
        self._sampled_at = 0.0
        self.report = Report()

    def run(self, minutes: float) -> Report:
        """Work for so long, then look what stays."""
        with self._home.editor(self._work.root) as session:
            session.wait_fresh(durable=True)
            began = time.monotonic()
            while (spent := time.monotonic() - began) < 60 * minutes:
                self._work_until(session, began + min(spent + _WORK_S, 60 * minutes))
                session.wait_fresh(durable=True)
                self._pause(min(_PAUSE_S, 15 * minutes))
            self.report.seconds = round(time.monotonic() - began, 1)
            self.report.edits, self.report.switches = self._work.edits, self._work.switches
            self._rest()
        self.report.growth = judged(self.report.samples)
        return self.report

    def _work_until(self, session: Session, deadline: float) -> None:
        while time.monotonic() < deadline:
            self._act(session)
            self._sample()
        self._work.switch()
        self.report.searches += 1
        session.search(self._chosen.choice(QUESTIONS))

    def _act(self, session: Session) -> None:
        kind = self._chosen.random()
        if kind < 0.35:
            self._work.edit()
        elif kind < 0.5:
            self._type(session)
        elif kind < 0.9:
            self.report.searches += 1
            session.search(self._chosen.choice((*QUESTIONS, *WORDS)), mode=self._chosen.choice(("hybrid", "lexical")))
        elif kind < 0.98:
            session.symbols(self._chosen.choice(WORDS))
        else:
            self._work.tidy_up()
        time.sleep(self._chosen.uniform(0.0, 0.15))

    def _type(self, session: Session) -> None:
        """Type into a buffer, letter by letter, and close it without saving."""
        path = self._work.path(self._chosen.randrange(20))
        session.open(path, text_of(1, 1))
        for version in range(2, 12):
            session.insert(path, version, self._chosen.choice("abcdef "))
            self.report.typed += 1
        session.close_buffer(path)

    def _pause(self, seconds: float) -> None:
        """Do nothing, in long runs for so long that the indexer and the workers of builds leave."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._sample()
            time.sleep(0.2)

    def _sample(self) -> None:
        if time.monotonic() - self._sampled_at >= _SAMPLE_S:
            self._sampled_at = time.monotonic()
            self.report.samples.append(self._held())

    def _held(self) -> Holdings:
        return holdings.of(self._home.daemon() or 0, self._home.layout, str(self._work.root))

    def _rest(self) -> None:
        """With nothing to do, the daemon and its one warm worker are all that stays."""
        deadline = time.monotonic() + _LEAVE_S
        while len(names := self._running()) > 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        self.report.resting = names
        if names != ["codectxd.daemon", "codectxd.engine.worker"]:
            self.report.problems.append(f"these run with nothing to do: {', '.join(names)}")

    def _running(self) -> list[str]:
        return sorted(processes.module_of(pid) for pid in processes.family(self._home.daemon() or 0))


def judged(samples: list[Holdings]) -> list[Growth]:
    """What grew from the second third of a run to the last; the first one only warms up."""
    third = len(samples) // 3
    found = []
    for name, (share, absolute) in ALLOWED.items():
        values = [float(getattr(sample, name)) for sample in samples]
        if not third:
            continue
        before, after = statistics.median(values[third : 2 * third]), statistics.median(values[2 * third :])
        grew = after > before * (1 + share) + absolute
        found.append(Growth(name, round(before, 1), round(after, 1), round(max(values), 1), grew))
    return found


def soak(minutes: float, files: int, seed: int) -> Report:
    """A run in a home and a folder that are thrown away."""
    with tempfile.TemporaryDirectory(prefix="cxs-") as name:
        home = Home(Path(name) / "home", _SETTINGS)
        run = Soak(home, Workload(Path(name) / "tree", files, seed), seed)
        try:
            return run.run(minutes)
        except (CodectxError, NeverCame, OSError) as problem:
            run.report.problems.append(f"an answer: {problem}")
            return run.report
        finally:
            home.kill()


def shown(report: Report) -> str:
    """The report for people."""
    vault = [sample.vault_mb for sample in report.samples] or [0.0]
    lines = [
        f"{report.seconds:.0f} s: {report.edits} saves and the like, {report.typed} letters typed,"
        f" {report.searches} searches, {report.switches} branch switches; {len(report.samples)} samples",
        f"{'':12}{'2nd third':>12}{'last third':>12}{'peak':>12}",
        *(
            f"{one.name:12}{one.before:12.1f}{one.after:12.1f}{one.peak:12.1f}{'  GREW' if one.grew else ''}"
            for one in report.growth
        ),
        f"vault: {vault[0]:.1f} to {vault[-1]:.1f} MB",
        f"with nothing to do: {', '.join(report.resting)}",
        *(f"WRONG: {problem}" for problem in report.problems),
    ]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m codectxd.evaluate.soak", description="Work, and see what grows.")
    parser.add_argument("--minutes", type=float, default=20.0, help="how long (default: 20)")
    parser.add_argument("--files", type=int, default=300, help="files of the workspace (default: 300)")
    parser.add_argument("--seed", type=int, default=1, help="of the random choices (default: 1)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON, every sample in it")
    options = parser.parse_args(arguments)
    report = soak(options.minutes, options.files, options.seed)
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(report)).decode() + "\n" if options.json else shown(report))
    if options.json:
        sys.stderr.write(shown(report))
    return 3 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
