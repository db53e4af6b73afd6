"""What a person sees: colours, a bar, text that any terminal can take."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from codectxd.errors import ServiceError, UsageError

if TYPE_CHECKING:
    from tqdm import tqdm

_MOST_INPUT = 1_000_000

_PATIENCE_S = 0.4
"""What is over by then is not worth a bar."""


def say(text: str) -> None:
    """Write to stdout, whatever its encoding can hold. Raises ServiceError where that takes nothing, as all here do."""
    encoding = sys.stdout.encoding or "utf-8"
    with _writing():
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def flush() -> None:
    """Have what was said be seen now."""
    with _writing():
        sys.stdout.flush()


def say_json(encoded: bytes) -> None:
    with _writing():
        sys.stdout.flush()
        sys.stdout.buffer.write(encoded + b"\n")


def give_up_output() -> None:
    """Nobody takes what is said; python would try once more at exit, and complain in its own way."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # Whoever reads has had enough, which is no failure.
    except OSError as problem:
        give_up_output()
        raise ServiceError(f"The answer cannot be written to standard output: {problem.strerror}.") from problem


def note(text: str) -> None:
    """Write a line to stderr."""
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def whole_input() -> str:
    """All text on stdin. Raises UsageError where it is none."""
    data = sys.stdin.buffer.read(_MOST_INPUT + 1) if sys.stdin is not None else b""
    if not data.strip():
        raise UsageError("There is nothing on stdin to compare: pipe a text in.")
    if len(data) > _MOST_INPUT or b"\0" in data:
        raise UsageError("What is on stdin cannot be compared: it is binary, or larger than a megabyte.")
    return data.decode("utf-8", "replace")


def colour() -> bool:
    """Whether stdout is a terminal of somebody who wants colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Bar:
    """A progress bar on stderr where that is a terminal, once it takes long enough to be worth one."""

    def __init__(self, title: str, unit: str = "file") -> None:
        self._title = title
        self._unit = unit
        self._shown_from = time.monotonic() + _PATIENCE_S
        self._bar: tqdm[Any] | None = None

    def update(self, done: int, total: int) -> None:
        if not sys.stderr.isatty() or total <= 0 or time.monotonic() < self._shown_from:
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(desc=self._title, unit=self._unit, leave=False, file=sys.stderr)
        self._bar.total = total
        self._bar.n = min(done, total)
        self._bar.refresh()

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
