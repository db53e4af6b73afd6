"""Reading one file: safely, whole, and as UTF-8.

Any process or thread; a worker calls `read_source` with no `Tree` at hand. Nothing is opened that is not a regular file
inside the root. What a file holds is normalised once, here: `Source.text` has no byte order mark (editors do not show one
either, so that a saved file and its buffer have one digest), UTF-16 became UTF-8, a carriage return that ends a line by
itself became a line feed (to editors it ends a line, and line numbers must be theirs); other line ends stay as they are.
Byte offsets are offsets in that text and not in the file.
"""

from __future__ import annotations

import codecs
import errno
import os
import re
import stat
from collections.abc import Callable
from hashlib import blake2b
from typing import TypeAlias

from codectxd import system
from codectxd.types import Digest, Skipped, Source, Stamp
from codectxd.workspace.filters import Limits, by_path, by_text, role_of

LanguageOf: TypeAlias = Callable[[str, bytes], str]
"""The language of a file by its path and its text."""

UNLISTED = "unlisted repository"
_ATTEMPTS = 3
_LONE_CR = re.compile(rb"\r(?!\n)")
_AWAY_NAMES = """
    EIO ENODEV ENXIO ENOMEDIUM ESTALE ENOTCONN ETIMEDOUT EREMOTEIO EHOSTDOWN EHOSTUNREACH ENETDOWN ENETUNREACH ECONNREFUSED
"""
_AWAY = frozenset(getattr(errno, name, 0) for name in _AWAY_NAMES.split())
"""What a file system says that is not there any more: a disk pulled out, a server gone, a stale handle."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # Before UTF-16, whose mark it starts with.
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Unfit(Exception):
    """A file that is not indexed; `reason` is one of `filters.REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_source(root: str, path: str, language_of: LanguageOf, limits: Limits) -> Source | Skipped:
    """The file at `path` below `root` (absolute, without symbolic links), read once, or why it is not to be indexed."""
    stamp: Stamp | None = None
    try:
        if reason := by_path(path):
            raise Unfit(reason)
        data, stamp = _read(root, path, limits)
        text = with_line_ends(to_utf8(data, limits))
        if reason := by_text(path, text, limits):
            raise Unfit(reason)
    except Unfit as unfit:
        return Skipped(printable(path), unfit.reason, stamp)
    language = language_of(path, text)
    return Source(path, text, digest_of(text), stamp, language, role_of(path, language, text[:1024]))


def read_text(root: str, path: str, limits: Limits) -> bytes | None:
    """The text of the file as `Source.text` has it, whether it is worth indexing or not; None where it has none that can be
    read. For who knows what to find in it, in half of the time."""
    try:
        return with_line_ends(to_utf8(_read(root, path, limits)[0], limits))
    except Unfit:
        return None


def with_line_ends(text: bytes) -> bytes:
    """`text` with every line ended by LF or CRLF; as long as before."""
    if b"\r" not in text or text.count(b"\r") == text.count(b"\r\n"):
        return text
    return _LONE_CR.sub(b"\n", text)


def digest_of(text: bytes) -> Digest:
    """The digest that identifies a text."""
    return blake2b(text, digest_size=16).digest()


def entry_of(root: str, path: str) -> os.stat_result:
    """What stands at `path` itself, a symbolic link unfollowed.

    Raises: Unfit for nothing, and for a folder.
    """
    try:
        found = os.lstat(f"{root}/{path}")
    except (OSError, ValueError) as error:
        raise Unfit(reason_of(error)) from error
    if stat.S_ISDIR(found.st_mode):
        raise Unfit(_reason_of_folder(f"{root}/{path}"))
    return found


def stamp_of(root: str, path: str, found: os.stat_result, limits: Limits) -> Stamp:
    """The stamp of the file at `path`, whose entry is `found`.

    Raises: Unfit for what is not a regular file of a size worth indexing. A symbolic link is never one: followed, it
    would show the same lines twice, and its target's changes would not be its own.
    """
    if stat.S_ISLNK(found.st_mode):
        raise Unfit(_reason_of_link(root, path))
    return _fit_stamp(found, limits)


def to_utf8(data: bytes, limits: Limits) -> bytes:
    """A file's bytes as UTF-8 text.

    Raises: Unfit when they are in another encoding; a few stray bytes become U+FFFD instead.
    """
    if data.isascii():
        return data
    for mark, encoding in _MARKS:
        if data.startswith(mark) and (text := _decode(data[len(mark) :], encoding)) is not None:
            return text.encode()
    if _decode(data, "utf-8") is not None:
        return data
    if b"\0" in data:
        raise Unfit("binary")
    known = data.decode("utf-8", "ignore").encode()
    if len(data) - len(known) > limits.max_bad_share * len(data):
        raise Unfit("not utf-8")
    return data.decode("utf-8", "replace").encode()


def printable(path: str) -> str:
    """A path fit for a message or a database: bytes of its name that are not UTF-8 are replaced."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "replace")


def _decode(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _read(root: str, path: str, limits: Limits) -> tuple[bytes, Stamp]:
    # Looked at before it is opened, since opening a pipe or a device is already an act; and again once it is open.
    stamp_of(root, path, entry_of(root, path), limits)
    try:
        descriptor = os.open(f"{root}/{path}", system.READ_ONLY)
        try:
            if _inside(root, _opened_path(descriptor, root, path)) is None:
                raise Unfit("symlink outside")
            return _read_stable(descriptor, limits)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unfit(reason_of(error)) from error


def _read_stable(descriptor: int, limits: Limits) -> tuple[bytes, Stamp]:
    """The content and the stamp from before it was read: a change after that shows in the next stamp."""
    for _ in range(_ATTEMPTS):
        stamp = _fit_stamp(os.fstat(descriptor), limits)
        data = _read_all(descriptor, stamp.size, limits)
        if _fit_stamp(os.fstat(descriptor), limits) == stamp:
            break
    return data, stamp


def _read_all(descriptor: int, expected: int, limits: Limits) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    data = os.read(descriptor, expected + 1)
    while len(data) <= limits.max_bytes and (more := os.read(descriptor, limits.max_bytes)):
        data += more
    if len(data) > limits.max_bytes:
        raise Unfit("too large")
    return data


def _reason_of_link(root: str, path: str) -> str:
    try:
        target = os.path.realpath(f"{root}/{path}", strict=True)
        found = os.stat(target)
    except OSError as error:
        return "unreadable" if isinstance(error, PermissionError) else "broken symlink"
    if _inside(root, target) is None:
        return "symlink outside"
    if stat.S_ISDIR(found.st_mode):
        return "symlinked folder"
    return "symlinked file" if stat.S_ISREG(found.st_mode) else "special file"


def _reason_of_folder(folder: str) -> str:
    """Why a folder is listed instead of what is in it."""
    if os.path.lexists(f"{folder}/.git"):
        return UNLISTED
    try:
        os.scandir(folder).close()
    except PermissionError:
        return "unreadable folder"
    except OSError as error:
        return reason_of(error)
    return "vanished"


def _inside(root: str, absolute: str) -> str | None:
    """An absolute path relative to the root; None for one that is not below it, or in a repository's own folder."""
    prefix = root.rstrip("/") + "/"
    inner = absolute.removeprefix(prefix)
    return inner if absolute.startswith(prefix) and ".git" not in inner.split("/") else None


def _opened_path(descriptor: int, root: str, path: str) -> str:
    """The path of what was really opened, whatever became of the folders on the way meanwhile."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return os.path.realpath(f"{root}/{path}")


def _fit_stamp(found: os.stat_result, limits: Limits) -> Stamp:
    if not stat.S_ISREG(found.st_mode):
        raise Unfit("special file")
    if found.st_size > limits.max_bytes:
        raise Unfit("too large")
    if not found.st_size:
        raise Unfit("empty")
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns)


def reason_of(error: Exception) -> str:
    """Why the operating system refused."""
    code = error.errno if isinstance(error, OSError) else None
    if code in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR):
        return "vanished"
    if code in _AWAY:
        return "unreachable"
    return "broken symlink" if code == errno.ELOOP else "unreadable"
