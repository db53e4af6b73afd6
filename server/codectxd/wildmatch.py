r"""git's wildcard patterns as regular expressions that no text can make slow. Pure; a text stands for a path or for bytes.

This is git's `wildmatch.c`, for which a slash is special. Naively written out, `*a*a*a*b` tries every way in which its stars
can share a name, and `re` lets no other thread run meanwhile. That is never needed: between two stars the leftmost place
that fits leaves the most to what follows, and so does the first folder that fits between two `**`. So each such part is an
atomic group, which is never gone back into, and a match costs at most the pattern's length times the text's.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final, TypeAlias

NEVER: Final = "(?!)"
MOST_ATOMS: Final = 4096
"""A pattern that needs more characters than this matches no path: no system has longer ones."""


class Wild(Enum):
    """What matches texts of any length: within a name; folders, with the slash at their end; anything."""

    STAR = "*"
    FOLDERS = "**/"
    ANYTHING = "**"


Part: TypeAlias = str | Wild
"""A regular expression for one character, or what matches any number of them."""
Ranges: TypeAlias = list[tuple[int, int]]

_SLASH: Final = ord("/")
_END: Final = r"\Z"


def regex_of(pattern: str) -> str | None:
    """A regular expression, for `match`, for all of a text that `pattern` matches; None where it can match nothing.

    git compares the part before the first wildcard as it is, so that a `**` just after it counts as being at the start.
    """
    special = re.search(r"[*?\[\\]", pattern)
    literal = special.start() if special else len(pattern)
    parts = parts_of(pattern[literal:])
    return None if parts is None else joined([*map(re.escape, pattern[:literal]), *parts])


def escaped(text: str) -> str:
    """The pattern that matches `text` and nothing else."""
    return re.sub(r"([*?\[\\])", r"\\\1", text)


def parts_of(pattern: str) -> list[Part] | None:
    """The parts of a pattern; None where git says that it can match nothing."""
    parts: list[Part] = []
    position = 0
    while position < len(pattern):
        token = pattern[position]
        part: Part | None
        if token == "*":
            part, position = _stars(pattern, position)
        elif token == "[":
            part, position = _bracket(pattern, position + 1)
        elif token == "\\":
            part, position = re.escape(pattern[position + 1 : position + 2]), position + 2
        else:
            part, position = "[^/]" if token == "?" else re.escape(token), position + 1
        if not part:
            return None
        if part is not Wild.FOLDERS or parts[-1:] != [part]:
            parts.append(part)
    return parts


def joined(parts: Sequence[Part]) -> str | None:
    """The regular expression of all parts, to the end of a text; None where none is so long."""
    if sum(isinstance(part, str) for part in parts) > MOST_ATOMS:
        return None
    groups: list[tuple[Wild | None, list[Part]]] = [(None, [])]
    for part in parts:
        if part in (Wild.FOLDERS, Wild.ANYTHING):
            groups.append((Wild(part), []))
        else:
            groups[-1][1].append(part)
    *before, (wild, last) = groups
    return "".join(_group(wild, _runs(own)) for wild, own in before) + _group(wild, _runs([*last, _END]))


def _group(wild: Wild | None, own: str) -> str:
    """`own`, after the fewest folders, or what else there may be before a slash, that let it match."""
    if wild is None:
        return own
    if wild is Wild.ANYTHING:
        # What follows it, if anything, begins with a slash.
        return rf"(?s:.*){_END}" if own == _END else f"(?>(?:[^/]*+/)*?[^/]*+{own})"
    return f"(?>(?:[^/]*+/)*?{own})"


def _runs(parts: Iterable[Part]) -> str:
    """Parts without `**`: each run after a star stands at the first place in the name that fits."""
    first, *runs = _split(parts)
    return first + "".join(f"(?>[^/]*?{run})" if run != _END else rf"[^/]*+{_END}" for run in runs)


def _split(parts: Iterable[Part]) -> list[str]:
    runs: list[list[str]] = [[]]
    for part in parts:
        if isinstance(part, str):
            runs[-1].append(part)
        else:
            runs.append([])
    return ["".join(run) for run in runs]


def _stars(pattern: str, start: int) -> tuple[Wild, int]:
    end = start
    while pattern[end : end + 1] == "*":
        end += 1
    follows = pattern[end : end + 2]
    bounded = start == 0 or pattern[start - 1] == "/"
    if end - start == 1 or not bounded or not (follows in ("", "\\/") or follows.startswith("/")):
        return Wild.STAR, end
    return (Wild.FOLDERS, end + 1) if follows.startswith("/") else (Wild.ANYTHING, end)


def _bracket(pattern: str, start: int) -> tuple[str | None, int]:
    """One character that the bracket expression after "[" allows, and where it ends; None when it is malformed."""
    negated = pattern[start : start + 1] in ("!", "^")
    position = start + negated
    allowed: Ranges = []
    previous = 0
    first = True
    while first or pattern[position : position + 1] != "]":
        first = False
        item, position, previous = _bracket_item(pattern, position, previous)
        if item is None:
            return None, len(pattern)
        allowed += item
    return _one_of(allowed, negated), position + 1


def _bracket_item(pattern: str, position: int, previous: int) -> tuple[Ranges | None, int, int]:
    """One member of a bracket expression, where the next one starts, and what a range after it would start from."""
    here = pattern[position : position + 1]
    if here == "-" and previous and pattern[position + 1 : position + 2] not in ("", "]"):
        last = _literal(pattern, position + 1)
        if last is None:
            return None, position, 0
        return [(previous, last[0])], last[1], 0
    if pattern[position : position + 2] == "[:":
        close = pattern.find("]", position + 2)
        if close < 0:
            return None, position, 0
        if close > position + 2 and pattern[close - 1] == ":":
            members = _CLASSES.get(pattern[position + 2 : close - 1])
            return None if members is None else [(ord(one), ord(one)) for one in members], close + 1, 0
    literal = _literal(pattern, position)
    return (None, position, 0) if literal is None else ([(literal[0], literal[0])], literal[1], literal[0])


def _literal(pattern: str, position: int) -> tuple[int, int] | None:
    """The character at `position`, or after the backslash there, and where the next one is; None past the end."""
    position += pattern[position : position + 1] == "\\"
    return (ord(pattern[position]), position + 1) if position < len(pattern) else None


def _one_of(ranges: Ranges, negated: bool) -> str:
    """One character, never a slash."""
    allowed = "".join(f"{_code(first)}-{_code(last)}" for first, last in dict.fromkeys(ranges) if first <= last)
    if negated:
        return rf"[^/\x00{allowed}]"
    holds_slash = any(first <= _SLASH <= last for first, last in ranges)
    return f"{'(?!/)' if holds_slash else ''}[{allowed}]" if allowed else NEVER


def _code(character: int) -> str:
    return f"\\x{character:02x}" if character < 256 else f"\\U{character:08x}"


_CLASSES: Final = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "blank": " \t",
    "cntrl": "".join(map(chr, [*range(1, 32), 127])),
    "digit": string.digits,
    "graph": "".join(map(chr, range(33, 127))),
    "lower": string.ascii_lowercase,
    "print": "".join(map(chr, range(32, 127))),
    "punct": string.punctuation,
    "space": " \t\n\r",
    "upper": string.ascii_uppercase,
    "xdigit": string.hexdigits,
}
