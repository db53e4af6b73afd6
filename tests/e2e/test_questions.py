"""The standard library answers questions that do not name what they are after."""

from __future__ import annotations

from pathlib import Path

from codectxd.evaluate import asking, corpus, dataset, questions, resampling
from codectxd.evaluate.laboratory import Home

FIXTURES = Path(__file__).parents[2] / "fixtures" / "questions"
QUESTIONS = FIXTURES / "stdlib.jsonl"
LIBRARY = FIXTURES / "library.jsonl"

FLOOR = 0.52
"""What the half that nothing was tuned on scores at least: it was 0.55 at first, and releases of Python differ."""


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


def test_the_half_of_the_librarys_questions_that_nothing_was_tuned_on_stays_above_the_floor(tmp_path: Path) -> None:
    library = tmp_path / "lib"
    corpus.copy(corpus.standard_library(), library)
    home = Home(tmp_path / "h")
    chosen = [question for question in dataset.read(LIBRARY) if question.half == "test"]
    try:
        asked = list(asking.ask(home, library, chosen, lambda told: None))
    finally:
        home.kill()
    assert len(asked) == 104
    assert resampling.mean({"": [one.ndcg for one in asked]}).mean >= FLOOR
    names = [one for one in asked if one.category == "identifier"]
    assert len(names) == 16
    assert resampling.mean({"": [one.ndcg for one in names]}).mean >= 0.9
