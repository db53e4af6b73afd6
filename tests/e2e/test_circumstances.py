"""Odd names, odd clocks, files that are written while they are read, and more events than the system keeps."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from codectxd.clients.connection import Connection
from codectxd.wire import messages
from e2e.home import Home, find, fresh, names, same, status, until, world

NAMES = {
    "latin": "a" * 247,
    "cjk": "漢" * 82,
    "emoji": "🦀" * 61,
    "combining": "e\u0301" * 82,
    "composed": unicodedata.normalize("NFC", "e\u0301" * 120),
    "hebrew": "ש" * 123,
    "arabic": "\u202eالعربية" * 14,
    "devanagari": "क्षि" * 20,
    "spaces": " .-_" * 60,
    "signs": "'\"$`*?[!]{};&|<>()#~^=+,@:" * 9,
    "newline": "line\nbreak\ttab" * 10,
}
"""Up to 250 bytes with the suffix; file systems take 255."""
DECADE_S = 10 * 365 * 86_400
QUESTIONS = ["the marker of a file"]


@pytest.fixture
def home() -> Iterator[Home]:
    # A short path: a socket's may only have about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    found = Home(folder, "workers = 1\n")
    yield found
    found.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    return root


def marked(word: str, version: int = 0) -> str:
    return f'def marker_{word}_{version}(common):\n    """The marker of a file, {word} {version}."""\n    return common\n'


def equals_a_fresh_build(connection: Connection, root: Path, words: list[str]) -> None:
    seen = world(connection, root, words, QUESTIONS)
    with tempfile.TemporaryDirectory(prefix="cx-") as folder:
        other = Home(Path(folder))
        try:
            with other.session(root) as fresh_one:
                assert fresh(fresh_one, root)
                same(seen, world(fresh_one, root, words, QUESTIONS))
        finally:
            other.close()


def test_names_of_250_bytes_in_every_script_are_found_edited_and_gone(home: Home, tree: Path) -> None:
    paths = {word: tree / f"{name}.py" for word, name in NAMES.items()}
    assert all(len(os.fsencode(path.name)) <= 250 for path in paths.values())
    for word, path in paths.items():
        path.write_text(marked(word))
    with home.session(tree) as connection:
        assert fresh(connection, tree)
        for word, path in paths.items():
            assert [hit.path for hit in find(connection, tree, f'"marker_{word}_0"').hits] == [path.name], word
            assert [one.location.uri for one in names(connection, tree, f"marker_{word}_0")] == [path.as_uri()], word
            path.write_text(marked(word, 1))
        assert fresh(connection, tree)
        equals_a_fresh_build(connection, tree, [f"marker_{word}_1" for word in NAMES])
        params = messages.ListPathsParams("", roots=[tree.as_uri()])
        listed = connection.request(messages.LIST_PATHS, params, kind=messages.ListPathsAnswer)
        assert sorted(one.path for one in listed.paths) == sorted(path.name for path in paths.values())
        for path in paths.values():
            path.unlink()
        assert fresh(connection, tree)
        about = status(connection, tree)
        assert about is not None
        assert about.files == 0


def test_times_of_files_in_the_future_and_before_the_epoch_hide_no_change(home: Home, tree: Path) -> None:
    times = {"future": 4_000_000_000, "epoch": 0, "before": -86_400, "now": None}
    for word in times:
        (tree / f"{word}.py").write_text(marked(word))
    with home.session(tree) as connection:
        assert fresh(connection, tree)
        for version in (1, 2):
            for word, seconds in times.items():
                path = tree / f"{word}.py"
                path.write_text(marked(word, version))
                if seconds is not None:
                    os.utime(path, (seconds, seconds + version))
            assert fresh(connection, tree)
            for word in times:
                assert (
                    find(connection, tree, f"marker_{word}_{version}", mode="lexical", limit=1).hits[0].path == f"{word}.py"
                )
    assert home.run("stop")[0] == 0
    for word, seconds in times.items():
        path = tree / f"{word}.py"
        path.write_text(marked(word, 3))
        if seconds is not None:
            os.utime(path, (seconds, seconds - 1))
    with home.session(tree) as connection:
        assert fresh(connection, tree)
        equals_a_fresh_build(connection, tree, [f"marker_{word}_3" for word in times])


def test_a_clock_that_goes_back_ten_years_loses_nothing(home: Home, tree: Path, tmp_path: Path) -> None:
    """Each process of the home takes its time from a clock that goes back while they run."""
    (tmp_path / "clock").mkdir()
    offset = tmp_path / "offset"
    offset.write_text("0")
    (tmp_path / "clock" / "sitecustomize.py").write_text(
        "import time\n"
        "def _shifted(clock, unit):\n"
        f"    return lambda: clock() + int(open({str(offset)!r}).read() or 0) * unit\n"
        "time.time, time.time_ns = _shifted(time.time, 1), _shifted(time.time_ns, 1_000_000_000)\n"
    )
    home.environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path / "clock"), home.environment["PYTHONPATH"]])
    for number in range(6):
        (tree / f"file{number}.py").write_text(marked(f"w{number}"))
    with home.session(tree) as connection:
        assert fresh(connection, tree)
        for version, shift in enumerate((DECADE_S, -DECADE_S, 0), start=1):
            offset.write_text(str(shift))
            for number in range(0, 6, version):
                (tree / f"file{number}.py").write_text(marked(f"w{number}", version))
            assert fresh(connection, tree)
            assert home.run("index", str(tree))[0] == 0
        equals_a_fresh_build(connection, tree, [f"marker_w{number}" for number in range(6)])


def test_a_file_that_is_written_while_it_is_read_is_never_answered_from_as_it_never_was(home: Home, tree: Path) -> None:
    path, stop = tree / "torn.py", threading.Event()
    texts = [marked(word, 0) + marked(word, 1) * 40 for word in ("odd", "even")]
    path.write_text(texts[0])

    def write_on() -> None:
        """In place and in halves, as the worst editors do."""
        with path.open("r+b", buffering=0) as file:
            for turn in range(100_000):
                text = texts[turn % 2].encode()
                file.seek(0)
                file.write(text[: len(text) // 2])
                file.write(text[len(text) // 2 :])
                file.truncate()
                if stop.is_set():
                    return

    with home.session(tree) as connection:
        assert fresh(connection, tree)
        writer = threading.Thread(target=write_on)
        writer.start()
        try:
            for _ in range(30):
                for hit in find(connection, tree, "marker of a file", limit=50).hits:
                    assert hit.snippet.startswith("def marker_"), hit.snippet
        finally:
            stop.set()
            writer.join()
        assert fresh(connection, tree)
        equals_a_fresh_build(connection, tree, ["marker_odd_1", "marker_even_1"])


def test_more_events_than_the_system_keeps_lose_no_change(home: Home, tree: Path) -> None:
    (tree / "deep").mkdir()
    (tree / "first.py").write_text(marked("first"))
    with home.session(tree) as connection:
        assert fresh(connection, tree)
        daemon = home.daemon()
        assert daemon is not None
        daemon.send_signal(signal.SIGSTOP)
        try:
            limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
            for number in range(limit // 2 + 100):
                os.close(os.open(tree / f"{number % 100}", os.O_CREAT | os.O_WRONLY))
                (tree / f"{number % 100}").unlink()
            (tree / "deep" / "unseen.py").write_text(marked("unseen"))
        finally:
            daemon.send_signal(signal.SIGCONT)
        # Nobody asks for freshness: the change is noticed by itself.
        until(lambda: find(connection, tree, "marker_unseen_0", mode="lexical").hits, "a change after the overflow")
        assert fresh(connection, tree)
        equals_a_fresh_build(connection, tree, ["marker_first_0", "marker_unseen_0"])
    log = home.layout.log.read_text()
    assert "more happened" in log
    assert msgspec.json.decode(home.layout.daemon_file.read_bytes())["pid"] == daemon.pid
