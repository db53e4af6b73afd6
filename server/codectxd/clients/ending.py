"""How a command ends: every error is a line on stderr and an exit status, and never a traceback that a person must read.

Also where the answer cannot be written, or the current folder is gone. Knows nothing of what commands do.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final

from codectxd.clients import terminal
from codectxd.errors import ServiceError, UsageError

DONE: Final = 0
BAD_USAGE: Final = 2
FAILED: Final = 3
INTERRUPTED: Final = 130

_CLOSED: Final = "Standard output is closed: send it to a file, a pipe or /dev/null."
_GONE: Final = "The folder that you are in is gone: change to one that exists, and ask again."
_SILENT: Final = "The daemon does not answer: `codectxd doctor` says what to do."


def ended(work: Callable[[], int]) -> int:
    """The exit status of `work`, or of the error that it raises, which is told."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - it stays open to the end of the process.
    if sys.stdout is None:
        return _complain(_CLOSED, FAILED)
    try:
        return _flushed(work)
    except UsageError as problem:
        return _complain(str(problem), BAD_USAGE)
    except ServiceError as problem:
        return _complain(str(problem), FAILED)
    except TimeoutError:
        return _complain(_SILENT, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our answer has had enough.
        terminal.give_up_output()
        return DONE
    except OSError as problem:
        return _complain(_told(problem), FAILED)


def _flushed(work: Callable[[], int]) -> int:
    """As `work`, once all that it said has reached whoever reads it."""
    try:
        status = work()
    except SystemExit as left:
        # How argparse ends once it has printed a page.
        status = left.code if isinstance(left.code, int) else DONE
    terminal.flush()
    return status


def _told(problem: OSError) -> str:
    try:
        os.getcwd()
    except OSError:
        return _GONE
    return f"The system refuses: {problem}; `codectxd doctor` may say what to do."


def _complain(sentence: str, status: int) -> int:
    terminal.note(f"codectxd: {sentence}")
    return status
