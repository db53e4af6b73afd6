"""`codectxd logs`: the end of the daemon's log, and what is added to it.

The log is read from its file, so that it can be read while no daemon runs, or while one hangs. It is kept small by being
replaced now and then (`daemon/__main__`); who follows it goes on with the new file.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import IO

from codectxd import paths
from codectxd.clients import terminal
from codectxd.errors import ServiceError

_PAUSE_S = 0.1


def logs(options: argparse.Namespace) -> int:
    """Print the last lines; with --follow, go on until interrupted. 0, or 1 where there is no log."""
    log = paths.layout().log
    file = _opened(log)
    if file is None and not options.follow:
        terminal.note(f"codectxd: there is no log yet at {log}; the daemon writes it once it has started.")
        return 1
    if file is not None:
        terminal.say("".join(file.readlines()[-options.lines :] if options.lines else []))
    if options.follow:
        _follow(log, file)
    return 0


def _follow(log: Path, file: IO[str] | None) -> None:
    """Print what is added, for ever; a log that was replaced is read to its end before the new one is begun."""
    while True:
        if file is not None:
            terminal.say(file.read())
        terminal.flush()
        if file is None or not _is(log, file):
            rest = file.read() if file is not None else ""
            terminal.say(rest)
            file = _opened(log)
        time.sleep(_PAUSE_S)


def _opened(log: Path) -> IO[str] | None:
    try:
        return open(log, encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise ServiceError(f"The log {log} cannot be read: {problem.strerror}.") from problem


def _is(log: Path, file: IO[str]) -> bool:
    """Whether `file` is what lies at `log` now."""
    try:
        return os.path.samestat(os.stat(log), os.fstat(file.fileno()))
    except OSError:
        return True  # Between two files: the new one comes.
