"""`python -m codectxd.evaluate bench|doctor|eval ...`: what `codectxd bench`, `codectxd doctor` and `codectxd eval` run.

A process of its own, so that the command line neither imports what measures it nor shares its memory with it. Exit status as
everywhere: 0 done, 2 bad usage, 3 there is a problem, something could not be measured, or it got worse than before.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from codectxd.clients import ending, parser, terminal
from codectxd.errors import UsageError
from codectxd.evaluate import bench, doctor, quality
from codectxd.evaluate.report import Report, compare, comparison_table, table


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` name; the exit status."""
    return ending.ended(lambda: _run(arguments))


def _run(arguments: list[str]) -> int:
    asked = parser.parse(arguments)
    if asked.command == "doctor":
        return doctor.main(asked)
    if asked.command == "eval":
        return quality.main(asked)
    before = None if asked.against is None else _read(Path(asked.against))
    folder = None if asked.folder is None else Path(asked.folder)
    report = bench.run(asked.names, folder, asked.generate, lambda name: _say(f"{name} ..."))
    _show(report, as_json=asked.json)
    return max(3 if report.failed else 0, _judge(before, report))


def _read(path: Path) -> Report:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError) as problem:
        raise UsageError(f"{path} is not the JSON of an earlier run: {problem}") from problem


def _show(report: Report, *, as_json: bool) -> None:
    text = msgspec.json.format(msgspec.json.encode(report)).decode() if as_json else table(report)
    terminal.say(text + "\n")


def _judge(before: Report | None, after: Report) -> int:
    """3 where a row got worse; the comparison goes to stderr, so that stdout stays one JSON object."""
    if before is None:
        return 0
    changes = list(compare(before, after))
    _say(comparison_table(changes))
    return 3 if any(change.worse for change in changes) else 0


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
