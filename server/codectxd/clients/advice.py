"""What is said of an answer that is not as expected: nothing, or from elsewhere. Pure; knows questions, not sessions."""

from __future__ import annotations

import re
from typing import Final

from codectxd.wire import messages

WIDENED: Final = "note: no code answers this; these lines are from documentation, configuration and the like"
NO_FILE: Final = " No indexed file passes {}: change these filters, or leave them out."


def for_question(params: messages.SearchParams) -> str:
    """What may help where nothing was found although there are files to search."""
    if '"' in params.query:
        return _EXACTLY
    return _IN_CODE if params.content == "code" and "content:" not in params.query else ""


def files_asked_for(params: messages.SearchParams) -> messages.ListPathsParams | None:
    """Which files were to be searched, one of which is enough to know; None where it was all of them."""
    languages = [_filter("lang", name) for name in params.languages or ()]
    # A glob without a folder is one for any folder; without one of *?[ it would be a part of a path.
    globs = [_filter("path", glob if _HAS_SIGN.search(glob) else f"**/{glob}") for glob in params.globs or ()]
    filters = [*_FILTER.findall(params.query), *languages, *globs]
    return messages.ListPathsParams(query=" ".join(filters), limit=1, roots=params.roots) if filters else None


def _filter(name: str, value: str) -> str:
    return f'{name}:"{value}"' if " " in value else f"{name}:{value}"


_EXACTLY: Final = " What stands in quotes must stand so in the text: without them, what is alike is found."
_IN_CODE: Final = " Only code was searched: `--content all` looks into documentation and configuration, too."
_HAS_SIGN: Final = re.compile(r"[*?\[/]")
_FILTER: Final = re.compile(r'(?<!\S)-?(?:lang|path):(?:"[^"]+"|[^\s"]\S*)')
"""What of a question says which files may answer."""
