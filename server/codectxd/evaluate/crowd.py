"""`python -m codectxd.evaluate.crowd`: a hundred thousand files in one folder.

Indexed from nothing, edited, searched, and opened again by another daemon, with what each took; what was planted in the
last file is found, and nothing is parsed or embedded twice. A development tool. Exit status 3 where that is not so.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import msgspec

from codectxd.errors import CodectxError
from codectxd.evaluate import processes
from codectxd.evaluate.laboratory import Home
from codectxd.evaluate.session import NeverCame, Session, until

_SETTINGS = "idle_exit_s = 0\n"


class Report(msgspec.Struct):
    """Seconds and megabytes, and everything that was wrong."""

    files: int
    index_s: float = 0.0
    peak_mb: float = 0.0
    rest_mb: float = 0.0
    saved_ms: float = 0.0
    search_ms: float = 0.0
    reopened_s: float = 0.0
    problems: list[str] = []


class Peak:
    """The most memory that a home's processes held between two moments."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.megabytes = 0.0

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.5):
            self.megabytes = max(self.megabytes, processes.memory_mb(processes.family(self._home.daemon() or 0)))


def crowd(files: int) -> Report:
    """A run in a home and a folder that are thrown away."""
    report = Report(files)
    with tempfile.TemporaryDirectory(prefix="cxc-") as name:
        root, home = Path(name) / "tree", Home(Path(name) / "h", _SETTINGS)
        root.mkdir()
        for number in range(files):
            (root / f"module{number}.py").write_text(_text(number))
        try:
            _measure(report, home, root)
        except (CodectxError, NeverCame, OSError) as problem:
            report.problems.append(str(problem))
        finally:
            home.kill()
    return report


def _text(number: int, version: int = 0) -> str:
    return f'def member_{number}_v{version}x(crowd):\n    """Member {number} of the crowd."""\n    return crowd[{number}]\n'


def _measure(report: Report, home: Home, root: Path) -> None:
    last = report.files - 1
    began = time.monotonic()
    with home.editor(root) as session, Peak(home) as peak:
        session.reindex()
        report.index_s = round(time.monotonic() - began, 1)
        _expect(report, session.workspace().files == report.files, "every file is indexed")
        _expect(report, _is_found(session, last, 0), "what stands in the last file is found")
        report.saved_ms = round(1e3 * statistics.median(_saved(session, root, last - at) for at in range(9)))
        report.search_ms = round(1e3 * statistics.median(_asked(session, at) for at in range(20)), 1)
        session.wait_fresh(durable=True)
    report.peak_mb = round(peak.megabytes)
    report.rest_mb = round(processes.memory_mb(processes.family(home.daemon() or 0)))
    home.stop()
    began = time.monotonic()
    with home.editor(root) as session:
        session.wait_fresh(durable=True)
        report.reopened_s = round(time.monotonic() - began, 1)
        about = session.workspace()
        _expect(report, (about.parsed, about.embedded) == (0, 0), "nothing is parsed or embedded twice")
        _expect(report, about.files == report.files, "every file is there again")


def _saved(session: Session, root: Path, number: int) -> float:
    """Seconds from a save until it is found."""
    began = time.monotonic()
    (root / f"module{number}.py").write_text(_text(number, 1))
    until(lambda: _is_found(session, number, 1), what="a saved file")
    return time.monotonic() - began


def _asked(session: Session, number: int) -> float:
    began = time.monotonic()
    session.search(f"member {number} of the crowd")
    return time.monotonic() - began


def _is_found(session: Session, number: int, version: int) -> bool:
    hits = session.search(f"member_{number}_v{version}x", mode="lexical", limit=1)
    return [hit.path for hit in hits] == [f"module{number}.py"]


def _expect(report: Report, holds: bool, what: str) -> None:
    if not holds:
        report.problems.append(f"not so: {what}")


def shown(report: Report) -> str:
    """The report for people."""
    lines = [
        f"{report.files} files in one folder: indexed in {report.index_s} s, {report.peak_mb:.0f} MB at most,"
        f" {report.rest_mb:.0f} MB after",
        f"a saved file is found after {report.saved_ms:.0f} ms, a search takes {report.search_ms} ms (medians)",
        f"opened again and compared in {report.reopened_s} s",
        *(f"WRONG: {problem}" for problem in report.problems),
    ]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m codectxd.evaluate.crowd", description="Many files in one folder.")
    parser.add_argument("--files", type=int, default=100_000, help="how many (default: 100000)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    report = crowd(options.files)
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(report)).decode() + "\n" if options.json else shown(report))
    return 3 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
