"""What one ignore file says of one path: git's pattern language, exactly.

Pure; paths and patterns are bytes, as git compares them. The library `pathspec` matches whole paths and therefore differs
from git where a pattern for a folder meets a negated one, in bracket expressions and at odd line ends; this is git's
`wildmatch.c` and `dir.c` as regular expressions, and a differential test holds it to `git check-ignore`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence

import msgspec

_NEVER = b"(?!)"


class Rule(msgspec.Struct, frozen=True):
    """One pattern: `regex` must match all of an entry's name, or of its path from the ignore file's folder.

    `above` matches at least the folders in which the pattern could match something; empty for one that goes by names.
    """

    regex: bytes
    by_name: bool
    only_folders: bool
    negated: bool
    above: bytes = b""


class Rules:
    """The patterns of one ignore file, in its order; the last one that matches an entry decides."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._ordered = [(_matcher(rule.regex), rule) for rule in reversed(rules)]
        # Most entries match no pattern at all, and two alternations say so much faster than each pattern by itself.
        self._any_name = _any_of([rule.regex for rule in rules if rule.by_name])
        self._any_path = _any_of([rule.regex for rule in rules if not rule.by_name])
        self._above = _any_of([rule.above for rule in rules if rule.negated and rule.above])
        self.negates_names = any(rule.negated and rule.by_name for rule in rules)
        """Whether a negated pattern goes by names, and so speaks of entries at any depth."""
        self.negates = any(rule.negated for rule in rules)
        self.empty = not rules

    def verdict(self, path: bytes, name: bytes, is_folder: bool) -> bool | None:
        """Whether the entry is ignored, None when no pattern matches. `path` starts at the ignore file's folder.

        A folder's verdict decides for everything in it, so the caller asks from the top down.
        """
        if not self._any_name(name) and not self._any_path(path):
            return None
        for matches, rule in self._ordered:
            if (is_folder or not rule.only_folders) and matches(name if rule.by_name else path):
                return not rule.negated
        return None

    def reaches(self, folder: bytes) -> bool:
        """Whether a negated pattern that names folders on the way could match something in `folder`, at any depth."""
        return self._above(folder) is not None


def parse(content: bytes) -> Rules:
    """The rules of an ignore file's content."""
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    rules = (_parse_line(line) for line in lines if line and not line.startswith(b"#"))
    return Rules([rule for rule in rules if rule])


def _parse_line(line: bytes) -> Rule | None:
    pattern = _without_trailing_spaces(line.removesuffix(b"\r").partition(b"\0")[0])
    negated = pattern.startswith(b"!")
    pattern = pattern[negated:]
    only_folders = pattern.endswith(b"/")
    pattern = pattern[: len(pattern) - only_folders]
    by_name = b"/" not in pattern
    # git compares the part before the first wildcard as it is, so that "**" just after it counts as being at the start.
    pattern = pattern.removeprefix(b"/")
    literal = _literal_length(pattern) if not by_name else 0
    regex = _translate(pattern[literal:])
    if not pattern or regex is None:
        return None
    above = b"" if by_name else _above(pattern)
    return Rule(re.escape(pattern[:literal]) + regex, by_name, only_folders, negated, above)


def _above(pattern: bytes) -> bytes:
    """A regular expression for the folders in which the pattern could match; for any below one that only git understands."""
    *folders, last = pattern.split(b"/")
    ways: list[bytes] = []
    way = b""
    for folder in folders:
        regex = _translate(folder)
        if b"**" in folder or not regex:
            return b"|".join([*ways, way + b".*"])
        ways.append(way + regex)
        way = ways[-1] + b"/"
    return b"|".join([*ways, way + b".*"] if b"**" in last else ways)


def _without_trailing_spaces(line: bytes) -> bytes:
    """Without spaces at the end, but for one that a backslash precedes."""
    end, position = 0, 0
    while position < len(line):
        escaped = line[position : position + 1] == b"\\"
        position += 1 + escaped
        if escaped or line[position - 1 : position] != b" ":
            end = position
    return line[:end]


def _literal_length(pattern: bytes) -> int:
    special = re.search(rb"[*?\[\\]", pattern)
    return special.start() if special else len(pattern)


def _translate(pattern: bytes) -> bytes | None:
    """The regular expression of a wildcard pattern; None for one that git says can match nothing."""
    parts: list[bytes] = []
    position = 0
    while position < len(pattern):
        token = pattern[position : position + 1]
        if token == b"*":
            part, position = _stars(pattern, position)
        elif token == b"[":
            allowed, position = _bracket(pattern, position + 1)
            part = _one_of(allowed)
        elif token == b"\\":
            part, position = re.escape(pattern[position + 1 : position + 2]), position + 2
        else:
            part, position = b"[^/]" if token == b"?" else re.escape(token), position + 1
        if not part:
            return None
        parts.append(part)
    return b"".join(parts)


def _stars(pattern: bytes, start: int) -> tuple[bytes, int]:
    end = start
    while pattern[end : end + 1] == b"*":
        end += 1
    follows = pattern[end : end + 2]
    bounded = start == 0 or pattern[start - 1 : start] == b"/"
    if end - start == 1 or not bounded or not (follows in (b"", b"\\/") or follows.startswith(b"/")):
        return b"[^/]*", end
    return (b"(?:.*/)?", end + 1) if follows.startswith(b"/") else (b".*", end)


def _bracket(pattern: bytes, start: int) -> tuple[frozenset[int] | None, int]:
    """The bytes that the bracket expression after "[" allows, and where it ends; None when it is malformed."""
    negated = pattern[start : start + 1] in (b"!", b"^")
    position = start + negated
    allowed: set[int] = set()
    previous = 0
    first = True
    while first or pattern[position : position + 1] != b"]":
        first = False
        item, position, previous = _bracket_item(pattern, position, previous)
        if item is None:
            return None, len(pattern)
        allowed |= item
    return frozenset(set(range(1, 256)) - allowed if negated else allowed) - {ord("/")}, position + 1


def _bracket_item(pattern: bytes, position: int, previous: int) -> tuple[frozenset[int] | None, int, int]:
    """One member of a bracket expression, where the next one starts, and what a range after it would start from."""
    here = pattern[position : position + 1]
    if here == b"-" and previous and pattern[position + 1 : position + 2] not in (b"", b"]"):
        last = _literal(pattern, position + 1)
        if last is None:
            return None, position, 0
        return frozenset(range(previous, last[0] + 1)), last[1], 0
    if pattern[position : position + 2] == b"[:":
        close = pattern.find(b"]", position + 2)
        if close < 0:
            return None, position, 0
        if close > position + 2 and pattern[close - 1 : close] == b":":
            return _CLASSES.get(pattern[position + 2 : close - 1]), close + 1, 0
    literal = _literal(pattern, position)
    return (None, position, 0) if literal is None else (frozenset({literal[0]}), literal[1], literal[0])


def _literal(pattern: bytes, position: int) -> tuple[int, int] | None:
    """The byte at `position`, or after the backslash there, and where the next one is; None past the end."""
    position += pattern[position : position + 1] == b"\\"
    return (pattern[position], position + 1) if position < len(pattern) else None


def _one_of(allowed: frozenset[int] | None) -> bytes:
    if allowed is None:
        return b""
    return b"[" + b"".join(b"\\x%02x" % byte for byte in sorted(allowed)) + b"]" if allowed else _NEVER


def _matcher(regex: bytes) -> Callable[[bytes], object]:
    return re.compile(regex, re.DOTALL).fullmatch


def _any_of(regexes: Sequence[bytes]) -> Callable[[bytes], object]:
    return _matcher(b"|".join(regexes) if regexes else _NEVER)


def _ascii(characters: str) -> frozenset[int]:
    return frozenset(characters.encode())


_CLASSES = {
    b"alnum": _ascii(string.ascii_letters + string.digits),
    b"alpha": _ascii(string.ascii_letters),
    b"blank": _ascii(" \t"),
    b"cntrl": frozenset({*range(1, 32), 127}),
    b"digit": _ascii(string.digits),
    b"graph": frozenset(range(33, 127)),
    b"lower": _ascii(string.ascii_lowercase),
    b"print": frozenset(range(32, 127)),
    b"punct": _ascii(string.punctuation),
    b"space": _ascii(" \t\n\r"),
    b"upper": _ascii(string.ascii_uppercase),
    b"xdigit": _ascii(string.hexdigits),
}
