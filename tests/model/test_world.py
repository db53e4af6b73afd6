"""Whatever happens to a workspace, in whatever order: once it is quiet, everything that can be asked equals a fresh build.

One daemon follows the workspace; another, in a home of its own, builds a copy of it from nothing. Both are the real
thing, over their sockets. What happens includes SIGKILL of the daemon, of a worker, and of the indexer before each step of
the write protocol; each machine ends with the next of these steps, so that every one is hit. Compared is what can be found
and, once merged, in which order. A few machines by default; `HYPOTHESIS_PROFILE=long` runs many more.

What a failure shrinks to becomes a test of its own below: the rules are plain methods.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from codectxd.clients.connection import Connection
from codectxd.errors import CodectxError
from codectxd.wire import messages
from e2e.home import Home, find, fresh, names, same, shown, status, until

IS_LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
SETTINGS = settings(
    max_examples=200 if IS_LONG else 10,
    stateful_step_count=40 if IS_LONG else 20,
    derandomize=not IS_LONG,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink] if IS_LONG else [Phase.generate],
    database=None,
)

FOLDERS = st.sampled_from(["", "lib/", "src/", "src/deep/"])
NAMES = st.sampled_from(["one.py", "two.py", "three.rs", "notes.md"])
PATHS = st.builds(lambda folder, name: folder + name, FOLDERS, NAMES)
WORDS = ["walrus", "quokka", "numbat", "xylophone", "zeppelin"]
CHOSEN = st.lists(st.sampled_from(WORDS), min_size=0, max_size=4)
SESSIONS = st.sampled_from([0, 1])
STEPS = ["vault", "append words", "append vectors", "flip", "sweep", "done"]
MERGE_STEPS = ["merge words", "flip words", "merge vectors", "flip merged"]
KILLING = str(Path(__file__).with_name("killing"))


def text_of(path: str, words: list[str]) -> str:
    """A small file of the path's language, with a definition and a sentence for each word."""
    if path.endswith(".md"):
        return "# Common notes\n\n" + "".join(f"## The {word}\n\nA common {word} sleeps.\n\n" for word in words)
    if path.endswith(".rs"):
        return "// common\n" + "".join(
            f"fn {word}_{at}(common: u32) -> u32 {{\n    {at}\n}}\n\n" for at, word in enumerate(words)
        )
    return "import common\n\n" + "".join(f"def {word}_{at}(common):\n    return {at}\n\n\n" for at, word in enumerate(words))


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main", "-c", "gc.auto=0"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True, env=environment)


class Session:
    """An editor's session: its documents, and what it tells the daemon of them."""

    def __init__(self, connection: Connection, root: Path) -> None:
        self._connection, self._root = connection, root
        self.texts: dict[str, str] = {}

    def type(self, path: str, text: str) -> None:
        """Open the document as it is, and change it to `text`."""
        document = {"uri": (self._root / path).as_uri(), "version": len(self.texts)}
        if path not in self.texts:
            saved = self._root / path
            before = saved.read_text() if saved.is_file() else ""
            self._connection.notify("textDocument/didOpen", {"textDocument": {**document, "text": before}})
        self._connection.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})
        self.texts[path] = text

    def close(self, path: str) -> None:
        del self.texts[path]
        self._connection.notify("textDocument/didClose", {"textDocument": {"uri": (self._root / path).as_uri()}})


class Follower:
    """A home whose daemon is ended now and then: each workspace takes one of the system's few inotify instances."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._opened = 0

    @property
    def home(self) -> Home:
        """Its files and processes."""
        return self._home

    def session(self, root: Path, *, another: bool = True) -> AbstractContextManager[Connection]:
        """A session on `root`; `another` says that it is a workspace that was not open before."""
        self._opened += another
        if another and self._opened % _WORKSPACES_AT_MOST == 0:
            self._home.run("stop")
        return self._home.session(root)


_WORKSPACES_AT_MOST = 25


class Workspace(RuleBasedStateMachine):
    """A workspace under git, edited by hand, by git, and in two editors."""

    home: Follower
    other: Follower
    steps: Iterator[str]
    """The step before which the next machine ends its last indexer."""

    def __init__(self) -> None:
        super().__init__()
        self._stack, self._editors = ExitStack(), ExitStack()
        self.root = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="cxm-"))) / "tree"
        self.branches = ["main"]
        self.order: list[tuple[int, str]] = []
        self.numbers = itertools.count()

    @initialize(files=st.dictionaries(PATHS, CHOSEN, min_size=1, max_size=5))
    def begin(self, files: dict[str, list[str]]) -> None:
        self.root.mkdir()
        for path, words in files.items():
            self._write(path, words)
        git(self.root, "init")
        git(self.root, "add", "-A")
        git(self.root, "commit", "-m", "Begin")
        self._open_editors(another=True)

    def _open_editors(self, *, another: bool) -> None:
        self.sessions = [
            Session(self._editors.enter_context(self.home.session(self.root, another=another and not at)), self.root)
            for at in range(2)
        ]

    # -- by hand ----------------------------------------------------------------------------------------------------------

    @rule(path=PATHS, words=CHOSEN)
    def write(self, path: str, words: list[str]) -> None:
        self._write(path, words)

    @rule(path=PATHS)
    def delete(self, path: str) -> None:
        (self.root / path).unlink(missing_ok=True)

    @rule(path=PATHS, to=PATHS)
    def rename(self, path: str, to: str) -> None:
        if (self.root / path).is_file() and path != to:
            (self.root / to).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).rename(self.root / to)

    @rule(folder=st.sampled_from(["lib", "src", "src/deep"]), to=st.sampled_from(["lib", "moved", "src"]))
    def rename_folder(self, folder: str, to: str) -> None:
        if (self.root / folder).is_dir() and not (self.root / to).exists():
            (self.root / folder).rename(self.root / to)

    @rule(folder=st.sampled_from(["lib", "src", "src/deep", "moved"]))
    def delete_folder(self, folder: str) -> None:
        shutil.rmtree(self.root / folder, ignore_errors=True)

    @rule(path=PATHS)
    def spoil(self, path: str) -> None:
        if (self.root / path).is_file():
            (self.root / path).write_bytes(b"\0\1\2\3" * 50)

    @rule(pattern=st.sampled_from(["lib/", "*.md", "two.py", ""]))
    def ignore(self, pattern: str) -> None:
        git(self.root, "rm", "-r", "--cached", "--ignore-unmatch", "--quiet", "--", ".")
        (self.root / ".gitignore").write_text(pattern + "\n")

    # -- by git -----------------------------------------------------------------------------------------------------------

    @rule()
    def commit_on_a_new_branch(self) -> None:
        self.branches.append(f"branch{len(self.branches)}")
        git(self.root, "checkout", "-b", self.branches[-1])
        git(self.root, "add", "-A")
        git(self.root, "commit", "--allow-empty", "-m", "More")

    @rule(choice=st.integers(0, 9))
    def switch(self, choice: int) -> None:
        git(self.root, "checkout", "--force", self.branches[choice % len(self.branches)])

    # -- in editors -------------------------------------------------------------------------------------------------------

    @rule(session=SESSIONS, path=PATHS, words=CHOSEN)
    def type(self, session: int, path: str, words: list[str]) -> None:
        self.sessions[session].type(path, text_of(path, words))
        self.order = [one for one in self.order if one != (session, path)] + [(session, path)]

    @precondition(lambda self: self.order)
    @rule(choice=st.integers(0, 9))
    def save(self, choice: int) -> None:
        session, path = self.order[choice % len(self.order)]
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(self.sessions[session].texts[path])

    @precondition(lambda self: self.order)
    @rule(choice=st.integers(0, 9))
    def close(self, choice: int) -> None:
        session, path = self.order.pop(choice % len(self.order))
        self.sessions[session].close(path)

    # -- by accident ------------------------------------------------------------------------------------------------------

    @rule(kindly=st.booleans())
    def restart(self, kindly: bool) -> None:
        """The daemon ends, one way or the other; the editors come back with what was not saved."""
        daemon = self.home.home.daemon()
        if kindly:
            self.home.home.run("stop")
        elif daemon is not None:
            daemon.kill()
            daemon.wait(30)
        self._reopen_editors()

    def _reopen_editors(self) -> None:
        texts = [dict(session.texts) for session in self.sessions]
        with suppress(CodectxError, OSError):
            self._editors.close()
        self._editors = ExitStack()
        self._open_editors(another=False)
        for session, path in self.order:
            self.sessions[session].type(path, texts[session][path])

    @rule(module=st.sampled_from(["engine.worker", "engine.indexer"]))
    def kill(self, module: str) -> None:
        for process in self.home.home.children(module)[:1]:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    @rule(step=st.sampled_from(STEPS))
    def kill_while_writing(self, step: str) -> None:
        order = self._arm(step)
        self._write_something()
        self._wait_for(order)

    @rule(step=st.sampled_from(MERGE_STEPS))
    def kill_while_merging(self, step: str) -> None:
        self._write_something()
        with self.home.session(self.root, another=False) as connection:
            self._settle(connection, self.root)
            order = self._arm(step)
            self._merge(connection)
        self._wait_for(order)

    def _arm(self, step: str) -> Path:
        order = self.home.home.layout.state / "kill-at"
        order.write_text(step)
        return order

    def _write_something(self) -> None:
        number = next(self.numbers)
        (self.root / f"written{number}.py").write_text(f"def written_{number}(common):\n    return {number}\n")

    @staticmethod
    def _wait_for(order: Path) -> None:
        until(lambda: not order.exists(), f"the indexer's death before {order.name}")

    @staticmethod
    def _settle(connection: Connection, root: Path) -> None:
        # An indexer that dies again and again is left alone for a while; so it may take more than one asking.
        until(lambda: fresh(connection, root), "a quiet index")

    def _merge(self, connection: Connection) -> None:
        params = messages.ReindexParams(roots=[self.root.as_uri()], merge=True)
        connection.request(messages.REINDEX, params, kind=messages.ReindexAnswer, timeout_s=60.0)

    # -- in the end -------------------------------------------------------------------------------------------------------

    @rule()
    def compare(self) -> None:
        with self.home.session(self.root, another=False) as connection:
            self._settle(connection, self.root)
            self._merge(connection)
            self._settle(connection, self.root)
            found = self._world(connection, self.root)
        with tempfile.TemporaryDirectory(prefix="cxm-") as folder:
            copy = Path(folder) / "tree"
            shutil.copytree(self.root, copy)
            # Who asks has nothing open, here as there: what is open comes a little forward.
            with self.other.session(copy) as typing, self.other.session(copy, another=False) as connection:
                editor = Session(typing, copy)
                for session, path in self.order:
                    editor.type(path, self.sessions[session].texts[path])
                self._settle(connection, copy)
                same(found, self._world(connection, copy))

    def teardown(self) -> None:
        try:
            if hasattr(self, "sessions"):
                step = next(self.steps)
                (self.kill_while_merging if step in MERGE_STEPS else self.kill_while_writing)(step)
                self.compare()
        finally:
            with suppress(CodectxError, OSError):
                self._editors.close()
            self._stack.close()

    def _world(self, connection: Connection, root: Path) -> dict[str, Any]:
        about = status(connection, root)
        assert about is not None
        found: dict[str, Any] = {
            "counts": (about.files, about.chunks, about.vectors, about.phase, about.pending),
            "skipped": [(one.reason, one.examples) for one in about.skipped_files],
            "names": [
                (one.name, one.location.uri.removeprefix(root.as_uri()), one.location.range, one.container_name)
                for one in names(connection, root, "")
            ],
        }
        for word in (*WORDS, "common"):
            hits = find(connection, root, word, mode="lexical", limit=500, content="all").hits
            found[f"words {word}"] = [(*one, round(hit.score, 5)) for one, hit in zip(shown(hits), hits, strict=True)]
            hits = find(connection, root, f"the {word} of notes", mode="semantic", limit=20, content="all").hits
            found[f"meaning {word}"] = [(*one, round(hit.score, 5)) for one, hit in zip(shown(hits), hits, strict=True)]
        return found

    def _write(self, path: str, words: list[str]) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text_of(path, words))


@pytest.fixture
def homes() -> Iterator[tuple[Home, Home]]:
    with tempfile.TemporaryDirectory(prefix="cx-") as one, tempfile.TemporaryDirectory(prefix="cx-") as other:
        found = Home(Path(one)), Home(Path(other))
        environment = found[0].environment
        environment["PYTHONPATH"] = os.pathsep.join([KILLING, environment["PYTHONPATH"]])
        yield found
        for home in found:
            home.close()


@pytest.fixture
def machine(homes: tuple[Home, Home]) -> type[Workspace]:
    """The machine, on two homes of its own."""
    Workspace.home, Workspace.other = (Follower(home) for home in homes)
    Workspace.steps = itertools.cycle([*STEPS, *MERGE_STEPS])
    return Workspace


def test_I4_events_are_hints_and_I3_kills_lose_nothing(
    machine: type[Workspace], homes: tuple[Home, Home], pytestconfig: pytest.Config
) -> None:
    run_state_machine_as_test(machine, settings=SETTINGS)
    killed = Counter((homes[0].layout.state / "killed").read_text().splitlines())
    counts = ", ".join(f"{step}: {killed[step]}" for step in [*STEPS, *MERGE_STEPS])
    pytestconfig.get_terminal_writer().line(f"\nSIGKILL before {counts}")
    assert set(killed) == {*STEPS, *MERGE_STEPS}
