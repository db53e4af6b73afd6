"""Trees for tests, as `engine.trees` opens them but with settings that nobody else has."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from codectxd.errors import GitUnavailable
from codectxd.vcs.places import guessed_paths
from codectxd.vcs.repo import Repo, list_repository
from codectxd.workspace.filters import Limits
from codectxd.workspace.tree import GitView, Probe, Tree


def language_of(path: str, text: bytes) -> str:
    return "text"


def plain(root: Path, exclude: Sequence[str] = ()) -> Tree:
    """A tree that is walked; repositories inside it are asked."""
    return Tree(str(root), language_of, Limits(), GitView(list_repository=list_repository), exclude)


def with_git(root: Path, exclude: Sequence[str] = ()) -> Tree:
    """A tree that lies in a repository."""
    repo = Repo.find(str(root))
    assert repo is not None
    paths = repo.git_paths()
    git = GitView(repo.list_files, list_repository, paths.ignores, paths.index, paths.worktrees)
    return Tree(str(root), language_of, Limits(), git, exclude)


def refused(root: Path, exclude: Sequence[str] = ()) -> Tree:
    """A tree in a repository in which git does not work."""

    def list_files(paths: Sequence[str], without: Collection[str] = ()) -> list[str]:
        raise GitUnavailable("git fails")

    paths = guessed_paths(str(root))
    assert paths is not None
    git = GitView(list_files, list_repository, paths.ignores, paths.index, paths.worktrees)
    return Tree(str(root), language_of, Limits(), git, exclude)


def opened(root: Path, exclude: Sequence[str] = ()) -> Tree:
    """The tree that fits the root."""
    return plain(root, exclude) if Repo.find(str(root)) is None else with_git(root, exclude)


def reasons(probe: Probe) -> dict[str, str]:
    return {skip.path: skip.reason for skip in probe.skipped}
