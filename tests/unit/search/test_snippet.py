"""Which lines of a chunk are shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codectxd.search.snippet import MAX_CHARACTERS, MAX_LINES, snippet


@given(st.text(alphabet=st.sampled_from("ab \t\r\n\0\u2028é"), max_size=300), st.integers(0, 10_000))
def test_I6_the_shown_lines_are_lines_of_the_text(text: str, start: int) -> None:
    shown = snippet(text, start)
    assert start <= shown.start_line < shown.end_line <= start + len(text.split("\n"))
    lines = text.split("\n")[shown.start_line - start : shown.end_line - start]
    assert shown.text == "\n".join(lines).removesuffix("\r")


def test_blank_lines_at_the_ends_are_left_out() -> None:
    shown = snippet("\n  \ndef f():\n\n    pass\n\n", 10)
    assert (shown.start_line, shown.end_line) == (12, 15)
    assert shown.text == "def f():\n\n    pass"


def test_a_long_chunk_is_cut_at_a_whole_line() -> None:
    shown = snippet("".join(f"line {i}\n" for i in range(200)), 5)
    assert (shown.start_line, shown.end_line) == (5, 5 + MAX_LINES)
    assert shown.text.endswith(f"line {MAX_LINES - 1}")


def test_long_lines_are_shown_whole_and_few() -> None:
    wide = "x" * (MAX_CHARACTERS - 10)
    assert snippet(f"{wide}\n{wide}\n", 0).end_line == 1
    assert snippet("y" * (MAX_CHARACTERS * 2), 3).text == "y" * (MAX_CHARACTERS * 2)


def test_of_a_long_chunk_the_lines_that_were_asked_for_are_shown() -> None:
    text = "".join(f"line {i}\n" for i in range(60)) + "def find_zebra():\n    return quagga\n"
    shown = snippet(text, 100, ("zebra", "quagga"))
    assert "return quagga" in shown.text
    assert shown.end_line - shown.start_line == MAX_LINES
    assert snippet(text, 100, ("absent",)).start_line == 100
