"""The standard library answers questions that do not name what they are after."""

from __future__ import annotations

from pathlib import Path

from codectxd.evaluate import corpus, questions
from codectxd.evaluate.laboratory import Home

QUESTIONS = Path(__file__).parents[2] / "fixtures" / "questions" / "stdlib.jsonl"


def test_the_standard_library_answers_in_the_first_five(tmp_path: Path) -> None:
    library = tmp_path / "lib"
    corpus.copy(corpus.standard_library(), library)
    home = Home(tmp_path / "h")
    try:
        outcomes = list(questions.ask(home, library, questions.read(QUESTIONS)))
    finally:
        home.kill()
    assert [outcome for outcome in outcomes if not outcome.good] == []
    assert len(outcomes) == 6
