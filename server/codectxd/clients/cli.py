"""`codectxd`: the command line. Runs one command, and turns errors into a line and an exit status.

Starts without importing the daemon's libraries; the daemon does the work.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from codectxd.clients import commands, parser, terminal
from codectxd.errors import ServiceError, UsageError

BAD_USAGE = 2
FAILED = 3
INTERRUPTED = 130

EVALUATED = frozenset({"bench", "doctor", "eval"})
"""Commands that measure or check the product: a process of their own, since the command line imports nothing of it."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command; the exit status."""
    try:
        status = _dispatch(arguments)
        sys.stdout.flush()
        return status
    except UsageError as problem:
        return _complain(problem, BAD_USAGE)
    except ServiceError as problem:
        return _complain(problem, FAILED)
    except TimeoutError:
        return _complain(ServiceError("The daemon does not answer: `codectxd doctor` says what to do."), FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our answer has had enough; python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return commands.DONE


def _dispatch(arguments: Sequence[str]) -> int:
    options = parser.parse(arguments)
    if options.stdio:
        return commands.stdio(options)
    if options.command is None:
        raise UsageError('Say what to do, for example `codectxd search "open a file"`; `codectxd --help` lists it all.')
    if options.command == "help":
        terminal.say(parser.page(parser.build(), options.about))
        return commands.DONE
    if options.command in EVALUATED:
        return commands.become("codectxd.evaluate", arguments)
    status: int = options.run(options)
    return status


def _complain(problem: Exception, status: int) -> int:
    terminal.note(f"codectxd: {problem}")
    return status


if __name__ == "__main__":
    main()
