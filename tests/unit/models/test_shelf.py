"""Models that are added: whole or not at all, tried, smaller where asked for; and the setting that names one."""

from __future__ import annotations

import builtins
import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from codectxd.config import load_user
from codectxd.embed.loading import load
from codectxd.embed.model import described, located
from codectxd.embed.reranker import load_reranker
from codectxd.errors import ModelUnavailable, UsageError
from codectxd.models import setting, shelf

TINY = Path(__file__).parents[3] / "fixtures" / "models" / "tiny"
TEXTS = ["how are retries spaced out", "def total(lines): ...", "close the socket"]


def test_an_added_model_is_the_one_in_the_folder(tmp_path: Path) -> None:
    added = shelf.add(tmp_path, TINY, "mine", {}, int8=False)
    assert (added.name, added.dimension, added.max_tokens) == ("mine", 16, 48)
    found = described(Path(located("mine", tmp_path)))
    assert found.id == added.id
    np.testing.assert_array_equal(load(found).encode(TEXTS), load(described(TINY)).encode(TEXTS))
    assert [one.name for one in shelf.listed(tmp_path)] == ["mine"]
    again = shelf.add(tmp_path, tmp_path / "mine", "copy", {"dimension": 4}, int8=False)
    assert again.dimension == 4
    shelf.remove(tmp_path, "mine")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy"]


def test_an_added_reranker_says_of_a_pair_what_the_one_in_the_folder_does(tmp_path: Path) -> None:
    for name, int8, within in (("whole", False, 1e-6), ("small", True, 0.2)):
        added = shelf.add(tmp_path, TINY.with_name("tiny-reranker"), name, {"max_tokens": 32}, int8=int8)
        assert (added.kind, added.max_tokens) == ("reranker", 32)
        found = load_reranker(described(Path(located(name, tmp_path))))
        expected = load_reranker(msgspec.structs.replace(described(TINY.with_name("tiny-reranker")), max_tokens=32))
        judged = list(found.judged("a", TEXTS, 60.0))
        assert judged == pytest.approx(list(expected.judged("a", TEXTS, 60.0)), abs=within)
    assert [one.kind for one in shelf.listed(tmp_path)] == ["reranker", "reranker"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"pooling": "mean"}, "--pooling is for models that embed"),
        ({"query_prefix": "q: "}, "--query-prefix is for models that embed"),
        ({"max_tokens": 8}, "--max-tokens must be 32 or more"),
    ],
)
def test_options_that_make_no_sense_for_a_reranker_are_refused(tmp_path: Path, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        shelf.add(tmp_path, TINY.with_name("tiny-reranker"), "judge", settings, int8=False)
    assert list(tmp_path.iterdir()) == []


def test_options_overrule_what_the_folder_says(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"pooling": "cls", "query_prefix": "q: ", "passage_prefix": "p: ", "max_tokens": 10}
    shelf.add(tmp_path, TINY, "mine", settings, int8=False)
    found = described(tmp_path / "mine")
    assert {name: getattr(found, name) for name in settings} == settings


def test_int8_weights_are_smaller_and_near(tmp_path: Path) -> None:
    shelf.add(tmp_path, TINY, "small", {}, int8=True)
    small, whole = described(tmp_path / "small"), described(TINY)
    assert small.id.partition("-")[2] != whole.id.partition("-")[2]
    by_small = load(small).encode(TEXTS)
    assert (by_small * load(whole).encode(TEXTS)).sum(axis=1).min() > 0.98
    np.testing.assert_array_equal(np.concatenate([load(small).encode([text]) for text in TEXTS]), by_small)


def test_int8_without_its_library_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def importing(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "onnx":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", importing)
    with pytest.raises(ModelUnavailable, match=r"pip install 'codectxd\[models\]'"):
        shelf.add(tmp_path, TINY, "small", {}, int8=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("file", ["onnx/model.onnx", "tokenizer.json"])
def test_what_does_not_run_is_not_added(tmp_path: Path, file: str) -> None:
    folder = shutil.copytree(TINY, tmp_path / "broken")
    (folder / file).write_bytes(b"nothing of use")
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        shelf.add(tmp_path / "models", folder, "mine", {}, int8=False)
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "embedded", "a b"])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a model"):
        shelf.add(tmp_path, TINY, name, {}, int8=False)


def test_a_name_that_is_taken_is_said_to_be(tmp_path: Path) -> None:
    shelf.add(tmp_path, TINY, "mine", {}, int8=False)
    with pytest.raises(UsageError, match="`codectxd model remove mine`"):
        shelf.add(tmp_path, TINY, "mine", {}, int8=False)
    with pytest.raises(UsageError, match="There is no model 'other'"):
        shelf.remove(tmp_path, "other")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'model = "mine"\n'),
        ("workers = 2\n", 'workers = 2\nmodel = "mine"\n'),
        ("# mine\nmodel = 'x'\nworkers = 2", '# mine\nmodel = "mine"\nworkers = 2'),
    ],
)
def test_the_setting_is_changed_and_nothing_else(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(before)
    setting.change(file, "mine")
    assert file.read_text() == after
    assert load_user(file).model == "mine"


def test_the_setting_of_a_reranker_is_another(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    setting.change(file, "mine")
    setting.change(file, "judge", "reranker")
    setting.change(file, "other")
    assert file.read_text() == 'model = "other"\nreranker = "judge"\n'
    assert (setting.current(file), setting.current(file, "reranker")) == ("other", "judge")


def test_a_setting_that_is_written_in_a_way_of_its_own_is_left(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('"model" = "mine"\n')
    with pytest.raises(UsageError, match="by hand"):
        setting.change(file, "other")
    assert file.read_text() == '"model" = "mine"\n'


def test_settings_that_cannot_be_read_are_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("wrong = 1\n")
    with pytest.raises(UsageError, match="is not valid"):
        setting.change(file, "mine")
    assert file.read_text() == "wrong = 1\n"
