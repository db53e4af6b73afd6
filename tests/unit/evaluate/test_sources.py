"""The code that questions are about, fetched from a repository as it was at a revision."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from codectxd.errors import UsageError
from codectxd.evaluate import corpus, sources
from codectxd.evaluate.dataset import Repository


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A folder with the repository `shop`: two commits, two folders, and a link."""
    shop = tmp_path / "origin" / "shop"
    (shop / "src").mkdir(parents=True)
    (shop / "docs").mkdir()
    (shop / "src" / "cart.py").write_text("first = 1\n")
    (shop / "src" / "link.py").symlink_to("cart.py")
    (shop / "docs" / "cart.md").write_text("A cart.\n")
    corpus.commit(shop, "First")
    (shop / "src" / "cart.py").write_text("second = 2\n")
    corpus.commit(shop, "Second")
    corpus.git(shop, "config", "uploadpack.allowAnySHA1InWant", "true")
    return shop.parent


def revision(shop: Path, name: str) -> str:
    return subprocess.run(["git", "rev-parse", name], cwd=shop, capture_output=True, check=True, text=True).stdout.strip()


def test_the_root_at_a_revision_is_written_and_no_link(origin: Path, tmp_path: Path) -> None:
    shop = Repository("shop", root="src", revision=revision(origin / "shop", "HEAD~1"))
    assert sources.fetch(shop, tmp_path / "shop", f"file://{origin}/{{name}}") == 1
    assert [path.name for path in tmp_path.joinpath("shop").rglob("*") if not path.is_dir()] == ["cart.py"]
    assert (tmp_path / "shop" / "src" / "cart.py").read_text() == "first = 1\n"


def test_the_command_fetches_what_is_missing(origin: Path, tmp_path: Path) -> None:
    (tmp_path / "repos.json").write_text('[{"name": "shop"}, {"name": "farm"}]')
    (tmp_path / "code" / "farm").mkdir(parents=True)
    where = f"file://{origin}/{{name}}"
    assert sources.main([str(tmp_path / "repos.json"), str(tmp_path / "code"), "--from", where]) == 0
    assert (tmp_path / "code" / "shop" / "src" / "cart.py").read_text() == "second = 2\n"
    assert (tmp_path / "code" / "shop" / "docs" / "cart.md").is_file()


def test_what_git_does_not_have_is_told_in_a_sentence(origin: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="git fetch failed"):
        sources.fetch(Repository("farm"), tmp_path / "farm", f"file://{origin}/{{name}}")
    assert not (tmp_path / "farm").exists()
