"""The one GitPython adapter: which files git shows, where HEAD stands, and which of git's own files tell of changes.

Any thread; a `Repo` holds paths only, and every question is one short-lived git process. Nothing here writes: git takes
no optional lock, runs no command that a configuration names, and fetches nothing (invariant I16). It does not know what
is indexable, and it never reads a file of the work tree.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from codectxd.config import IGNORE_FILE
from codectxd.errors import GitUnavailable
from codectxd.paths import git_dir
from codectxd.vcs.places import GitPaths, checkout_of, default_ignores, git_paths

if TYPE_CHECKING:
    from git.cmd import Git

_OPTIONS = ("-c", "core.fsmonitor=false", "-c", "protocol.allow=never")
_ENVIRONMENT = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
"""What git says is read here, so that it must say it in one language."""

# Variables that name one particular repository, as git sets them for its hooks; a daemon started by a hook has them.
_FOREIGN = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
)

_UNOPENED = re.compile(r"^warning: could not open directory '(.+)/': ", re.MULTILINE)

MANY = 100
"""From so many paths on, listing everything and choosing is faster than git's matching each file with each path."""


class Repo:
    """The repository in whose work tree a workspace root lies; the root may be a folder below the repository's top."""

    def __init__(self, root: str, top: str, git_dir: str, common_dir: str) -> None:
        self.root = root
        self._top = top
        self._git_dir = git_dir
        self._common_dir = common_dir

    @classmethod
    def find(cls, root: str) -> Repo | None:
        """The repository that shows the files of `root`, an absolute path; None where there is none.

        A root that an enclosing repository ignores as a whole counts as being in none. Without a `.git` above, neither
        GitPython nor git is needed.

        Raises: GitUnavailable when git is missing, or refuses to work in this repository.
        """
        checkout = checkout_of(root)
        if checkout is None:
            return None
        code, answer, complaint = _git(root, "rev-parse", "--is-inside-work-tree")
        if code and "not a git repository" in complaint and not _is_damaged(checkout, complaint):
            return None
        _check(root, code, complaint)
        if answer.strip() != "true":
            return None
        repo = cls(root, *(_path(root, option) for option in ("--show-toplevel", "--git-dir", "--git-common-dir")))
        return None if repo._ignores_root() else repo

    def is_top(self) -> bool:
        """Whether the root is the repository's top folder, and not one in it."""
        return not self._root_in_top()

    def list_files(self, paths: Sequence[str] = (), without: Collection[str] = ()) -> list[str]:
        """The files git shows, tracked or untracked but not ignored, relative to the root; each once, in no order.

        With `paths` (relative; files or folders, which may be gone; "" is the root) only what is at or below them. The
        folders `without` are not looked into: whoever looks there waits for ever.
        Files of submodules and of repositories nested in the work tree are among them, as those show them; a nested
        repository that git cannot read is listed as its folder. A tracked file that was deleted is still listed. Bytes
        of a name that are not UTF-8 are surrogates, as `os.fsdecode` has it.

        Raises: GitUnavailable.
        """
        wanted = () if "" in paths else [path for path in paths if not _is_wanted(path, without)]
        return list(dict.fromkeys(self._list(self.root, wanted, without))) if wanted or "" in paths or not paths else []

    def submodules(self) -> list[str]:
        """Relative paths of the folders that the index records as other repositories, checked out or not.

        Raises: GitUnavailable.
        """
        return list(dict.fromkeys(path for path, kind in _entries(self.root, ()) if kind == "gitlink"))

    def head(self) -> str | None:
        """The branch that is checked out, or the commit's first twelve digits; None where that cannot be read."""
        head = _read_line(os.path.join(self._git_dir, "HEAD"))
        if head is None or not head.startswith("ref: "):
            return head and head[:12]
        branch = head.removeprefix("ref: ").strip().removeprefix("refs/heads/")
        if branch != ".invalid":
            return branch
        # The reftable format keeps HEAD in its tables and leaves this name behind for older programs.
        code, answer, _ = _git(self.root, "rev-parse", "--abbrev-ref", "HEAD")
        return None if code else answer.strip()

    def git_paths(self) -> GitPaths:
        """Where git keeps what decides on the files it shows.

        Raises: GitUnavailable.
        """
        return git_paths(self.root, self._top, self._git_dir, self._common_dir, self._excludes_file())

    def close(self) -> None:
        """Let go of what is held; asking again afterwards works. No git process outlives the question it answers."""

    def _ignores_root(self) -> bool:
        inner = self._root_in_top()
        if not inner:
            return False
        code, _, _ = _git(self._top, "check-ignore", "-q", "--", f"./{inner}")
        return code == 0 and not self._list(self.root, (), ())

    def _root_in_top(self) -> str:
        """The root relative to the repository's top, "" when it is the top."""
        inner = os.path.relpath(os.path.realpath(self.root), os.path.realpath(self._top))
        return "" if inner == "." else inner

    def _excludes_file(self) -> str:
        code, answer, _ = _git(self.root, "config", "--type=path", "--get", "core.excludesFile")
        if code == 0:
            return os.path.join(self._top, answer.removesuffix("\n"))
        return default_ignores()

    def _list(self, folder: str, paths: Sequence[str], without: Collection[str]) -> Iterable[str]:
        """What git shows in `folder`, relative to it; `paths` narrow it."""
        inner = _by_nested_repository(folder, paths)
        own = inner.pop("", [])
        whole = frozenset(own)
        shown: list[str] = []
        prefix = self._root_in_top() if folder == self.root else ""
        for path, kind in _narrowed(folder, [*own, *inner], prefix, without):
            if without and _is_wanted(path, without):
                continue
            if kind == "file":
                shown.append(path)
            elif kind == "sparse":
                # Left out of a sparse checkout, unless somebody put it there all the same.
                shown.extend([path] if os.path.lexists(os.path.join(folder, path)) else [])
            else:
                narrower = () if _is_wanted(path, whole) else inner.get(path, ())
                inside = [other.removeprefix(f"{path}/") for other in without if other.startswith(f"{path}/")]
                shown.extend(self._list_nested(folder, path, narrower, inside))
        return shown

    def _list_nested(self, folder: str, path: str, paths: Sequence[str], without: Collection[str]) -> Iterable[str]:
        nested = os.path.join(folder, path)
        if not os.path.lexists(os.path.join(nested, ".git")) or self._is_own_worktree(nested):
            return ()
        try:
            return [f"{path}/{inner}" for inner in self._list(nested, paths, without)]
        except GitUnavailable:
            return (path,)

    def _is_own_worktree(self, nested: str) -> bool:
        """Whether a nested checkout is another work tree of this repository: its files are this one's once more."""
        store = git_dir(nested)
        return store is not None and os.path.dirname(store) == os.path.join(os.path.realpath(self._common_dir), "worktrees")


def list_repository(folder: str, paths: Sequence[str] = ()) -> list[str] | None:
    """What git shows in the checkout at the absolute `folder`, as `Repo.list_files`; None where there is none.

    Raises: GitUnavailable.
    """
    repo = Repo.find(folder)
    return None if repo is None or not repo.is_top() else repo.list_files(paths)


def _narrowed(folder: str, paths: Sequence[str], prefix: str, without: Collection[str]) -> Iterable[tuple[str, str]]:
    if len(paths) < MANY:
        return _entries(folder, paths, prefix, without)
    wanted = frozenset(paths)
    return [entry for entry in _entries(folder, (), prefix, without) if _is_wanted(entry[0], wanted)]


def _is_wanted(path: str, wanted: Collection[str]) -> bool:
    """Whether a path or one of the folders it is in is among those wanted."""
    while path not in wanted:
        path, slash, _ = path.rpartition("/")
        if not slash:
            return False
    return True


def _by_nested_repository(folder: str, paths: Sequence[str]) -> dict[str, list[str]]:
    """Paths by the outermost repository inside `folder` that they are in, relative to it; "" is `folder` itself."""
    known: dict[str, str] = {"": ""}

    def nested(inside: str) -> str:
        if inside not in known:
            outer = nested(inside.rpartition("/")[0])
            is_repository = not outer and os.path.lexists(os.path.join(folder, inside, ".git"))
            known[inside] = inside if is_repository else outer
        return known[inside]

    groups: dict[str, list[str]] = {}
    for path in paths:
        repository = nested(path.rpartition("/")[0])
        groups.setdefault(repository, []).append(path[len(repository) + 1 :] if repository else path)
    return groups


def _entries(
    folder: str, paths: Sequence[str], prefix: str = "", without: Collection[str] = ()
) -> Iterable[tuple[str, str]]:
    """(path, kind) of what `git ls-files` prints in `folder`, which is `prefix` below the top of its checkout.

    `kind` is "file", "sparse", "gitlink" or "nested". A folder that git cannot open is there as a file.
    """
    # Our own ignore files count in every folder that git looks into, also where somebody has git ignore them.
    patterns = [f"!{IGNORE_FILE}", *("/" + re.sub(r"([*?\[\\ ])", r"\\\1", os.path.join(prefix, path)) for path in without)]
    excluded = [f"--exclude={pattern}" for pattern in patterns]
    command = ("ls-files", "-cost", "--exclude-standard", *excluded, "-z", "--", *paths)
    code, answer, complaint = _git(folder, "--literal-pathspecs", *command)
    _check(folder, code, complaint)
    closed = [path for path in _UNOPENED.findall(complaint) if f"{path}/".startswith(prefix and f"{prefix}/")]
    unopened = [(os.path.relpath(path, prefix or "."), "file") for path in closed]
    return [*map(_entry, filter(None, answer.split("\0"))), *unopened]


def _entry(record: str) -> tuple[str, str]:
    """A record is "? path", "? folder/" for an untracked repository, or "TAG MODE OBJECT STAGE<tab>path"."""
    if record[0] == "?":
        return (record[2:-1], "nested") if record[-1] == "/" else (record[2:], "file")
    kind = "gitlink" if record[2:9] == "160000 " else "sparse" if record[0] == "S" else "file"
    return record.partition("\t")[2], kind


def _is_damaged(checkout: str, complaint: str) -> bool:
    """Whether a `.git` in which git sees no repository was one: it may not be read, or lacks what each has."""
    store = os.path.join(checkout, ".git")
    if "filesystem boundary" in complaint:
        return False
    try:
        return not os.path.isdir(store) or bool(os.listdir(store))
    except OSError:
        return True


def _path(root: str, option: str) -> str:
    """An absolute path that `git rev-parse` knows; asked one by one, since a path may hold line ends."""
    code, answer, complaint = _git(root, "rev-parse", option)
    _check(root, code, complaint)
    return os.path.normpath(os.path.join(root, answer.removesuffix("\n")))


def _read_line(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read(4096).rstrip("\n") or None
    except OSError:
        return None


def _git(folder: str, *arguments: str) -> tuple[int, str, str]:
    """Run git in `folder`: exit code, output with undecodable bytes as surrogates, and what it says on stderr."""
    git = _git_class()
    # `-C` fails where the folder is gone; GitPython's own working folder would silently be this process's instead.
    command = [*_cleared_environment(), git.GIT_PYTHON_GIT_EXECUTABLE or "git", "-C", folder, *_OPTIONS, *arguments]
    from git.exc import CommandError

    try:
        code, answer, complaint = git().execute(
            command,
            env=_ENVIRONMENT,
            with_extended_output=True,
            with_exceptions=False,
            stdout_as_string=False,
            strip_newline_in_stdout=False,
        )
    except CommandError as error:
        raise GitUnavailable("git cannot be run: install it, or put it on the PATH, and try again.") from error
    return code, os.fsdecode(answer), complaint


def _git_class() -> type[Git]:
    # Importing GitPython runs git, and raises where there is none unless told not to.
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    from git.cmd import Git

    return Git


def _cleared_environment() -> list[str]:
    """What to put before a command so that it does not see another repository; GitPython can only add variables."""
    names = [name for name in _FOREIGN if name in os.environ]
    return ["env", *(f"--unset={name}" for name in names)] if names else []


def _check(folder: str, code: int, complaint: str) -> None:
    if not code:
        return
    if "dubious ownership" in complaint:
        raise GitUnavailable(
            f"git refuses to read {folder}, which belongs to another user: if you trust it, run "
            f"`git config --global --add safe.directory {folder}`."
        )
    reason = complaint.strip().splitlines()[-1:] or [f"exit code {code}"]
    raise GitUnavailable(f"git fails in {folder} ({reason[0]}): run `git status` there and repair what it reports.")
