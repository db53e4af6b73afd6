"""Where things lie: the state folder, the runtime folder, one folder per workspace.

The only module, beside `workspace/`, `vcs/` and `wire/convert`, in which a path is absolute. `CODECTX_HOME` moves
everything, the socket included; nothing is ever put into the user's tree.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from codectxd import system

FORMAT = 3
"""Version of everything under a workspace's state folder. A new one is a new folder, never a migration in place."""

_MAX_SOCKET_PATH = 100
"""The kernel takes 108 bytes, less on some systems; some room is kept for a temporary suffix."""


class Layout(msgspec.Struct, frozen=True):
    """The absolute folders of one user: `state` survives restarts, `runtime` need not, `config` is the user's own."""

    state: Path
    runtime: Path
    config: Path

    @property
    def socket(self) -> Path:
        return self.runtime / "daemon.sock"

    @property
    def daemon_file(self) -> Path:
        """pid and version of the running daemon, for people and for `status`."""
        return self.runtime / "daemon.json"

    @property
    def daemon_lock(self) -> Path:
        """Held by the running daemon for as long as it lives."""
        return self.runtime / "daemon.lock"

    @property
    def spawn_lock(self) -> Path:
        """Held by a client while it starts a daemon, so that sixteen clients start one."""
        return self.runtime / "spawn.lock"

    @property
    def log(self) -> Path:
        return self.state / "daemon.log"

    @property
    def vault(self) -> Path:
        return self.state / "vault.db"

    @property
    def models(self) -> Path:
        """A folder for each model that was added."""
        return self.state / "models"

    @property
    def config_file(self) -> Path:
        return self.config / "config.toml"

    def workspace(self, root: str) -> Path:
        """The state folder of the workspace at the absolute, resolved folder `root`."""
        digest = hashlib.blake2b(os.fsencode(root), digest_size=12).hexdigest()
        return self.state / "workspaces" / digest / f"v{FORMAT}"

    def inside(self, root: str) -> frozenset[str]:
        """What of all this lies in the absolute, resolved folder `root`: relative paths of folders, and of files where the
        folder around them is the root itself."""
        own: list[Path | str] = [self.state, self.runtime, self.config]
        if root in map(os.path.realpath, own):
            own += [self.state / "workspaces", self.models, self.socket, self.daemon_file, self.daemon_lock, self.spawn_lock]
            own += [f"{self.vault}{end}" for end in ("", "-wal", "-shm")]
            own += [f"{self.log}{end}" for end in ("", ".1", ".2")]
        found = {inner for path in own if (inner := _below(root, os.path.realpath(path)))}
        return frozenset(path for path in found if not any(path.startswith(f"{other}/") for other in found))

    def catalogues(self) -> Iterator[Path]:
        """The catalogue of every workspace that has one."""
        yield from sorted(self.state.glob(f"workspaces/*/v{FORMAT}/catalog.db"))


def layout() -> Layout:
    """Where this user's files lie, read from the environment now; creates nothing."""
    home = os.environ.get("CODECTX_HOME")
    if home:
        base = Path(home).absolute()
        return Layout(state=base, runtime=_runtime_for(base / "run"), config=base)
    import platformdirs

    return Layout(
        state=Path(platformdirs.user_cache_dir("codectxd")),
        runtime=_runtime_for(_runtime()),
        config=Path(platformdirs.user_config_dir("codectxd")),
    )


def _runtime() -> Path:
    """The runtime folder of this user, made by whoever logs people in, or a folder of our own where there is none.

    What `su`, cron and containers leave in XDG_RUNTIME_DIR may be another user's folder, or none at all.
    """
    if sys.platform != "linux":
        import platformdirs

        return Path(platformdirs.user_runtime_dir("codectxd"))
    for given in (os.environ.get("XDG_RUNTIME_DIR"), f"/run/user/{system.user_id()}"):
        if given and os.path.isabs(given) and _is_private(given):
            return Path(given) / "codectxd"
    import tempfile  # Late: every client starts with this module, and few need a stand-in.

    return Path(tempfile.gettempdir()) / f"codectxd-{system.user_id()}"


def _is_private(folder: str) -> bool:
    try:
        found = os.stat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and system.is_own(found) and not found.st_mode & 0o022


def _below(root: str, path: str) -> str:
    """The path relative to the folder `root`; empty where it is not below it."""
    prefix = root.rstrip(os.sep) + os.sep
    return path.removeprefix(prefix).replace(os.sep, "/") if path.startswith(prefix) else ""


def _runtime_for(wanted: Path) -> Path:
    """`wanted`, or a short stand-in for it where a socket's path would be too long for the kernel."""
    if len(os.fsencode(wanted / "daemon.sock")) <= _MAX_SOCKET_PATH:
        return wanted
    import tempfile  # Late: every client starts with this module, and few need a stand-in.

    digest = hashlib.blake2b(os.fsencode(wanted), digest_size=8).hexdigest()
    return Path(tempfile.gettempdir()) / f"codectxd-{system.user_id()}-{digest}"


def make_private(folder: Path) -> None:
    """Create `folder` for this user alone. Raises PermissionError where somebody else owns it or may write to it, and
    NotADirectoryError where something else stands in its place."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as problem:
        told = f"{folder} cannot be a folder, since something else stands there: remove it, or set CODECTX_HOME to a folder."
        raise NotADirectoryError(told) from problem
    found = folder.stat()
    if not system.is_own(found):
        raise PermissionError(f"{folder} belongs to another user: remove it, or set CODECTX_HOME to a folder of yours.")
    if found.st_mode & 0o077:
        folder.chmod(0o700)


def resolve_root(path: str | os.PathLike[str]) -> str:
    """The absolute folder, without symbolic links, that names the workspace at `path`."""
    return os.path.realpath(path)


def refusal(root: str) -> str | None:
    """Why the absolute folder `root` is not indexed as a whole: a sentence that says what to do; None where it may be.

    Nobody means the files of all projects, programs and years at once who starts an editor in the home folder; who does
    says so by a `codectx.toml` there.
    """
    home = os.path.realpath(os.path.expanduser("~"))
    inside = root.rstrip(os.sep) + os.sep
    if not (home + os.sep).startswith(inside) or os.path.exists(os.path.join(root, "codectx.toml")):
        return None
    what = "is your home folder" if root == home else "holds your home folder and more"
    return f"{root} {what}: name a folder in it, or put a codectx.toml there if all of it is to be indexed."


def git_dir(checkout: str) -> str | None:
    """The folder in which git keeps what it knows of the checkout at an absolute folder, by its `.git`; None without one."""
    link = os.path.join(checkout, ".git")
    try:
        if os.path.isdir(link):
            return os.path.realpath(link)
        if not os.path.isfile(link):
            return None
        with open(link, encoding="utf-8", errors="surrogateescape") as file:
            target = file.read(4096).rstrip("\n")
    except OSError:
        return None
    return os.path.realpath(os.path.join(checkout, target[8:])) if target.startswith("gitdir: ") else None
