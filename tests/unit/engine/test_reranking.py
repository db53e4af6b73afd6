"""The reranker of the settings: loaded in the background, waited for within bounds, changed without a restart."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from codectxd.embed.model import described
from codectxd.engine import reranking
from codectxd.engine.reranking import Reranking

TINY = Path(__file__).parents[3] / "fixtures" / "models" / "tiny-reranker"
PATIENCE_S = 60.0


def chosen(file: Path, setting: str, within_ms: float = 400.0) -> None:
    file.write_text(f'reranker = "{setting}"\nreranker_ms = {within_ms}\n')


def test_nobody_chose_one(tmp_path: Path) -> None:
    found = Reranking(tmp_path / "config.toml", tmp_path)
    assert found.second() is None
    assert found.status() is None


def test_a_question_gets_the_one_that_is_being_loaded(tmp_path: Path) -> None:
    chosen(tmp_path / "config.toml", str(TINY), 1_500.0)
    found = Reranking(tmp_path / "config.toml", tmp_path)
    second = found.second()
    assert second is not None
    assert second.within_s == 1.5
    loaded, coming = second.reranker(PATIENCE_S)
    assert loaded is not None
    assert not coming
    assert loaded.model_id == described(TINY).id
    status = found.status()
    assert status is not None
    assert (status.model, status.is_loaded, status.problem) == (loaded.model_id, True, None)
    again = found.second()
    assert again is not None
    assert again.reranker(0.0)[0] is loaded


def test_the_settings_are_followed(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    found = Reranking(file, tmp_path)
    assert found.second() is None
    chosen(file, str(TINY))
    second = found.second()
    assert second is not None
    assert second.reranker(PATIENCE_S)[0] is not None
    shutil.copytree(TINY, tmp_path / "other")
    chosen(file, "other")
    second = found.second()
    assert second is not None
    other, _ = second.reranker(PATIENCE_S)
    assert other is not None
    assert other.model_id == described(tmp_path / "other").id != described(TINY).id
    file.write_text("workers = broken\n")
    assert found.second() is not None, "what cannot be read changes nothing"
    os.unlink(file)
    assert found.second() is None


def test_one_that_cannot_be_loaded_is_not_tried_with_each_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen(tmp_path / "config.toml", "nowhere")
    found = Reranking(tmp_path / "config.toml", tmp_path)
    second = found.second()
    assert second is not None
    began = time.monotonic()
    assert second.reranker(PATIENCE_S) == (None, False)
    assert time.monotonic() - began < PATIENCE_S / 2
    status = found.status()
    assert status is not None
    assert status.problem is not None
    assert "There is no model 'nowhere'" in status.problem
    shutil.copytree(TINY, tmp_path / "nowhere")
    second = found.second()
    assert second is not None
    assert second.reranker(PATIENCE_S) == (None, False), "it is tried again after a while, not at once"
    monkeypatch.setattr(reranking, "_AGAIN_S", 0.0)
    second = found.second()
    assert second is not None
    assert second.reranker(PATIENCE_S)[0] is not None


def test_another_model_in_the_same_place_is_seen(tmp_path: Path) -> None:
    mine = shutil.copytree(TINY, tmp_path / "mine")
    chosen(tmp_path / "config.toml", "mine")
    found = Reranking(tmp_path / "config.toml", tmp_path)
    second = found.second()
    assert second is not None
    before, _ = second.reranker(PATIENCE_S)
    config = json.loads((mine / "config.json").read_text())
    (mine / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 48}))
    second = found.second()
    assert second is not None
    after, _ = second.reranker(PATIENCE_S)
    assert before is not None
    assert after is not None
    assert after.model_id == described(mine).id != before.model_id


def test_one_that_does_not_run_is_told_and_left_until_something_changes(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    chosen(file, str(TINY))
    found = Reranking(file, tmp_path)
    second = found.second()
    assert second is not None
    assert second.reranker(PATIENCE_S)[0] is not None
    second.failed("it fell over")
    status = found.status()
    assert status is not None
    assert (status.is_loaded, status.problem) == (False, "it fell over")
    second = found.second()
    assert second is not None
    assert second.reranker(0.0) == (None, False)
    chosen(file, str(TINY), 500.0)
    second = found.second()
    assert second is not None
    assert second.reranker(PATIENCE_S)[0] is not None


@pytest.mark.parametrize(
    ("said", "within_s"), [("inf", 3600.0), ("nan", 0.0), ("-5.0", 0.0), ("1e300", 3600.0), ("250", 0.25)]
)
def test_the_time_is_a_number_of_seconds_whatever_is_said(tmp_path: Path, said: str, within_s: float) -> None:
    (tmp_path / "config.toml").write_text(f'reranker = "{TINY}"\nreranker_ms = {said}\n')
    second = Reranking(tmp_path / "config.toml", tmp_path).second()
    assert second is not None
    assert second.within_s == within_s


def test_off_is_none(tmp_path: Path) -> None:
    chosen(tmp_path / "config.toml", "off")
    assert Reranking(tmp_path / "config.toml", tmp_path).second() is None
