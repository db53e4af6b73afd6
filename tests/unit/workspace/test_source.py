"""One file is read safely, whole and as UTF-8, or skipped for a named reason."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd.types import Skipped, Source
from codectxd.workspace.filters import REASONS, Limits
from codectxd.workspace.source import Unfit, digest_of, read_source, to_utf8

LIMITS = Limits(max_bytes=10_000)


def language_of(path: str, text: bytes) -> str:
    return "python" if path.endswith(".py") else "text"


def read(root: Path, path: str) -> Source | Skipped:
    return read_source(os.path.realpath(root), path, language_of, LIMITS)


def reason(root: Path, path: str) -> str:
    found = read(root, path)
    assert isinstance(found, Skipped), found
    assert found.reason in REASONS
    return found.reason


def text(root: Path, path: str) -> bytes:
    found = read(root, path)
    assert isinstance(found, Source), found
    assert found.digest == digest_of(found.text)
    return found.text


def test_a_source_is_the_text_with_all_that_is_known_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.py").write_bytes(b"x = 1\r\n")
    found = read(tmp_path, "tests/a.py")
    assert isinstance(found, Source)
    stat = (tmp_path / "tests" / "a.py").stat()
    assert (found.path, found.text, found.language, found.role) == ("tests/a.py", b"x = 1\r\n", "python", "test")
    assert (found.stamp.mtime_ns, found.stamp.size, found.stamp.inode) == (stat.st_mtime_ns, 7, stat.st_ino)
    assert len(found.digest) == 16


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("grün\n".encode(), "grün\n"),
        (b"\xef\xbb\xbfgr\xc3\xbcn\n", "grün\n"),
        ("grün\n".encode("utf-16"), "grün\n"),
        (b"\xfe\xff" + "grün\n".encode("utf-16-be"), "grün\n"),
        ("grün\n".encode("utf-32"), "grün\n"),
        (b"plain words here\n" * 20 + b"caf\xe9\n", "plain words here\n" * 20 + "caf\ufffd\n"),
    ],
)
def test_every_text_becomes_utf8_without_a_mark(tmp_path: Path, data: bytes, expected: str) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    assert text(tmp_path, "a.txt").decode() == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("été à Noël\n".encode("latin-1"), "not utf-8"),
        ("日本語のテキスト\n".encode("shift-jis"), "not utf-8"),
        (b"\xff\xfe\x00\xd8", "binary"),
        (b"\x7fELF\x02\x01\x01\x00\x00\xff", "binary"),
        (b"ascii \0 zero", "binary"),
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"x" * 10_001, "too large"),
    ],
)
def test_what_is_no_text_is_skipped_by_name(tmp_path: Path, data: bytes, expected: str) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    assert reason(tmp_path, "a.txt") == expected


def test_a_skip_after_reading_carries_the_stamp_and_one_before_does_not(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\0")
    (tmp_path / "b.png").write_bytes(b"\0")
    assert [found.stamp is None for name in ("a.py", "b.png") if isinstance(found := read(tmp_path, name), Skipped)] == [
        False,
        True,
    ]


def test_a_file_of_exactly_the_limit_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"word line\n" * 1000)
    assert len(text(tmp_path, "a.txt")) == 10_000


def test_what_is_no_regular_file_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        assert reason(tmp_path, "socket") == "special file"
    assert reason(tmp_path, "pipe") == "special file"
    (tmp_path / "link").symlink_to("pipe")
    assert reason(tmp_path, "link") == "special file"


def test_what_is_gone_or_a_folder_has_vanished(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    for path in ("gone", "folder", "file/below", "gone/below"):
        assert reason(tmp_path, path) == "vanished"
    assert reason(tmp_path, "nul\0byte") == "unreadable"
    assert reason(tmp_path, "x" * 300) == "unreadable"


def test_a_link_is_never_followed_and_says_where_it_leads(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / ".git").mkdir(parents=True)
    (root / "folder").mkdir()
    (root / "folder" / "real.py").write_text("x = 1\n")
    (root / ".git" / "config").write_text("secret\n")
    (tmp_path / "outside.py").write_text("y = 2\n")
    (tmp_path / "root-like").mkdir()
    (tmp_path / "root-like" / "a.py").write_text("z = 3\n")
    links = {
        "good": "folder/real.py",
        "chain": "good",
        "away": "../outside.py",
        "sibling": "../root-like/a.py",
        "absolute": str(tmp_path / "outside.py"),
        "device": "/dev/zero",
        "own": ".git/config",
        "dir": "folder",
        "dead": "nowhere",
        "loop": "pool",
        "pool": "loop",
        "me": "me",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    assert {name: reason(root, name) for name in links} == {
        **dict.fromkeys(("good", "chain"), "symlinked file"),
        **dict.fromkeys(("away", "sibling", "absolute", "device", "own"), "symlink outside"),
        "dir": "symlinked folder",
        **dict.fromkeys(("dead", "loop", "pool", "me"), "broken symlink"),
    }


def test_a_folder_on_the_way_that_leads_outside_is_noticed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.py").write_text("x")
    (root / "way").symlink_to("../outside")
    assert reason(root, "way/a.py") == "symlink outside"


def as_nobody(work: Callable[[], str]) -> str:
    """What `work` answers without the rights of root, which may read everything."""
    if os.geteuid() != 0:
        return work()
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        os.write(sender, work().encode())
        os._exit(0)
    os.close(sender)
    os.waitpid(child, 0)
    with open(receiver, "rb") as answer:
        return answer.read().decode()


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that everybody may list, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def test_a_file_that_may_not_be_read_is_unreadable(public_folder: Path) -> None:
    root = public_folder
    (root / "closed").mkdir()
    (root / "closed" / "a.py").write_text("x = 1\n")
    (root / "b.py").write_text("x = 1\n")
    (root / "b.py").chmod(0)
    (root / "link").symlink_to("closed/a.py")
    (root / "closed").chmod(0)
    answers = [as_nobody(lambda path=path: reason(root, path)) for path in ("b.py", "closed/a.py", "link")]  # type: ignore[misc]
    (root / "closed").chmod(0o755)
    assert answers == ["unreadable"] * 3


def changing(change: Callable[[int], None], look: Callable[[], bool]) -> None:
    """Call `change` on a thread of its own for as long as `look` says that it has not seen enough."""
    done = threading.Event()

    def run() -> None:
        for turn in range(10_000_000):
            if done.is_set():
                return
            change(turn)

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 20
    try:
        while look():
            assert time.monotonic() < deadline
    finally:
        done.set()
        thread.join()


def test_a_path_that_is_replaced_all_the_time_is_read_whole_or_skipped(tmp_path: Path) -> None:
    path, other = tmp_path / "a.py", tmp_path / "other"
    path.write_text("x")

    def change(turn: int) -> None:
        if turn % 4 == 0:
            other.write_text("a" * 50 + "\n")
            os.replace(other, path)
        elif turn % 4 == 1:
            path.unlink()
        elif turn % 4 == 2:
            path.mkdir()
        else:
            path.rmdir()
            path.symlink_to("nowhere")

    seen: set[str] = set()

    def look() -> bool:
        found = read(tmp_path, "a.py")
        seen.add(found.reason if isinstance(found, Skipped) else "text")
        assert isinstance(found, Skipped) or found.text == b"a" * 50 + b"\n" or found.text == b"x"
        return not seen >= {"text", "vanished", "broken symlink"}

    changing(change, look)


def test_a_file_that_is_being_written_is_read_and_its_stamp_is_from_before(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("0\n")
    reads: list[Source] = []

    def change(turn: int) -> None:
        with open(path, "r+") as file:
            file.truncate(1 + turn % 500)
            file.write("line\n" * (turn % 100 + 1))

    def look() -> bool:
        found = read(tmp_path, "a.txt")
        if isinstance(found, Source):
            assert found.digest == digest_of(found.text)
            reads.append(found)
        else:
            assert found.reason in ("binary", "empty")
        return len(reads) < 300

    changing(change, look)


@given(st.binary(max_size=300))
def test_I6_any_bytes_become_text_or_a_reason(data: bytes) -> None:
    with suppress(Unfit):
        to_utf8(data, LIMITS).decode()


@given(st.text(min_size=1))
def test_text_stays_itself(words: str) -> None:
    encoded = words.encode("utf-8", "ignore")
    assert to_utf8(encoded, LIMITS) == encoded.removeprefix(b"\xef\xbb\xbf")
