"""Ignore files and globs: lists of git's patterns, of which the last one that matches decides.

Pure. Paths and patterns of ignore files are bytes, as git compares them, and a differential test holds what becomes of them
to git itself; globs, which a person types, are text. What one pattern matches is said by `wildmatch`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import AnyStr, Final, Generic, TypeAlias

import msgspec

from codectxd import wildmatch
from codectxd.wildmatch import NEVER, Part, Wild

_Matches: TypeAlias = Callable[[AnyStr], object]

MOST_CHARACTERS: Final = 1_000
"""Of a glob: more are no path that anybody has."""

_TOGETHER: Final = 32
"""So many globs are one regular expression."""

_DEEPEST: Final = 16
"""So many folders of a negated pattern are told apart; in what is deeper, anything could match."""


class Rule(msgspec.Struct, frozen=True):
    """One pattern: `regex` must match an entry's name, or its path from the ignore file's folder.

    `above` matches at least the folders in which the pattern could match something; empty for one that goes by names.
    """

    regex: str
    by_name: bool
    only_folders: bool
    negated: bool
    above: str = ""


class Rules(Generic[AnyStr]):
    """The patterns of one ignore file, in its order; the last one that matches an entry decides."""

    def __init__(self, rules: Sequence[Rule], compiled: Callable[[str], re.Pattern[AnyStr]]) -> None:
        self._rules = list(rules)
        self._compiled: Callable[[str], re.Pattern[AnyStr]] = compiled
        self._matchers: dict[int, _Matches[AnyStr]] = {}
        # Most entries match no pattern at all, and two alternations say so much faster than each pattern by itself.
        self._any_name: _Matches[AnyStr] = _any_of([rule.regex for rule in rules if rule.by_name], compiled)
        self._any_path: _Matches[AnyStr] = _any_of([rule.regex for rule in rules if not rule.by_name], compiled)
        self._above: _Matches[AnyStr] = _any_of([rule.above for rule in rules if rule.negated and rule.above], compiled)
        self.negates_names = any(rule.negated and rule.by_name for rule in rules)
        """Whether a negated pattern goes by names, and so speaks of entries at any depth."""
        self.negates = any(rule.negated for rule in rules)
        self.empty = not rules

    def verdict(self, path: AnyStr, name: AnyStr, is_folder: bool) -> bool | None:
        """Whether the entry is ignored, None when no pattern matches. `path` starts at the ignore file's folder.

        A folder's verdict decides for everything in it, so the caller asks from the top down.
        """
        place = self.decisive(path, name, is_folder)
        return None if place < 0 else not self._rules[place].negated

    def decisive(self, path: AnyStr, name: AnyStr, is_folder: bool) -> int:
        """The place of the last pattern that matches the entry, -1 when none does."""
        if not self._any_name(name) and not self._any_path(path):
            return -1
        for place in range(len(self._rules) - 1, -1, -1):
            rule = self._rules[place]
            if (is_folder or not rule.only_folders) and self._matcher(place)(name if rule.by_name else path):
                return place
        return -1

    def _matcher(self, place: int) -> _Matches[AnyStr]:
        """Of one pattern, made when it is first of use: most never are."""
        found = self._matchers.get(place)
        if found is None:
            found = self._matchers[place] = self._compiled(self._rules[place].regex).match
        return found

    def reaches(self, folder: AnyStr) -> bool:
        """Whether a negated pattern that names folders on the way could match something in `folder`, at any depth."""
        return self._above(folder) is not None


class Globs:
    """Which paths are meant by globs: the last one that matches a path, or a folder that it is in, decides.

    Where all of them are negated, every other path is meant.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        """`rules` may raise, and so end what takes long: they are asked for step by step."""
        self._parts: list[Rules[str]] = []
        self._wanted: list[bool] = []
        remaining = iter(rules)
        while part := list(itertools.islice(remaining, _TOGETHER)):
            self._parts.append(Rules(part, re.compile))
            self._wanted += [not rule.negated for rule in part]
        self._otherwise = not any(self._wanted)
        self._folders: dict[str, int] = {"": -1}

    def __call__(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        place = max(self._folder(folder), self._decisive(path, name, is_folder=False))
        return self._wanted[place] if place >= 0 else self._otherwise

    def _decisive(self, path: str, name: str, *, is_folder: bool) -> int:
        for at in range(len(self._parts) - 1, -1, -1):
            place = self._parts[at].decisive(path, name, is_folder)
            if place >= 0:
                return at * _TOGETHER + place
        return -1

    def _folder(self, path: str) -> int:
        known = self._folders.get(path)
        if known is None:
            around, _, name = path.rpartition("/")
            known = max(self._folder(around), self._decisive(path, name, is_folder=True))
            self._folders[path] = known
        return known


def parse(content: bytes) -> Rules[bytes]:
    """The rules of an ignore file's content."""
    lines = content.removeprefix(b"\xef\xbb\xbf").decode("latin-1").split("\n")
    rules = (rule_of(line) for line in lines if line and not line.startswith("#"))
    return Rules([rule for rule in rules if rule], _of_bytes)


def rule_of(line: str) -> Rule | None:
    """The rule that a line is, whose characters may stand for bytes; None for one that matches nothing."""
    pattern = _without_trailing_spaces(line.removesuffix("\r").partition("\0")[0])
    negated = pattern.startswith("!")
    pattern = pattern[negated:]
    only_folders = pattern.endswith("/")
    pattern = pattern[: len(pattern) - only_folders]
    by_name = "/" not in pattern
    pattern = pattern.removeprefix("/")
    regex = wildmatch.regex_of(pattern) if not by_name else _of_name(pattern)
    if not pattern or regex is None:
        return None
    return Rule(regex, by_name, only_folders, negated, "" if by_name else _above(pattern))


def _of_name(pattern: str) -> str | None:
    parts = wildmatch.parts_of(pattern)
    return None if parts is None else wildmatch.joined(parts)


def _above(pattern: str) -> str:
    """A regular expression for the folders in which the pattern could match; for any below one that only git understands."""
    *folders, last = pattern.split("/")
    ways: list[str | None] = []
    way: list[Part] = []
    for depth, folder in enumerate(folders):
        parts = wildmatch.parts_of(folder)
        if "**" in folder or not parts or depth == _DEEPEST:
            break
        ways.append(wildmatch.joined([*way, *parts]))
        way += [*parts, "/"]
    else:
        if "**" not in last:
            return "|".join(filter(None, ways))
    return "|".join(filter(None, [*ways, wildmatch.joined([*way, Wild.ANYTHING])]))


def _without_trailing_spaces(line: str) -> str:
    """Without spaces at the end, but for one that a backslash precedes."""
    end, position = 0, 0
    while position < len(line):
        escaped = line[position] == "\\"
        position += 1 + escaped
        if escaped or line[position - 1] != " ":
            end = position
    return line[:end]


def _any_of(regexes: Sequence[str], compiled: Callable[[str], re.Pattern[AnyStr]]) -> _Matches[AnyStr]:
    return compiled("|".join(regexes) if regexes else NEVER).match


def _of_bytes(regex: str) -> re.Pattern[bytes]:
    return re.compile(regex.encode("latin-1"))
