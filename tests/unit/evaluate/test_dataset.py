"""Questions out of a file, and the lines of what they name."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from codectxd.errors import UsageError
from codectxd.evaluate import corpus
from codectxd.evaluate.dataset import Question, Target, folder_of, language, read, repositories, wanted
from codectxd.evaluate.metrics import Wanted

LIBRARY = Path(__file__).parents[3] / "fixtures" / "questions" / "library.jsonl"


def written(folder: Path, text: str) -> Path:
    file = folder / "questions.jsonl"
    file.write_text(text)
    return file


def test_what_a_line_leaves_out_has_a_default(tmp_path: Path) -> None:
    file = written(tmp_path, '{"query": "q", "targets": [{"path": "a.go"}]}\n\n')
    assert read(file) == [Question("q", [Target("a.go")])]
    assert language(read(file)[0]) == "go"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "nonsense\n",
        '{"query": "q"}\n',
        '{"query": " ", "targets": [{"path": "a"}]}\n',
        '{"query": "q", "targets": []}\n',
    ],
)
def test_a_file_without_questions_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError):
        read(written(tmp_path, text))


def test_a_line_that_is_no_question_is_named_by_its_number(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"questions\.jsonl:2 "):
        read(written(tmp_path, '{"query": "q", "targets": [{"path": "a"}]}\n{}\n'))


def test_a_repository_is_the_folder_of_its_name_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "flask").mkdir()
    assert folder_of(Question("q", [], repo="flask"), tmp_path) == tmp_path / "flask"
    assert folder_of(Question("q", [], repo="django"), tmp_path) == tmp_path


def test_what_is_said_of_a_repository_is_said_of_its_questions(tmp_path: Path) -> None:
    file = written(tmp_path, '{"query": "q", "repo": "flask", "targets": [{"path": "src/flask/a.h"}]}\n')
    (tmp_path / "repos.json").write_text('[{"name": "flask", "language": "python", "root": "src/flask", "stars": 1}]')
    (question,) = read(file)
    assert (language(question), question.root) == ("python", "src/flask")
    assert folder_of(question, tmp_path) == tmp_path
    (tmp_path / "flask").mkdir()
    assert folder_of(question, tmp_path) == tmp_path / "flask"
    (tmp_path / "flask" / "src" / "flask").mkdir(parents=True)
    assert folder_of(question, tmp_path) == tmp_path / "flask" / "src" / "flask"


@pytest.mark.parametrize("text", ["{}", "[{}]", "nonsense"])
def test_a_list_of_repositories_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    file = written(tmp_path, '{"query": "q", "targets": [{"path": "a"}]}\n')
    (tmp_path / "repos.json").write_text(text)
    with pytest.raises(UsageError, match=r"repos\.json"):
        read(file)


def test_a_symbol_is_the_lines_of_its_definition_as_they_are_now(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "import os\n\n\nclass Door:\n    def open(self):\n        return 1\n\n    def shut(self): ...\n"
    )
    asked = Question(
        "q", [Target("a.py", symbol="Door.open"), Target("a.py", symbol="Door"), Target("a.py", 3, 4), Target("b.py")]
    )
    assert wanted(asked, tmp_path) == [Wanted("a.py", 5, 6), Wanted("a.py", 4, 8), Wanted("a.py", 3, 4), Wanted("b.py")]


@pytest.mark.parametrize("target", [Target("a.py", symbol="Window"), Target("none.py", symbol="Door")])
def test_a_symbol_that_is_not_there_is_refused(tmp_path: Path, target: Target) -> None:
    (tmp_path / "a.py").write_text("class Door: ...\n")
    with pytest.raises(UsageError):
        wanted(Question("q", [target]), tmp_path)


def test_every_question_about_ten_repositories_is_about_one_that_is_described() -> None:
    file = LIBRARY.parent / "ten" / "queries.jsonl"
    described = {one.name: one for one in repositories(file.with_name("repos.json"))}
    questions = read(file)
    assert Counter(question.repo for question in questions) == dict.fromkeys(described, 12)
    assert all(len(one.revision) == 40 and one.github.count("/") == 1 for one in described.values())
    assert all(target.path.startswith(question.root) for question in questions for target in question.targets)


def test_every_answer_of_the_librarys_questions_is_in_the_library() -> None:
    root = corpus.standard_library()
    questions = read(LIBRARY)
    assert len(questions) >= 150
    for question in questions:
        assert all((root / target.path).is_file() for target in wanted(question, root))


def test_the_librarys_questions_are_of_many_kinds_and_half_of_each_is_for_testing() -> None:
    questions = read(LIBRARY)
    kinds = Counter(question.category for question in questions)
    assert len(kinds) >= 6
    for kind, count in kinds.items():
        tests = [question for question in questions if (question.category, question.half) == (kind, "test")]
        assert len(tests) == count // 2
    assert len({question.query for question in questions}) == len(questions)
