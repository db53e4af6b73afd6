"""CSS, SCSS and Less: classes, ids and placeholders, animations, mixins, functions and variables; and custom properties,
where they are set for the whole document.

Braces are counted, and what stands before one is read as selectors or as an at-rule. What is styled by many rules is defined
by the first one that styles it alone, or else by the first. Knows nothing of properties and values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from codectxd.chunk.lines import Range
from codectxd.chunk.nesting import Span
from codectxd.chunk.outlines.common import named

_Found = dict[tuple[str, bytes], tuple[bool, Span]]
"""By label and name: whether it shares its rule, and the span."""


class _Name(msgspec.Struct, frozen=True):
    label: str
    place: Range
    is_alone: bool = True


class _Rule(msgspec.Struct, frozen=True):
    """An open brace: where what it belongs to begins, the names that this gives, and whether it is the document's root."""

    start: int
    names: tuple[_Name, ...]
    is_root: bool = False
    is_outermost: bool = False
    """Whether it styles something and begins at the margin: two that do are not in one another, whatever is not closed."""


def css(text: bytes) -> list[Span]:
    """The outline of a sheet of CSS."""
    return _outline(text, _CSS)


def scss(text: bytes) -> list[Span]:
    """The outline of a sheet of SCSS or Less, in which comments may end with their line."""
    return _outline(text, _SCSS)


def _outline(text: bytes, marks: re.Pattern[bytes]) -> list[Span]:
    found: _Found = {}
    around: list[_Rule] = []
    start = 0
    for match in marks.finditer(text):
        mark = match.group()
        if mark == b"{":
            rule = _rule(text, start, match.start())
            while around and around[-1].is_outermost and rule.is_outermost:
                _keep(found, text, around.pop(), rule.start)
            around.append(rule)
        elif mark in (b";", b"}") and (not around or around[-1].is_root):
            _keep(found, text, _declaration(text, start, match.start(), bool(around)), match.end())
        if mark == b"}" and around:
            _keep(found, text, around.pop(), match.end())
        if mark in (b"{", b"}", b";") or not text[start : match.start()].strip():
            start = match.end()
    for rule in around:
        _keep(found, text, rule, len(text))
    return [span for _, span in found.values()][:_MOST]


def _keep(found: _Found, text: bytes, rule: _Rule, end: int) -> None:
    """Note what `rule`, which ends at `end`, defines."""
    for name in rule.names:
        entry = (not name.is_alone, named(name.label, (rule.start, end), name.place))
        key = (name.label, text[slice(*name.place)])
        if key not in found or entry < found[key]:
            found[key] = entry


def _rule(text: bytes, start: int, end: int) -> _Rule:
    """The rule whose brace stands at `end`, and whose selectors or at-rule begin after `start`."""
    written = _COMMENT.sub(_blank, text[start:end]) if b"/" in text[start:end] else text[start:end]
    start += len(written) - len(written.lstrip())
    written = written.strip()[:_LONGEST]
    at_rule = _AT_RULE.match(written)
    if (variable := _VARIABLE.match(written)) is not None:
        names = [_Name("variable", variable.span(1))]
    elif at_rule is not None:
        label = _AT_RULES.get(at_rule.group(1).lower())
        names = [_Name(label, at_rule.span(2))] if label is not None else []
    elif (mixin := _LESS_MIXIN.match(written)) is not None:
        names = [_Name("macro", mixin.span(1))]
    else:
        names = list(_selected(_PARENTHESES.sub(_blank, _PARENTHESES.sub(_blank, written))))
    moved = tuple(_Name(n.label, (n.place[0] + start, n.place[1] + start), n.is_alone) for n in names)
    at_margin = start == 0 or text[start - 1 : start] == b"\n"
    return _Rule(start, moved, b":root" in written, at_margin and written[:1] not in (b"@", b"&"))


def _selected(selectors: bytes) -> Iterator[_Name]:
    """What is styled: of each selector, the first class, id or placeholder of what stands last in it."""
    at = 0
    for selector in selectors.split(b","):
        last = _LAST.search(selector)
        name = _SIMPLE.search(selector, last.start()) if last is not None and not last.group().startswith(b"&") else None
        if name is not None and not _is_escaped(selector, name):
            place = (at + name.start(1), at + name.end(1))
            yield _Name("selector", place, selector.strip() == name.group())
        at += len(selector) + 1


def _is_escaped(selector: bytes, name: re.Match[bytes]) -> bool:
    """Whether more than plain letters belongs to the name: `.md\\:flex`, `.#{$name}`, `.col-@{n}`."""
    return selector[name.end() : name.end() + 1] in (b"\\", b"#", b"@", b"{")


def _declaration(text: bytes, start: int, end: int, in_root: bool) -> _Rule:
    """The variable, or in a document's root the custom property, that is set between `start` and `end`."""
    match = (_PROPERTY if in_root else _VARIABLE).match(text, start, end)
    names = (_Name("key" if in_root else "variable", match.span(1)),) if match is not None else ()
    return _Rule(match.start(1) if match is not None else start, names)


def _blank(match: re.Match[bytes]) -> bytes:
    return b" " * len(match.group())


_MOST: Final = 500
_LONGEST: Final = 10_000
_TOKEN: Final = (
    rb"[{};]|\"[^\"\\\n]*+(?:\\.[^\"\\\n]*+)*+\"?|'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'?|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)"
    rb"|url\([^)\"'\n]*+\)|[#@]\{[^{}\n]*+\}|\\[{};]"
)
_CSS: Final = re.compile(_TOKEN, re.DOTALL)
_SCSS: Final = re.compile(_TOKEN + rb"|//[^\n]*+", re.DOTALL)
_COMMENT: Final = re.compile(rb"/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)|//[^\n]*+")
_AT_RULE: Final = re.compile(rb"@([\w-]++)(?![\w-]|[ \t]*:)[ \t]*+([\w-]*+)")
_AT_RULES: Final = {
    b"mixin": "macro", b"function": "function", b"keyframes": "key", b"-webkit-keyframes": "key", b"-moz-keyframes": "key",
    b"layer": "key", b"property": "key", b"counter-style": "key", b"utility": "key",
}  # fmt: skip
_LESS_MIXIN: Final = re.compile(rb"[.#]([A-Za-z_-][\w-]*+)[ \t]*+\((?![^()]*+\)[ \t]*+[,>+~.#:\[])")
_PARENTHESES: Final = re.compile(rb"\([^()]*+\)|\[[^\[\]]*+\]")
_LAST: Final = re.compile(rb"[^\s>+~]++(?=\s*+\Z)")
_SIMPLE: Final = re.compile(rb"[.#%]([A-Za-z_-][\w-]*+)")
_PROPERTY: Final = re.compile(rb"\s*+(--[\w-]++)\s*+:")
_VARIABLE: Final = re.compile(rb"\s*+[$@]([\w-]++)\s*+:")
