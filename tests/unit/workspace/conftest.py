"""Git in these tests sees no configuration but the repository's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.vcs.repository import ENVIRONMENT, FOREIGN


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name, value in {**ENVIRONMENT, "HOME": str(tmp_path_factory.mktemp("home"))}.items():
        monkeypatch.setenv(name, value)
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty folder for a workspace; what must not be in it goes beside it."""
    folder = tmp_path / "root"
    folder.mkdir()
    return folder
