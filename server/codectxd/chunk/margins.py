"""What margins tell where syntax does not: a text that is being typed is indented as it is meant.

In damaged text, a line that begins like a definition is one, up to the line that closes it at the same margin; and what a
broken definition seems to swallow is not in it if it begins no further to the right. Pure, one pass over the damaged lines;
knows of lines and words, not of trees.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from codectxd.chunk.lines import Range
from codectxd.chunk.nesting import Span


def marked_off(text: bytes, found: Sequence[Span], damage: Sequence[Range], language: str) -> list[Span]:
    """`found`, the spans of a text with an error in it, and what its lines show beside them; `damage` is in order."""
    header = _HEADERS.get(language)
    if header is None:
        return list(found)
    labels = _LABELS | _MEMBERS if language == "ruby" else _LABELS
    known = {span.name_start: span for span in found}
    whole = _merged([(span.start, span.end) for span in found if span.intact])
    starts = [start for start, _ in whole]
    for first, last in damage:
        for span in _headers(text, first, last, header, labels):
            at = bisect_right(starts, span.start) - 1
            if span.name_start in known:
                known[span.name_start] = _longer(known[span.name_start], span, text)
            elif at < 0 or whole[at][1] <= span.start:
                known[span.name_start] = span
    return list(_cut(list(known.values()), text, damage))


def _longer(span: Span, shown: Span, text: bytes) -> Span:
    """`span` as long as the lines show it, where only its first line was understood."""
    is_head = text.find(b"\n", span.start, span.end) < 0 < text.find(b"\n", span.start, shown.end)
    return msgspec.structs.replace(span, minus_end=shown.minus_end) if is_head else span


def _headers(text: bytes, first: int, last: int, header: re.Pattern[bytes], labels: Mapping[bytes, str]) -> Iterator[Span]:
    """What begins in the lines of `text[first:last]`, each to the line that closes it or stands no further to the right."""
    opened: list[tuple[int, Span]] = []
    first = text.rfind(b"\n", 0, first) + 1
    for line in _LINE.finditer(text, first, last):
        indent = _width(line[1])
        if line[2].startswith(_CONTINUING):
            continue
        while opened and indent <= opened[-1][0]:
            at, span = opened.pop()
            closes = indent == at and line[2].startswith(_CLOSING)
            yield _ended(span, text, line.end() if closes else line.start())
        match = header.match(text, line.start(2), line.end())
        if match is not None:
            name, label = match.span(match.lastgroup or 0), _label(match, labels)
            opened.append((indent, Span(line.start(2), 0, *name, label, None, False)))
    for _, span in opened:
        yield _ended(span, text, last)


def _label(header: re.Match[bytes], labels: Mapping[bytes, str]) -> str:
    if header.lastgroup in _TESTS:
        return _TESTS[header.lastgroup]
    return labels[header["word"] or header.groupdict().get("kind") or b""]


def _cut(spans: Sequence[Span], text: bytes, damage: Sequence[Range]) -> Iterator[Span]:
    """Spans, of which one in damaged text ends where another begins that is not further to the right."""
    ordered = sorted(spans)
    around: list[tuple[int, int, int]] = []
    """Margin, end and number of those that are open."""
    ends = [span.end for span in ordered]
    for number, span in enumerate(ordered):
        margin = _margin(text, span.start)
        while around and (around[-1][1] <= span.start or (margin is not None and margin <= around[-1][0])):
            # Twins begin at one place, as in `const a = 1, b = 2`.
            if ordered[around[-1][2]].start == span.start:
                break
            _, end, outer = around.pop()
            ends[outer] = min(end, span.start)
        at = bisect_right(damage, (span.start, len(text))) - 1
        if margin is not None and at >= 0 and span.start < damage[at][1]:
            around.append((margin, span.end, number))
    for span, end in zip(ordered, ends, strict=True):
        yield span if end == span.end else _ended(span, text, end)


def _ended(span: Span, text: bytes, end: int) -> Span:
    end = span.name_end + len(text[span.name_end : end].rstrip())
    return msgspec.structs.replace(span, minus_end=-end)


def _margin(text: bytes, start: int) -> int | None:
    """How far to the right the line of `start` begins; None where it begins before `start`."""
    before = text[text.rfind(b"\n", 0, start) + 1 : start]
    return _width(before) if not before.strip() else None


def _width(blanks: bytes) -> int:
    return len(blanks) + 3 * blanks.count(b"\t")


def _merged(ranges: list[Range]) -> list[Range]:
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


_LINE: Final = re.compile(rb"^([ \t]*+)([^\s][^\n]*+)", re.MULTILINE)
_CLOSING: Final = (b"end", b"}")
_CONTINUING: Final = (b"{", b")")
_SAID: Final = rb"(?P<quote>[\"'])(?P<said>[^\n]+?)(?P=quote)"
_HEADERS: Final = {
    "ruby": re.compile(
        rb"(?:(?:private|public|protected)[ \t]+)?(?P<word>class|module|def)[ \t]+"
        rb"(?:self\.)?(?P<name>[A-Za-z_][\w:]*+[?!=]?)"
        rb"|(?:describe|context|it|specify|scenario|feature|example|test|should)[ \t(]+" + _SAID + rb"[^\n]*\bdo\b"
        rb"|(?:RSpec\.)?(?:describe|context|feature)[ \t(]+(?P<about>[A-Z][\w:]*+)[^\n]*\bdo\b"
    ),
    "elixir": re.compile(
        rb"(?P<word>defmodule|defprotocol|defp|defmacrop|defmacro|def)[ \t]+(?P<name>[A-Za-z_][\w.]*+[?!]?)"
        rb"|(?:test|describe|property)[ \t(]+" + _SAID + rb"[^\n]*\bdo\b"
    ),
    "lua": re.compile(rb"(?:local[ \t]+)?(?P<word>function)[ \t]+(?P<name>[A-Za-z_][\w.:]*)"),
    "php": re.compile(
        rb"(?:(?:abstract|final|readonly|public|protected|private|static)[ \t]+)*+"
        rb"(?P<word>class|interface|trait|enum|function)[ \t]+&?(?P<name>[A-Za-z_\x80-\xff][\w\x80-\xff]*)"
    ),
    "bash": re.compile(rb"(?P<word>function)[ \t]+(?P<name>[A-Za-z_][\w:.-]*+)|(?P<named>[A-Za-z_][\w:.-]*+)[ \t]*\(\)"),
    "zig": re.compile(
        rb"(?:(?:pub|export|inline|noinline)[ \t]+)*+"
        rb"(?:(?P<word>fn)|const(?=[ \t]+\w+[ \t]*=[ \t]*(?:(?:extern|packed)[ \t]+)?(?P<kind>struct|union|enum)\b))"
        rb"[ \t]+(?P<name>[A-Za-z_]\w*)"
    ),
    "ocaml": re.compile(
        rb"(?P<word>module|class|method|let|and|type|val)(?:%\w+)?(?:[ \t]+(?:type|rec|private|virtual|nonrec)\b)*+"
        rb"(?:[ \t]+(?:'\w+|\([^)\n]*\)))?[ \t]+(?!open\b|module\b|exception\b)(?P<name>[A-Za-z_][\w']*+)(?!,)"
    ),
    "haskell": re.compile(
        rb"(?:(?P<word>data|newtype|type|class)[ \t]+(?:[^=\n]*=>[ \t]*)?(?P<name>[A-Z][\w']*+)(?![ \t]*=>)"
        rb"|(?P<named>[a-z_][\w']*+)[ \t]*::)"
    ),
    "c#": re.compile(
        rb"(?:(?:public|internal|protected|private|static|sealed|abstract|partial|readonly|ref|file|new|unsafe)[ \t]+)*+"
        rb"(?P<word>class|interface|struct|record|enum)[ \t]+(?:struct[ \t]+|class[ \t]+)?(?P<name>[A-Za-z_]\w*+)[ \t]*"
        rb"(?=[<:({\r]|where\b|$)"
    ),
    "java": re.compile(
        rb"(?:(?:public|protected|private|static|final|abstract|sealed|non-sealed|strictfp)[ \t]+)*+"
        rb"(?P<word>class|interface|record|enum)[ \t]+(?P<name>[A-Za-z_$][\w$]*+)[ \t]*"
        rb"(?=[<({\r]|extends\b|implements\b|permits\b|$)"
    ),
    "dart": re.compile(
        rb"(?:(?:abstract|sealed|base|final|interface)[ \t]+)*+(?P<word>class|mixin|extension|enum)[ \t]+"
        rb"(?:class[ \t]+|type[ \t]+)?(?!on\b)(?P<name>[A-Za-z_$][\w$]*+)[ \t]*"
        rb"(?=[<({\r]|extends\b|with\b|implements\b|on\b|$)"
    ),
    "kotlin": re.compile(
        rb"(?:(?:public|internal|protected|private|abstract|final|open|sealed|data|enum|inner|annotation|value|inline|suspend"
        rb"|override|operator|infix|tailrec|external|expect|actual|companion)[ \t]+)*+(?P<word>class|interface|object|fun)"
        rb"[ \t]+(?:<[^>\n]*>[ \t]*)?(?:[A-Za-z_][\w.]*(?:<[^>\n]*>)?\??\.)?(?P<name>[A-Za-z_]\w*+)[ \t]*(?=[<:({\r]|$)"
    ),
    "scala": re.compile(
        rb"(?:(?:private|protected)(?:\[\w+\])?[ \t]+|(?:abstract|final|sealed|implicit|lazy|override|case|inline|package)"
        rb"[ \t]+)*+(?P<word>class|trait|object|enum|def)[ \t]+(?P<name>[A-Za-z_]\w*+)[ \t]*"
        rb"(?=[\[:({=\r]|extends\b|with\b|$)"
    ),
    "swift": re.compile(
        rb"(?:@\w+(?:\([^)\n]*\))?[ \t]+)*+"
        rb"(?:(?:public|internal|private|fileprivate|open|package|final|static|class(?=[ \t]+func)|mutating|nonmutating"
        rb"|override|required|convenience|indirect|nonisolated|isolated|async)[ \t]+)*+"
        rb"(?P<word>class|struct|enum|protocol|actor|extension|func)[ \t]+(?P<name>[A-Za-z_][\w.]*+)[ \t]*"
        rb"(?=[<:({\r]|where\b|$)"
    ),
}
_TESTS: Final = {"said": "test", "about": "namespace"}
_LABELS: Final = {
    b"": "function.global",
    b"actor": "class",
    b"extension": "impl",
    b"fun": "function",
    b"func": "function",
    b"mixin": "trait",
    b"object": "class",
    b"protocol": "interface",
    b"record": "class",
    b"class": "class",
    b"data": "type",
    b"newtype": "type",
    b"type": "type",
    b"method": "method",
    b"val": "function",
    b"let": "function.global",
    b"and": "function.global",
    b"module": "module",
    b"def": "function",
    b"defmodule": "module",
    b"defprotocol": "interface",
    b"defp": "function",
    b"defmacro": "macro",
    b"defmacrop": "macro",
    b"function": "function",
    b"interface": "interface",
    b"trait": "trait",
    b"enum": "enum",
    b"fn": "function",
    b"struct": "struct",
    b"union": "struct",
}
_MEMBERS: Final = {b"def": "function.member"}
