"""What a repository asks itself: comments, commits, tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from codectxd.errors import UsageError
from codectxd.evaluate import corpus
from codectxd.evaluate.labels import comments, commits, messages, own, tests

PYTHON = '''"""A module about something else entirely."""


class Door:
    """Something one walks through, between two rooms."""

    def open(
        self,
        width,
    ):
        """Open the door as far as it goes. Then wait."""
        return width


def silent():
    return """Not said of anything at all here."""
'''
GO = """package doors

// Open swings the door until it is as wide as asked for.
// It never blocks.
func Open(width int) int {
	return width
}

/*
 * Shut closes the door behind whoever went through.
 *
 * @param hard whether to slam it
 */
func Shut(hard bool) {}

// TODO: write something about this one
func Lock() {}

func Silent() {}
"""


def test_the_first_sentence_of_a_docstring_asks_for_its_definition() -> None:
    found = [(remark.sentence, remark.first, remark.last) for remark in comments.remarks(PYTHON, "python")]
    assert found == [("Something one walks through, between two rooms", 3, 12), ("Open the door as far as it goes", 6, 12)]


def test_the_comment_above_a_definition_asks_for_it() -> None:
    found = [(remark.sentence, remark.first) for remark in comments.remarks(GO, "go")]
    assert found == [
        ("Open swings the door until it is as wide as asked for", 4),
        ("Shut closes the door behind whoever went through", 13),
    ]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("rust", "/// Turns the handle of a door slowly.\n#[inline]\npub fn turn() {}\n"),
        ("typescript", "/** Turns the handle of a door slowly. */\nexport function turn() {}\n"),
        ("ruby", "# Turns the handle of a door slowly.\ndef turn\nend\n"),
        ("lua", "-- Turns the handle of a door slowly.\nfunction turn()\nend\n"),
        ("java", "class A {\n  /**\n   * Turns the handle of a door slowly.\n   */\n  @Override\n  void turn() {}\n}\n"),
    ],
)
def test_comments_are_read_in_the_manner_of_their_language(language: str, text: str) -> None:
    (remark,) = comments.remarks(text, language)
    assert remark.sentence == "Turns the handle of a door slowly"
    assert "turn" in text.split("\n")[remark.first]
    assert "handle" not in comments.without(text, [remark])


def test_taking_comments_out_moves_no_line() -> None:
    rest = comments.without(PYTHON, list(comments.remarks(PYTHON, "python")))
    assert "walks through" not in rest
    assert "as far as it goes" not in rest
    for number, line in enumerate(PYTHON.split("\n")):
        assert rest.split("\n")[number] in (line, "")


def test_a_test_file_is_for_the_one_file_that_it_is_named_after() -> None:
    found = tests.tested(
        ["tests/test_door.py", "door_test.go", "src/hinge.spec.ts", "LockTest.java", "test_all.py", "tests/test_two.py"],
        ["lib/door.py", "src/hinge.ts", "Lock.java", "a/two.py", "b/two.py"],
    )
    assert found == {
        "tests/test_door.py": "lib/door.py",
        "door_test.go": "lib/door.py",
        "src/hinge.spec.ts": "src/hinge.ts",
        "LockTest.java": "Lock.java",
    }


def test_the_name_of_a_test_is_a_question_where_it_says_enough() -> None:
    text = "def test_a_door_opens_once():\n    pass\n\ndef test_it():\n    pass\n\ndef helper_for_all_tests():\n    pass\n"
    assert list(tests.names(text, "python")) == ["a door opens once"]
    assert list(tests.names("func TestDoorOpensOnlyOnce(t *testing.T) {}\n", "go")) == ["door opens only once"]


def test_subjects_of_commits_lose_their_decoration_and_answers_are_what_changed(tmp_path: Path) -> None:
    steps = [
        ("feat(door): let doors open both ways (#12)", "door.py"),
        ("Bump the version of all things", "door.py"),
        ("fix: typo", "door.py"),
        ("Turn the handle before pulling", "handle.py"),
    ]
    for number, (subject, name) in enumerate(steps):
        (tmp_path / name).write_text(f"x = {number}\n")
        corpus.commit(tmp_path, subject)
    found = [(commit.subject, commit.paths) for commit in commits.commits(tmp_path)]
    assert found == [("Turn the handle before pulling", ("handle.py",)), ("let doors open both ways", ("door.py",))]


def test_outside_of_a_repository_there_are_no_commits(tmp_path: Path) -> None:
    assert list(commits.commits(tmp_path)) == []


def test_the_copy_lacks_what_the_questions_are_made_of(tmp_path: Path) -> None:
    root, copy = tmp_path / "root", tmp_path / "copy"
    root.mkdir()
    copy.mkdir()
    for number in range(6):
        said = f"Count the {number} spoons that lie in a drawer."
        (root / f"part_{number}.py").write_text(f'def count_{number}():\n    """{said}"""\n    return {number}\n')
        (root / f"test_part_{number}.py").write_text(f"def test_drawer_{number}_is_full_of_spoons():\n    pass\n")
    questions = own.prepared(root, copy, 60)
    assert sorted({question.category for question in questions}) == ["doc comments", "tests"]
    assert len(questions) == 12
    left = "".join(file.read_text() for file in copy.glob("*.py"))
    assert "spoons" not in left
    assert left.count("return") == 6
    assert "spoons" in (root / "part_0.py").read_text()


def test_a_repository_that_says_nothing_of_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.py").write_text("x = 1\n")
    with pytest.raises(UsageError, match="too few"):
        own.prepared(tmp_path / "root", tmp_path / "copy", 60)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('raise ValueError(f"cannot open {door!r} more than once")', "ValueError: cannot open 42 more than once"),
        ("throw new shop.EmptyCart('nothing to pay for in here');", "EmptyCart: nothing to pay for in here"),
        ('return fmt.Errorf("cannot open %q more than once", door)', "cannot open 42 more than once"),
        ('panic!("cannot open door more than once");', "cannot open door more than once"),
    ],
)
def test_a_message_asks_for_the_line_that_says_it(line: str, said: str) -> None:
    assert list(messages.messages(f"x\n  {line}\n")) == [messages.Message(said, 1)]


@pytest.mark.parametrize(
    "line", ['raise ValueError("no")', "raise ValueError(told)", 'print("cannot open the door at all")']
)
def test_what_says_too_little_or_is_no_error_asks_nothing(line: str) -> None:
    assert list(messages.messages(line)) == []
