"""A user's home of one test: the real command line, the daemon it starts, its processes, and a socket to it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil

import codectxd
from codectxd.clients.connection import Connection
from codectxd.paths import Layout
from codectxd.wire import messages

DEADLINE_S = 60.0
SOURCE = str(Path(codectxd.__file__).parents[1])


def until(condition: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """What `condition` gives once it is true. Fails with `what` where that takes too long."""
    deadline = time.monotonic() + deadline_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {deadline_s} s: {what}"
        time.sleep(0.005)
    return found


class Home:
    """`folder` is its CODECTX_HOME."""

    def __init__(self, folder: Path, config: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_text(config)
        self.layout = Layout(state=folder, runtime=folder / "run", config=folder)
        found = os.environ.get("PYTHONPATH", "")
        paths = [SOURCE, *(path for path in found.split(os.pathsep) if path)]
        self.environment = {**os.environ, "CODECTX_HOME": str(folder), "PYTHONPATH": os.pathsep.join(paths)}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The command, running."""
        command = [sys.executable, "-m", "codectxd.clients.cli", *arguments]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, **pipes)

    def run(self, *arguments: str, timeout_s: float = DEADLINE_S) -> tuple[int, str, str]:
        """Exit status, standard output and standard error of the command."""
        with self.start(*arguments) as process:
            try:
                out, err = process.communicate(timeout=timeout_s)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return process.returncode, out, err

    def json(self, *arguments: str) -> Any:
        """What the command prints with --json; it must succeed, or find nothing."""
        status, out, err = self.run(*arguments, "--json")
        assert status in (0, 1), err
        return json.loads(out)

    @contextlib.contextmanager
    def session(self, *roots: Path) -> Iterator[Connection]:
        """A connection, with these folders open, to the daemon, which is started where none runs."""
        with Connection(self._connected()) as connection:
            connection.initialize(name="test", folders=[root.as_uri() for root in roots])
            yield connection

    def _connected(self) -> socket.socket:
        while True:
            stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                stream.connect(str(self.layout.socket))
                return stream
            except OSError:
                stream.close()
            status, _, err = self.run("serve", "--detach")
            assert status == 0, err

    def daemon(self) -> psutil.Process | None:
        """The daemon that says it runs, if it does."""
        try:
            return psutil.Process(json.loads(self.layout.daemon_file.read_bytes())["pid"])
        except (OSError, ValueError, psutil.NoSuchProcess):
            return None

    def children(self, module: str = "") -> list[psutil.Process]:
        """The daemon's descendants, those of one module of the engine where it is named."""
        daemon = self.daemon()
        if daemon is None:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            return [child for child in daemon.children(recursive=True) if module in _module(child)]
        return []

    def close(self) -> None:
        """End the daemon and all that is left of it."""
        daemon = self.daemon()
        everybody = self.children() + ([daemon] if daemon is not None else [])
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.run("stop", timeout_s=30.0)
        for process in everybody:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def _module(process: psutil.Process) -> str:
    try:
        words = process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""
    return next((word for word in words if word.startswith("codectxd.")), "")


def status(connection: Connection, root: Path) -> messages.WorkspaceStatus | None:
    """The status of one workspace, None while the daemon does not know it."""
    params = messages.StatusParams(roots=[root.as_uri()])
    found = connection.request(messages.STATUS, params, kind=messages.Status, timeout_s=DEADLINE_S).workspaces
    return found[0] if found else None


def find(connection: Connection, root: Path, query: str, **options: Any) -> messages.SearchAnswer:
    """The answer to a search."""
    params = messages.SearchParams(query, roots=[root.as_uri()], **options)
    return connection.request(messages.SEARCH, params, kind=messages.SearchAnswer, timeout_s=DEADLINE_S)


def names(connection: Connection, root: Path, query: str) -> list[messages.SymbolInformation]:
    """The symbols found by name."""
    params = messages.SymbolParams(query, roots=[root.as_uri()], limit=500)
    kind = list[messages.SymbolInformation]
    return connection.request(messages.WORKSPACE_SYMBOL, params, kind=kind, timeout_s=DEADLINE_S)


def fresh(connection: Connection, root: Path, *, durable: bool = True) -> bool:
    """Wait until all is searchable and on disk."""
    params = messages.WaitFreshParams(roots=[root.as_uri()], timeout_ms=int(DEADLINE_S * 1000), durable=durable)
    return connection.request(messages.WAIT_FRESH, params, kind=messages.WaitFreshAnswer, timeout_s=2 * DEADLINE_S).fresh


def shown(hits: list[messages.Hit]) -> list[Any]:
    """Hits without their scores."""
    return [(hit.path, hit.range.start.line, hit.range.end.line, hit.snippet, hit.symbol, hit.unsaved) for hit in hits]


def world(connection: Connection, root: Path, words: list[str], questions: list[str]) -> dict[str, Any]:
    """Everything that can be asked about a workspace, for comparison with another index of it.

    By meaning and by name in order. By words as a set: BM25's statistics count deleted documents until tantivy merges
    them away, so an index with a history may order close scores differently from a fresh one.
    """
    about = status(connection, root)
    assert about is not None
    found: dict[str, Any] = {
        "counts": (about.files, about.chunks, about.vectors, about.pending, about.phase),
        "skipped": msgspec.to_builtins(about.skipped_files),
        "names": msgspec.to_builtins(names(connection, root, "")),
    }
    for word in words:
        found[f"word {word}"] = sorted(shown(find(connection, root, word, mode="lexical", limit=200, content="all").hits))
        found[f"name {word}"] = msgspec.to_builtins(names(connection, root, word))
    for question in questions:
        hits = find(connection, root, question, mode="semantic", limit=50, content="all").hits
        found[f"meaning {question}"] = [(*one, round(hit.score, 6)) for one, hit in zip(shown(hits), hits, strict=True)]
    return found


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Fail with what differs in the first part that does."""
    for name in one:
        if one[name] != other[name]:
            lists = isinstance(one[name], list)
            mine = [x for x in one[name] if x not in other[name]] if lists else one[name]
            theirs = [x for x in other[name] if x not in one[name]] if lists else other[name]
            raise AssertionError(f"{name}:\n{mine!r}\nis not\n{theirs!r}\n(or the order differs)")
