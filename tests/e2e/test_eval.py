"""`codectxd eval` as a person runs it: on questions of a file, and on a repository's own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from codectxd.evaluate.scores import Run

DOORS = "def open_door(width):\n    return width\n\n\ndef shut_door():\n    return 0\n"
WINDOWS = "def clean_window(soap):\n    return soap * 2\n"
QUESTIONS = """{"query": "open_door", "targets": [{"path": "doors.py", "symbol": "open_door"}], "category": "name"}
{"query": "how are windows cleaned with soap", "targets": [{"path": "windows.py"}], "category": "how", "half": "test"}
{"query": "zeppelin moorings", "targets": [{"path": "zeppelin.py"}], "category": "how", "half": "test"}
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small repository, with questions beside it."""
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "doors.py").write_text(DOORS)
    (tmp_path / "house" / "windows.py").write_text(WINDOWS)
    (tmp_path / "questions.jsonl").write_text(QUESTIONS)
    return tmp_path


def evaluate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "codectxd.clients.cli", "eval", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240)


def test_questions_of_a_file_are_asked_of_the_real_command(house: Path) -> None:
    done = evaluate(house, "questions.jsonl", "--folder", "house", "--json")
    run = msgspec.json.decode(done.stdout, type=Run)
    assert (done.returncode, run.all.questions, run.folder) == (0, 3, "house")
    assert [one.ndcg for one in run.asked] == [1.0, 1.0, 0.0]
    assert [one.first for one in run.asked][:2] == ["doors.py", "windows.py"]
    assert run.all.ndcg.mean == pytest.approx(2 / 3)
    assert run.by["category"]["how"].ndcg.mean == 0.5
    assert all(one.command_ms > one.search_ms >= 0 for one in run.asked)


def test_questions_are_asked_with_another_model_once_it_answers(house: Path) -> None:
    model = Path(__file__).parents[2] / "fixtures" / "models" / "tiny"
    done = evaluate(house, "questions.jsonl", "--folder", "house", "--model", str(model), "--json")
    assert done.returncode == 0, done.stderr
    assert msgspec.json.decode(done.stdout, type=Run).asked[0].ndcg == 1.0
    broken = house / "broken"
    shutil.copytree(model, broken)
    (broken / "onnx" / "model.onnx").write_bytes(b"no graph")
    done = evaluate(house, "questions.jsonl", "--folder", "house", "--model", "./broken")
    assert done.returncode == 3
    assert "cannot be loaded" in done.stderr


def test_a_score_below_what_is_demanded_fails_and_a_run_is_compared_with_an_earlier_one(house: Path) -> None:
    first = evaluate(house, "questions.jsonl", "--folder", "house", "--half", "test", "--json", "--fail-under", "0.5")
    assert first.returncode == 0, first.stderr
    (house / "before.json").write_text(first.stdout)
    (house / "house" / "windows.py").unlink()
    (house / "house" / "zeppelin.py").write_text("def land(mast):\n    return mast\n")
    second = evaluate(
        house, "questions.jsonl", "--folder", "house", "--half", "test", "--fail-under", "0.99", "--against", "before.json"
    )
    assert second.returncode == 3
    assert "less than the 0.99 that was demanded" in second.stderr
    assert "compared by 2 questions" in second.stderr


def test_a_repository_without_labels_asks_itself(house: Path) -> None:
    root = house / "house"
    for number, thing in enumerate(("spoons", "forks", "knives", "plates", "glasses", "bowls")):
        text = f'def tidy_{thing}():\n    """Put all the {thing} back where they belong."""\n    return {number}\n'
        (root / f"{thing}.py").write_text(text)
    done = evaluate(root)
    assert done.returncode == 0, done.stderr
    assert "doc comments" in done.stdout or "comments" in done.stdout
    assert "NDCG@10" in done.stdout
    assert "all                                6" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.jsonl"], "cannot be read"),
        (["questions.jsonl", "--half", "no-such"], "it has test"),
        (["questions.jsonl", "--folder", "no-such"], "no-such"),
        (["questions.jsonl", "--folder", "house", "--against", "questions.jsonl"], "is not the JSON of an earlier run"),
        (["--folder", "house"], "too few"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(house: Path, arguments: list[str], told: str) -> None:
    done = evaluate(house, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
