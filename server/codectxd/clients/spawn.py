"""Finding the user's daemon, or starting it: sixteen clients that start at once get one daemon.

A socket is only trusted in a folder of this user's. Starting happens under a lock between clients, and the started
process takes the daemon's own lock, so that even a lost race ends in one daemon. The newest daemon wins: an older one
that serves nobody else is asked to leave. Knows nothing of what a daemon does.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
import time
from collections.abc import Iterator

import msgspec

import codectxd
from codectxd import locks, system
from codectxd.clients.connection import Connection
from codectxd.errors import DaemonUnreachable
from codectxd.paths import Layout, make_private
from codectxd.wire import messages

START_S = 30.0
"""How long a daemon may take until it listens; a loaded machine imports slowly."""

_PAUSE_S = 0.01


class DaemonFile(msgspec.Struct, frozen=True):
    """What the running daemon says of itself in `Layout.daemon_file`."""

    pid: int
    version: str


def open_session(layout: Layout, *, name: str, folders: list[str] | None = None, status: bool = False) -> Connection:
    """An initialized connection to the newest daemon that can be had. Raises DaemonUnreachable, TimeoutError."""
    connection = _initialized(connect(layout), name, folders, status, START_S)
    if not _older(connection.daemon_version) or not _stop_if_alone(connection):
        return connection
    connection.close()
    _wait_until_gone(layout)
    return _initialized(connect(layout), name, folders, status, START_S)


def find_session(layout: Layout, *, name: str, timeout_s: float | None = None) -> Connection | None:
    """An initialized connection to the daemon that runs, whatever its version; None where none runs.

    Raises TimeoutError where it does not answer within `timeout_s`.
    """
    stream = _try_to_connect(layout)
    return None if stream is None else _initialized(stream, name, None, False, timeout_s)


def connect(layout: Layout, *, timeout_s: float = START_S) -> socket.socket:
    """A connected socket; a daemon is started where none serves. Raises DaemonUnreachable."""
    return _try_to_connect(layout) or _start_and_connect(layout, time.monotonic() + timeout_s)


def running_daemon(layout: Layout) -> DaemonFile | None:
    """What the daemon's file says; the daemon may have been killed since."""
    try:
        return msgspec.json.decode(layout.daemon_file.read_bytes(), type=DaemonFile)
    except (OSError, msgspec.DecodeError):
        return None


def replace_older(layout: Layout) -> None:
    """Make room for this version where an older daemon serves nobody; leave it alone where it serves somebody."""
    found = running_daemon(layout)
    if found is not None and _older(found.version):
        with contextlib.suppress(DaemonUnreachable, TimeoutError), open_session(layout, name="codectxd"):
            pass


def _initialized(
    stream: socket.socket, name: str, folders: list[str] | None, status: bool, timeout_s: float | None = None
) -> Connection:
    with contextlib.ExitStack() as unless_it_works:
        connection = unless_it_works.enter_context(Connection(stream))
        connection.initialize(name=name, folders=folders, status=status, timeout_s=timeout_s)
        unless_it_works.pop_all()
        return connection


def _try_to_connect(layout: Layout) -> socket.socket | None:
    if not os.path.lexists(layout.socket):
        return None
    _check_owner(layout)
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        stream.connect(os.fspath(layout.socket))
    except (ConnectionRefusedError, FileNotFoundError):  # Left over, or just removed.
        stream.close()
        return None
    except OSError as problem:
        stream.close()
        raise DaemonUnreachable(f"The daemon's socket {layout.socket} cannot be used: {problem.strerror}.") from problem
    return stream


def _check_owner(layout: Layout) -> None:
    """Somebody else's socket could read every query and every unsaved text."""
    for path in (layout.runtime, layout.socket):
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue
        folder_is_open = stat.S_ISDIR(found.st_mode) and found.st_mode & 0o022
        if not system.is_own(found) or folder_is_open or stat.S_ISLNK(found.st_mode):
            raise DaemonUnreachable(f"{path} is not this user's alone: remove it, or set CODECTX_HOME to another folder.")


def _start_and_connect(layout: Layout, deadline: float) -> socket.socket:
    try:
        make_private(layout.state)
        make_private(layout.runtime)
        with _spawn_lock(layout, deadline):
            return _try_to_connect(layout) or _start(layout, deadline)
    except OSError as problem:
        raise DaemonUnreachable(f"The daemon cannot be started: {str(problem).rstrip('.')}.") from problem


def _start(layout: Layout, deadline: float) -> socket.socket:
    said = _run_daemon(max(1.0, deadline - time.monotonic()))
    while said is None and time.monotonic() < deadline:
        if stream := _try_to_connect(layout):
            return stream
        time.sleep(_PAUSE_S)
    last = said or _last_error(layout) or "it gave no reason"
    raise DaemonUnreachable(f"The daemon did not start: {last} (its log is {layout.log}).")


def _run_daemon(timeout_s: float) -> str | None:
    """Start the daemon and wait until it listens; what it said on stderr where it did not come to that."""
    import subprocess

    # -P: a folder in which somebody happens to search must not become a place to import from.
    command = [sys.executable, "-P", "-m", "codectxd.daemon", "--detach"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            env=_environment(),
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it did not listen within {timeout_s:.0f} seconds"
    if done.returncode == 0:
        return None
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _environment() -> dict[str, str]:
    """Ours; a home that was given relative to the current folder is the same one elsewhere."""
    home = os.environ.get("CODECTX_HOME")
    return {**os.environ, "CODECTX_HOME": os.path.abspath(home)} if home else dict(os.environ)


def _last_error(layout: Layout) -> str:
    """The last line of the log that says what went wrong, without its time and names."""
    try:
        lines = layout.log.read_text(errors="replace").splitlines()[-50:]
    except OSError:
        return ""
    errors = [line for line in lines if " ERROR " in line]
    return errors[-1].split(": ", 1)[-1].rstrip(".") if errors else ""


@contextlib.contextmanager
def _spawn_lock(layout: Layout, deadline: float) -> Iterator[None]:
    """Held by the one client that starts a daemon; the others wait here and then find it."""
    while (lock := locks.take(layout.spawn_lock)) is None:
        if time.monotonic() > deadline:
            raise DaemonUnreachable("Another client has been starting the daemon for too long: see its log.")
        time.sleep(_PAUSE_S)
    try:
        yield
    finally:
        os.close(lock)


def _older(version: str) -> bool:
    return _numbers(version) < _numbers(codectxd.__version__)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split(".")[:3])


def _stop_if_alone(connection: Connection) -> bool:
    """Ask a daemon that serves nobody but us to leave."""
    if connection.request(messages.STATUS, {}, kind=messages.Status).sessions > 1:
        return False
    connection.request(messages.SHUTDOWN_DAEMON, {}, kind=messages.StopAnswer)
    return True


def _wait_until_gone(layout: Layout) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and (stream := _try_to_connect(layout)) is not None:
        stream.close()
        time.sleep(_PAUSE_S)
