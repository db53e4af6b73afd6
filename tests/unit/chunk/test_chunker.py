"""Chunks tile any text of any language, and symbols stand where they say (invariants I5 and I6)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codectxd.chunk import chunker
from codectxd.chunk.chunker import Chunked, chunk
from codectxd.chunk.languages import OUTLINED, PARSED
from codectxd.chunk.pieces import LONGEST, TINY
from unit.chunk.sources import sources

LANGUAGES = [entry.name for entry in (*PARSED, *OUTLINED)] + ["text", "perl", ""]
SOURCES = sources()
SNIPPETS = [
    *(b"\n", b"\r\n", b"\r", b"    ", b"\t", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xc2\x85", b"\xe2\x80\xa8"),
    *(b"{", b"}", b"(", b")", b"[", b'"', b"'", b"`", b'"""', b"/*", b"*/", b"//", b"#", b"\\", b"<", b"=>", b";", b"@"),
    *(b"def f():\n", b"class A:\n", b"class A {", b"fn f() {", b"func f() {", b"impl A {", b"const a = () => {", b"#[a]\n"),
    *(b"a:\n", b"  - b: |\n", b"---\n", b"[a.b]\n", b'{"a": [', b'resource "a" "b" {\n', b"FROM a AS b\n", b"a: b\n\tc\n"),
    *(b"# A\n", b"## B\n", b"===\n", b"```\n", b"- ", b"> ", "ü".encode(), "名".encode()),
    *(b"x" * 3000, b"\n" * 200, b"A = 1\n" * 300),
]
PATIENT = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def check(text: bytes, chunked: Chunked, language: str = "") -> None:
    """What must hold of the chunks and symbols of any text; a notebook's chunks need not cover what is around its cells."""
    longest = LONGEST + TINY if language != "jupyter" else 4 * LONGEST
    lines = text.split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    starts[-1] = len(text)
    covered = set()
    last = 0
    for found in chunked.chunks:
        assert last <= found.start_line < found.end_line <= len(lines)
        assert (found.start_byte, found.end_byte) == (starts[found.start_line], starts[found.end_line])
        assert found.end_byte - found.start_byte <= longest or found.end_line - found.start_line < 4
        assert bool(found.symbol) == (found.kind != "lines")
        covered |= set(range(found.start_line, found.end_line))
        last = found.end_line
    uncovered = [line for number, line in enumerate(lines) if line.strip() and number not in covered]
    assert uncovered == [] or language == "jupyter"
    assert len(chunked.chunks) <= chunker.MAX_CHUNKS
    for symbol in chunked.symbols:
        holder = chunked.chunks[symbol.chunk]
        assert holder.start_line <= symbol.line < holder.end_line
        assert symbol.line <= symbol.end_line <= len(lines)
        assert lines[symbol.line][symbol.column : symbol.end_column] == symbol.name.encode()
        assert symbol.name


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, bytes]:
    """A real file in its own or in another language, with pieces cut out, doubled and put in."""
    language, text = draw(st.sampled_from(SOURCES))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 200)))
        middle = draw(st.sampled_from([b"", text[start:end] * 2, *SNIPPETS]))
        text = text[:start] + middle + text[end:]
    return draw(st.sampled_from([language, language, language, *LANGUAGES])), text


@PATIENT
@given(mutated())
def test_I5_chunks_tile(case: tuple[str, bytes]) -> None:
    language, text = case
    check(text, chunk(text, language), language)


@PATIENT
@given(st.one_of(st.binary(max_size=500), st.lists(st.sampled_from(SNIPPETS), max_size=60).map(b"".join)))
def test_I6_chunking_is_total(text: bytes) -> None:
    for language in LANGUAGES:
        chunked = chunk(text, language)
        if _is_utf8(text):
            check(text, chunked, language)


@PATIENT
@given(mutated())
def test_I4_the_same_text_yields_the_same_chunks(case: tuple[str, bytes]) -> None:
    language, text = case
    assert chunk(text, language) == chunk(text, language)


HARD = {
    "nothing": b"",
    "only blank lines": b"\n \n\t\r\n" * 1000,
    "nested brackets": b"(" * 100_000,
    "mixed nested brackets": b"([{" * 33_333 + b"}])" * 33_333,
    "nested blocks": b"class A {\n" * 20_000,
    "nested functions": b"".join(b" " * depth + b"def f():\n" for depth in range(1500)),
    "nested modules": b"mod a {\n" * 5_000 + b"fn f() {}\n" + b"}\n" * 5_000,
    "nested types": b"List<" * 20_000,
    "nested quotes": b"> " * 20_000,
    "nested lists": b"- " * 5_000,
    "one line of a megabyte": b"x" * 1_000_000,
    "one line of code": b"function f(a){return a+1};" * 4_000,
    "long lines between short ones": (b"a = 1\n" + b"b = '" + b"x" * 5_000 + b"'\n") * 50,
    "short lines": b"{\n" * 50_000,
    "an open string": b'x = "' + b"a b c " * 8_000,
    "an open comment": b"/*" + b" fn f() {}\n" * 4_000,
    "comments that close": b"*/\nf() {}\n" * 5_000,
    "escaped line ends": b"\\\n" * 50_000,
    "null bytes": b"\0" * 100_000,
    "not utf-8": bytes(range(128, 256)) * 500,
    "a byte order mark": b"\xef\xbb\xbfdef f():\n    pass\n",
    "comment openings": b"<!--" * 20_000,
    "classes that look like C++": b"class a:\n" * 6_000,
    "paragraphs, each broken": b"def f(:\n\n" * 3_000,
    "keys": b"a:\n" * 30_000,
    "nested keys": b"".join(b" " * depth + b"a:\n" for depth in range(400)) * 3,
    "nested objects": b'{"a":' * 20_000,
    "objects in a row": b'{"a": 1}\n' * 10_000,
    "quotes": b'"' * 50_001,
    "open quotes": b'{"\\' * 20_000,
    "spaces": b"a" + b" " * 100_000 + b"b",
    "templates": b"<template>\n" * 5_000,
    "tags": b"<div>" * 10_000,
    "attributes": b'<a b="' * 10_000,
    "headings": b"# a\n\ntext\n\n" * 3_000,
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", HARD)
def test_I6_hard_texts_are_cut_all_the_same(name: str, language: str) -> None:
    text = HARD[name]
    chunked = chunk(text, language)
    if name != "not utf-8":
        check(text, chunked, language)
    # What is stored stays in proportion to the text, whatever it nests.
    stored = sum(len(found.symbol) for found in chunked.chunks)
    stored += sum(len(symbol.name) + len(symbol.container) for symbol in chunked.symbols)
    assert stored < 100 * len(text) + 1000


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_lines_end_at_newlines_alone() -> None:
    text = "a = 'x\u2028y\x85z'\rb = 1\nMAX = 2\r\n".encode()
    (symbol,) = chunk(text, "python").symbols
    assert (symbol.name, symbol.line, symbol.column) == ("MAX", 1, 0)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source[0])
def test_line_ends_of_windows_change_no_symbol(source: tuple[str, bytes]) -> None:
    language, text = source
    unix, windows = (chunk(variant, language).symbols for variant in (text, text.replace(b"\n", b"\r\n")))
    assert [(s.name, s.kind, s.container, s.line) for s in windows] == [(s.name, s.kind, s.container, s.line) for s in unix]


def test_a_text_without_final_newline_ends_with_its_last_line() -> None:
    (found,) = chunk(b"a\n\nb", "text").chunks
    assert (found.start_line, found.end_line, found.end_byte) == (0, 3, 4)


def test_a_byte_order_mark_hides_no_definition() -> None:
    assert [symbol.name for symbol in chunk(HARD["a byte order mark"], "python").symbols] == ["f"]


def test_small_neighbours_share_a_chunk_and_large_functions_do_not() -> None:
    small = b"".join(b"def small_%d():\n    return %d\n\n\n" % (n, n) for n in range(9))
    large = b"def large():\n" + b"    call_something_with_a_long_name(1, 2, 3)\n" * 30
    found = chunk(small + large + small, "python").chunks
    assert [(c.kind, c.symbol) for c in found] == [("lines", ""), ("function", "large"), ("lines", "")]


def test_a_large_class_is_opened_at_its_methods_after_its_header() -> None:
    method = b"    def method_%d(self):\n" + b"        self.call_something(1, 2, 3)\n" * 25
    text = b'class Large:\n    """' + b"What it is for. " * 20 + b'"""\n\n' + b"\n".join(method % n for n in range(3))
    symbols = [c.symbol for c in chunk(text, "python").chunks]
    assert symbols == ["Large", "Large.method_0", "Large.method_1", "Large.method_2"]


def test_a_huge_function_is_cut_where_it_pauses() -> None:
    block = b"    if ready:\n" + b"        do_something_for_a_while(now)\n" * 12 + b"\n"
    text = b"def huge():\n" + block * 12
    lines = text.split(b"\n")
    found = chunk(text, "python").chunks
    assert {(c.kind, c.symbol) for c in found} == {("function", "huge")}
    assert all(lines[c.start_line].startswith(b"    if") for c in found[1:])


def test_a_line_longer_than_the_limit_stands_alone() -> None:
    text = b"a = 1\n" * 60 + b"x" * 10_000 + b"\n" + b"b = 2\n" * 60
    alone = [c for c in chunk(text, "text").chunks if c.start_line <= 60 < c.end_line]
    assert [(c.start_line, c.end_line) for c in alone] == [(60, 61)]


def test_chunks_beyond_the_greatest_number_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunker, "MAX_CHUNKS", 3)
    text = b"some words to fill a line with\n" * 1000
    chunked = chunk(text, "text")
    assert len(chunked.chunks) == 3
    check_end = chunked.chunks[-1]
    assert (check_end.end_line, check_end.end_byte) == (1000, len(text))
