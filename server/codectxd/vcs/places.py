"""Where git keeps what it decides by, for a checkout: found by reading `.git` links, without asking git.

Pure but for looking at `.git` itself and at what it links to; runs nothing and writes nothing. It serves where git refuses
to answer, and for the repositories inside a workspace, whose files tell of changes as the workspace's own do.
"""

from __future__ import annotations

import os

import msgspec

from codectxd.paths import git_dir


class GitPaths(msgspec.Struct, frozen=True):
    """Absolute paths of the files by which git decides what it shows.

    `ignores` are the ignore files outside the workspace root, each with the folder that its patterns are relative to,
    strongest last: the user's, the repository's `info/exclude`, and the `.gitignore` of each folder from `top` down to
    the root's parent. A change of any file of `watched` (some may not exist) means that the set of files may have
    changed. `worktrees` is the folder with the stores of the repository's linked checkouts.
    """

    top: str
    head: str
    index: str
    config: str
    ignores: tuple[tuple[str, str], ...]
    watched: tuple[str, ...]
    worktrees: str


def git_paths(root: str, top: str, store: str, common: str, users_ignores: str) -> GitPaths:
    """The files for the workspace `root` in the checkout `top`; `store` has its own, `common` those of all."""
    head, index = (os.path.join(store, name) for name in ("HEAD", "index"))
    config, exclude = (os.path.join(common, name) for name in ("config", "info/exclude"))
    above = ((os.path.join(folder, ".gitignore"), folder) for folder in _folders_above(root, top))
    ignores = ((users_ignores, top), (exclude, top), *above)
    watched = (head, index, config, *(file for file, _ in ignores), *_users_configs())
    return GitPaths(top, head, index, config, ignores, watched, os.path.join(common, "worktrees"))


def guessed_paths(root: str) -> GitPaths | None:
    """The files for `root` as git has them by default, None where there is no `.git` at or above it."""
    top = checkout_of(root)
    if top is None:
        return None
    store = git_dir(top) or os.path.join(top, ".git")
    return git_paths(root, top, store, _common_dir(store), default_ignores())


def checkout_of(folder: str) -> str | None:
    """The nearest folder at or above with a `.git`."""
    folder = os.path.realpath(folder)
    while not os.path.lexists(os.path.join(folder, ".git")):
        folder, child = os.path.dirname(folder), folder
        if folder == child:
            return None
    return folder


def decisive_files(checkout: str) -> tuple[str, ...]:
    """The files whose change means that the checkout at an absolute folder may show other files; none without a `.git`."""
    store = git_dir(checkout)
    if store is None:
        return ()
    common = _common_dir(store)
    own, shared = ("HEAD", "index"), ("config", "info/exclude")
    return (*(os.path.join(store, name) for name in own), *(os.path.join(common, name) for name in shared))


def default_ignores() -> str:
    """Where git looks for the user's ignore file unless it is told otherwise."""
    return os.path.join(_config_home(), "git", "ignore")


def _users_configs() -> tuple[str, ...]:
    """They may name another ignore file, or a folder as safe."""
    return (os.path.join(os.path.expanduser("~"), ".gitconfig"), os.path.join(_config_home(), "git", "config"))


def _config_home() -> str:
    return os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")


def _common_dir(store: str) -> str:
    """The store of the whole repository, which a linked checkout's store names."""
    try:
        with open(os.path.join(store, "commondir"), encoding="utf-8", errors="surrogateescape") as file:
            return os.path.normpath(os.path.join(store, file.read(4096).rstrip("\n")))
    except OSError:
        return store


def _folders_above(root: str, top: str) -> list[str]:
    """The folders from the checkout's top to the root's parent; none when the root is the top."""
    inner = os.path.relpath(os.path.realpath(root), os.path.realpath(top))
    parts = inner.split("/") if inner != "." else []
    return [os.path.join(top, *parts[:depth]) for depth in range(len(parts))]
