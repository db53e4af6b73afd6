"""What tree-sitter is fed: it comes to an end, and nothing of it stays in memory."""

from __future__ import annotations

import pytest

from codectxd.chunk.chunker import chunk


def resident() -> int:
    """The memory of this process, in bytes."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * 4096


@pytest.mark.parametrize("language", ["python", "lua", "elixir"])
def test_nothing_of_a_parsed_text_stays_in_memory(language: str) -> None:
    text = (b"foo('" + b"a" * 1_000 + b"')\n") * 300
    before = 0
    for number in range(70):
        chunk(text + b"%d" % number, language)
        before = before if number != 9 else resident()
    assert resident() - before < 6_000_000  # 18 MB were read since.


@pytest.mark.parametrize("language", ["lua", "bash"])
def test_a_scanner_that_looks_to_the_end_again_and_again_is_stopped(language: str) -> None:
    text = b"".join(b" " * depth + b"def f():\n" for depth in range(1_000))
    before = resident()
    chunked = chunk(text, language)
    assert len(chunked.chunks) > 100
    assert chunked.symbols == ()
    assert resident() - before < 200_000_000


def test_definitions_are_found_wherever_the_pieces_end() -> None:
    function = b"def f():\n    return '" + "ü名".encode() * 7 + b"'\n\n\n"
    for shift in range(3):
        text = b"#" * shift + b"\n" + function * 1_000
        symbols = chunk(text, "python").symbols
        assert len(symbols) == 1_000
        assert {symbol.name for symbol in symbols} == {"f"}
