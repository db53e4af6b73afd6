"""`codectxd`: the command line. Runs one command.

Starts without importing the daemon's libraries; the daemon does the work.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from codectxd.clients import commands, ending, parser, terminal
from codectxd.errors import UsageError

EVALUATED = frozenset({"bench", "doctor", "eval"})
"""Commands that measure or check the product: a process of their own, since the command line imports nothing of it."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command; the exit status."""
    return ending.ended(lambda: _dispatch(arguments))


def _dispatch(arguments: Sequence[str]) -> int:
    options = parser.parse(arguments)
    if options.stdio:
        return commands.stdio(options)
    if options.command is None:
        raise UsageError('Say what to do, for example `codectxd search "open a file"`; `codectxd --help` lists it all.')
    if options.command == "help":
        terminal.say(parser.page(parser.build(), options.about))
        return commands.DONE
    if options.command == "model":
        return commands.become("codectxd.models", arguments)
    if options.command in EVALUATED:
        return commands.become("codectxd.evaluate", arguments)
    status: int = options.run(options)
    return status


if __name__ == "__main__":
    main()
