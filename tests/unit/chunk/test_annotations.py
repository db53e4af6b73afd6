"""What Kotlin's annotations lose before a parser sees them, and what is never the name of a function."""

from __future__ import annotations

import pytest

from codectxd.chunk.annotations import without_annotations
from codectxd.chunk.chunker import chunk
from codectxd.chunk.names import is_keyword


def test_annotations_before_a_type_are_blanked_in_place() -> None:
    text = b"import a.B\r\n\r\n@OptIn(B(1)::class)\r\n  @Marker\r\nopen class C\r\n"
    blanked = without_annotations(text)
    assert blanked == b"import a.B\r\n\r\n" + b" " * 19 + b"\r\n" + b" " * 9 + b"\r\nopen class C\r\n"


@pytest.mark.parametrize(
    "text", [b"@A\nfun f() {}\n", b"class A @Inject\nconstructor()\n", b"@A class B\n", b"@A(\n", b"@\xff\n" * 99]
)
def test_all_else_stays_as_it_is(text: bytes) -> None:
    assert without_annotations(text) == text


def test_a_statement_in_broken_code_is_no_function() -> None:
    text = b"  }\n}\n\nint if ( status == NEW ) {\n  x = 1;\n}\n\nint after(void) { return 1; }\n"
    assert [symbol.name for symbol in chunk(text, "c").symbols] == ["after"]


def test_methods_may_be_called_as_a_language_allows() -> None:
    assert is_keyword("if", "javascript")
    assert is_keyword("return", "java")
    assert not is_keyword("return", "javascript")
    assert not is_keyword("if", "ruby")
