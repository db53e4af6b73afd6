"""Files that say how something is built or set up, by line: stages of a Dockerfile, targets and variables of a Makefile,
recipes of a justfile, sections of an INI file.

Knows of shells as much as is needed not to take what they are given (heredocs, continued lines) for lines of the file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from codectxd.chunk.lines import Range
from codectxd.chunk.nesting import Span
from codectxd.chunk.outlines.common import MOST, Heredocs, named, without_comments

_Named = tuple[int, str, Range]
"""Where it begins, its label, and where its name is."""


def dockerfile(text: bytes) -> list[Span]:
    """The stages that have a name; one without is a scope, so that it is a chunk of its own."""
    found: list[_Named] = []
    for start, line in _instructions(text):
        match = _FROM.match(line)
        if match is not None:
            label, (first, last) = ("stage", match.span(2)) if match.group(2) else ("scope", match.span(1))
            found.append((start, label, (start + first, start + last)))
    return _spans(text, found)


def makefile(text: bytes) -> list[Span]:
    """Targets with their recipes, and variables; of several of one name the first."""
    found: dict[bytes, _Named] = {}
    for start, line in _at_margin(text):
        for label, (first, last) in _of_makefile(line):
            found.setdefault(line[first:last], (start, label, (start + first, start + last)))
    return _spans(text, list(found.values()))


def justfile(text: bytes) -> list[Span]:
    """Recipes and variables."""
    matches = _RECIPE.finditer(text)
    return _spans(text, [(m.start(), *(("target", m.span(1)) if m.group(1) else ("key", m.span(2)))) for m in matches])


def ini(text: bytes) -> list[Span]:
    """The sections."""
    found: list[_Named] = [(match.start(), "key", match.span(1)) for match in _SECTION.finditer(text)]
    return _spans(text, found) if len(found) <= MOST else []


def _spans(text: bytes, found: list[_Named]) -> list[Span]:
    """Each from where it begins up to the next one, without the comments that lead to that."""
    found = found[:_MOST_LINES]
    borders = [*(start for start, _, _ in found), len(text)]
    ends = (borders[bisect_right(borders, start)] for start, _, _ in found)
    return [
        named(label, (start, without_comments(text, start, end)), name)
        for (start, label, name), end in zip(found, ends, strict=True)
    ]


def _instructions(text: bytes) -> Iterator[tuple[int, bytes]]:
    """A Dockerfile's instructions, each with all of its lines; the documents that are written into it are left out."""
    pattern = _INSTRUCTION_OF_WINDOWS if _ESCAPE.match(text) is not None else _INSTRUCTION
    heredocs = Heredocs(text)
    at = 0
    while at < len(text):
        if text[at : at + 1] == b"#":  # A comment ends with its line, whatever that ends with.
            at = text.find(b"\n", at) + 1 or len(text)
            continue
        match = pattern.match(text, at)
        assert match is not None  # It matches anything.
        yield at, match.group()
        at = max(match.end(), at + 1)
        if b"<<" in match.group():
            for word in _HEREDOC.findall(match.group()):
                at = heredocs.end(word, at)


def _at_margin(text: bytes) -> Iterator[tuple[int, bytes]]:
    """A Makefile's lines that are neither recipes nor comments, nor in a `define`, nor continue another one."""
    inside = False
    for match in _LINE.finditer(text):
        line = match.group()
        inside = inside and not line.startswith(b"endef")
        if not inside and line[:1] not in (b"\t", b"#", b"", b"\n", b"\r"):
            yield match.start(), line
        inside = inside or line.startswith((b"define ", b"override define "))


def _of_makefile(line: bytes) -> Iterator[tuple[str, Range]]:
    """What a line defines: a variable, or the targets of a rule."""
    variable = _VARIABLE.match(line)
    if variable is not None:
        yield "key", variable.span(variable.lastindex or 0)
        return
    rule = _RULE.match(line)
    if rule is None or _OF_TARGET.match(line, rule.end()) is not None or _DIRECTIVE.match(line) is not None:
        return
    for target in _TARGET.finditer(rule.group(1)):
        if not target.group().startswith(b"."):
            yield "target", target.span()


_MOST_LINES: Final = 4 * MOST
_FROM: Final = re.compile(rb"[ \t]*+FROM[ \t]++(?:--\S++[ \t]++)*+(\S++)(?:[ \t]++AS[ \t]++(\S++))?", re.IGNORECASE)
_ESCAPE: Final = re.compile(rb"(?:#[^\n]*\n){0,3}#[ \t]*escape[ \t]*=[ \t]*`", re.IGNORECASE)
_LINE: Final = re.compile(rb"(?:[^\n]*+(?<=\\)\n|[^\n]*+(?<=\\\r)\n)*+[^\n]*+\n?")
_SKIPPED: Final = rb"(?:[ \t]*+#[^\n]*+\n|[ \t\r]*+\n)*+"
_INSTRUCTION: Final = re.compile(rb"(?:(?:[^\n]*+(?<=\\)\n|[^\n]*+(?<=\\\r)\n)" + _SKIPPED + rb")*+[^\n]*+\n?")
_INSTRUCTION_OF_WINDOWS: Final = re.compile(rb"(?:(?:[^\n]*+(?<=`)\n|[^\n]*+(?<=`\r)\n)" + _SKIPPED + rb")*+[^\n]*+\n?")
"""A line, with those that continue it after a backslash, or after the backtick that Dockerfiles for Windows may use; between
these, comments do not count."""
_HEREDOC: Final = re.compile(rb"<<-?[\"']?(\w+)")
_VARIABLE: Final = re.compile(
    rb"(?:(?:export|override|private)[ \t]++){0,3}([\w.-]++)[ \t]*+(?:::?:?|[?+!])?="
    rb"|(?:override[ \t]++)?define[ \t]++([\w.-]++)"
)
_RULE: Final = re.compile(rb"([^\s:=#$%()][^:=#$%()\n]{0,500}+)::?(?!=)")
_OF_TARGET: Final = re.compile(rb"[ \t]*+(?:(?:export|override|private)[ \t]++)?[\w.-]++[ \t]*+(?:::?:?|[?+!])?=")
_DIRECTIVE: Final = re.compile(rb"(?:ifn?eq|ifn?def|else|endif|-?include|sinclude|export|unexport|vpath|undefine)\b")
_TARGET: Final = re.compile(rb"[^\s\\&]+")
_RECIPE: Final = re.compile(
    rb"^(?:@?([A-Za-z_][\w-]*+)(?:[ \t][^:=\n]*+(?:=[^:\n]*+)?)?:(?!=)"
    rb"|(?:(?:export|alias)[ \t]+)?([A-Za-z_][\w-]*+)[ \t]*+:=)",
    re.MULTILINE,
)
_SECTION: Final = re.compile(rb"^\[([^\[\]\n]{1,200})\][ \t]*(?:[#;][^\n]*)?\r?$", re.MULTILINE)
