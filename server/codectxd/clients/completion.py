"""`codectxd completion SHELL`: what a shell needs to complete commands, options, their values and paths.

Made from the parser itself, by shtab, so it knows what the parser knows. Prints a script; where it goes is for the user,
and `codectxd help completion` says so.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from types import MappingProxyType

from codectxd.clients import manual, terminal

_VALUES: Mapping[str, tuple[str, ...]] = MappingProxyType({"NAME": manual.BENCHMARKS, "COMMAND": tuple(manual.PAGES)})
"""What stands for a word that is one of several, though the parser does not insist."""


def completion(options: argparse.Namespace) -> int:
    """Print the script for the shell that was named."""
    import shtab

    from codectxd.clients import parser

    built = parser.build()
    for command in (built, *parser.subcommands(built).values()):
        for action in command._actions:
            _teach(action)
    terminal.say(shtab.complete(built, options.shell) + "\n")
    return 0


def _teach(action: argparse.Action) -> None:
    """Have shtab know what a word may be, by the name it has in the manual; where files may be named, so may folders."""
    import shtab

    if action.metavar in ("PATH", "FILE", "DATASET"):
        folders_alone = action.metavar == "PATH" and action.dest != "paths"
        action.complete = shtab.DIRECTORY if folders_alone else shtab.FILE  # type: ignore[attr-defined]
    elif isinstance(action.metavar, str) and action.metavar in _VALUES and action.choices is None:
        action.choices = _VALUES[action.metavar]
