"""What single languages mean by what their queries found, where nesting alone does not show it. Pure; knows of spans.

Markdown's sections end where the next one begins, namespaces in PHP and C# likewise, and what Scala ends by indentation with
its own last line; the clauses of a function in Elixir and in Haskell are one function; what leads to a definition, as
Elixir's `@doc` and `@spec` do, belongs to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from codectxd.chunk.nesting import Span


def understood(spans: Sequence[Span], text: bytes, language: str) -> list[Span]:
    """`spans` of a text, as `language` means them."""
    if language == "markdown":
        return sections([span for span in spans if _begins_its_line(span, text)], len(text))
    if language in ("php", "c#"):
        return _namespaces(spans, len(text))
    if language == "bash":
        return [_test(span, text) for span in spans]
    if language == "scala":
        return [replace(span, minus_end=-_indented_end(span, text)) for span in spans]
    if language == "ocaml":
        return _without_locals(spans)
    gap = _GAPS.get(language)
    return _clauses(spans, text, gap) if gap is not None else list(spans)


def sections(headings: Sequence[Span], size: int) -> list[Span]:
    """Markdown's headings as the sections they open: up to the next heading of the same or a higher level."""
    closed: list[Span] = []
    open_sections: list[Span] = []
    for heading in sorted(headings):
        while open_sections and open_sections[-1].label >= heading.label:
            closed.append(replace(open_sections.pop(), minus_end=-heading.start))
        open_sections.append(heading)
    return closed + [replace(heading, minus_end=-size) for heading in open_sections]


def _begins_its_line(span: Span, text: bytes) -> bool:
    """Whether nothing stands before a heading: what a quotation or a list holds is no section of the text."""
    return not text[text.rfind(b"\n", 0, span.start) + 1 : span.start].strip()


def _namespaces(spans: Sequence[Span], size: int) -> list[Span]:
    """`namespace A;` in PHP and C# as all that follows it, up to the next one."""
    ordered = sorted(spans, reverse=True)
    end = size
    result = []
    for span in ordered:
        result.append(replace(span, minus_end=-end) if span.label == "namespace.open" else span)
        if span.label.startswith("namespace"):
            end = span.start
    return result


def _test(span: Span, text: bytes) -> Span:
    """The span of a test of Bats, which `macros` made a function of; any other as it is."""
    named = _TEST.match(text, span.name_start)
    return span if named is None else replace(span, label="test", name_start=named.start(1), name_end=named.end(1))


def _indented_end(span: Span, text: bytes) -> int:
    """Where a definition in Scala ends that no brace does: before the blank lines and the comments that lead to the next."""
    end = span.end
    margin = _indent(text, span.start)
    for _ in range(_MOST_COMMENTS):
        if not text[end - 1 : end].isspace():
            break
        blanks = text[max(span.name_end, end - _MOST_BLANKS) : end]
        end -= len(blanks) - len(blanks.rstrip())
        line = text.rfind(b"\n", span.name_end, end) + 1
        if line and text.endswith(b"*/", line, end):
            line = text.rfind(b"\n", span.name_end, max(text.rfind(b"/*", span.name_end, end), span.name_end)) + 1
        is_comment = text[line:end].lstrip().startswith((b"//", b"/*"))
        if not line or not is_comment or _indent(text, line) > margin:
            break
        end = line
    return end


def _indent(text: bytes, at: int) -> int:
    """How far the line of `at` is indented."""
    line = text[text.rfind(b"\n", 0, at) + 1 : at + _WIDEST]
    return len(line) - len(line.lstrip(b" \t"))


def _without_locals(spans: Sequence[Span]) -> list[Span]:
    """Spans without the modules that OCaml has in expressions, and without what is in those."""
    result = []
    end = 0
    for span in sorted(spans):
        if span.label == "local":
            end = max(end, span.end)
        elif span.start >= end:
            result.append(span)
    return result


def _clauses(spans: Sequence[Span], text: bytes, gap: re.Pattern[bytes]) -> list[Span]:
    """Spans with what leads to them, and one in place of several of one name with nothing but a `gap` between them."""
    result: list[Span] = []
    siblings: list[int] = []
    """Which of `result` are around the present span, and after them the one right before it."""
    lead: Span | None = None
    for span in sorted(span for span in spans if span.label != "nothing"):
        if lead is not None:
            follows = gap.fullmatch(text, lead.end, span.start) is not None
            span = replace(span, start=lead.start) if follows else span
            lead = None
        if span.label == "lead":
            lead = span
            continue
        before = None
        while siblings and result[siblings[-1]].end <= span.start:
            before = siblings.pop()
        if before is not None and _is_clause(result[before], span, text, gap):
            result[before] = replace(result[before], minus_end=span.minus_end, intact=result[before].intact and span.intact)
            siblings.append(before)
        else:
            siblings.append(len(result))
            result.append(span)
    return result


def _is_clause(first: Span, span: Span, text: bytes, gap: re.Pattern[bytes]) -> bool:
    """Whether `span` goes on with the function that `first` began."""
    if first.label not in _CLAUSES or span.label not in _CLAUSES:
        return False
    if first.arity != span.arity or text[first.name_start : first.name_end] != text[span.name_start : span.name_end]:
        return False
    return gap.fullmatch(text, first.end, span.start) is not None


_TEST: Final = re.compile(rb"@test[ \t]+[\"']?([^\n]*?)[\"']?[ \t]*\{[ \t\r]*$", re.MULTILINE)
_WIDEST: Final = 200
"""How much of a line is looked at for its indentation."""
_MOST_COMMENTS: Final = 200
_MOST_BLANKS: Final = 10_000
"""How many lines of comments, and bytes of nothing, are taken off an end, which many definitions in each other may share."""
_CLAUSES: Final = frozenset(("function", "method", "macro"))
_GAPS: Final = {
    "elixir": re.compile(rb"(?:[ \t\r\n;]+|#[^\n]*)*+"),
    "haskell": re.compile(rb"(?:[ \t\r\n;]+|--[^\n]*|#[^\n]*|\{-.*?-\})*+", re.DOTALL),
}
"""What may stand between a lead and its definition, and between the clauses of a function."""
