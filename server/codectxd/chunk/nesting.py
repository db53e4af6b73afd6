"""From matches to definitions: kinds, names, and what stands inside of what. Pure; knows of spans, not of trees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from codectxd.chunk import names

SCOPES: Final = frozenset(("block", "impl", "namespace", "scope"))
"""Kinds of what is around definitions without being one that anybody looks up. What is in a "scope" is as if it stood by
itself; a "block" is another part of a file, and gives its name to what is in it."""


class Span(msgspec.Struct, frozen=True, order=True, gc=False):
    """What a query found: its extent, its name, and the label that its pattern gives it; byte offsets.

    The end is held as `minus_end`, so that sorting puts what is around before what is within. `intact` says that there is no
    syntax error in it; `arity` how many arguments it takes, where that tells it from others of its name.
    """

    start: int
    minus_end: int
    name_start: int
    name_end: int
    label: str
    container: tuple[int, int] | None = None
    intact: bool = True
    arity: int = 0

    @property
    def end(self) -> int:
        """The first byte after it."""
        return -self.minus_end


def moved(span: Span, by: int) -> Span:
    """`span` of a part that begins at `by` of the whole text, in that text; what was found to be sound in its part is so."""
    container = (span.container[0] + by, span.container[1] + by) if span.container is not None else None
    places = (span.start + by, span.minus_end - by, span.name_start + by, span.name_end + by)
    return Span(*places, span.label, container, arity=span.arity)


class Definition(msgspec.Struct, frozen=True, gc=False):
    """A definition: bytes `[start, end)`, its name at `[name_start, name_end)`.

    `parent` is the index of the definition around it, -1 at file level; `container` the dotted path of what it belongs to.
    A `kind` in `SCOPES` is no symbol.
    """

    name: str
    kind: str
    container: str
    start: int
    end: int
    name_start: int
    name_end: int
    parent: int

    @property
    def path(self) -> str:
        """The dotted path of the definition itself; its length is bounded."""
        if self.kind == "scope":
            return ""
        if not self.container:
            return self.name
        return f"{self.container}.{self.name}" if len(self.container) < _LONGEST_PATH else self.container


def nested(spans: Sequence[Span], text: bytes, language: str) -> Iterator[Definition]:
    """Definitions out of spans, outer before inner, each with what is around it."""
    around: list[tuple[int, Definition]] = []
    outer: Span | None = None
    number = 0
    for span in sorted(spans):
        if span.label == "outer":
            # Of several around each other, as in `template <> template <>`, the first.
            outer = span if outer is None or outer.end < span.end else outer
            continue
        while around and not _holds(around[-1][1], span):
            around.pop()
        index, parent = around[-1] if around else (-1, None)
        # What decorates the first definition in it belongs to that definition.
        start = outer.start if outer is not None and span.end <= outer.end else span.start
        definition = _definition(span, start, text, language, index, parent)
        if definition is not None:
            outer = None
            around.append((number, definition))
            number += 1
            yield definition


def _definition(
    span: Span, start: int, text: bytes, language: str, index: int, parent: Definition | None
) -> Definition | None:
    raw = text[span.name_start : min(span.name_end, span.name_start + _LONGEST_NAME)]
    if span.label == "impl":
        name = names.scope(raw, language)
    else:
        name = names.read(raw, language if span.label not in _SENTENCES else "")
    kind = _kind(span.label, name.text, parent)
    if kind is None or not name.text or (kind in _FUNCTIONS and names.is_keyword(name.text, language)):
        return None
    at = span.name_start + name.at
    container = _container(span, text, language, parent, name.qualifier)
    return Definition(name.text, kind, container, start, span.end, at, at + len(name.text.encode()), index)


def _container(span: Span, text: bytes, language: str, parent: Definition | None, qualifier: str) -> str:
    if language == "c":
        return ""  # What is nested in C is global all the same.
    if span.label.endswith(".root"):
        return qualifier  # What no scope holds, wherever it is written.
    if span.container is not None:
        written = text[slice(*span.container)]
        return names.dotted(written) if language in _DOTTED else names.scope_name(written, language)
    around = parent.path if parent is not None else ""
    return f"{around}.{qualifier}" if around and qualifier and len(around) < _LONGEST_PATH else around or qualifier


def _holds(definition: Definition, span: Span) -> bool:
    """Whether `definition` is around `span`, rather than before it or its twin, as in `const a = 1, b = 2`."""
    return span.end <= definition.end and not (span.end == definition.end and span.start <= definition.start)


def _kind(label: str, name: str, parent: Definition | None) -> str | None:
    """The kind that the pattern's label means here, or None for what does not count here."""
    kind, _, where = label.partition(".")
    if where == "global" and parent is not None and parent.kind in _FUNCTIONS:
        return None
    if where == "distinct" and parent is not None and parent.name == name:
        return None
    if where == "member":
        return "method" if parent is not None else kind
    if kind == "function":
        return "method" if parent is not None and parent.kind in _TYPES else "function"
    if kind == "constructor":
        return "method"
    if kind in ("assigned", "capitals"):
        if _CAPITALS.fullmatch(name):
            return "constant" if len(name) > 1 else None
        is_type = kind == "assigned" and name[:1].isupper() and (parent is None or parent.kind not in _TYPES)
        return ("class" if where == "class" else "type") if is_type else None
    return kind if kind != "nothing" else None


_TYPES: Final = frozenset(("class", "impl", "interface", "struct", "enum", "trait"))
_FUNCTIONS: Final = frozenset(("function", "method", "test"))
_SENTENCES: Final = frozenset(("test",))
"""What is called by a text of any kind, whatever its language separates names with."""
_DOTTED: Final = frozenset(("hcl", "lua", "toml"))
"""Languages in which what something belongs to is written as a path, rather than as one type."""
_LONGEST_NAME: Final = 200
_LONGEST_PATH: Final = 400
_CAPITALS: Final = re.compile(r"[A-Z][A-Z0-9_]*|_[A-Z][A-Z0-9_]+")
