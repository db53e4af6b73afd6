"""What a session has at hand: what it holds open, and what it edited last."""

from __future__ import annotations

from pathlib import Path

from codectxd.daemon.buffers import Buffers
from codectxd.wire.documents import Change


def test_open_and_lately_edited_files_are_at_hand(tmp_path: Path) -> None:
    buffers = Buffers("one")
    assert buffers.at_hand() == ()
    for name in ("a", "b", "c"):
        buffers.open((tmp_path / name).as_uri(), "text", 1)
    buffers.open("untitled:1", "text", 1)
    buffers.change((tmp_path / "b").as_uri(), 2, [Change(text="more")])
    buffers.close((tmp_path / "a").as_uri())
    buffers.close((tmp_path / "b").as_uri())
    assert set(buffers.at_hand()) == {str(tmp_path / "b"), str(tmp_path / "c")}


def test_only_the_last_of_many_are_at_hand(tmp_path: Path) -> None:
    buffers = Buffers("one")
    for number in range(100):
        buffers.open((tmp_path / str(number)).as_uri(), "text", 1)
        buffers.change((tmp_path / str(number)).as_uri(), 2, [Change(text="more")])
    assert str(tmp_path / "99") in buffers.at_hand()
    assert str(tmp_path / "0") not in buffers.at_hand()
    assert len(buffers.at_hand()) <= 64
