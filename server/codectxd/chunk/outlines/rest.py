"""reStructuredText: sections, whose level is the order in which their kinds of underlines come up, and what is described.

A line with a line of punctuation below it, or above and below it, is a heading; what is indented below `::`, a comment or a
directive for code is none. Directives that describe a function, a class or an option are sections with its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from codectxd.chunk.idioms import sections
from codectxd.chunk.lines import offsets
from codectxd.chunk.nesting import Span
from codectxd.chunk.outlines.common import named


def outline(text: bytes) -> list[Span]:
    """Sections and descriptions."""
    starts, lines = offsets(text), text.split(b"\n")
    plain = list(_plain(lines))
    return [*sections(list(_headings(lines, starts, plain)), len(text)), *_descriptions(text, lines, starts, plain)]


def _plain(lines: Sequence[bytes]) -> Iterator[int]:
    """The lines that are neither blank nor quoted."""
    quoted: int | None = None
    for number, line in enumerate(lines):
        bare = line.strip()
        if not bare or (quoted is not None and _indent(line) > quoted):
            continue
        yield number
        quoted = _indent(line) if _quotes(bare) else None


def _quotes(bare: bytes) -> bool:
    """Whether what is indented below such a line is quoted: a comment, code."""
    if not bare.startswith(b".. ") and bare != b"..":
        return bare.endswith(b"::")
    directive = _DIRECTIVE.match(bare)
    if directive is not None:
        return directive.group(2) in _QUOTING
    return not bare.startswith((b".. _", b".. [", b".. |"))


def _headings(lines: Sequence[bytes], starts: Sequence[int], plain: Sequence[int]) -> Iterator[Span]:
    """Each heading, with the labels right before it."""
    levels: dict[tuple[bytes, bool], int] = {}
    first: int | None = None
    title = -2
    for number in plain:
        if number <= title + 1:
            continue
        if lines[number].startswith(b".. _"):
            first = number if first is None else first
            continue
        found = _title(lines, number)
        if found is not None:
            title, style = found
            level = levels.setdefault(style, len(levels))
            line = lines[title]
            place = (starts[title] + _indent(line), starts[title] + len(line.rstrip()))
            yield named(f"section.{level:03}", (starts[number if first is None else first], starts[title + 1]), place)
        first = None


def _title(lines: Sequence[bytes], number: int) -> tuple[int, tuple[bytes, bool]] | None:
    """The line of the title that begins at a line, and the style of its underline; None where none does."""
    before = lines[number - 1].strip() if number else b""
    line, below, further = (lines[at].rstrip() if at < len(lines) else b"" for at in (number, number + 1, number + 2))
    if _is_underline(line):
        is_title = not before and below and not _is_underline(below) and _is_underline(further) and further[:1] == line[:1]
        return (number + 1, (line[:1], True)) if is_title else None
    fits = _is_underline(below) and (len(below) >= 4 or len(below) >= len(line.decode("utf-8", "ignore")))
    starts_anew = not before or _is_underline(before) or before.startswith(b".. ")
    return (number, (below[:1], False)) if fits and starts_anew and not line[:1].isspace() else None


def _descriptions(text: bytes, lines: Sequence[bytes], starts: Sequence[int], plain: Sequence[int]) -> Iterator[Span]:
    """What is described, each with all that is indented below it."""
    open_ones: list[tuple[int, re.Match[bytes]]] = []
    for number in [*plain, len(starts) - 1]:
        line = lines[number] if number < len(starts) - 1 else b""
        while open_ones and _indent(line) <= open_ones[-1][0]:
            yield from _description(open_ones.pop()[1], starts[number])
        match = _DESCRIPTION.match(text, starts[number])
        if match is not None and match.group("kind") in _DESCRIBED:
            open_ones.append((_indent(line), match))


def _description(match: re.Match[bytes], end: int) -> Iterator[Span]:
    signature = match.group("signature").partition(b"(")[0]
    name = (_OPTION if match.group("kind") in _OPTIONS else _LAST_NAME).search(signature)
    if name is not None:
        at = match.start("signature")
        prefix = signature[: name.start(1)].rpartition(b" ")[2]
        container = (at + name.start(1) - len(prefix), at + name.start(1)) if prefix.endswith((b".", b":")) else None
        yield named("section", (match.start(), end), (at + name.start(1), at + name.end(1)), container)


def _is_underline(bare: bytes) -> bool:
    return len(bare) > 1 and bare[0] in _PUNCTUATION and bare == bare[:1] * len(bare)


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip())


_PUNCTUATION: Final = b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_DIRECTIVE: Final = re.compile(rb"\.\. (?:\|[^|\n]+\| )?([\w-]+:)?([\w+-]+)::(?:\s|\Z)")
_DESCRIPTION: Final = re.compile(rb"[ \t]*\.\. (?:[\w-]+:)?(?P<kind>[\w-]+)::[ \t]+(?P<signature>[^\n]{1,500})")
_LAST_NAME: Final = re.compile(rb"([\w\x80-\xff]+)[^\w\x80-\xff]*\Z")
_OPTION: Final = re.compile(rb"\A([^\s,=\[<]+)")
_OPTIONS: Final = frozenset((b"cmdoption", b"command", b"confval", b"directive", b"envvar", b"option", b"role", b"setting"))
_DESCRIBED: Final = _OPTIONS | frozenset(
    b"""
    alias attribute class classmethod concept data decorator decoratormethod describe enum enumerator exception function
    interface macro member method module namespace object property staticmethod struct type union var
    """.split()
)
_QUOTING: Final = frozenset(
    b"""
    blockdiag code code-block csv-table digraph doctest graph graphviz highlight ipython jinja literalinclude math mermaid
    parsed-literal plantuml productionlist prompt raw sourcecode testcleanup testcode testoutput testsetup uml
    """.split()
)
