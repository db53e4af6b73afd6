"""A quick look at files, which says nothing rather than something wrong."""

from __future__ import annotations

import os
from pathlib import Path

from codectxd.workspace.peek import peek

MOST = 1000


def test_an_ordinary_file_is_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes("é = 1\n".encode())
    assert peek(str(tmp_path), "a.py", MOST) == "é = 1\n".encode()


def test_what_must_be_read_with_care_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "wide.py").write_bytes("a = 1\n".encode("utf-16"))
    (tmp_path / "large.py").write_bytes(b"x" * (MOST + 1))
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.py").symlink_to("large.py")
    os.mkfifo(tmp_path / "pipe.py")
    names = ["wide.py", "large.py", "folder", "link.py", "pipe.py", "nothing.py", "nul\0.py"]
    assert [name for name in names if peek(str(tmp_path), name, MOST) is not None] == []
