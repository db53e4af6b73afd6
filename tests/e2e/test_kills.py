"""SIGKILL of each process in the middle of a build, and of edits: what is found afterwards equals a fresh build.

The instants are those at which a count that the daemon publishes passes a seeded number: random, and the same each run.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from codectxd.clients.connection import Connection
from codectxd.errors import DaemonUnreachable, ServiceError
from e2e.home import Home, find, fresh, same, status, until, world

N_FILES = 200
GONE_S = 10.0
ATTEMPTS = 20
VERBS = ["open", "close", "parse", "render", "retry", "merge", "split", "encode", "decode", "flush"]
NOUNS = ["socket", "cursor", "buffer", "widget", "ledger", "packet", "schema", "canvas", "parcel", "shader"]
WORDS = ["planted3v0x", "planted77v0x", "planted150v0x", "ledger", "decode", "nowhere"]
QUESTIONS = [
    "retry the socket",
    "render a widget on the canvas",
    "split the ledger into parcels",
    "decode a packet by its schema",
]


def text_of(number: int, version: int = 0) -> str:
    """The text of a file: functions, some shared words, and a word that no other file or version has."""
    chosen = random.Random(1000 * number + version)
    functions = []
    for at in range(chosen.randint(1, 6)):
        verb, noun, other = chosen.choice(VERBS), chosen.choice(NOUNS), chosen.choice(NOUNS)
        functions.append(
            f"def {verb}_{noun}_{number}_{at}({other}):\n"
            f'    """{verb.title()} the {noun} before the {other}."""\n'
            f"    return [{noun} for {noun} in {other} if {noun} != {chosen.randint(0, 99)}]\n"
        )
    return f"# {word_of(number, version)}\n\n" + "\n\n".join(functions)


def word_of(number: int, version: int = 0) -> str:
    """The word that only this version of this file has."""
    return f"planted{number}v{version}x"


def path_of(number: int) -> str:
    return f"part{number % 7}/module{number}.py"


def planted(root: Path) -> Path:
    """A workspace that is no repository."""
    for number in range(N_FILES):
        write(root, number)
    (root / "image.bin").write_bytes(b"\0\1\2" * 100)
    return root


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A workspace to edit."""
    return planted(tmp_path / "tree")


@pytest.fixture(scope="module")
def still_tree(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A workspace that nobody edits, and its world as a fresh build has it."""
    root = planted(tmp_path_factory.mktemp("still") / "tree")
    return root, fresh_build(root, WORDS)


def write(root: Path, number: int, version: int = 0) -> None:
    path = root / path_of(number)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text_of(number, version))


@pytest.fixture
def home() -> Iterator[Home]:
    # A short path: a socket's may only have about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    found = Home(folder, "workers = 2\n")
    yield found
    found.close()
    shutil.rmtree(folder, ignore_errors=True)


def fresh_build(root: Path, words: list[str]) -> dict[str, Any]:
    """The world as a home that never knew this workspace sees it."""
    with tempfile.TemporaryDirectory(prefix="cx-") as folder:
        home = Home(Path(folder))
        try:
            return settle(home, root, words, scan=True)
        finally:
            home.close()


def edit(root: Path, seed: int, count: int) -> Iterator[int]:
    """Change, delete, rename and add files, one by one."""
    chosen = random.Random(seed)
    for step in range(count):
        number = chosen.randrange(N_FILES)
        path = root / path_of(number)
        kind = chosen.random()
        if kind < 0.6 or not path.exists():
            write(root, number, version=seed + step)
        elif kind < 0.8:
            path.unlink()
        else:
            path.rename(path.with_name(f"renamed_{seed}_{step}.py"))
        yield step


class Asking:
    """Searches all the time in a session of its own; `problems` says what went wrong."""

    def __init__(self, home: Home, root: Path) -> None:
        self._home, self._root = home, root
        self._stop = threading.Event()
        self.answered = 0
        self.problems: list[str] = []
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Asking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def check(self, victim: str) -> None:
        """Only the end of the daemon may be noticed by who searches, and then by one clear line."""
        assert self.answered > 0
        assert victim == "daemon" or self.problems == []
        assert [problem for problem in self.problems if "\n" in problem or not problem] == []

    def _ask(self) -> None:
        while not self._stop.is_set():
            try:
                with self._home.session(self._root) as connection:
                    self._ask_in(connection)
            except (ServiceError, TimeoutError) as problem:
                self.problems.append(str(problem))

    def _ask_in(self, connection: Connection) -> None:
        while not self._stop.wait(0.02):
            find(connection, self._root, "retry the socket")
            self.answered += 1


def victims(home: Home, victim: str) -> list[psutil.Process]:
    """The processes that could be killed: the daemon, its indexer, a worker of the build, or the warm worker of edits."""
    if victim == "daemon":
        daemon = home.daemon()
        return [daemon] if daemon is not None else []
    module = {"indexer": "engine.indexer"}.get(victim, "engine.worker")
    return [p for p in home.children(module) if victim != "builder" or _is_builder(home, p)]


def _is_builder(home: Home, process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.ppid() in [indexer.pid for indexer in home.children("engine.indexer")]
    return False


def kill(home: Home, process: psutil.Process) -> None:
    """SIGKILL. Where it is the daemon, all its children end soon."""
    children = home.children() if process == home.daemon() else []
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()
    _, alive = psutil.wait_procs(children, timeout=GONE_S)
    assert [p for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []


def kill_in_build(home: Home, root: Path, victim: str, share: float) -> None:
    """Index everything anew, and kill when that share is done; earlier, and again, where the build was done first."""
    for attempt in range(ATTEMPTS):
        if _killed_in_build(home, root, victim, share / (1 + attempt)):
            return
    raise AssertionError(f"the build was always done before the {victim} could be killed")


def _killed_in_build(home: Home, root: Path, victim: str, share: float) -> bool:
    """False where the build ended before the kill, which then hit nothing that was under way."""
    with home.session(root) as connection, home.start("index", str(root), "--force") as command:

        def done() -> bool:
            return command.poll() is not None

        until(lambda: _has_begun(connection, root, share) or done(), "the middle of the build")
        until(lambda: done() or victims(home, victim), victim)
        found = [] if done() else victims(home, victim)
        for process in found[:1]:
            kill(home, process)
        code = command.wait(60)
        assert command.stderr is not None
        said = command.stderr.read().strip()
    if victim == "daemon" and code != 0:
        assert (code, len(said.splitlines())) == (3, 1), said
        return True
    assert code == 0, said
    return bool(found) and victim != "daemon"


def _has_begun(connection: Connection, root: Path, share: float) -> bool:
    found = status(connection, root)
    return found is not None and found.phase == "indexing" and found.done >= share * N_FILES


def settle(home: Home, root: Path, words: list[str], *, scan: bool) -> dict[str, Any]:
    """The world once all is on disk; with `scan` after `codectxd index`, else after what happens by itself."""
    if scan:
        assert home.run("index", str(root))[0] == 0
    with home.session(root) as connection:
        assert fresh(connection, root)
        return world(connection, root, words, QUESTIONS)


def kill_in_burst(home: Home, root: Path, victim: str, chosen: random.Random) -> None:
    """Edit file after file, now and then giving the daemon time to follow, and kill in between."""
    at, published = chosen.randrange(5, 40), chosen.random() < 0.5
    with contextlib.suppress(DaemonUnreachable), home.session(root) as connection:
        assert fresh(connection, root, durable=False)
        (root / "published.py").unlink(missing_ok=True)
        for step in edit(root, chosen.randrange(10_000), 45):
            if step == at:
                if published:
                    publish(connection, root)
                kill(home, until(lambda: victims(home, victim), victim)[0])
            elif step % 9 == 8:
                fresh(connection, root, durable=False)
    # Where the daemon was killed the rest of the edits happens while nobody watches.
    for _ in edit(root, chosen.randrange(10_000), 10):
        pass


def publish(connection: Connection, root: Path) -> None:
    """Save a file and wait until it is searchable, which is before it is durable."""
    (root / "published.py").write_text("def published_just_now():\n    return 1\n")
    until(lambda: find(connection, root, "published_just_now", mode="lexical").hits, "a file that was just saved")


@pytest.mark.parametrize("victim", ["daemon", "indexer", "builder"])
def test_I3_killed_in_the_middle_of_a_build_the_index_equals_a_fresh_one(
    victim: str, home: Home, still_tree: tuple[Path, dict[str, Any]]
) -> None:
    (tree, expected), chosen = still_tree, random.Random(victim)
    with Asking(home, tree) as asking:
        for share in (chosen.uniform(0.0, 0.3), chosen.uniform(0.3, 0.9)):
            kill_in_build(home, tree, victim, share)
        found = settle(home, tree, WORDS, scan=True)
    asking.check(victim)
    same(found, expected)


@pytest.mark.parametrize("victim", ["daemon", "indexer", "worker"])
def test_I4_killed_in_a_burst_of_edits_the_index_equals_a_fresh_one(victim: str, home: Home, tree: Path) -> None:
    assert home.run("index", str(tree))[0] == 0
    chosen = random.Random(victim)
    with Asking(home, tree) as asking:
        for _ in range(2):
            kill_in_burst(home, tree, victim, chosen)
        found = settle(home, tree, WORDS, scan=False)
    asking.check(victim)
    home.close()
    same(found, fresh_build(tree, WORDS))


def test_I2_of_two_daemons_that_start_at_once_one_serves(home: Home, tmp_path: Path) -> None:
    write(tmp_path / "tree", 1)
    commands = [home.start("serve", "--detach") for _ in range(2)]
    assert [command.wait(60) for command in commands] == [0, 0]
    for command in commands:
        command.communicate()
    log = home.layout.log.read_text()
    assert (log.count(" serves on "), log.count("this one leaves")) == (1, 1)
    assert home.run("index", str(tmp_path / "tree"))[0] == 0
    assert len(home.children("engine.indexer")) == 1


def test_I2_a_second_daemon_leaves_and_the_index_goes_on_under_one_lock(home: Home, tmp_path: Path) -> None:
    write(tmp_path / "tree", 1)
    assert home.run("index", str(tmp_path / "tree"))[0] == 0
    first = home.daemon()
    status, _, err = home.run("serve")
    assert (status, "this one leaves" in err) == (0, True)
    assert home.daemon() == first
    with home.session(tmp_path / "tree") as connection:
        assert find(connection, tmp_path / "tree", "planted", mode="lexical").freshness.pending == 0
