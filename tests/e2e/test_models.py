"""A model of the user's own, end to end: it is filled while the one before answers, takes over at once, and nothing is
lost."""

from __future__ import annotations

import re
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codectxd.embed.model import described, embedded
from codectxd.wire import messages
from e2e.home import Home, find, fresh, until

TINY_RERANKER = Path(__file__).parents[2] / "fixtures" / "models" / "tiny-reranker"
TINY = Path(__file__).parents[2] / "fixtures" / "models" / "tiny"
FILES = 900
QUESTION = "what is counted in part seven"


@pytest.fixture
def home() -> Iterator[Home]:
    # A short path: a socket's may only have about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    found = Home(folder, "workers = 2\n")
    yield found
    found.close()
    shutil.rmtree(folder, ignore_errors=True)


def planted(root: Path, count: int) -> Path:
    for number in range(count):
        folder = root / f"part{number % 9}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"m{number}.py").write_text(f"def count_{number}(items):\n    return len(items) * {number}\n")
    return root


def wanted(home: Home, model: str) -> None:
    (home.layout.config / "config.toml").write_text(f"workers = 2\nmodel = '{model}'\n")


def status(home: Home) -> dict[str, Any]:
    found: dict[str, Any] = home.json("status")["workspaces"][0]
    return found


def answers(home: Home, root: Path) -> str:
    """The model that answers, once nothing is being filled."""
    home.run("index", str(root))
    found = until(lambda: (now := status(home)) and not now["filling"] and now, "the model has taken over")
    assert found["vectors"] == found["chunks"]
    model: str = found["model"]
    return model


def kept(home: Home) -> int:
    """Vectors in the vault."""
    with sqlite3.connect(home.layout.vault) as db:
        return int(db.execute("SELECT count(*) FROM vectors").fetchone()[0])


def told(home: Home) -> list[tuple[int, int]]:
    """What passes had before them: texts that were due, of how many."""
    found = re.findall(r"(\d+) of (\d+) texts are still to be embedded", home.layout.log.read_text())
    return [(int(due), int(total)) for due, total in found]


def flips(home: Home) -> list[str]:
    return re.findall(r"(\S+) answers from now on", home.layout.log.read_text())


def test_one_model_answers_while_another_is_filled_and_a_kill_costs_nothing(home: Home, tmp_path: Path) -> None:
    root = planted(tmp_path / "tree", FILES)
    ours, theirs = embedded().id, described(TINY).id
    assert answers(home, root) == ours
    by_ours = kept(home)
    wanted(home, str(TINY))
    home.run("index", str(root))

    with home.session(root) as connection:
        ask = messages.StatusParams()

        def is_filled_by(share: float) -> bool:
            one = connection.request(messages.STATUS, ask, kind=messages.Status, timeout_s=60).workspaces[0]
            assert one.model == ours, "the model took over before it was stopped: more files are needed"
            return one.filling is not None and one.filling.model == theirs and one.filling.done > one.filling.total * share

        until(lambda: is_filled_by(0.1), "some of it is filled")
        (indexer,) = home.children("codectxd.engine.indexer")
        indexer.send_signal(signal.SIGKILL)
        until(lambda: not indexer.is_running(), "the indexer is gone")
        until(lambda: len(told(home)) == 2 and is_filled_by(0.2), "another one goes on")
        answer = find(connection, root, QUESTION)
        assert answer.freshness.vectors == 1.0
        assert answer.freshness.degraded == []
        assert answer.hits
        daemon = home.daemon()
        assert daemon is not None
        daemon.send_signal(signal.SIGKILL)
    until(lambda: not daemon.is_running() and not home.children(), "it is gone")
    assert flips(home) == []
    done = kept(home) - by_ours
    assert done > 0

    assert answers(home, root) == theirs
    first, second, third, *others = told(home)
    assert first[0] == first[1]
    assert second[0] < 0.95 * first[0]
    assert 0 < third[0] <= first[0] - done
    assert others == []
    assert flips(home) == [theirs]
    both = kept(home)

    wanted(home, "")
    assert answers(home, root) == ours
    wanted(home, str(TINY))
    assert answers(home, root) == theirs
    assert kept(home) == both
    assert len(told(home)) == 3
    assert flips(home) == [theirs, ours, theirs]


def test_what_is_typed_and_saved_under_a_slow_model_gets_its_vectors(home: Home, tmp_path: Path) -> None:
    root = planted(tmp_path / "tree", 12)
    wanted(home, str(TINY))
    assert answers(home, root) == described(TINY).id
    (root / "part1" / "saved.py").write_text("def walrus_whistles():\n    return 'a tune'\n")
    with home.session(root) as connection:
        assert fresh(connection, root)
        assert find(connection, root, "walrus whistles").hits[0].path == "part1/saved.py"
        until(lambda: status(home)["vectors"] == status(home)["chunks"] == 13, "the saved file has its vectors")
        uri = (root / "part1" / "typed.py").as_uri()
        item = {"uri": uri, "languageId": "python", "version": 1, "text": "def quokka_smiles():\n    return 1\n"}
        connection.notify("textDocument/didOpen", {"textDocument": item})
        assert fresh(connection, root)
        hit = find(connection, root, "quokka smiles", mode="semantic").hits
        assert "part1/typed.py" in [one.path for one in hit]
    assert home.run("index", str(root), "--force")[0] == 0
    assert answers(home, root) == described(TINY).id


def test_a_model_that_cannot_be_used_is_named_and_the_one_before_goes_on(home: Home, tmp_path: Path) -> None:
    root = planted(tmp_path / "tree", 12)
    assert answers(home, root) == embedded().id
    broken = tmp_path / "broken"
    shutil.copytree(TINY, broken)
    (broken / "onnx" / "model.onnx").write_bytes(b"no graph")
    for model, problem in ((str(broken), "cannot be loaded"), (str(tmp_path / "nowhere"), "There is no model")):
        wanted(home, model)
        home.run("index", str(root))
        until(lambda problem=problem: problem in str(status(home)["filling"]), "it is said what is wrong")
        assert problem in home.run("status")[1]
        with home.session(root) as connection:
            answer = find(connection, root, QUESTION)
            assert answer.freshness.vectors == 1.0
            assert answer.freshness.degraded == ["model"]
        assert status(home)["model"] == embedded().id
    wanted(home, "")
    assert answers(home, root) == embedded().id
    with home.session(root) as connection:
        assert find(connection, root, QUESTION).freshness.degraded == []


def test_a_model_that_is_gone_gives_way_to_the_one_in_the_package(home: Home, tmp_path: Path) -> None:
    root, mine = planted(tmp_path / "tree", 12), tmp_path / "mine"
    shutil.copytree(TINY, mine)
    wanted(home, str(mine))
    assert answers(home, root) == described(mine).id
    home.run("stop")
    shutil.rmtree(mine)
    before = kept(home)
    home.run("index", str(root))
    until(lambda: status(home)["model"] == embedded().id, "the model in the package answers")
    assert "There is no model" in status(home)["filling"]["problem"]
    assert kept(home) == before


def test_the_command_adds_lists_uses_and_removes_a_model(home: Home, tmp_path: Path) -> None:
    root = planted(tmp_path / "tree", 12)
    added = home.json("model", "add", str(TINY), "--name", "mine", "--dimension", "8")
    assert (added["name"], added["dimension"], added["maxTokens"]) == ("mine", 8, 48)
    assert [(one["name"], one["used"]) for one in home.json("model", "list")] == [("embedded", True), ("mine", False)]
    assert answers(home, root) == embedded().id
    with home.session(root):
        said = home.json("model", "use", "mine")
        assert said == {"model": added["id"], "setting": "mine", "workspaces": 1}
        until(lambda: status(home)["model"] == added["id"], "the daemon sees the setting without being asked anything else")
        assert [(one["name"], one["used"]) for one in home.json("model", "list")] == [("embedded", False), ("mine", True)]
        assert home.json("model", "remove", "mine") == {"removed": "mine", "wasSet": True}
        until(lambda: status(home)["model"] == embedded().id, "the model in the package takes its place")
    assert home.run("model", "use", "mine")[0] == 3
    assert home.run("model", "add", "mine")[0] == home.run("model", "add")[0] == 2
    assert (home.layout.config / "config.toml").read_text() == 'workers = 2\nmodel = ""\n'


def test_a_reranker_has_a_say_from_the_next_question_on_until_it_is_off(home: Home, tmp_path: Path) -> None:
    root = planted(tmp_path / "tree", 30)
    assert answers(home, root) == embedded().id
    added = home.json("model", "add", str(TINY_RERANKER), "--name", "judge")
    assert (added["kind"], added["dimension"]) == ("reranker", 1)
    with home.session(root) as connection:

        def reranked() -> list[float]:
            """What the reranker adds to each hit."""
            answer = find(connection, root, QUESTION, explain=True)
            whys = [hit.why for hit in answer.hits if hit.why is not None]
            assert len(whys) == len(answer.hits) > 1
            given = [sum(boost.value for boost in why.boosts if boost.name == "reranker") for why in whys]
            assert answer.freshness.degraded == ([] if any(given) else answer.freshness.degraded)
            return given

        assert not any(reranked())
        assert home.json("model", "rerank", "judge") == {"reranker": added["id"], "setting": "judge"}
        until(lambda: any(reranked()), "it is loaded, and has a say")
        assert home.json("status")["reranker"] == {"model": added["id"], "ready": True, "problem": None}
        assert f"reranker {added['id']} reads the first answers" in home.run("status")[1]
        assert [(one["name"], one["used"]) for one in home.json("model", "list")] == [("embedded", True), ("judge", True)]
        assert home.json("model", "rerank", "off") == {"reranker": None, "setting": ""}
        assert not any(reranked())
        assert home.json("status")["reranker"] is None
        home.run("model", "rerank", "judge")
        assert home.json("model", "remove", "judge") == {"removed": "judge", "wasSet": True}
        assert not any(reranked())
    assert (home.layout.config / "config.toml").read_text() == 'workers = 2\nreranker = ""\n'


def test_a_reranker_that_cannot_be_used_is_named_and_answers_go_on(home: Home, tmp_path: Path) -> None:
    root = planted(tmp_path / "tree", 12)
    assert answers(home, root) == embedded().id
    for setting, problem in ((str(tmp_path / "nowhere"), "There is no model"), (str(TINY), "cannot rerank answers")):
        (home.layout.config / "config.toml").write_text(f"workers = 2\nreranker = '{setting}'\n")
        with home.session(root) as connection:
            answer = find(connection, root, QUESTION)
            assert answer.hits
            assert answer.freshness.degraded == ["reranker"]
            told = until(lambda: home.json("status")["reranker"]["problem"], "it is said what is wrong")
        assert problem in told
        assert f"cannot be used: {told}" in home.run("status")[1]
        assert "reranker" in home.run("search", QUESTION, str(root))[2]
    (home.layout.config / "config.toml").write_text("workers = broken\n")
    with home.session(root) as connection:
        assert find(connection, root, QUESTION).hits


def test_each_kind_of_model_has_its_own_command(home: Home) -> None:
    for kind, folder in (("use", TINY_RERANKER), ("rerank", TINY)):
        status, _, told = home.run("model", kind, str(folder))
        assert status == 2
        assert f"`codectxd model {'rerank' if kind == 'use' else 'use'} {folder}`" in told
    status, _, told = home.run("model", "add", str(TINY), "--name", "off")
    assert (status, "cannot be the name" in told) == (2, True)
