"""`codectxd doctor`: what is wrong with this installation, its index, its daemon and its surroundings, and what to do.

Looks and never mends. Each area is examined in a thread with a deadline, so that a daemon or a network file system that
hangs is a line of the answer, not the end of it; and what a check did not expect is a line, too.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import msgspec

import codectxd
from codectxd import paths
from codectxd.clients import places, terminal
from codectxd.evaluate.checks import bundle
from codectxd.evaluate.checks.daemon import daemon
from codectxd.evaluate.checks.findings import Check, Finding, Level, Patient, problem
from codectxd.evaluate.checks.installation import model, versions
from codectxd.evaluate.checks.permissions import permissions
from codectxd.evaluate.checks.storage import storage
from codectxd.evaluate.checks.surroundings import watcher, workspace

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "versions": versions,
        "permissions": permissions,
        "daemon": daemon,
        "model": model,
        "store": storage,
        "watcher": watcher,
        "workspace": workspace,
    }
)
"""The areas, in the order of the answer."""

DEADLINE_S = 30.0
"""For one area; the slowest, the store, reads every byte of the vectors."""

_MARKS: Mapping[Level, str] = MappingProxyType({"ok": "ok", "warning": "warning", "problem": "PROBLEM"})


class Report(msgspec.Struct, frozen=True, rename="camel"):
    """`worst` is the worst level among the findings."""

    version: str
    root: str
    worst: Level
    findings: list[Finding]


def main(options: argparse.Namespace) -> int:
    """Examine, print, write the bundle where one is asked for. 0 where there is no problem, 3 where there is."""
    patient = Patient(paths.layout(), places.folder(options.path))
    if options.bundle is not None:
        bundle.check_target(Path(options.bundle))
    report = examined(patient)
    _show(report, as_json=options.json)
    if options.bundle is not None:
        names = bundle.write(Path(options.bundle), patient, report)
        held = f"{options.bundle} holds {', '.join(names)}"
        terminal.note(f"{held}: no source text, no path outside your home. Look through it before you send it.")
    return 3 if report.worst == "problem" else 0


def examined(patient: Patient, deadline_s: float = DEADLINE_S) -> Report:
    """The findings of all areas, which are examined at the same time."""
    examinations = [_Examination(name, check, patient) for name, check in CHECKS.items()]
    for one in examinations:
        one.start()
    findings = [finding for one in examinations for finding in one.findings(deadline_s)]
    levels = {finding.level for finding in findings}
    worst: Level = "problem" if "problem" in levels else "warning" if "warning" in levels else "ok"
    return Report(codectxd.__version__, patient.root, worst, findings)


class _Examination(threading.Thread):
    """One area. A thread of a daemon's kind: one that hangs does not keep the process."""

    def __init__(self, area: str, check: Check, patient: Patient) -> None:
        super().__init__(name=f"doctor: {area}", daemon=True)
        self._area = area
        self._check = check
        self._patient = patient
        self._found: list[Finding] = []

    def run(self) -> None:
        try:
            for finding in self._check(self._patient):
                self._found.append(finding)
        except Exception as failure:  # noqa: BLE001 - what a check did not expect is the very thing to be told.
            told = f"it could not be examined: {type(failure).__name__}: {failure}"
            self._found.append(
                problem(self._area, "examination", told, "please report this, with `codectxd doctor --bundle`")
            )

    def findings(self, deadline_s: float) -> Sequence[Finding]:
        """What was found until it ended, or until the deadline."""
        self.join(deadline_s)
        if not self.is_alive():
            return self._found
        told = f"it takes longer than {deadline_s:.0f} s: a disk, or a file system of the network, may not answer"
        return [*self._found, problem(self._area, "examination", told, "see whether `ls` in these folders answers")]


def _show(report: Report, *, as_json: bool) -> None:
    if as_json:
        text = msgspec.json.format(msgspec.json.encode(report)).decode()
    else:
        text = "\n".join(line for finding in report.findings for line in _lines(finding))
        text += f"\n\n{_summary(report)}"
    terminal.say(text + "\n")


def _lines(finding: Finding) -> Iterator[str]:
    """One line for a check, and one more for what to do about it."""
    printable = "".join(character if character.isprintable() else "\ufffd" for character in finding.told)
    yield f"{_MARKS[finding.level]:<8} {finding.area:<11} {finding.what}: {printable}"
    if finding.remedy:
        yield f"{'':<8} {'':<11} -> {finding.remedy}"


def _summary(report: Report) -> str:
    counts = {level: sum(finding.level == level for finding in report.findings) for level in _MARKS}
    return f"{counts['ok']} checks are fine, {counts['warning']} warnings, {counts['problem']} problems."
