"""Where codectxd keeps its own files, as seen from a folder that it indexes."""

from __future__ import annotations

from pathlib import Path

import pytest

from codectxd.paths import Layout, layout


def test_what_of_it_lies_in_a_folder_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path.resolve()
    (root / "link").symlink_to(root / "project")
    monkeypatch.setenv("CODECTX_HOME", str(root / "link" / ".cx"))
    assert layout().inside(str(root / "project")) == {".cx"}
    assert layout().inside(str(root / "proj")) == frozenset()
    assert layout().inside(str(root / "project" / ".cx" / "workspaces")) == frozenset()
    apart = Layout(state=root / "cache" / "cx", runtime=root / "run", config=root / "config" / "cx")
    assert apart.inside(str(root)) == {"cache/cx", "run", "config/cx"}
    assert apart.inside(str(root / "cache")) == {"cx"}


def test_in_its_own_folder_its_files_are_known_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECTX_HOME", str(tmp_path.resolve()))
    own = layout().inside(str(tmp_path.resolve()))
    assert {"workspaces", "run", "daemon.log", "daemon.log.1", "vault.db", "vault.db-wal"} <= own
    assert "" not in own
