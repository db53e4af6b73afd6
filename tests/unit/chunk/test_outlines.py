"""What is named in texts that are no programs: what would make too long or too small a case file."""

from __future__ import annotations

import pytest

from codectxd.chunk.chunker import chunk
from codectxd.chunk.languages import OUTLINED


def names(text: bytes, language: str) -> list[str]:
    return [symbol.name for symbol in chunk(text, language).symbols]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("yaml", b"key%d: 1\n"),
        ("yaml", b"- name: item %d\n  x: 1\n"),
        ("json", b'"key%d": 1,\n'),
        ("ini", b"[section%d]\n"),
    ],
)
def test_a_table_of_data_names_nothing(language: str, text: bytes) -> None:
    few, many = (b"".join(text % n for n in range(count)) for count in (20, 2_000))
    opening = b"{\n" if language == "json" else b""
    assert len(names(opening + few, language)) == 20
    assert names(opening + many, language) == []


def test_a_large_service_beside_small_ones_hides_none() -> None:
    text = b"services:\n" + b"".join(b"  s%d:\n    image: x\n" % n for n in range(500)) + b"volumes:\n  data:\n"
    assert names(text, "yaml") == ["services", "volumes", "data"]


def test_json_that_is_large_names_nothing() -> None:
    text = b'{"name": "x", "text": "' + b"x" * 300_000 + b'"}'
    assert names(text, "json") == []


@pytest.mark.parametrize("language", [entry.name for entry in OUTLINED])
def test_no_text_gives_thousands_of_symbols_out_of_proportion(language: str) -> None:
    for line in (b"a%d: b\n", b".a%d { b: c }\n", b'"a%d": 1,\n', b'<p id="a%d">\n', b"a%d = 1\n", b"FROM a AS b%d\n"):
        assert len(names(b"".join(line % n for n in range(5_000)), language)) <= 1_000


def test_yaml_that_is_written_as_json_is_read_as_json() -> None:
    assert names(b'# x\n---\n{"name": 1,\n"scripts": {"build": 2}}\n', "yaml") == ["name", "scripts", "build"]


@pytest.mark.parametrize("text", [b"# A", b"words\n\n## B c", b"A\n==="])
def test_the_last_line_of_markdown_may_be_a_heading(text: bytes) -> None:
    assert len(names(text, "markdown")) == 1


def test_a_title_may_be_the_first_line() -> None:
    assert names(b"Title\n=====\nWords.\n", "restructuredtext") == ["Title"]


def test_windows_dockerfiles_continue_lines_with_a_backtick() -> None:
    text = b"# escape=`\nFROM a AS one\nRUN dir `\nFROM ghost AS two\nFROM b AS three\n"
    assert names(text, "dockerfile") == ["one", "three"]


def test_a_component_is_read_in_the_language_that_its_tag_names() -> None:
    script = b"<script lang=%s>\nexport type A = string\nfunction f() {}\n</script>\n"
    assert names(script % b'"ts"', "vue") == ["A", "f"]
    assert names(script % b"'tsx'", "svelte") == ["A", "f"]
    assert names(script % b'"coffee"', "vue") == []


def test_a_template_of_a_server_keeps_its_headings_and_drops_what_it_fills_in() -> None:
    assert names(b"{% if a < b %}\n<h1>{{ title }}</h1>\n<h2>Fixed</h2>\n{% endif %}\n", "html") == ["Fixed"]
