"""YAML: the keys at the margin, and those below a key that is known to hold named things; Kubernetes objects by their name.

A key at the margin is one whatever stands above it: the content of a block scalar is always indented. What is written in the
flow style, as JSON is, is left to `outlines/json`. Knows nothing of types, anchors and tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Final

from codectxd.chunk.lines import Range
from codectxd.chunk.nesting import Span
from codectxd.chunk.outlines import json
from codectxd.chunk.outlines.common import MOST, content, named, without_comments


def outline(text: bytes) -> list[Span]:
    """The keys and objects that a person would look for, in each of the text's documents."""
    found: list[Span] = []
    borders = [0, *(match.start() for match in _BORDER.finditer(text)), len(text)]
    for start, end in pairwise(borders):
        if start < end:
            found += _of_document(text, (start, end))
        if len(found) > _MOST_IN_ALL:
            return []
    return found


def _of_document(text: bytes, extent: Range) -> Iterator[Span]:
    first = _FIRST.match(text, *extent)
    if first is not None and text[first.end() : first.end() + 1] in (b"{", b"["):
        yield from json.outline(text[: extent[1]], first.end())
        return
    keys = list(_keys(text, extent, 0))
    named_object = _named_object(text, extent, keys)
    if named_object is not None:
        yield named_object
    elif keys:
        yield from _with_inner(text, keys, 0, _WRAPPERS)
    else:
        yield from _items(text, extent)


def _with_inner(text: bytes, keys: list[Span], indent: int, wrappers: frozenset[bytes]) -> Iterator[Span]:
    """`keys`, and what is named below those of them that hold named things."""
    if len(keys) > MOST:
        return
    for key in keys:
        yield key
        name = text[key.name_start : key.name_end]
        if name in wrappers:
            inside = (text.find(b"\n", key.name_end, key.end) + 1 or key.end, key.end)
            deeper = _indent(text, inside)
            if deeper is not None and deeper > indent:
                nested = list(_keys(text, inside, deeper))
                yield from _with_inner(text, nested, deeper, _WRAPPERS if name == b"components" else frozenset())


def _keys(text: bytes, extent: Range, indent: int) -> Iterator[Span]:
    """The keys that stand `indent` columns from the margin, each with its value."""
    found = list(islice(_key_at(indent).finditer(text, *extent), MOST + 2))
    for match, (start, end) in zip(found, pairwise([*(match.start() for match in found), extent[1]]), strict=True):
        name = content(match, 1, 2, 3)
        if name is not None:
            yield named("key", (start, without_comments(text, start, end)), name)


def _key_at(indent: int) -> re.Pattern[bytes]:
    return re.compile(b"^" + b" " * indent + _KEY, re.MULTILINE) if indent else _AT_MARGIN


def _indent(text: bytes, extent: Range) -> int | None:
    """The indentation of the first line that holds a key; None where there is none, or it is out of all proportion."""
    match = _INDENT.search(text, *extent)
    return len(match.group(1)) if match is not None else None


def _named_object(text: bytes, extent: Range, keys: list[Span]) -> Span | None:
    """The whole document as one object, where it says its kind and its name as Kubernetes has it."""
    by_name = {text[key.name_start : key.name_end]: key for key in keys}
    kind, metadata = by_name.get(b"kind"), by_name.get(b"metadata")
    if kind is None or metadata is None or b"apiVersion" not in by_name:
        return None
    value = _VALUE.match(text, kind.name_end, kind.end)
    if value is None:
        return None
    start = min(key.start for key in keys)
    whole = (start, without_comments(text, start, extent[1]))
    name = _value_of(text, b"name", metadata)
    return named("key", whole, name, value.span(1)) if name is not None else named("key", whole, value.span(1))


def _value_of(text: bytes, key: bytes, around: Span) -> Range | None:
    """Where the plain word is that is set for `key` right below the key `around`."""
    inside = (text.find(b"\n", around.name_end, around.end) + 1 or around.end, around.end)
    for found in _keys(text, inside, _indent(text, inside) or 1):
        if text[found.name_start : found.name_end] == key:
            value = _PLAIN_VALUE.match(text, found.name_end, found.end)
            return value.span(1) if value is not None else None
    return None


def _items(text: bytes, extent: Range) -> Iterator[Span]:
    """The items of a list at the margin that begin with their name: plays, tasks, hooks."""
    borders = [match.start() for match in _ITEM.finditer(text, *extent)]
    if len(borders) > MOST:
        return
    for start, end in pairwise([*borders, extent[1]]):
        name = _ITEM_NAME.match(text, start, end)
        at = content(name, 1, 2, 3) if name is not None else None
        if at is not None:
            yield named("key", (start, without_comments(text, start, end)), at)


_MOST_IN_ALL: Final = 1_000
_KEY: Final = (
    rb"(?:\"([^\"\\\n]{1,200})\"|'([^'\n]{1,200})'"
    rb"|([^\s\"'#&*!|>%@`{}\[\],?<-](?:[^\s:#]|:(?=[^\s])|(?<=[^\s])#|[ ](?=[^\s:#])){0,200}))[ ]{0,9}:(?=[ \t\r\n]|\Z)"
)
_AT_MARGIN: Final = re.compile(b"^" + _KEY, re.MULTILINE)
_BORDER: Final = re.compile(rb"^(?:---(?=\s)|\.\.\.(?=\s))", re.MULTILINE)
_FIRST: Final = re.compile(rb"(?:---)?(?:\s|#[^\n]*+\n|%[^\n]*+\n)*+")
_INDENT: Final = re.compile(rb"^( {1,40})[^\s#-]", re.MULTILINE)
_VALUE: Final = re.compile(rb"[\"']?[ \t]*:[ \t]*[\"']?(\w+)")
_PLAIN_VALUE: Final = re.compile(rb"[\"']?[ \t]*:[ \t]*[\"']?([\w.-]+)[\"']?[ \t\r]*(?:\n|\Z|[ \t]#)")
_ITEM: Final = re.compile(rb"^-(?=[ \t\r\n])", re.MULTILINE)
_ITEM_NAME: Final = re.compile(
    rb"-[ \t]{1,9}name:[ \t]{1,9}(?:\"([^\"\\\n]{1,200})\"|'([^'\n]{1,200})'"
    rb"|([^\s\"'#&*!|>%@`{}\[\]][^\n#]{0,200}?))[ \t\r]{0,9}(?:$|#)",
    re.MULTILINE,
)
_WRAPPERS: Final = frozenset(
    b"""
    Conditions Mappings Outputs Parameters Resources channels commands components configs definitions executors functions
    jobs messages networks parameters paths pipelines responses resources schemas secrets securitySchemes services targets
    tasks volumes workflows
    """.split()
)
"""Keys that hold what somebody named, rather than settings: compose files, workflows, API descriptions, templates."""
