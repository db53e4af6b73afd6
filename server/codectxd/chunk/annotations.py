"""Annotations of Kotlin's types, which its grammar takes for the beginning of an expression.

`@Marker` in a line of its own makes the first class after the imports an expression, and its members those of a closure.
Such lines are blanked, byte for byte, so that all else stays where it is. Pure; knows nothing of definitions.
"""

from __future__ import annotations

import re
from typing import Final


def without_annotations(text: bytes) -> bytes:
    """`text` with blanks in place of the annotations that stand in lines of their own before a type."""
    return _ANNOTATIONS.sub(lambda found: _NOT_LINE_END.sub(b" ", found.group()), text)


_NOT_LINE_END: Final = re.compile(rb"[^\r\n]")
_ARGUMENTS: Final = rb"\((?:[^()\r\n]|\([^()\r\n]*+\))*+\)"
_ANNOTATIONS: Final = re.compile(
    rb"^(?:[ \t]*+@[A-Za-z_][\w.]*+(?:" + _ARGUMENTS + rb")?[ \t]*+\r?\n){1,8}+"
    rb"(?=[ \t]*+(?:(?:abstract|actual|annotation|data|enum|expect|external|final|fun|inline|inner|internal|open"
    rb"|private|protected|public|sealed|value)[ \t]+)*+(?:class|interface|object)\b)",
    re.MULTILINE,
)
