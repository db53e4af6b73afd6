"""Every reason why a file may be left out is in the documentation, in the words that users see."""

from __future__ import annotations

from pathlib import Path

from codectxd.engine.workers import REASONS as OF_WORKERS
from codectxd.workspace.filters import REASONS

PAGE = Path(__file__).parents[3] / "server" / "docs" / "files.md"


def test_every_reason_is_documented() -> None:
    _, _, table = PAGE.read_text().partition("## Why a file is left out")
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| ")][1:]
    assert {reason.strip(): meaning.strip() for reason, meaning in rows} == {**REASONS, **OF_WORKERS}
