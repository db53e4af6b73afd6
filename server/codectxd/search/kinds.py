"""What kind of thing a query is: a name, a signature, an error, a path, or a question. Pure and total.

Read from the text alone. A place is a file that the text points at, as people write it and as programs print it when they
fail: `src/pool.py`, `pool.py:12`, `File "/usr/lib/pool.py", line 12`. Knows nothing of what is indexed.
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

import msgspec

from codectxd.chunk.aliases import languages_called

Kind: TypeAlias = Literal["identifier", "signature", "error", "path", "question"]


class Place(msgspec.Struct, frozen=True):
    """A file, lower-cased and with slashes, as far as it was named, and the line counted from 1 if one was."""

    path: str
    line: int | None = None

    @property
    def stem(self) -> str:
        """What the file is called without its folder and its endings."""
        return self.path.rpartition("/")[2].lstrip(".").partition(".")[0]

    def is_at(self, path: str) -> bool:
        """Whether the file at `path`, relative to its workspace, is meant: either may say more of the way to it."""
        path = path.casefold()
        if _ends_with(path, self.path) or _ends_with(self.path, path):
            return True
        return "/" in self.path and _ends_with(path.rpartition(".")[0], self.path)


def places(text: str) -> tuple[Place, ...]:
    """The files that `text` points at, in order, each once."""
    found = []
    for match in _PLACE.finditer(text):
        path = match["path"].replace("\\", "/").strip("./").casefold()
        if path and _is_file(path):
            found.append(Place(path, int(match["line"]) if match["line"] else None))
    return tuple(dict.fromkeys(found[:_MOST_PLACES]))


def kind_of(text: str, found: tuple[Place, ...], *, only_name: bool) -> Kind:
    """The kind of `text`, in which `found` are the places."""
    if any(place.line is not None for place in found) or _ERROR.search(text):
        return "error"
    if only_name:
        return "identifier"
    if _SIGNATURE.search(text):
        return "signature"
    if found:
        return "path"
    return "error" if _MESSAGE.search(text) and not _ASKING.match(text) else "question"


def message_of(text: str) -> str:
    """What an error says, without its class and without the frames above or below it."""
    lines = [line for line in text.splitlines() if line.strip()]
    plain = [line for line in lines if not _PLACE_WITH_LINE.search(line)] or lines
    said = [line for line in plain if _ERROR.search(line)] or plain
    line = said[-1] if said else ""
    return _CLASS.sub("", line)


def _ends_with(path: str, end: str) -> bool:
    return path == end or path.endswith("/" + end)


def _is_file(path: str) -> bool:
    folders, _, name = path.rpartition("/")
    return bool(folders and name) or ("." in name and bool(languages_called(name.rpartition(".")[2])))


_PLACE: Final = re.compile(
    r"""(?<![\w:/\\]) (?P<path> (?:[A-Za-z]:)? [\w.+@\\/-]* \w ) (?: (?: "?,\ line\ | [:(] ) (?P<line> \d{1,7} ) \b )?""",
    re.VERBOSE,
)
_PLACE_WITH_LINE: Final = re.compile(r"[\w.]\"?(?:, line |:)\d+")
_MOST_PLACES: Final = 16
"""Of a long stack trace the first frames, whatever the language's order: what failed is near one of its ends."""
_ERROR: Final = re.compile(
    r"\b[A-Z]\w*(?:Error|Exception|Warning|Fault|Failure|Panic|NotFound|Interrupt)\b\s*[:(]"
    r"|\b(?:error|exception|fatal|panic|panicked|warning|abort)\w*\b[^:\n]{0,24}:\s|^Traceback\b",
    re.MULTILINE,
)
_MESSAGE: Final = re.compile(
    r"^(?:cannot|can't|could not|couldn't|unable to|failed to|invalid|unknown|unexpected|expected|unsupported|unhandled"
    r"|missing|no such|illegal)\b|\b(?:is|are|was|were) not \w|\bmust (?:not )?be\b|\b(?:cannot|could not) be\b"
    r"|\balready (?:exists|\w+ed|built)\b",
    re.IGNORECASE,
)
"""What programs say when they fail, without the word error: a message that was pasted alone."""
_ASKING: Final = re.compile(
    r"\s*(?:how|where|what|which|who|why|when|find|show|does|do|is|are|can)\b|[^?]*\?\s*$", re.IGNORECASE
)
_CLASS: Final = re.compile(r"^\s*(?:[\w.$]+(?:\[\w+\])?:\s+)+")
_SIGNATURE: Final = re.compile(
    r"\b(?:def|fn|func|function|fun|class|struct|interface|trait|enum|impl)\s+[^\W\d]\w*"
    r"|\w\((?:[^()]*[,:=][^()]*|\w+)\)|\)\s*->\s*\w"
)
