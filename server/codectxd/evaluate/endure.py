"""`python -m codectxd.evaluate.endure`: SIGKILL from outside, hundreds of times, while files change.

The daemon, the indexer, a worker of a build or the warm worker is ended at a random instant of edits, branch switches,
builds and merges: half of the indexers as soon as they are seen to be in a certain step of the write protocol. Files go on
changing, and then what can be found is compared with what a fresh build of another daemon finds, which nobody kills.

A development tool. Exit status 3 where anything differs, never comes back, or a process died of something else.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from codectxd.errors import CodectxError
from codectxd.evaluate import processes, stepping
from codectxd.evaluate.laboratory import Home
from codectxd.evaluate.session import NeverCame, Session, until
from codectxd.evaluate.stepping import Steps
from codectxd.evaluate.workload import QUESTIONS, WORDS, Workload, text_of
from codectxd.evaluate.world import difference, world

VICTIMS = ("indexer", "daemon", "indexer", "builder", "indexer", "worker")
"""In turn. The builder is a worker of a build, the worker the warm one of edits."""

_SETTINGS = "workers = 2\nidle_exit_s = 0\n"
_FILES = 60
_INSTANT_S = 0.5
_WITHIN_S = 0.04
"""Up to so long after it was seen before a step an indexer is ended: before it, in it, or soon after."""
_PATIENCE_S = 5.0
_SETTLE_S = 90.0
_SIGNAL = re.compile(r"ended with -(?!9\b)\d+")


class Report(msgspec.Struct):
    """Kills by victim, indexers by the step that they were in, and everything that was wrong."""

    seed: int
    kills: int = 0
    seconds: float = 0.0
    compared: int = 0
    victims: dict[str, int] = {}
    steps: dict[str, int] = {}
    activities: dict[str, int] = {}
    problems: list[str] = []

    @property
    def failed(self) -> bool:
        return bool(self.problems)


class Endurance:
    """One run: `home` is the one that suffers, `other` builds afresh."""

    def __init__(self, home: Home, other: Home, work: Workload, steps: Steps, seed: int) -> None:
        self._home, self._other, self._work, self._steps = home, other, work, steps
        self._chosen = random.Random(seed)
        self._counts = {"victims": Counter[str](), "steps": Counter[str](), "activities": Counter[str]()}
        self._turn = 0
        self.report = Report(seed)

    def run(self, kills: int, say: Callable[[str], None]) -> Report:
        """Kill so many times, or until something is wrong."""
        began = time.monotonic()
        with self._other.editor(self._work.root) as reference:
            reference.wait_fresh(durable=True)
            while self.report.kills < kills and not self.report.failed:
                self._round(reference)
                if self.report.kills % 10 == 0:
                    say(f"{self.report.kills} kills, {dict(self._counts['steps'])}")
        self.report.seconds = round(time.monotonic() - began, 1)
        self.report.problems += _died_of(self._home.layout.log)
        return self.report

    def _round(self, reference: Session) -> None:
        victim = VICTIMS[self._turn % len(VICTIMS)]
        step = stepping.ALL[self._turn // 4 % len(stepping.ALL)] if self._turn % 4 == 0 else None
        self._turn += 1
        activity = self._activity(victim, step)
        with contextlib.suppress(CodectxError, NeverCame, OSError), self._home.editor(self._work.root) as session:
            session.wait_fresh(durable=False)
            with self._busy(activity, session):
                hit = self._kill(victim, step)
        if not hit:
            return
        self._count(victim, activity)
        for _ in range(self._chosen.randint(0, 4)):
            self._work.edit()
        self._compare(victim, activity, reference)

    def _activity(self, victim: str, step: str | None) -> str:
        if step in stepping.MERGE_STEPS:
            return "merge"
        if victim == "builder":
            return self._chosen.choice(("build", "switch"))
        if victim == "worker":
            return "edits"
        return self._chosen.choice(("edits", "edits", "switch", "build", "merge"))

    @contextlib.contextmanager
    def _busy(self, activity: str, session: Session) -> Iterator[None]:
        """Something is under way until the end of the block."""
        stop = threading.Event()
        thread = threading.Thread(target=self._work_at, args=(activity, session, stop))
        self._steps.forget()
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _work_at(self, activity: str, session: Session, stop: threading.Event) -> None:
        # Whoever asks a daemon that is being killed hears of it: that is what the relay promises, and no problem.
        with contextlib.suppress(CodectxError, NeverCame, OSError):
            if activity in ("build", "merge"):
                self._work.edit()
                session.reindex(force=activity == "build", merge=activity == "merge")
            if activity == "switch":
                self._work.switch()
            while activity == "edits" and not stop.is_set():
                path = self._work.edit()
                session.open(path, text_of(self._work.edits, 7))
                session.close_buffer(path)
                stop.wait(0.03)

    def _kill(self, victim: str, step: str | None) -> bool:
        """End one victim; whether there was one."""
        if victim == "indexer" and step is not None:
            pid = self._steps.wait_for(step, _PATIENCE_S)
            time.sleep(self._chosen.uniform(0.0, _WITHIN_S))
        else:
            time.sleep(self._chosen.uniform(0.0, _INSTANT_S))
            pid = self._found(victim)
        if pid is None:
            return False
        family = [pid] if victim == "indexer" else processes.family(pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        until(lambda: not any(map(processes.lives, family)), what=f"the end of the {victim} and its family")
        return True

    def _found(self, victim: str) -> int | None:
        deadline = time.monotonic() + _PATIENCE_S
        while not (found := self._victims(victim)):
            if time.monotonic() >= deadline:
                return None
        return found[0]

    def _victims(self, victim: str) -> list[int]:
        daemon = self._home.daemon()
        if daemon is None or not processes.lives(daemon):
            return []
        if victim == "daemon":
            return [daemon]
        family = processes.family(daemon)
        indexers = [pid for pid in family if processes.runs(pid, "codectxd.engine.indexer")]
        if victim == "indexer":
            return indexers
        builders = {pid for indexer in indexers for pid in processes.family(indexer)}
        workers = [pid for pid in family if processes.runs(pid, "codectxd.engine.worker")]
        return [pid for pid in workers if (pid in builders) == (victim == "builder")]

    def _count(self, victim: str, activity: str) -> None:
        self.report.kills += 1
        self._counts["victims"][victim] += 1
        self._counts["activities"][activity] += 1
        if victim == "indexer":
            self._counts["steps"][self._steps.last()] += 1
        for name, counts in self._counts.items():
            setattr(self.report, name, dict(counts))

    def _compare(self, victim: str, activity: str, reference: Session) -> None:
        """What is found by itself afterwards is what a fresh build finds."""
        where = f"kill {self.report.kills} ({victim}, {activity}, {self._steps.last()})"
        try:
            with self._home.editor(self._work.root) as session:
                settled(session)
                found = world(session, WORDS, QUESTIONS)
            reference.reindex(force=True)
            settled(reference)
            problem = difference(found, world(reference, WORDS, QUESTIONS))
        except (CodectxError, NeverCame, OSError) as trouble:
            problem = str(trouble)
        self.report.compared += 1
        if problem is not None:
            self.report.problems.append(f"{where}: {problem}")


def settled(session: Session) -> None:
    """Return once all is found and on disk. An indexer that died again and again is left alone for some seconds."""
    deadline = time.monotonic() + _SETTLE_S
    while True:
        try:
            return session.wait_fresh(durable=True)
        except NeverCame:
            if time.monotonic() > deadline:
                raise


def _died_of(log: Path) -> list[str]:
    """Ends of children by another signal than ours, out of the daemon's log."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return [line for line in lines if _SIGNAL.search(line) or "Fatal Python error" in line]


def endure(kills: int, seed: int, say: Callable[[str], None] = lambda line: None) -> Report:
    """A run in homes and a folder that are thrown away."""
    with tempfile.TemporaryDirectory(prefix="cxe-") as name:
        home, other = Home(Path(name) / "h", _SETTINGS), Home(Path(name) / "o", _SETTINGS)
        steps = Steps(Path(name) / "h", home.environment)
        run = Endurance(home, other, Workload(Path(name) / "tree", _FILES, seed), steps, seed)
        try:
            return run.run(kills, say)
        except (CodectxError, NeverCame, OSError) as problem:
            run.report.problems.append(f"an answer: {problem}")
            return run.report
        finally:
            home.kill()
            other.kill()
            steps.close()


def shown(report: Report) -> str:
    """The report for people."""
    lines = [
        f"{report.kills} kills in {report.seconds} s, {report.compared} comparisons with a fresh build",
        *(f"{name}: {_counted(counts)}" for name, counts in (("victims", report.victims), ("during", report.activities))),
        f"indexers by step: {_counted({step: report.steps.get(step, 0) for step in (*stepping.ALL, stepping.NOWHERE)})}",
        *(f"WRONG: {problem}" for problem in report.problems),
    ]
    return "\n".join(lines) + "\n"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def main(arguments: list[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m codectxd.evaluate.endure", description="Kill, and compare.")
    parser.add_argument("--kills", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="of the random choices (default: 1)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    report = endure(options.kills, options.seed, _say)
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(report)).decode() + "\n" if options.json else shown(report))
    return 3 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
