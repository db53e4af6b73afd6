"""The definitions of any text: by the grammar of its language, by a scanner of ours, or by both where it is made of parts.

Knows which language is read how; what a definition is in a language is known to its queries or its scanner.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from codectxd.chunk.nesting import Definition, Span, moved, nested
from codectxd.chunk.outlines import build, hcl, headings, json, markup, rest, styles, yaml
from codectxd.chunk.outlines.common import without_comments
from codectxd.chunk.syntax import spans_of


def definitions(text: bytes, language: str) -> list[Definition]:
    """The definitions in `text`, outer before inner, in order; none where the language is only known by name."""
    return list(nested(_spans(text, language), text, language))


def _spans(text: bytes, language: str) -> list[Span]:
    read = _MARKUPS.get(language)
    if read is not None:
        found = read(text)
        inner = [
            moved(span, part.start) for part in found.parts for span in _spans(text[part.start : part.end], part.language)
        ]
        return [*found.spans, *inner]
    scanner = _SCANNERS.get(language)
    return scanner(text) if scanner is not None else spans_of(text, language)


def _markdown(text: bytes) -> list[Span]:
    """The sections; the grammar does not take the last line for a heading unless a line end follows."""
    spans = spans_of(text if text.endswith(b"\n") else text + b"\n", "markdown")
    return [replace(span, minus_end=max(span.minus_end, -len(text))) for span in spans]


def _toml(text: bytes) -> list[Span]:
    """Tables without the comments that lead to the next one."""
    return [replace(span, minus_end=-without_comments(text, span.start, span.end)) for span in spans_of(text, "toml")]


_MARKUPS: Final[Mapping[str, Callable[[bytes], markup.Markup]]] = {
    "html": markup.html,
    "svelte": markup.svelte,
    "vue": markup.vue,
}
_SCANNERS: Final[Mapping[str, Callable[[bytes], list[Span]]]] = {
    "asciidoc": headings.asciidoc,
    "css": styles.css,
    "dockerfile": build.dockerfile,
    "hcl": hcl.outline,
    "ini": build.ini,
    "json": json.outline,
    "just": build.justfile,
    "latex": headings.latex,
    "less": styles.scss,
    "makefile": build.makefile,
    "markdown": _markdown,
    "org": headings.org,
    "restructuredtext": rest.outline,
    "scss": styles.scss,
    "toml": _toml,
    "yaml": yaml.outline,
}
