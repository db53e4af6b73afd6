"""Comments and the code they speak of, by lines: no parser, one rule for all languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_CODE_LINES = 25
_LINE_COMMENT = {
    "bash": "#", "elixir": "#", "haskell": "--", "lua": "--", "python": "#", "ruby": "#",
}  # fmt: skip
_DOCSTRING = re.compile(
    r'^(?P<head>[ \t]*(?:async[ ]+def|def|class)[ ]+\w[^\n]*(?:\n[^\n"\']*?)?:[ \t]*\n)'
    r'[ \t]*[rRbBuU]?(?P<quote>"""|\'\'\')(?P<doc>.*?)(?P=quote)[ \t]*\n',
    re.DOTALL | re.MULTILINE,
)
_HEREDOC = re.compile(r'^[ \t]*@(?:module)?doc[ ]+(?:~S)?"""\n(?P<doc>.*?)^[ \t]*"""[ \t]*\n', re.DOTALL | re.MULTILINE)
_BLOCK = re.compile(r"^[ \t]*(?:/\*+|\{-+)[!|]?(?P<doc>.*?)(?:\*+/|-\})[ \t]*\n", re.DOTALL | re.MULTILINE)
_LICENCE = re.compile(
    r"copyright|licen[sc]e|spdx|all rights reserved|eslint|prettier|@ts-|noqa|pragma|coding:|vim:|generated|@flow"
    r"|frozen_string|options_ghc|\blanguage [A-Z]\w+ *(?:,|#)|fmt: |nolint|rubocop:|phpcs|istanbul|type: ignore|shellcheck",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"<[^<>]{1,60}>|\{@\w+ ([^{}]*)\}|:[a-z:]+:`([^`]*)`|`+|\*\*|\[([^\[\]]*)\]\([^()]*\)|^\s*[*!/#|-]+ ?|https?://\S+",
    re.MULTILINE,
)
_TAGS = re.compile(
    r"^\s*(?:[@\\](?!brief)\w+|:(?:param|return|type|rtype|raise)s?\b|(?:Args|Arguments|Parameters|Returns|Raises|Examples?|"
    r"# (?:Examples?|Panics|Errors|Safety)|## ?\w+|Options)\b:?\s*$"
    r"|<(?:param|returns|remarks|exception)|>>>|iex>|-{4,}|={4,})",
    re.MULTILINE,
)


class Documented(NamedTuple):
    """What a comment says, without its marks and tags, and the lines of code below it; `span` is where it stands."""

    comment: str
    code: str
    span: tuple[int, int]


def documented(text: str, language: str) -> Iterator[Documented]:
    if language == "python":
        for match in _DOCSTRING.finditer(text):
            yield from _joined(match["doc"], match["head"] + _below(text, match.end()), (match.end("head"), match.end()))
    if language == "elixir":
        for match in _HEREDOC.finditer(text):
            yield from _joined(match["doc"], _below(text, match.end()), match.span())
    if language not in _LINE_COMMENT or language == "haskell":
        for match in _BLOCK.finditer(text):
            yield from _joined(match["doc"], _below(text, match.end()), match.span())
    for comment, span in _line_comments(text, _LINE_COMMENT.get(language, "//")):
        yield from _joined(comment, _below(text, span[1]), span)


_PREAMBLE = re.compile(
    r"(?:#!|<\?php|package|import|using|use|#\s?(?:include|pragma|if|ifndef|ifdef|define|import)|namespace|require|from"
    r"|declare|[\"']use strict|\}|@file|const .*require|local .*require|extern|module|open|#!\[)[^\n]*\n"
)


def first_comment(text: str, language: str) -> str:
    """What the head of a file says of it; licences and imports passed over; empty where other code comes first."""
    mark = re.escape(_LINE_COMMENT.get(language, "//"))
    comment = re.compile(
        r"[rR]?(?P<quote>\"\"\"|''')(?P<docstring>.*?)(?P=quote)|(?:/\*+|\{-+)!?(?P<block>.*?)(?:\*+/|-\})"
        rf"|(?P<lines>(?:[ \t]*{mark}(?!\!)[^\n]*(?:\n|$))+)",
        re.DOTALL,
    )
    head, place = text[:8_000], 0
    while place < len(head):
        found = _PREAMBLE.match(head, place) or comment.match(head, place)
        if found is None and not head[place].isspace():
            return ""
        if found is not None and found.re is comment:
            said = found["docstring"] or found["block"] or _unmarked(found["lines"] or "", mark)
            if said.strip() and not _LICENCE.search(said):
                return clean(said)
        place = found.end() if found is not None else place + 1
    return ""


def clean(comment: str) -> str:
    """Without markup, and only up to the first tag (`@param`, `Args:`, a doctest)."""
    tag = _TAGS.search(comment)
    prose = comment[: tag.start()] if tag else comment
    return " ".join(_MARKUP.sub(lambda m: f" {m[1] or m[2] or m[3] or ''} ", prose.replace("\\brief", "")).split())


def first_sentence(comment: str) -> str:
    end = re.search(r"(?<=[a-z)\]'\"]{2})[.!?:](?=\s|$)", comment)
    return comment[: end.end()] if end else comment[:300]


def _joined(comment: str, code: str, span: tuple[int, int]) -> Iterator[Documented]:
    if _LICENCE.search(comment):
        return
    cleaned = clean(comment)
    if cleaned and code.strip():
        yield Documented(cleaned, code, span)


def _below(text: str, start: int) -> str:
    """The lines after `start` that belong to what begins there: up to a line less indented, and not too many."""
    lines = text[start : start + 4_000].splitlines(keepends=True)
    if not lines or not lines[0].strip():
        return ""
    indent = _indent(lines[0])
    kept = [lines[0]]
    for line in lines[1:_CODE_LINES]:
        if line.strip() and (_indent(line) < indent or _starts_another(line, indent)):
            break
        kept.append(line)
    return "".join(kept)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _starts_another(line: str, indent: int) -> bool:
    return _indent(line) == indent and line.lstrip().startswith(("/**", "///", "##", "-- |", "@doc", "def ", "class "))


def _line_comments(text: str, mark: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Runs of lines that are nothing but a comment, and where each run stands."""
    pattern = re.compile(rf"(?:^[ \t]*{re.escape(mark)}[^\n]*\n)+", re.MULTILINE)
    for match in pattern.finditer(text):
        yield _unmarked(match.group(), re.escape(mark)), match.span()


def _unmarked(lines: str, mark: str) -> str:
    return re.sub(rf"^[ \t]*{mark}[/!|^#:-]*", "", lines, flags=re.MULTILINE)
