"""What a power cut leaves: each kind of file of the state folder cut short, emptied, removed, or with a bit flipped.

The index of one small workspace is built, edited and abandoned by SIGKILL, so that its log is not folded. Copies of it, each
under a workspace of its own, are damaged one by one, and one daemon opens them all: whatever was damaged, it answers as
an index that was not, embeds nothing that the vault has, and says in a line of its log what happened.
"""

from __future__ import annotations

import contextlib
import random
import re
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from codectxd.clients.connection import Connection
from e2e.home import Home, find, fresh, names, shown, status, until

TEXTS = {
    "pkg/retry.py": "def retry_with_backoff(call):\n    '''Call again after a pause.'''\n    return call()\n",
    "pkg/parse.py": "class DateParser:\n    def parse(self, text):\n        return text.split('-')\n",
    "notes.md": "# Notes\n\nHow the walrus learned to whistle.\n\n## More\n\nIt never stopped.\n",
    "gone.py": "def soon_gone():\n    return 'ephemeral'\n",
    "image.png": "\x00\x01\x02" * 40,
    **{f"more/part{at}.rs": f"/// Part {at}.\nfn part_{at}(common: u32) -> u32 {{ {at} }}\n" for at in range(8)},
}
EDITS = {
    "pkg/retry.py": "def retry_at_once(call):\n    '''No pause any more.'''\n    return call()\n",
    "pkg/new.py": "def quokka():\n    return 'a word found nowhere else: xylophonist'\n",
}
QUESTIONS = ("retry at once", "parse a date", "walrus", "soon_gone", "quokka", "part of something", "part_3")

DECISIVE = ("catalog.db", "lexical/*/*.idx", "lexical/*/*.term", "lexical/*/*.fast", "lexical/*/*.fieldnorm",
            "lexical/*/meta.json", "vectors/*.keys", "vectors/*.rows", "vectors/*.scales")  # fmt: skip
"""Files without which there are no right answers: their damage is said."""
OTHERS = ("catalog.db-wal", "catalog.db-shm", "catalog.seal", "lexical/*/*.del", "lexical/*/*.pos", "lexical/*/*.store",
          "lexical/*/.managed.json", "lexical/*/.tantivy-writer.lock", "lock")  # fmt: skip


def flip(path: Path, chosen: random.Random) -> None:
    data = bytearray(path.read_bytes())
    if data:
        data[chosen.randrange(len(data))] ^= 1 << chosen.randrange(8)
    path.write_bytes(data)


def cut(path: Path, chosen: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: chosen.randrange(len(data)) if data else 0])


def empty(path: Path, chosen: random.Random) -> None:
    path.write_bytes(b"")


def lose(path: Path, chosen: random.Random) -> None:
    path.unlink()


Damage = Callable[[Path, random.Random], None]
DAMAGES: dict[str, Damage] = {
    **{f"flip{at}": flip for at in range(2)},
    "cut": cut,
    "empty": empty,
    "lose": lose,
}
CASES = [(pattern, name) for pattern in (*DECISIVE, *OTHERS) for name in DAMAGES]


def write(root: Path, texts: dict[str, str]) -> None:
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def answers(connection: Connection, root: Path) -> dict[str, Any]:
    """Everything that is found, without what the folder is called."""
    about = status(connection, root)
    assert about is not None
    found: dict[str, Any] = {
        "counts": (about.files, about.chunks, about.vectors, about.pending, about.phase),
        "skipped": msgspec.to_builtins(about.skipped_files),
        "names": [(one.name, one.location.uri.removeprefix(root.as_uri())) for one in names(connection, root, "")],
    }
    for question in QUESTIONS:
        words = find(connection, root, question, mode="lexical", limit=100, content="all")
        meaning = find(connection, root, question, mode="semantic", limit=100, content="all")
        found[question] = sorted(map(str, shown(words.hits))), [(h.path, round(h.score, 5)) for h in meaning.hits]
        found[f"{question}: degraded"] = words.freshness.degraded, meaning.freshness.degraded
    return found


def killed(home: Home) -> None:
    """All at once, as a power cut does."""
    daemon = home.daemon()
    everybody = [*([daemon] if daemon is not None else []), *home.children()]
    for process in everybody:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    until(lambda: not any(map(runs, everybody)) and not listens(home), "the end of all")


def listens(home: Home) -> bool:
    """Whether anybody does: a process that was killed lets go of its socket with its last thread."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream, contextlib.suppress(OSError):
        stream.connect(str(home.layout.socket))
        return True
    return False


def runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


class Bench:
    """A home with an index that was abandoned, and what a fresh index of the same files says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = Home(folder / "h", "workers = 2\n")
        self.home.environment["PYTHONFAULTHANDLER"] = "1"
        self.root = folder / "tree"
        write(self.root, TEXTS)
        assert self.home.run("index", str(self.root))[0] == 0
        with self.home.session(self.root) as connection:
            assert fresh(connection, self.root)
            write(self.root, EDITS)
            (self.root / "gone.py").unlink()
            assert fresh(connection, self.root)
            self.edited = answers(connection, self.root)
        killed(self.home)
        self.state = self.home.layout.workspace(str(self.root))
        other = Home(folder / "o")
        assert other.run("index", str(self.root))[0] == 0
        with other.session(self.root) as connection:
            self.expected = answers(connection, self.root)
        other.close()

    def copy(self, name: str) -> tuple[Path, Path]:
        """Another workspace of the same files, and the same index of it."""
        root = self.folder / "copies" / name
        shutil.copytree(self.root, root)
        state = self.home.layout.workspace(str(root))
        shutil.copytree(self.state, state)
        return root, state


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    # A short path: a socket's may only have about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="cxd-"))
    made = Bench(folder)
    yield made
    killed(made.home)
    shutil.rmtree(folder, ignore_errors=True)


class Found(msgspec.Struct):
    """What became of one damaged index."""

    answers: dict[str, Any]
    parsed: int
    embedded: int
    said: list[str]


_AT_ONCE = 25
"""Each open workspace takes one of the system's few inotify instances."""


@pytest.fixture(scope="module")
def found(bench: Bench) -> dict[tuple[str, str], Found]:
    """Every case, damaged and opened."""
    results: dict[tuple[str, str], Found] = {}
    for at in range(0, len(CASES), _AT_ONCE):
        roots = {}
        for case in CASES[at : at + _AT_ONCE]:
            root, state = bench.copy("-".join(re.sub(r"\W", "", part) for part in case))
            chosen = random.Random(str(case))
            path = chosen.choice(sorted(state.glob(case[0])))
            DAMAGES[case[1]](path, chosen)
            roots[case] = root
        results.update(opened(bench.home, roots))
        killed(bench.home)
    return results


def opened(home: Home, roots: dict[tuple[str, str], Path]) -> dict[tuple[str, str], Found]:
    results = {}
    with home.session(*roots.values()) as connection:
        for root in roots.values():
            assert fresh(connection, root), status(connection, root)
        for case, root in roots.items():
            about = status(connection, root)
            assert about is not None
            results[case] = Found(answers(connection, root), about.parsed, about.embedded, [])
    log = home.layout.log.read_text(errors="replace").splitlines()
    for case, root in roots.items():
        results[case].said = [line for line in log if f"{root}: " in line and re.search("damaged|lost|shorter|read", line)]
    return results


def test_the_index_is_right_before_anything_is_damaged(bench: Bench) -> None:
    assert bench.edited == bench.expected
    assert (bench.state / "catalog.db-wal").stat().st_size > 0, "the power cut came before the log was folded"
    assert all(list(bench.state.glob(pattern)) for pattern in (*DECISIVE, *OTHERS))


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_I3_whatever_a_power_cut_damages_the_answers_are_those_of_a_fresh_build(
    case: tuple[str, str], bench: Bench, found: dict[tuple[str, str], Found]
) -> None:
    result = found[case]
    assert result.answers == bench.expected
    assert result.embedded == 0, "the vault has every vector"
    assert result.parsed == 0, "the vault has every chunking"


@pytest.mark.parametrize("pattern", DECISIVE)
def test_damage_is_told_in_one_line(pattern: str, found: dict[tuple[str, str], Found]) -> None:
    told = {case[1]: bool(result.said) for case, result in found.items() if case[0] == pattern}
    # One flipped bit may be one that nothing depends on: a space, the number of a version.
    assert [name for name in ("cut", "empty", "lose") if not told[name]] in ([], ["lose"] if pattern == "catalog.db" else [])
    assert any(told[name] for name in told if name.startswith("flip"))


def many_flips(path: Path, chosen: random.Random) -> None:
    for _ in range(40):
        flip(path, chosen)


@pytest.mark.parametrize("damage", [many_flips, cut, lose])
def test_whatever_is_damaged_of_what_all_workspaces_share_a_new_build_is_right(damage: Damage, bench: Bench) -> None:
    """The vault gives nothing back that it was not given; locks and the daemon's own file say who serves, or nothing."""
    killed(bench.home)
    home = Home(bench.folder / damage.__name__[:4], "workers = 2\n")
    chosen = random.Random(damage.__name__)
    for name in ("vault.db", "vault.db-wal", "daemon.log", "run/daemon.json", "run/daemon.lock", "run/spawn.lock"):
        path = home.layout.state / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(bench.home.layout.state / name, path)
        damage(path, chosen)
    with home.session(bench.root) as connection:
        assert fresh(connection, bench.root)
        assert answers(connection, bench.root) == bench.expected
    killed(home)
    with home.session(bench.root) as connection:
        assert fresh(connection, bench.root)
        assert answers(connection, bench.root) == bench.expected
    killed(home)


def test_nothing_crashed_on_the_way(bench: Bench, found: dict[tuple[str, str], Found]) -> None:
    log = bench.home.layout.log.read_text(errors="replace")
    assert found
    assert re.findall(r".*(?:ended with -|Traceback|Fatal Python error).*", log) == []
