"""What searches see while the index under them is replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from codectxd.engine.view import View
from codectxd.errors import IndexUnavailable
from codectxd.index.lexical import LexicalReader, LexicalWriter
from codectxd.index.store import Store


def test_an_index_that_vanishes_under_its_reader_is_unavailable_not_a_crash(tmp_path: Path) -> None:
    LexicalWriter(tmp_path).close()
    reader = LexicalReader(tmp_path)
    (tmp_path / "meta.json").unlink()
    with pytest.raises(IndexUnavailable):
        reader.reload()


def test_I6_a_publication_that_could_not_be_followed_is_made_up_for(tmp_path: Path) -> None:
    view = View(tmp_path, lambda: None)
    with pytest.raises(IndexUnavailable):
        view.advance(["gone.py"], 1)
    assert view.behind
    Store(tmp_path, "/tree", "model", 8).close()
    view.advance([], 0)
    assert not view.behind
    assert view.snapshot is not None
    assert view.snapshot.files.by_path == {}
