"""One branch of each condition, byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd.chunk.conditionals import reduced
from codectxd.chunk.macros import without_macros

LINES = st.sampled_from(
    [
        b"#if A\n", b"#ifdef A\r\n", b"#ifndef A\n", b"#if 0\n", b"# else\n", b"#elif B\n", b"  #endif\n", b"#endif // A\n",
        b"#define A \\\n  b\n", b"class API Ring : Base {\n", b"API int f();\n", b"Q_OBJECT\n", b"int a GUARDED_BY(m);\n",
        b"void f() const LOCKS(m);\n", b"private slots:\n", b"template class A<int>;\n", b"}\n", b"\n",
        b"\xc3\xbc\r\n", b"#if",
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (b"#if A\na\n#else\nb\n#endif\nc\n", b"a c"),
        (b"#if A\na\n#elif B\nb\n#else\nc\n#endif", b"a"),
        (b"#if 0\na\n#elif B\nb\n#else\nc\n#endif", b"b"),
        (b"#if false // never\na\n#endif\nc", b"c"),
        (b"#ifdef A\n#if B\na\n#else\nb\n#endif\n#else\n#if C\nc\n#else\nd\n#endif\n#endif", b"a"),
        (b"#if 0\n#if 1\na\n#endif\n#else\nb\n#endif", b"b"),
        (b"#if A \\\n  && B\na\n#endif", b"a"),
        (b"a\n#else\nb\n#endif\nc", b"a b c"),
        (b"a\n#if B\nb", b"a b"),
        (b"#ifdef __cplusplus\na\n#endif\nb", b"b"),
        (b"#ifndef __cplusplus\na\n#else\nb\n#endif", b"a"),
        (b"x = '#if'\n", b"x = '#if'"),
    ],
)
def test_the_first_branch_that_is_for_anybody_is_left(text: bytes, left: bytes) -> None:
    assert reduced(text, "c").text.split() == left.split()


def test_what_was_dropped_is_known() -> None:
    text = b"#if A\na\n#else\nb\n#endif\n"
    less = reduced(text, "c#")
    at = text.index(b"b")
    assert less.drops((at, at + 1))
    assert not less.drops((at, len(text)))
    assert not less.drops((text.index(b"a"), text.index(b"a") + 1))


@given(st.lists(LINES, max_size=30).map(b"".join))
def test_I5_nothing_is_moved(text: bytes) -> None:
    for found in (reduced(text, "c").text, reduced(text, "c++").text, without_macros(text)):
        assert len(found) == len(text)
        assert all(new in (old, 32) for new, old in zip(found, text, strict=True))
        assert found.count(b"\n") == text.count(b"\n")


@pytest.mark.parametrize(
    ("code", "blanked"),
    [
        (b"class EXPORT Ring {", b"EXPORT"),
        (b"class EXPORT(1) Ring final : public Base {", b"EXPORT(1)"),
        (b"class Net_API Ring: public Base", b"Net_API"),
        (b"EXPORT Status Open(const char* name);", b"EXPORT"),
        (b"EXPORT inline const Status* Open();", b"EXPORT"),
        (b"std::string Net_API format(int a);", b"Net_API"),
        (b"  void Lock() const ACQUIRES(mutex_);", b"ACQUIRES(mutex_)"),
        (b"  int count GUARDED_BY(mutex_);", b"GUARDED_BY(mutex_)"),
        (b" private slots:", b"slots"),
        (b"template class Ring<int>;", b"template class Ring<int>;"),
        (b"{\n  Q_OBJECT\n public:", b"Q_OBJECT"),
        (b"}\nBEGIN_DECLS\n\nint f();", b"BEGIN_DECLS"),
        (b"HANDLE open(int a);", b""),
        (b"HANDLE handle;", b""),
        (b"FILE const* file;", b""),
        (b"class Ring final {", b""),
        (b"enum Colour {\n  RED\n};", b""),
        (b"TEST(Ring, Works)\n{", b""),
        (b"#define Net_API __attribute__((x))", b""),
    ],
)
def test_macros_are_blanked_where_the_grammar_has_no_word_for_them(code: bytes, blanked: bytes) -> None:
    expected = code.replace(blanked, b" " * len(blanked)) if blanked else code
    assert without_macros(code) == expected


@pytest.mark.parametrize(
    "text", [b"A" * 100_000, b"MACRO(a) " * 12_000, b"A_" * 50_000, b"class A " * 10_000, b"#if A\n" * 20_000]
)
def test_I6_long_runs_take_no_longer_than_their_length(text: bytes) -> None:
    assert len(without_macros(text)) == len(reduced(text, "c").text) == len(text)
