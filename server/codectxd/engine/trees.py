"""Opens a workspace's tree: the files that git shows, or else that ignore files allow, less what settings exclude."""

from __future__ import annotations

import msgspec

from codectxd.chunk.languages import language_of
from codectxd.config import WorkspaceConfig
from codectxd.errors import GitUnavailable
from codectxd.paths import layout
from codectxd.vcs.places import GitPaths, guessed_paths
from codectxd.vcs.repo import Repo, list_repository
from codectxd.workspace.filters import Limits
from codectxd.workspace.tree import GitView, Tree


class Opened(msgspec.Struct, frozen=True):
    """A tree with its repository, if it lies in one that git answers for; `git_paths` also where git refuses to."""

    tree: Tree
    repo: Repo | None
    git_paths: GitPaths | None


def open_tree(root: str, config: WorkspaceConfig) -> Opened:
    """The tree at the absolute folder `root`. Where git refuses its repository, the tree says why in each probe."""
    try:
        repo = Repo.find(root)
        paths = repo.git_paths() if repo is not None else None
        problem = None
    except GitUnavailable as refusal:
        repo, paths, problem = None, guessed_paths(root), str(refusal)
    git = GitView(
        list_files=repo.list_files if repo is not None else None,
        list_repository=list_repository,
        ignores=paths.ignores if paths is not None else (),
        index=paths.index if paths is not None else None,
        worktrees=paths.worktrees if paths is not None else None,
        problem=problem,
    )
    tree = Tree(
        root, language_of, Limits(max_bytes=config.max_file_kb * 1000), git, config.exclude, own=layout().inside(root)
    )
    return Opened(tree, repo, paths)
