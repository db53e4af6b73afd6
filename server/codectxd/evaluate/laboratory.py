"""Where benchmarks happen: folders that are thrown away, homes of their own, and daemons that are ended whatever happens.

Nothing here touches the user's own daemon or state: each `Home` is another CODECTX_HOME.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

import msgspec

from codectxd.clients.connection import Connection
from codectxd.evaluate import corpus, processes
from codectxd.evaluate.floor import Floor
from codectxd.evaluate.session import DEADLINE_S, NeverCame, Session, until
from codectxd.paths import Layout

SETTINGS = "indexer_idle_s = 1.0\n"
"""The indexer leaves soon when it has nothing to do, so that what stays resident can be measured within the minute."""


class Home:
    """One CODECTX_HOME, with at most one daemon."""

    def __init__(self, folder: Path, settings: str = SETTINGS) -> None:
        folder.mkdir()
        (folder / "config.toml").write_text(settings)
        # pip compiles what it installs; from a checkout, with this set, every process would compile all that it imports.
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self.environment = {**inherited, "CODECTX_HOME": str(folder)}
        self.layout = Layout(state=folder, runtime=folder / "run", config=folder)

    def command(self, *arguments: str) -> bytes:
        """What the command `codectxd` prints. Raises NeverCame where it fails; no result is no failure."""
        done = subprocess.run([*executable(), *arguments], env=self.environment, capture_output=True, timeout=DEADLINE_S)
        if done.returncode > 1:
            raise NeverCame(f"codectxd {' '.join(arguments)} failed: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    @contextmanager
    def editor(self, *roots: Path) -> Iterator[Session]:
        """An editor's session: `codectxd --stdio`, which starts the daemon where none runs."""
        ours, theirs = socket.socketpair()
        with theirs:
            pipe = theirs.fileno()
            relay = subprocess.Popen([*executable(), "--stdio"], env=self.environment, stdin=pipe, stdout=pipe)
        try:
            with _opened(ours, *roots) as session:
                yield session
        finally:
            relay.wait(DEADLINE_S)

    @contextmanager
    def session(self, *roots: Path) -> Iterator[Session]:
        """A session straight over the socket of the daemon that runs."""
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.connect(str(self.layout.socket))
        with _opened(stream, *roots) as session:
            yield session

    def daemon(self) -> int | None:
        """The process number of the daemon that serves, if one does."""
        try:
            return int(msgspec.json.decode(self.layout.daemon_file.read_bytes())["pid"])
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def stop(self) -> None:
        """End the daemon, and return when it and its children are gone."""
        pid = self.daemon()
        if pid is None:
            return
        family = processes.family(pid)
        self.command("stop")
        until(lambda: not any(map(processes.lives, family)), what="the end of the daemon")

    def kill(self) -> None:
        """End the daemon and its children without asking, should any live."""
        for pid in processes.family(self.daemon() or 0):
            if processes.runs_under(pid, "CODECTX_HOME", self.environment["CODECTX_HOME"]):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@contextmanager
def _opened(stream: socket.socket, *roots: Path) -> Iterator[Session]:
    with Connection(stream) as connection:
        session = Session(connection, list(roots))
        yield session
        session.close()


class Laboratory:
    """One run of the benchmarks, in `folder`, over copies of `source`. Close it."""

    def __init__(self, folder: Path, source: Path) -> None:
        self.folder = folder
        self.source = source
        self._homes: list[Home] = []
        self._copies = 0
        self.files = 0

    def home(self) -> Home:
        """A new home: no daemon, an empty vault."""
        home = Home(self.folder / f"h{len(self._homes)}")
        self._homes.append(home)
        return home

    def copy(self) -> Path:
        """A new copy of the source, a git repository with one commit."""
        self._copies += 1
        target = self.folder / f"copy-{self._copies}"
        self.files = corpus.copy(self.source, target)
        corpus.commit(target, "All files")
        return target

    def floor(self, folder: Path) -> Floor:
        """The least work that an index of `folder` takes, measured now."""
        command = [sys.executable, "-m", "codectxd.evaluate.floor", str(folder)]
        done = subprocess.run(command, capture_output=True, check=True, timeout=DEADLINE_S)
        return msgspec.json.decode(done.stdout, type=Floor)

    @cached_property
    def root(self) -> Path:
        """The copy that is indexed once, for all benchmarks that need an index and not its making."""
        return self.copy()

    @cached_property
    def built(self) -> Home:
        """A home whose daemon has `root` open and indexed."""
        home = self.home()
        home.command("index", str(self.root))
        return home

    def close(self) -> None:
        """End every daemon that a benchmark has left behind."""
        for home in self._homes:
            home.kill()


def executable() -> list[str]:
    """The `codectxd` command of the running Python, wherever it is installed."""
    script = Path(sys.executable).with_name("codectxd")
    return [str(script)] if script.is_file() else [sys.executable, "-m", "codectxd.clients.cli"]
