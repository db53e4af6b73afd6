"""`--in-process`: all that an editor or a shell needs, with nothing that listens, nothing that stays, and no daemon."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from codectxd.clients import hosted
from codectxd.clients.connection import Connection
from codectxd.wire import messages
from e2e.home import DEADLINE_S, Home, find, fresh, names, same, status, until, world
from e2e.test_kills import QUESTIONS, fresh_build, path_of, text_of

OTHERWISE = """
import sys
if {"codectxd.daemon", "codectxd.engine.indexer"} & set(sys.orig_argv):
    import codectxd.engine.channel as channel
    import codectxd.workspace.watching as watching
    from codectxd.workspace.observe import ObservingWatcher
    channel.open_child = channel.open_child_by_pipes
    watching.watcher_kind = lambda: ObservingWatcher
"""
"""Put where every process imports it: what systems without inotify, and without Unix sockets for children, have instead."""

FORBIDDEN = """
import errno, os, subprocess, sys
if "codectxd.daemon" in sys.orig_argv:
    class Popen(subprocess.Popen):
        def __init__(self, *arguments, **options):
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
    subprocess.Popen = Popen
"""
"""The same, where no process may have children."""

GONE_S = 15.0
N_FILES = 30
WORDS = ["ledger", "decode", "nowhere"]

Start = Callable[..., Connection]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    found = Home(folder, "workers = 2\n")
    for name in ("CODECTX_HOME", "PYTHONPATH"):
        monkeypatch.setenv(name, found.environment[name])
    yield found
    found.close()
    assert [one for one in processes(found) if not _ended(one)] == []
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number in range(N_FILES):
        write(tmp_path / "tree", number)
    return tmp_path / "tree"


@pytest.fixture
def start(home: Home) -> Iterator[Start]:
    """Starts an editor's server in a process of its own, with folders open."""
    started: list[Connection] = []

    def begin(*roots: Path) -> Connection:
        folders = [root.as_uri() for root in roots]
        started.append(hosted.open_session(name="test", folders=folders, status=False))
        return started[-1]

    yield begin
    for connection in started:
        connection.close()


def processes(home: Home) -> list[psutil.Process]:
    """Every process that works for this home."""
    return [one for one in psutil.process_iter() if _home_of(one) == str(home.layout.state)]


def _home_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("CODECTX_HOME")
    except psutil.Error:
        return None


def _ended(process: psutil.Process) -> bool:
    try:
        process.wait(GONE_S)
    except psutil.TimeoutExpired:
        return False
    return True


def _speaks_over_a_socket(process: psutil.Process) -> bool:
    handles = Path(f"/proc/{process.pid}/fd")
    return any(os.readlink(handle).startswith("socket:") for handle in handles.iterdir() if int(handle.name) > 2)


def server(connection: Connection) -> psutil.Process:
    about = connection.request(messages.STATUS, {}, kind=messages.Status, timeout_s=DEADLINE_S)
    return psutil.Process(about.pid)


def family(connection: Connection) -> list[psutil.Process]:
    process = server(connection)
    return [process, *process.children(recursive=True)]


def role(connection: Connection, root: Path) -> str | None:
    about = status(connection, root)
    return None if about is None else about.role


def type_in(connection: Connection, path: Path, text: str, version: int = 1) -> None:
    item = {"uri": path.as_uri(), "languageId": "python", "version": version, "text": text}
    connection.notify("textDocument/didOpen", {"textDocument": item})


def word(number: int, version: int = 0) -> str:
    """A word that only this version of this file has, and that nothing splits."""
    return "zq" + "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}{version}") + "x"


def write(root: Path, number: int, version: int = 0) -> None:
    path = root / path_of(number)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# {word(number, version)}\n{text_of(number, version)}")


def hits(connection: Connection, root: Path, query: str) -> list[str]:
    return [hit.path for hit in find(connection, root, query, mode="lexical", limit=1).hits]


def found(connection: Connection, root: Path, query: str) -> Any:
    return until(lambda: hits(connection, root, query), f"{query} is found")


def test_an_editor_gets_everything_and_nothing_stays(home: Home, root: Path, start: Start) -> None:
    connection = start(root)
    assert fresh(connection, root)
    assert hits(connection, root, word(7)) == [path_of(7)]
    assert find(connection, root, "split the ledger into parcels", mode="semantic").hits
    type_in(connection, root / path_of(3), "def whistle_at_walrus():\n    return 'qwhistlex'\n")
    assert found(connection, root, "qwhistlex") == [path_of(3)]
    assert [hit.unsaved for hit in find(connection, root, "qwhistlex", mode="lexical").hits] == [True]
    assert [one.name for one in names(connection, root, "whistle_at_walrus")] == ["whistle_at_walrus"]
    write(root, 8, 1)
    assert found(connection, root, word(8, 1)) == [path_of(8)]
    about = status(connection, root)
    assert about is not None
    assert (about.phase, about.role) == ("ready", "writer")
    everybody = family(connection)
    connection.request("shutdown", None, kind=type(None))
    connection.notify("exit", None)
    assert [one for one in everybody if not _ended(one)] == []
    assert not home.layout.runtime.exists()
    assert sorted(path.name for path in home.layout.state.iterdir() if "vault" not in path.name) == [
        "config.toml",
        "workspaces",
    ]
    assert [path for path in home.layout.state.rglob("*") if path.is_socket()] == []


def test_it_does_with_what_other_systems_have(
    root: Path, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "otherwise").mkdir()
    (tmp_path / "otherwise" / "sitecustomize.py").write_text(OTHERWISE)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'otherwise'}{os.pathsep}{os.environ['PYTHONPATH']}")
    connection = start(root)
    assert fresh(connection, root)
    assert [child for child in server(connection).children() if _speaks_over_a_socket(child)] == []
    write(root, 8, 1)
    assert found(connection, root, word(8, 1)) == [path_of(8)]
    (root / path_of(3)).unlink()
    until(lambda: path_of(3) not in hits(connection, root, word(3)), "a file that is gone is not found")
    type_in(connection, root / path_of(5), "def whistle_at_walrus():\n    return 'qwhistlex'\n")
    assert found(connection, root, "qwhistlex") == [path_of(5)]
    everybody = family(connection)
    connection.close()
    assert [one for one in everybody if not _ended(one)] == []


def test_where_children_are_forbidden_threads_do_and_it_is_said(
    root: Path, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "forbidden").mkdir()
    (tmp_path / "forbidden" / "sitecustomize.py").write_text(FORBIDDEN)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'forbidden'}{os.pathsep}{os.environ['PYTHONPATH']}")
    connection = start(root)
    assert fresh(connection, root)
    assert server(connection).children() == []
    about = status(connection, root)
    assert about is not None
    assert (about.phase, about.files, about.chunks > 0) == ("ready", N_FILES, True)
    assert "no worker processes" in (about.message or "")
    assert find(connection, root, "split the ledger", mode="semantic").freshness.degraded == ["workers"]
    write(root, 8, 1)
    assert found(connection, root, word(8, 1)) == [path_of(8)]
    type_in(connection, root / path_of(5), "def whistle_at_walrus():\n    return 'qwhistlex'\n")
    assert found(connection, root, "qwhistlex") == [path_of(5)]
    process = server(connection)
    connection.close()
    assert _ended(process)


def test_it_ends_with_the_input_of_its_editor(root: Path, start: Start) -> None:
    connection = start(root)
    assert fresh(connection, root)
    everybody = family(connection)
    assert len(everybody) > 1
    assert any(_speaks_over_a_socket(child) for child in everybody[1:])
    begun = time.monotonic()
    connection.close()
    assert [one for one in everybody if not _ended(one)] == []
    assert time.monotonic() - begun < GONE_S


def test_it_ends_with_the_process_that_its_editor_named(home: Home, root: Path) -> None:
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "codectxd.clients.cli", "--stdio", "--in-process"]
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=pipe) as editor,
        subprocess.Popen(command, env=home.environment, stdin=pipe, stdout=pipe) as process,
    ):
        params = {"processId": editor.pid, "capabilities": {}, "workspaceFolders": None, "rootUri": root.as_uri()}
        body = messages.encode({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"Content-Length")
        children = until(lambda: psutil.Process(process.pid).children(), "its children")
        editor.communicate(b"\n")
        assert process.wait(GONE_S) == 0
        assert [one for one in children if not _ended(one)] == []


def test_I12_killed_it_leaves_no_child(root: Path, start: Start) -> None:
    connection = start(root)
    assert fresh(connection, root)
    everybody = family(connection)
    everybody[0].kill()
    assert [one for one in everybody if not _ended(one)] == []


def test_I4_two_at_once_find_what_either_saves_and_their_own_unsaved_text_alone(root: Path, start: Start) -> None:
    writer = start(root)
    assert fresh(writer, root)
    follower = start(root)
    assert fresh(follower, root)
    assert (role(writer, root), role(follower, root)) == ("writer", "follower")
    for number in range(0, N_FILES, 6):
        write(root, number, 1)
        for connection in (follower, writer):
            assert found(connection, root, word(number, 1)) == [path_of(number)]
    typed = {writer: "qwhistlex", follower: "qwalrusx"}
    for connection, name in typed.items():
        type_in(connection, root / path_of(1), f"def {name}():\n    return 1\n")
    for connection, other in ((writer, follower), (follower, writer)):
        assert found(connection, root, typed[connection]) == [path_of(1)]
        assert path_of(1) not in hits(connection, root, typed[other])
    worlds = []
    for connection in typed:
        connection.notify("textDocument/didClose", {"textDocument": {"uri": (root / path_of(1)).as_uri()}})
        assert fresh(connection, root)
        worlds.append(world(connection, root, [*WORDS, word(6, 1)], QUESTIONS))
    same(*worlds)


def test_I3_killed_the_writer_is_followed_by_the_follower_and_nothing_is_lost(root: Path, start: Start) -> None:
    writer, follower = start(root), start(root)
    for connection in (writer, follower):
        assert fresh(connection, root)
    if role(writer, root) == "follower":
        writer, follower = follower, writer
    for number in range(0, N_FILES, 2):
        write(root, number, 3)
        if number == 14:
            server(writer).kill()
    (root / path_of(5)).unlink()
    until(lambda: role(follower, root) == "writer", "the follower writes")
    assert fresh(follower, root)
    words = [*WORDS, word(14, 3), word(16, 3), word(5)]
    after = world(follower, root, words, QUESTIONS)
    follower.close()
    same(after, fresh_build(root, words))


def test_a_daemon_and_a_process_share_a_workspace(home: Home, root: Path, start: Start) -> None:
    with home.session(root) as daemon:
        assert fresh(daemon, root)
        alone = start(root)
        assert fresh(alone, root)
        assert (role(daemon, root), role(alone, root)) == ("writer", "follower")
        for number, version in ((2, 1), (9, 2)):
            write(root, number, version)
            for connection in (alone, daemon):
                assert found(connection, root, word(number, version)) == [path_of(number)]
        assert home.run("index", str(root), "--force")[0] == 0
        assert fresh(alone, root)
        assert hits(alone, root, word(9, 2)) == [path_of(9)]
    assert home.run("stop")[0] == 0
    until(lambda: role(alone, root) == "writer", "the process writes when the daemon has stopped")
    write(root, 4, 4)
    assert found(alone, root, word(4, 4)) == [path_of(4)]
    assert fresh(alone, root)


def test_commands_answer_without_a_daemon(home: Home, root: Path) -> None:
    answer = home.json("search", "--in-process", word(7), str(root), "-k", "1")
    assert [hit["path"] for hit in answer["hits"]] == [path_of(7)]
    assert [one["name"] for one in home.json("symbols", _name_in(7), str(root), "--in-process")][:1] == [_name_in(7)]
    indexed = home.json("--in-process", "index", str(root))["workspaces"]
    assert (indexed[0]["files"], indexed[0]["parsed"]) == (N_FILES, 0)
    about = home.json("status", "--in-process", str(root))["workspaces"]
    assert [(one["phase"], one["files"], one["role"]) for one in about] == [("ready", N_FILES, "writer")]
    assert home.run("search", "--in-process", "nowhere_at_all_x", str(root), "--mode", "lexical")[0] == 1
    assert home.daemon() is None
    assert not home.layout.runtime.exists()


def test_a_command_that_fails_in_process_says_why_in_a_line(home: Home, root: Path) -> None:
    (home.layout.config / "config.toml").write_text("wurkers = 2\n")
    code, _, said = home.run("search", "--in-process", "anything", str(root))
    assert (code, len(said.splitlines())) == (3, 1)
    assert "wurkers" in said


def _name_in(number: int) -> str:
    return text_of(number).split("def ")[1].split("(")[0]
