"""Run in a namespace of its own, with less than a system usually gives: `python scarce.py SCENARIO FOLDER`.

Exit status 77: nobody may mount anything here.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from codectxd.clients.connection import Connection
from codectxd.errors import CodectxError
from e2e.home import Home, find, fresh, same, status, until, world

NOT_ALLOWED = 77
READ_ONLY, REMOUNT = 1, 32
WORDS = ["word3x", "word25x", "word45x", "common"]
QUESTIONS = ["the third word", "something common"]


def mount(place: Path, flags: int = 0, options: str = "") -> None:
    """A small disk in memory, or the same one with other flags."""
    libc = ctypes.CDLL(None, use_errno=True)

    def mounted() -> bool:
        if libc.mount(b"test", os.fsencode(place), b"tmpfs", flags, options.encode()) == 0:
            return True
        if ctypes.get_errno() != errno.EBUSY:
            sys.exit(NOT_ALLOWED)
        return False

    until(mounted, "an end of all that is written there")


def write(root: Path, start: int, end: int) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for number in range(start, end):
        text = f'def word{number}x(common):\n    """Word {number} of many."""\n    return {number}\n'
        (root / f"file{number}.py").write_text(text)


def fill(folder: Path) -> None:
    """Leave no block free."""
    for name in ("ballast", "more"):
        with contextlib.suppress(OSError), (folder / name).open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))


def make_room(folder: Path) -> None:
    for name in ("ballast", "more"):
        (folder / name).unlink(missing_ok=True)


def found(connection: Connection, root: Path, word: str) -> bool:
    """Whether a word is found, by words alone; False too while nothing can be answered."""
    with contextlib.suppress(CodectxError):
        return bool(find(connection, root, word, mode="lexical").hits)
    return False


def told(connection: Connection, root: Path) -> str:
    """The line that says what is wrong."""
    about = status(connection, root)
    return (about.message or "") if about is not None else ""


def kill(home: Home) -> None:
    daemon = home.daemon()
    assert daemon is not None
    children = home.children()
    daemon.kill()
    until(lambda: not any(child.is_running() for child in children), "the end of the daemon's children")


def expected(folder: Path, root: Path) -> dict[str, Any]:
    """What a fresh build finds, on a disk that takes everything."""
    home = Home(folder / "other")
    try:
        with home.session(root) as connection:
            assert fresh(connection, root)
            return world(connection, root, WORDS, QUESTIONS)
    finally:
        home.close()


def full(folder: Path) -> None:
    """The disk fills up under a daemon, another daemon starts on the full disk, and then there is room."""
    root, home = folder / "tree", Home(folder / "h", "workers = 1\n")
    write(root, 0, 20)
    with home.session(root) as connection:
        assert fresh(connection, root)
        fill(folder / "h")
        write(root, 20, 40)
        until(lambda: found(connection, root, "word25x"), "a saved file is found although nothing can be written")
        until(lambda: "full" in told(connection, root) or "No space" in told(connection, root), "a line that says so")
        assert len(told(connection, root).splitlines()) == 1
    kill(home)
    fill(folder / "h")
    with home.session(root) as connection:
        until(lambda: found(connection, root, "word3x"), "an old file is found by a daemon that started on a full disk")
        until(lambda: "full" in told(connection, root), "a line that says so")
        write(root, 40, 50)
        make_room(folder / "h")
        until(lambda: fresh(connection, root), "all is on disk once there is room, without being asked for")
        same(world(connection, root, WORDS, QUESTIONS), expected(folder, root))
    home.close()


def read_only(folder: Path) -> None:
    """The index lies on a disk that turned read-only, and becomes writable again."""
    root, home = folder / "tree", Home(folder / "h", "workers = 1\n")
    write(root, 0, 20)
    with home.session(root) as connection:
        assert fresh(connection, root)
    home.close()
    mount(home.layout.runtime)
    mount(folder / "h", REMOUNT | READ_ONLY)
    with home.session(root) as connection:
        until(lambda: found(connection, root, "word3x"), "what is on disk is found")
        until(lambda: "read-only" in told(connection, root).lower(), "a line that says so")
        write(root, 20, 50)
        mount(folder / "h", REMOUNT)
        until(lambda: fresh(connection, root), "all is on disk once it can be, without being asked for")
        same(world(connection, root, WORDS, QUESTIONS), expected(folder, root))
    home.close()


def few_watches(folder: Path) -> None:
    """Most folders go without a watch, since the system allows so few: that is told, and whoever asks gets what is there."""
    root, home = folder / "tree", Home(folder / "h", "workers = 1\n")
    for number in range(60):
        write(root, 0, 5)
        write(root / f"folder{number}", 100 * number, 100 * number + 1)
    Path("/proc/sys/user/max_inotify_watches").write_text("20")
    with home.session(root) as connection:
        assert fresh(connection, root)
        about = status(connection, root)
        assert about is not None
        assert about.watcher.startswith("limited: "), about.watcher
        assert "max_user_watches" in about.watcher
        for number in range(0, 60, 7):
            write(root / f"folder{number}", 100 * number, 100 * number + 2)
            (root / f"folder{number + 1}" / f"file{100 * number + 100}.py").unlink()
        assert fresh(connection, root)
        seen = world(connection, root, WORDS, QUESTIONS)
        assert find(connection, root, "word701x", mode="lexical").freshness.degraded == ["watcher"]
    Path("/proc/sys/user/max_inotify_watches").write_text("100000")
    same(seen, expected(folder, root))
    home.close()


def unprivileged(folder: Path) -> None:
    """Nothing that only root may do is needed; what may not be read is named, and found once it may be."""
    root, home = folder / "tree", Home(folder / "h", "workers = 1\n")
    write(root, 0, 10)
    write(root / "closed", 20, 30)
    (root / "file3.py").chmod(0)
    (root / "closed").chmod(0)
    with home.session(root) as connection:
        assert fresh(connection, root)
        about = status(connection, root)
        assert about is not None
        assert about.files == 9
        skipped = {one.reason: sorted(one.examples) for one in about.skipped_files}
        assert skipped == {"unreadable": ["file3.py"], "unreadable folder": ["closed"]}, skipped
        (root / "closed").chmod(0o700)
        (root / "file3.py").chmod(0o600)
        assert fresh(connection, root)
        same(world(connection, root, WORDS, QUESTIONS), expected(folder, root))
    home.close()


def on_a_small_disk(scenario: Callable[[Path], None], folder: Path) -> None:
    (folder / "h").mkdir()
    mount(folder / "h", options="size=24m")
    scenario(folder)


if __name__ == "__main__":
    where = Path(sys.argv[2])
    match sys.argv[1]:
        case "full":
            on_a_small_disk(full, where)
        case "read_only":
            on_a_small_disk(read_only, where)
        case "few_watches":
            few_watches(where)
        case "unprivileged":
            unprivileged(where)
