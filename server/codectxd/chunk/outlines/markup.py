"""HTML, and the single files of Vue and Svelte: headings and ids, and the parts that are written in another language.

Tags are found by patterns, and matched only as far as is needed to know where a part ends: what is being typed is no valid
document, and templates are none either. What the parts say is for others to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

import msgspec

from codectxd.chunk.idioms import sections
from codectxd.chunk.lines import Range
from codectxd.chunk.nesting import Span
from codectxd.chunk.outlines.common import named


class Part(msgspec.Struct, frozen=True):
    """Content in a language of its own: bytes `[start, end)`."""

    language: str
    start: int
    end: int


class Markup(msgspec.Struct, frozen=True):
    """What a text of markup names by itself, and its parts in other languages."""

    spans: list[Span]
    parts: list[Part]


def vue(text: bytes) -> Markup:
    """A single file component: each element at its root is a part."""
    return _of_elements(text, _elements(text, _ANY_TAG))


def svelte(text: bytes) -> Markup:
    """A component: scripts and styles are parts, all the rest is markup, in which snippets are functions."""
    markup = _of_elements(text, _elements(text, _RAW_TAG))
    return Markup([*markup.spans, *_snippets(text)], markup.parts)


def html(text: bytes) -> Markup:
    """A page: sections by its headings, elements by their ids; scripts and styles are parts."""
    spans: list[Span] = []
    headings: list[Span] = []
    elements: list[_Element] = []
    for tag in _tags(text):
        name = tag.name.lower()
        if name in _RAW:
            elements.append(_element(text, tag))
        elif name in _HEADINGS and (place := _longest_text(text, tag.end)) is not None:
            headings.append(named(f"section.{name[1:].decode()}", (tag.start, tag.end), place))
        found = _ID.search(text, tag.start, tag.end)
        if found is not None and len(spans) < _MOST_IDS:
            spans.append(named("selector", (tag.start, tag.end), found.span(1)))
    markup = _of_elements(text, iter(elements))
    return Markup([*spans, *sections(headings, len(text)), *markup.spans], markup.parts)


class _Tag(msgspec.Struct, frozen=True):
    """An opening tag; `end` is after its `>`."""

    name: bytes
    start: int
    end: int

    @property
    def name_start(self) -> int:
        return self.start + 1


class _Element(msgspec.Struct, frozen=True):
    """An opening tag, the end of what it holds, and the end of the element with its closing tag."""

    tag: _Tag
    inner_end: int
    end: int


def _of_elements(text: bytes, elements: Iterator[_Element]) -> Markup:
    markup = Markup([], [])
    for element in elements:
        tag = element.tag
        if not text[tag.end : element.inner_end].strip():
            continue
        place = (tag.name_start, tag.name_start + len(tag.name))
        label = "scope" if tag.name.lower() == b"script" else "block"
        markup.spans.append(named(label, (tag.start, element.end), place))
        language = _language(tag.name.lower(), text[tag.start : tag.end])
        if language is not None:
            markup.parts.append(Part(language, tag.end, element.inner_end))
    return markup


def _language(name: bytes, tag: bytes) -> str | None:
    """What the content of a tag is written in, None for what nobody reads here."""
    attribute = _LANG.search(tag)
    said = attribute.group(1).lower().rpartition(b"/")[2] if attribute is not None else b""
    if name == b"script":
        return _SCRIPTS.get(said)
    return _STYLES.get(said) if name == b"style" else None


def _elements(text: bytes, opening: re.Pattern[bytes]) -> Iterator[_Element]:
    """The elements at the root of a text that `opening` finds, in order; comments are passed over."""
    at = 0
    patience = _PATIENCE
    while patience and (match := opening.search(text, at)) is not None:
        if match.group(1) is None:
            at = _after_comment(text, match.end())
            continue
        element = _element(text, _Tag(match.group(1), match.start(), _tag_end(text, match.end())))
        yield element
        at = element.end
        patience -= element.inner_end == element.end


def _element(text: bytes, tag: _Tag) -> _Element:
    """The element that `tag` opens; one whose end is missing ends where the next part begins."""
    if text[tag.end - 2 : tag.end] == b"/>":
        return _Element(tag, tag.end, tag.end)
    name = tag.name.lower()
    borders = _BORDERS[name in _RAW]
    depth, at = 1, tag.end
    while (border := borders.search(text, at)) is not None:
        if border.group(2) is None:
            at = _after_comment(text, border.end())
            continue
        at = border.end()
        if border.group(2).lower() != name:
            continue
        at = _tag_end(text, at)
        at_margin = text[border.start() - 1 : border.start()] == b"\n"
        if border.group(1):
            depth -= 1
            if not depth or name in _RAW or (at_margin and text[tag.start - 1 : tag.start] in (b"", b"\n")):
                return _Element(tag, border.start(), at)
        elif name not in _RAW:
            depth += text[at - 2 : at] != b"/>"
        elif at_margin:
            return _Element(tag, border.start(), border.start())
    following = _PART_AT_MARGIN.search(text, tag.end)
    end = following.start() if following is not None else len(text)
    return _Element(tag, end, end)


def _tags(text: bytes) -> Iterator[_Tag]:
    """Opening tags; what stands in scripts, styles and comments is none."""
    at = 0
    patience = _PATIENCE
    while (match := _ANY_TAG.search(text, at)) is not None:
        if match.group(1) is None:
            at = _after_comment(text, match.end())
            continue
        rest = _REST_WITHOUT_TAGS.match(text, match.end()) if patience else None
        patience -= rest is None and patience > 0
        tag = _Tag(match.group(1), match.start(), rest.end() if rest is not None else match.end())
        yield tag
        at = _element(text, tag).inner_end if tag.name.lower() in _RAW else tag.end


def _tag_end(text: bytes, at: int) -> int:
    """Where the tag ends whose name ends at `at`: after the first `>` outside of quotes."""
    rest = _REST.match(text, at)
    return rest.end() if rest is not None else text.find(b">", at) + 1 or len(text)


def _after_comment(text: bytes, at: int) -> int:
    end = text.find(b"-->", at)
    return end + 3 if end >= 0 else len(text)


def _longest_text(text: bytes, at: int) -> Range | None:
    """The longest run of plain text on one line of a heading whose tag ends at `at`; None where a template fills it in."""
    end = _HEADING_END.search(text, at, at + _LONGEST_HEADING)
    runs: list[Range] = []
    for match in _TAG_OR_TEXT.finditer(text, at, end.start() if end is not None else at):
        bare = match.group().strip()
        if bare and not bare.startswith(b"<") and b"{" not in bare:
            start = match.start() + match.group().index(bare)
            runs.append((start, start + len(bare)))
    return max(runs, key=lambda run: run[1] - run[0], default=None)


def _snippets(text: bytes) -> Iterator[Span]:
    for match in islice(_SNIPPET.finditer(text), _MOST_IDS):
        end = text.find(b"{/snippet}", match.end())
        yield named("function", (match.start(), end + 10 if end >= 0 else match.end()), match.span(1))


_PATIENCE: Final = 50
"""So often the end of something that has none is looked for in all of the rest: each time costs as much as that is long."""
_RAW: Final = (b"script", b"style")
_ANY_TAG: Final = re.compile(rb"<!--|<([A-Za-z][\w:.-]*+)(?=[\s/>])")
_RAW_TAG: Final = re.compile(rb"<!--|<(script|style)(?=[\s/>])", re.IGNORECASE)
_BORDERS: Final = (
    re.compile(rb"<!--|<(/?)([A-Za-z][\w:.-]*+)(?=[\s/>])"),
    re.compile(rb"<(/?)(script|style)(?=[\s/>])", re.IGNORECASE),
)
"""Where an element may begin or end; in a script or a style, comments are not those of the markup around it."""
_PART_AT_MARGIN: Final = re.compile(rb"^<(?:script|template|style)(?=[\s/>])", re.MULTILINE)
_REST: Final = re.compile(rb"[^\"'>]*+(?:\"[^\"]*+\"[^\"'>]*+|'[^']*+'[^\"'>]*+)*+>")
_REST_WITHOUT_TAGS: Final = re.compile(
    rb"[^\"'<>]*+(?:\"(?:[^\"<]|<(?![A-Za-z/]))*+\"[^\"'<>]*+|'(?:[^'<]|<(?![A-Za-z/]))*+'[^\"'<>]*+)*+>"
)
"""The rest of a tag; an open quote does not reach beyond the next tag."""
_LANG: Final = re.compile(rb"\s(?:lang|type)\s*+=\s*+[\"']?([\w/+-]++)")
_SCRIPTS: Final = {
    **dict.fromkeys((b"", b"js", b"javascript", b"module", b"ecmascript", b"jsx", b"babel"), "javascript"),
    **dict.fromkeys((b"ts", b"typescript"), "typescript"),
    b"tsx": "tsx",
}
_STYLES: Final = {**dict.fromkeys((b"", b"css", b"postcss"), "css"), b"scss": "scss", b"less": "less"}
_HEADINGS: Final = (b"h1", b"h2", b"h3", b"h4", b"h5", b"h6")
_HEADING_END: Final = re.compile(rb"</?h[1-6]", re.IGNORECASE)
_LONGEST_HEADING: Final = 1_000
_TAG_OR_TEXT: Final = re.compile(rb"<[^<>]*+>|[^<>\n]++")
_ID: Final = re.compile(rb"\sid\s*+=\s*+[\"']?([A-Za-z_][\w:.-]*+)(?=[\"'\s/>])")
_MOST_IDS: Final = 300
_SNIPPET: Final = re.compile(rb"\{#snippet\s++([A-Za-z_$][\w$]*+)")
