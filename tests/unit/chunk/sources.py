"""Real source texts of every language with a grammar: those of the case files."""

from __future__ import annotations

import re
from pathlib import Path

from codectxd.chunk.languages import language_of

CASES = Path(__file__).parents[3] / "fixtures" / "chunks"


def sources() -> list[tuple[str, bytes]]:
    """Language and text of each case's file."""
    found = []
    for case in sorted(CASES.glob("*.case")):
        _, name, rest = re.split(r"^-- (\S+) --\n", case.read_text("utf-8"), maxsplit=1, flags=re.MULTILINE)
        text = rest.partition("-- chunks --\n")[0].encode()
        found.append((language_of(name, text), text))
    return found
