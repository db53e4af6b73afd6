"""Which lines a definition takes up: its own, and the comments, attributes and decorators that stand right before it.

A look at single lines, from a definition upwards; a false guess moves a boundary and breaks nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

import msgspec

from codectxd.chunk.lines import Range
from codectxd.chunk.nesting import Definition


class _Style(msgspec.Struct, frozen=True):
    """What comments and attributes look like: what a line of them begins with, and how those of several lines end and begin.

    A comment of several lines may end any line and hold blank lines; an attribute's last line is all that is in its line.
    """

    lines: tuple[bytes, ...]
    comments: tuple[tuple[bytes, bytes], ...] = ()
    attributes: tuple[tuple[bytes, bytes], ...] = ()


def extents(text: bytes, starts: list[int], found: Sequence[Definition], language: str) -> list[Range]:
    """The lines of each definition: within its parent's, after its elder siblings'; empty where they took them all."""
    style = _STYLES.get(language, _SLASHES)
    result: list[Range] = []
    free: dict[int, int] = {}
    """By parent, the first line that no child of it has taken yet."""
    for number, definition in enumerate(found):
        line = bisect_right(starts, definition.start) - 1
        end = bisect_right(starts, max(definition.end - 1, definition.start))
        bound = free.get(definition.parent, 0)
        first = max(_first(text, starts, line, bound, style) if line > bound else bound, bound)
        end = max(min(end, len(starts) - 1), first)
        result.append((first, end))
        free[definition.parent] = max(end, bound)
        free[number] = max(line, first)
    return result


def _first(text: bytes, starts: list[int], line: int, bound: int, style: _Style) -> int:
    """The first line of the comments and attributes that lead to `line`, not before `bound`."""
    while line > bound:
        before = text[starts[line - 1] : starts[line]].strip()
        above = _opened(text, starts, line - 1, before, bound, style)
        if above is not None:
            line = above
        elif before.startswith(style.lines):
            line -= 1
        else:
            break
    return line


def _opened(text: bytes, starts: list[int], line: int, closing: bytes, bound: int, style: _Style) -> int | None:
    """Where the comment or attribute opens that ends with `line`, which holds `closing`, if it may be one."""
    for end, opening in style.comments:
        if closing.endswith(end) and not closing.startswith(opening):
            return _opened_at(text, starts, line, bound, opening, is_comment=True)
    for end, opening in style.attributes:
        if closing == end:
            return _opened_at(text, starts, line, bound, opening, is_comment=False)
    return None


def _opened_at(text: bytes, starts: list[int], line: int, bound: int, opening: bytes, *, is_comment: bool) -> int | None:
    for above in range(line - 1, max(bound, line - _FURTHEST) - 1, -1):
        content = text[starts[above] : starts[above + 1]]
        if opening in content:
            return above if content.lstrip().startswith(opening) else None
        if not is_comment and not content.strip():
            return None
    return None


_FURTHEST: Final = 120
"""How many lines a comment before a definition is followed upwards."""
_STARS: Final = ((b"*/", b"/*"),)
_TAGS: Final = ((b"-->", b"<!--"),)
_SLASHES: Final = _Style((b"//", b"/*"), _STARS)
_HASHES: Final = _Style((b"#",))
_DECORATED: Final = _Style((b"//", b"/*", b"@"), _STARS, ((b")", b"@"), (b"})", b"@"), (b"])", b"@")))
_STYLES: Final = {
    "python": _HASHES,
    "hcl": _Style((b"#", b"//", b"/*"), _STARS),
    "ini": _Style((b"#", b";")),
    "restructuredtext": _Style((b".. _",)),
    **dict.fromkeys(("markdown", "html"), _Style((b"<!--",), _TAGS)),
    **dict.fromkeys(("vue", "svelte"), _Style((b"//", b"/*", b"<!--", b"@"), (*_STARS, *_TAGS))),
    **dict.fromkeys(("dockerfile", "just", "makefile", "toml", "yaml"), _HASHES),
    "rust": _Style((b"//", b"/*", b"#["), _STARS, ((b")]", b"#["), (b"]", b"#["))),
    **dict.fromkeys(("javascript", "typescript", "tsx", "java", "kotlin", "swift", "scala", "dart"), _DECORATED),
    "bash": _HASHES,
    "elixir": _Style((b"#", b"@")),
    "haskell": _Style((b"--", b"{-"), ((b"-}", b"{-"),)),
    "lua": _Style((b"--",), ((b"]]", b"--[["), (b"]=]", b"--[=["))),
    "ocaml": _Style((b"(*", b"[@@"), ((b"*)", b"(*"),)),
    "php": _Style((b"//", b"/*", b"#"), _STARS, ((b")]", b"#["), (b"]", b"#["))),
    "ruby": _Style((b"#", b"sig {", b"sig do"), ((b"=end", b"=begin"),)),
    "sql": _Style((b"--", b"/*", b"#"), _STARS),
    "zig": _Style((b"//",)),
}
