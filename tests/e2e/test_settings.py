"""Settings of a folder are followed as its files are; broken ones are told, and cost nobody the rest."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from codectxd.clients.connection import Connection
from e2e.home import Home, find, fresh, until


@pytest.fixture
def home() -> Iterator[Home]:
    # A short path: a socket's may only have about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    found = Home(folder, "workers = 1\n")
    yield found
    found.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found = tmp_path / "tree"
    found.mkdir()
    for number in range(4):
        (found / f"m{number}.py").write_text(f"def planted_{number}():\n    return {number}\n")
    return found


def paths(connection: Connection, root: Path, word: str) -> list[str]:
    return [hit.path for hit in find(connection, root, word, mode="lexical").hits]


def test_what_the_settings_exclude_leaves_at_once_and_comes_back(home: Home, root: Path) -> None:
    with home.session(root) as connection:
        assert fresh(connection, root)
        assert "m3.py" in paths(connection, root, "planted_3")
        (root / "codectx.toml").write_text('exclude = ["m3.py"]\n')
        until(lambda: "m3.py" not in paths(connection, root, "planted_3"), "what is excluded leaves")
        (root / "codectx.toml").unlink()
        until(lambda: "m3.py" in paths(connection, root, "planted_3"), "what is excluded no longer comes back")


def test_settings_that_make_no_sense_are_told_and_do_not_keep_anybody_waiting(
    home: Home, root: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "kept.py").write_text("def planted_elsewhere():\n    return 1\n")
    with home.session(root, other) as connection:
        assert fresh(connection, root)
        assert fresh(connection, other)
        (root / "codectx.toml").write_text("exclude = 7\n")
        until(lambda: "indexing" in find(connection, root, "planted_0").freshness.degraded, "the answer says so")
        assert "m0.py" in paths(connection, root, "planted_0")
        begun = time.monotonic()
        assert not fresh(connection, root)
        assert time.monotonic() - begun < 40
        code, out, said = home.run("search", "planted_0", str(root))
        assert (code, "m0.py" in out, "`codectxd status` says why" in said) == (0, True, True)
        code, out, _ = home.run("status")
        assert (code, "codectx.toml is not valid" in out) == (0, True)
        (root / "codectx.toml").unlink()
        (root / "m9.py").write_text("def planted_9():\n    return 9\n")
        until(lambda: paths(connection, root, "planted_9"), "what is saved is followed again")
        until(lambda: find(connection, root, "planted_0").freshness.degraded == [], "and nothing is missing")


def test_a_text_that_was_put_back_under_its_old_times_is_read_all_the_same(home: Home, root: Path) -> None:
    path = root / "m2.py"
    with home.session(root) as connection:
        assert fresh(connection, root)
        before = path.stat()
        with open(path, "r+") as file:
            file.write("def changed_2(")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        until(lambda: paths(connection, root, "changed_2"), "the text as it is")
    assert home.run("stop")[0] == 0
    before = path.stat()
    with open(path, "r+") as file:
        file.write("def another_2(")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with home.session(root) as connection:
        assert fresh(connection, root)
        assert paths(connection, root, "another_2") == ["m2.py"]
