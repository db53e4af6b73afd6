"""How groups of one right and several wrong passages are drawn from a repository, with the packaged model."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from codectxd.embed.loading import load
from codectxd.embed.model import embedded

ROOT = Path(__file__).parents[3]
sys.path.append(str(ROOT / "server"))  # Last: training is in no installed package, and codectxd may well be.
passages = importlib.import_module("training.passages")
sources = importlib.import_module("training.sources")

VERBS = {
    "open": "a connection to the server", "close": "every socket that is idle", "retry": "a request after a pause",
    "parse": "the header of a message", "sort": "rows by their age", "count": "words of a page", "draw": "a line on screen",
    "hash": "the password of a user", "load": "settings from the disk", "send": "mail to all members",
}  # fmt: skip


def module(verb: str, what: str) -> str:
    body = "\n".join(f"    {verb}_{step} = prepare({what.split()[-1]!r}, {step}, attempt=value)" for step in range(16))
    return f'def {verb}_now(value):\n    """{verb.capitalize()} {what}."""\n{body}\n    return {verb}_0\n'


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Any:
    data: Path = tmp_path_factory.mktemp("data")
    folder = data / "some+project"
    (folder / "src").mkdir(parents=True)
    (folder / "tests").mkdir()
    for verb, what in VERBS.items():
        (folder / "src" / f"{verb}.py").write_text(module(verb, what))
    (folder / "tests" / "test_paint.py").write_text(module("paint", "the walls of a house"))

    def git(*command: str) -> str:
        identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
        return subprocess.run(["git", "-C", folder, *identity, *command], check=True, capture_output=True, text=True).stdout

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "Begin the whole project")
    drawn = folder / "src" / "draw.py"
    lines = [f"        pencil.stroke(canvas, angle={at}, width=value)" for at in range(5)]
    drawn.write_text("\n".join([drawn.read_text(), "", "def sketch(value, pencil, canvas):", "    if value:", *lines, ""]))
    git("commit", "-qam", "Put pencil strokes on paper")
    return passages.Repository(
        data, sources.Source("some/project", git("rev-parse", "HEAD").strip(), "MIT", "train"), load(embedded())
    )


@pytest.fixture(scope="module")
def groups(repository: Any) -> list[Any]:
    return list(repository.for_training())


def test_the_right_passage_comes_first_below_its_path_and_without_its_comment(groups: list[Any]) -> None:
    found = {group.passages[0].split("\n", 1)[0]: group for group in groups if group.kind == "sentence"}
    assert {f"src/{verb}.py" for verb in VERBS} == set(found)
    for verb, what in VERBS.items():
        group = found[f"src/{verb}.py"]
        assert what in group.question
        assert group.passages[0].startswith(f"src/{verb}.py\ndef {verb}_now(value):\n    {verb}_0 = prepare(")


def test_no_passage_of_a_group_has_a_comment_that_is_asked_about(groups: list[Any]) -> None:
    assert not [text for group in groups if group.kind == "sentence" for text in group.passages if '"""' in text]


def test_wrong_passages_are_others_of_the_same_repository(groups: list[Any]) -> None:
    for group in groups:
        assert len(set(group.passages)) == 1 + passages.WRONG


def test_a_commit_asks_for_the_chunk_that_it_changed(groups: list[Any]) -> None:
    (group,) = [group for group in groups if group.kind == "commit" and "pencil" in group.question]
    assert "pencil.stroke(canvas, angle=3" in group.passages[0]


def test_nothing_is_asked_about_tests_but_they_are_wrong_answers(groups: list[Any]) -> None:
    assert not [group for group in groups if group.passages[0].startswith("tests/")]
    assert [group for group in groups if any(text.startswith("tests/") for text in group.passages[1:])]


def test_what_is_measured_is_the_best_of_the_table_with_the_right_ones_place(repository: Any) -> None:
    measured = list(repository.for_measuring(8, 40))
    assert measured
    for group in measured:
        assert len(group.passages) == 8
        assert 0 <= group.rank < 8
