"""Prose by its headings: AsciiDoc, Org and LaTeX; what is quoted in blocks of code has none.

Knows no inline markup: a heading's name is what stands in its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from codectxd.chunk.idioms import sections
from codectxd.chunk.nesting import Span
from codectxd.chunk.outlines.common import named


def asciidoc(text: bytes) -> list[Span]:
    """The sections of AsciiDoc, whose headings begin with = or #."""
    return _sections(text, _asciidoc_headings(text))


def org(text: bytes) -> list[Span]:
    """The sections of Org, whose headings begin with *; what is to be done, and tags, are no part of the name."""
    return _sections(text, _org_headings(text))


def latex(text: bytes) -> list[Span]:
    """The sections of LaTeX, and the commands and environments that it defines."""
    code = _VERBATIM.sub(_blank, _COMMENT.sub(_blank, text))
    headings = (
        named(f"section.{_LEVELS.index(match.group(1))}", match.span(), match.span(2)) for match in _SECTION.finditer(code)
    )
    commands = [named("macro", match.span(), match.span(1)) for match in _COMMAND.finditer(code)]
    return [*_sections(text, headings), *commands]


def _sections(text: bytes, headings: Iterator[Span]) -> list[Span]:
    return sections([heading for heading in headings if heading.name_start < heading.name_end], len(text))


def _asciidoc_headings(text: bytes) -> Iterator[Span]:
    block: bytes | None = None
    for match in _ASCIIDOC.finditer(text):
        fence = match.group("fence")
        if fence is not None:
            block = fence if block is None else (None if fence == block else block)
        elif block is None:
            yield named(f"section.{len(match.group('level'))}", match.span(), match.span("name"))


def _org_headings(text: bytes) -> Iterator[Span]:
    inside = False
    for match in _ORG.finditer(text):
        border = match.group("border")
        if border is not None:
            inside = border.lower() == b"begin"
        elif not inside:
            yield named(f"section.{min(len(match.group('level')), 99):02}", match.span(), match.span("name"))


def _blank(match: re.Match[bytes]) -> bytes:
    return _INK.sub(b" ", match.group())


_INK: Final = re.compile(rb"[^\n]")
_ASCIIDOC: Final = re.compile(
    rb"^(?:(?P<fence>-{4,}|\.{4,}|\+{4,}|/{4,}|```|\|===)[^\n]*+"
    rb"|(?P<level>={1,6}|#{1,6})[ \t]++(?P<name>[^\s][^\n]{0,200})[^\n]*+)$",
    re.MULTILINE,
)
_ORG: Final = re.compile(
    rb"^(?:[ \t]*+#\+(?P<border>begin|end)[_:]?[^\n]*+"
    rb"|(?P<level>\*++)[ \t]++(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED)[ \t]++)?(?:\[#\w\][ \t]++)?"
    rb"(?P<name>[^\s][^\n]{0,200}?)(?:[ \t]++:[\w@:]++(?<=:))?[ \t\r]*)$",
    re.MULTILINE | re.IGNORECASE,
)
_LEVELS: Final = (b"part", b"chapter", b"section", b"subsection", b"subsubsection", b"paragraph", b"subparagraph")
_SECTION: Final = re.compile(
    rb"^[ \t]*+\\(" + b"|".join(_LEVELS) + rb")\*?(?:\[[^\]\n]*+\])?\{([^{}\n]*+(?:\{[^{}\n]*+\}[^{}\n]*+)*+)\}",
    re.MULTILINE,
)
_COMMAND: Final = re.compile(
    rb"\\(?:(?:re|provide)?(?:new)?command|DeclareMathOperator|DeclareRobustCommand|newenvironment|def)\*?[ \t]*+"
    rb"(?:\{[ \t]*+)?\\?([A-Za-z@]++)"
)
_COMMENT: Final = re.compile(rb"(?<!\\)%[^\n]*+")
_VERBATIM: Final = re.compile(rb"\\begin\{(verbatim|lstlisting|minted|comment)\*?\}(?:[^\\]|\\(?!end\{\1))*+")
