"""SQL's definitions by their first words, for the dialects that no grammar knows: `CREATE VIEW v AS` is one in all of them.

One pass over what can hide such words (comments, strings, quoted bodies) and what ends a statement. Pure and total; linear
in the text. What it cannot know is where a body ends that no dialect's own mark closes: it goes on to the next definition.
"""

from __future__ import annotations

import re
from typing import Final

from codectxd.chunk.nesting import Span


def statements(text: bytes) -> list[Span]:
    """Tables, views, functions and the like that `text` defines, in order, each to the end of its statement."""
    has_batches = _BATCH.search(text) is not None
    marks = _MARK_WITHOUT_DOLLARS if _DELIMITER.search(text) is not None else _MARK
    found: list[Span] = []
    opened: re.Match[bytes] | None = None
    is_body_quoted = False
    for mark in marks.finditer(text):
        if mark.lastgroup == "quoted":
            is_body_quoted = is_body_quoted or _is_body(mark, opened, text)
        elif mark.lastgroup is None or (opened is not None and not _ends(mark, opened, text, is_body_quoted, has_batches)):
            continue
        else:
            if opened is not None:
                found.append(_span(opened, text, mark.end() if mark.lastgroup == "end" else mark.start()))
            opened, is_body_quoted = (mark, False) if mark.lastgroup == "name" else (None, False)
    return [*found, _span(opened, text, len(text))] if opened is not None else found


def _is_body(quoted: re.Match[bytes], opened: re.Match[bytes] | None, text: bytes) -> bool:
    """Whether something quoted is the body of the routine that `opened` begins, as PostgreSQL has it."""
    if quoted["tag"] is not None or b"\n" in quoted["quoted"]:
        return True
    if opened is None:
        return False
    body = _BODY.search(text, opened.end(), min(quoted.start(), opened.end() + _LONGEST_HEAD))
    if body is None or quoted.start() - body.end() > _LONGEST_GAP:
        return False
    return text[body.end() : quoted.start()].strip().upper() in (b"", b"E")


def _ends(mark: re.Match[bytes], opened: re.Match[bytes], text: bytes, is_body_quoted: bool, has_batches: bool) -> bool:
    """Whether the statement that `opened` ends with `mark`, or before it."""
    has_body = _kind(opened) in _ROUTINES
    if mark.lastgroup == "name":
        return not (has_body and len(mark["indent"]) > len(opened["indent"]))
    if mark.lastgroup == "batch" or is_body_quoted or not has_body:
        return True
    if mark["end"] != b";":
        return not has_batches
    return _BODY.search(text, opened.end(), min(mark.start(), opened.end() + _LONGEST_HEAD)) is None


def _kind(opened: re.Match[bytes]) -> str:
    return _KINDS[opened["kind"].split()[0].lower()]


def _span(opened: re.Match[bytes], text: bytes, end: int) -> Span:
    start, name_end = opened.span("name")
    return Span(opened.start("verb"), -max(start + len(text[start:end].rstrip()), name_end), start, name_end, _kind(opened))


_ROUTINES: Final = frozenset(("function", "procedure", "trigger", "module"))
_KINDS: Final = {
    b"table": "table", b"view": "view", b"index": "index", b"trigger": "trigger", b"event": "trigger", b"type": "type",
    b"domain": "type", b"function": "function", b"aggregate": "function", b"macro": "function", b"procedure": "procedure",
    b"proc": "procedure", b"schema": "schema", b"sequence": "sequence", b"package": "module", b"extension": "extension",
    b"policy": "policy", b"role": "role", b"user": "role",
}  # fmt: skip
_IDENTIFIER: Final = rb'(?:"[^"\n]+"|`[^`\n]+`|\[[^\]\n]+\]|[A-Za-z_\x80-\xff][\w$\x80-\xff]*)'
_LONGEST_HEAD: Final = 4_000
_LONGEST_GAP: Final = 200
_BODY: Final = re.compile(rb"\b(?:BEGIN|AS|IS|DECLARE)\b", re.IGNORECASE)
_BATCH: Final = re.compile(rb"^GO\b", re.IGNORECASE | re.MULTILINE)
_DELIMITER: Final = re.compile(rb"^DELIMITER\b", re.IGNORECASE | re.MULTILINE)
_DOLLARS: Final = rb"\$(?P<tag>\w*+)\$.*?(?:\$(?P=tag)\$|\Z)"
_PATTERN: Final = rb"""
    --[^\n]*
    | /\*.*?(?:\*/|\Z)
    | ^\#[^\n]*
    | "[^"\n]*+"?
    | (?P<quoted>'(?:[^'\n]++|''|\n(?!(?:CREATE|ALTER|GO|DELIMITER)\b))*+'?|DOLLARS)
    | ^(?P<indent>[ \t]*+)(?P<verb>CREATE|ALTER(?=\s++(?:PROC|FUNCTION|VIEW|TRIGGER)))\b
      (?:\s++(?:OR\s++(?:REPLACE|ALTER)|(?:NO\s++)?FORCE|SQL\s++SECURITY\s++\w++|(?:DEFINER|ALGORITHM)\s*+=\s*+\S++
        |(?!(?:TABLE|VIEW|FUNCTION|AGGREGATE|MACRO|PROC|PROCEDURE|INDEX|TRIGGER|TYPE|DOMAIN|SCHEMA|SEQUENCE|PACKAGE|EVENT
           |EXTENSION|POLICY|ROLE|USER)\b)
         (?:GLOBAL|LOCAL|TEMP|TEMPORARY|UNLOGGED|EXTERNAL|FOREIGN|VIRTUAL|TRANSIENT|MATERIALIZED|RECURSIVE|SECURE|UNIQUE
         |CLUSTERED|NONCLUSTERED|COLUMNSTORE|FULLTEXT|SPATIAL|BITMAP|CONSTRAINT|EDITIONABLE|NONEDITIONABLE)\b))*+
      \s++(?P<kind>TABLE|VIEW|FUNCTION|AGGREGATE|MACRO|PROC|PROCEDURE|INDEX|TRIGGER|TYPE|DOMAIN|SCHEMA|SEQUENCE|EVENT
        |EXTENSION|POLICY|ROLE|USER(?!\s++MAPPING\b)|PACKAGE(?:\s++BODY)?+)\b
      (?:\s++CONCURRENTLY\b)?+ (?:\s++IF\s++NOT\s++EXISTS\b)?+
      \s++(?!ON\b)(?P<name>IDENTIFIER(?:\s*+\.\s*+IDENTIFIER){0,3}+)
      (?![^\n;]*\b(?:OWNER\s++TO|RENAME\s++TO|ENABLE|DISABLE|DEPENDS)\b)
    | ^(?P<batch>(?:GO|DELIMITER)\b)
    | (?P<end>;|^END\b[^\n]*+)
    """.replace(b"IDENTIFIER", _IDENTIFIER)
_FLAGS: Final = re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE
_MARK: Final = re.compile(_PATTERN.replace(b"DOLLARS", _DOLLARS), _FLAGS)
_MARK_WITHOUT_DOLLARS: Final = re.compile(_PATTERN.replace(b"DOLLARS", rb"(?P<tag>(?!))"), _FLAGS)
"""For MySQL, where what looks like the dollars around a body may be the end of a statement."""
