"""`python -m codectxd.evaluate.questions FILE ROOT [--json]`: ask the real command line, and see where the answers stand.

FILE holds one question a line: `{"query": ..., "targets": [{"path": ...}], "top": 5}`. Prints each question's rank of the
first hit in one of its target files, among the ten that `codectxd search` gives, and exits 1 where one is not in its `top`.
A home of its own is used, so neither the user's daemon nor an earlier index has a say.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from codectxd.evaluate.laboratory import Home
from codectxd.wire.messages import SearchAnswer


class Target(msgspec.Struct, frozen=True):
    """A file that answers, relative to the root."""

    path: str


class Question(msgspec.Struct, frozen=True):
    """A question in a developer's words, the files that answer it, and the rank they are wanted in."""

    query: str
    targets: list[Target]
    top: int = 5


class Outcome(msgspec.Struct, frozen=True):
    """Where the first target stood (None: not among the ten), and what stood first."""

    query: str
    rank: int | None
    top: int
    first: str | None

    @property
    def good(self) -> bool:
        return self.rank is not None and self.rank <= self.top


def read(file: Path) -> list[Question]:
    """The questions of a file of JSON lines."""
    return [msgspec.json.decode(line, type=Question) for line in file.read_bytes().splitlines() if line.strip()]


def ask(home: Home, root: Path, questions: Sequence[Question]) -> Iterator[Outcome]:
    """Index `root` in `home` and put the questions, one command each."""
    home.command("index", str(root))
    for question in questions:
        said = home.command("search", question.query, str(root), "-k", "10", "--json")
        hits = msgspec.json.decode(said, type=SearchAnswer).hits if said.strip() else []
        wanted = {target.path for target in question.targets}
        rank = next((at for at, hit in enumerate(hits, 1) if hit.path in wanted), None)
        yield Outcome(question.query, rank, question.top, hits[0].path if hits else None)


def main(arguments: list[str]) -> int:
    """Ask and print; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m codectxd.evaluate.questions", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("root", type=Path, metavar="ROOT")
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="cx-") as folder:
        home = Home(Path(folder) / "home")
        try:
            outcomes = list(ask(home, asked.root.resolve(), read(asked.file)))
        finally:
            home.kill()
    for outcome in outcomes:
        sys.stdout.write(_line(outcome, as_json=asked.json) + "\n")
    return 0 if all(outcome.good for outcome in outcomes) else 1


def _line(outcome: Outcome, *, as_json: bool) -> str:
    if as_json:
        return msgspec.json.encode(outcome).decode()
    place = "-" if outcome.rank is None else str(outcome.rank)
    return f"{place:>3}  {'ok ' if outcome.good else 'no '} {outcome.query}   (first: {outcome.first})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
