"""What a preprocessor would take away before a compiler reads a text: macros that stand where no grammar has a word.

`class API Ring : Base {`, `Q_OBJECT` on a line of its own, `void f() EXCLUDES(mu);` are no C++ until a compiler has
replaced the macros, and make a parser take the rest of a class for something else. Words in capitals in such places are
blanked, byte for byte, so that all else stays where it is. Pure; a wrong guess costs a definition its place in the tree,
and no text a byte.
"""

from __future__ import annotations

import re
from typing import Final

from codectxd.chunk.annotations import without_annotations


def preprocessed(text: bytes, language: str) -> bytes:
    """`text` as its language's grammar can read it: as long as before, line by line."""
    if language == "c++":
        return without_macros(text)
    if language == "kotlin":
        return without_annotations(text)
    if language == "lua":
        # Its grammar knows no line that goes on after a backslash and a line end of Windows.
        return text.replace(b"\\\r\n", b" \\\n")
    if language == "bash" and b"@test" in text:
        return _BATS.sub(lambda found: b"_" * (len(found[1]) - 2) + b"()" + found[2], text)
    if language in _WITH_DIRECTIVES and b"#" in text:
        return _DIRECTIVE.sub(lambda found: b" " * len(found[0]), text)
    return text


def without_macros(text: bytes) -> bytes:
    """`text` with blanks in place of macros that would be nothing, or attributes, once they are replaced."""
    for mark, pattern in _BLANKED:
        if mark in text:
            text = pattern.sub(_blank, text)
    return _without_lone(text)


def _without_lone(text: bytes) -> bytes:
    """`text` without the macros that have a line to themselves between statements: `Q_OBJECT`, `IGNORE_WARNING("-Wx")`."""
    parts: list[bytes] = []
    at = blanked = 0
    for found in _LONE.finditer(text):
        start, end = found.span(1)
        if _ends_a_statement(text, found.start(), blanked) and not _is_return_type(text, found):
            parts += (text[at:start], b" " * (end - start))
            at, blanked = end, found.end() + 1
    return b"".join((*parts, text[at:]))


def _ends_a_statement(text: bytes, at: int, blanked: int) -> bool:
    """Whether a statement may begin at `at`, by the lines before; those up to `blanked` may be followed by anything."""
    for _ in range(_MOST_LINES):
        if at <= blanked or at == 0:
            return True
        start = text.rfind(b"\n", 0, at - 1) + 1
        line = _COMMENT.sub(b"", text[start:at]).strip()
        if line and not (line.startswith(b"#") and not line.endswith(b"\\")):
            return line.endswith((b";", b"{", b"}", b":", b"*/"))
        if not text[start:at].strip():
            return True
        at = start
    return False


def _is_return_type(text: bytes, found: re.Match[bytes]) -> bool:
    """Whether a word at the left margin is what the function in the next line returns, as GNU's style has it."""
    return found.start() == found.start(1) and _NAMED.match(text, found.end()) is not None


def _blank(found: re.Match[bytes]) -> bytes:
    """The match with spaces for its group, of the same length."""
    start, end = found.span(1)
    whole = found.group()
    return whole[: start - found.start()] + b" " * (end - start) + whole[end - found.start() :]


_BATS: Final = re.compile(rb"^(@test[ \t]+[^\n]*?)([ \t]*\{[ \t\r]*)$", re.MULTILINE)
"""Bats calls its tests by texts: `@test "it works" {`, which is a function that is called by a word otherwise."""
_WITH_DIRECTIVES: Final = frozenset(("haskell", "ocaml", "ocaml interface"))
"""Languages that have no preprocessor in their grammar; both branches of an `#if` are read."""
_DIRECTIVE: Final = re.compile(
    rb"^#[ \t]*(?:if|ifdef|ifndef|elif|elifdef|else|endif|define|undef|include|error|warning|line)\b[^\n]*+", re.MULTILINE
)
_MACRO: Final = rb"\b[A-Z][A-Z0-9_]++"
_EXPORT: Final = rb"\b[A-Za-z]\w*_(?:API|EXPORT)\b"
_CALL: Final = rb"(?:[ \t]*\([^()\n\"']*+\))"
_ARGUMENTS: Final = rb"(?:[ \t]*\((?:[^()\n\"']|\"(?:\\.|[^\"\\\n])*+\"|'(?:\\.|[^'\\\n])*+'|\([^()\n]*+\))*+\))"
_LONE: Final = re.compile(
    rb"^[ \t]*+(" + _MACRO + _ARGUMENTS + rb"?)[ \t\r]*+(?://[^\n]*+)?$(?!\s*+[-},;:)+=.?|&\[(<\"'{])", re.MULTILINE
)
_NAMED: Final = re.compile(rb"[ \t\r]*\n(?=\w*[a-z])[A-Za-z_]\w*[ \t]*\(")
_COMMENT: Final = re.compile(rb"//[^\n]*+")
_MOST_LINES: Final = 20
_BLANKED: Final = tuple(
    (mark, re.compile(pattern, re.MULTILINE))
    for mark, pattern in (
        # class API Ring : public Base {
        (
            b"",
            rb"\b(?:class|struct|union|enum)[ \t]+((?:" + _EXPORT + rb"|" + _MACRO + _CALL + rb"?))"
            rb"(?=[ \t]+[A-Za-z_][\w:]*+(?:[ \t]+final\b)?[ \t]*+[:{;\r\n])",
        ),
        # API const Status* Open(const char* name);
        (
            b"",
            rb"^[ \t]*+(?:extern[ \t]+|static[ \t]+|inline[ \t]+|virtual[ \t]+)*+("
            + _MACRO
            + _CALL
            + rb"?(?:[ \t]+"
            + _MACRO
            + _CALL
            + rb"?)*)"
            rb"(?=[ \t]+(?:const[ \t]+)?(?!const\b|volatile\b)[A-Za-z_][\w:]*+(?:<[^\n;(){}]*>)?"
            rb"(?:[ \t]*[*&]+[ \t]*|[ \t]+)[A-Za-z_~])",
        ),
        # std::string Foundation_API format(const char* text);
        (b"_API", rb"(?<=[\w>*&] )(?<!\bdefine )(" + _EXPORT + rb")(?=[ \t]+[A-Za-z_~])"),
        # void Lock() const ACQUIRES(mutex);
        (
            b"",
            rb"\)\s*+(?:(?:const|override|final|noexcept)\b\s*+)*+(" + _MACRO + _CALL + rb"?)(?=\s*+(?:[;{=]|:(?!:)))",
        ),
        # int count GUARDED_BY(mutex);
        (b"GUARDED_BY", rb"[\w\]][ \t\r\n]+((?:[A-Z]+_)*GUARDED_BY\([^()\n]*+\))"),
        # "--(" LONG_NAME ")"
        (b'" ', rb"\"[ \t]+([A-Z]\w*+" + _ARGUMENTS + rb"?)(?=\s+\")"),
        # private slots:
        (b"slots:", rb"^[ \t]*+(?:public|private|protected)([ \t]+slots)(?=:)"),
        (b"Q_SLOTS", rb"^[ \t]*+(?:public|private|protected)([ \t]+Q_SLOTS)(?=[ \t]*:)"),
        (b"signals:", rb"^[ \t]*+(signals:)"),
        (b"Q_SIGNALS", rb"^[ \t]*+(Q_SIGNALS[ \t]*:)"),
        # template class Ring<int>; is no macro, and a grammar takes it for half a declaration.
        (b"template", rb"^[ \t]*+((?:extern[ \t]+)?template[ \t]+(?:class|struct)[ \t][^;{}\n]*+;)"),
    )
)
"""What must be in a text for a pattern to be tried, and the pattern: its group is what is blanked."""
