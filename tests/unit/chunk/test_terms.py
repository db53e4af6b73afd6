"""Words of texts and of questions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd.chunk.stemmer import stem
from codectxd.chunk.terms import Expander, counts, expand, query_terms, symbol_terms
from codectxd.types import Symbol


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("getURLForID", "geturlforid get url for id"),
        ("HTTPServerError", "httpservererror http server error"),
        ("snake_case_names", "snakecasenames snak case name"),
        ("MAX_RETRIES maxRetries", "maxretries max retri maxretries max retri"),
        ("__init__", "init"),
        ("_private", "privat"),
        ("utf8", "utf8 utf"),
        ("sha256sum", "sha256sum sha256 sha 256 sum"),
        ("rfc2822", "rfc2822 rfc 2822"),
        ("i32", "i32 32"),
        ("parseHTTP2Header", "parsehttp2header pars http2 http header"),
        ("x = y + 1", ""),
        ("a.b->c::d", ""),
        ("2026", "2026"),
        ("words, and (words)", "word and word"),
        ("größeBerechnen", "grösseberechnen grösse berechnen"),
        ("parse_конфиг", "parseконфиг parse конфиг"),
        ("解析配置 x", "解析 析配 配置"),
        ("deadbeefdeadbeef01 0xDEADBEEFDEADBEEF1", ""),
        ("d41d8cd98f00b204e9800998ecf8427e", ""),
        ("x" * 65, ""),
        ("_" * 70 + " ___", ""),
        ("", ""),
    ],
)
def test_identifiers_are_expanded_whole_and_split(text: str, terms: str) -> None:
    assert expand(text) == terms


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("parse parses parsed parsing", "pars"),
        ("retry retries retried retrying", "retri"),
        ("cache caches cached caching", "cach"),
        ("file files filed filing", "file"),
        ("run runs running", "run"),
        ("match matches matched matching", "match"),
        ("index indexes indexed indexing", "index"),
        ("class classes", "class"),
        ("validate validates validated validation validator", "validat"),
        ("call calls called callable", "call"),
        ("secure security", "secur"),
        ("process processes processed processing", "process"),
    ],
)
def test_forms_of_a_word_meet_in_one_stem(words: str, expected: str) -> None:
    assert {stem(word) for word in words.split()} == {expected}


@pytest.mark.parametrize(
    "word",
    ["status", "analysis", "need", "string", "thing", "bus", "speed", "ring", "id", "action", "harness"],
)
def test_words_that_only_look_inflected_stay(word: str) -> None:
    assert stem(word) == word


def test_a_question_and_a_program_meet() -> None:
    held = set(expand("def parse_config_file(path): ...  # reads settings").split())
    assert set(query_terms("where are config files parsed?")) <= held


def test_a_question_gives_each_term_once_in_order_without_stop_words() -> None:
    assert query_terms("How do I parse the config, and parsing of getURL?") == ("pars", "config", "geturl", "get", "url")


def test_a_question_of_stop_words_alone_keeps_them() -> None:
    assert query_terms("what is it") == ("what", "is", "it")
    assert query_terms("?!") == ()


def test_counts_are_of_terms() -> None:
    assert counts(expand("files of a file")) == {"file": 2, "of": 1}
    assert counts("") == {}


def test_symbol_terms_are_those_of_the_path_and_of_what_is_defined() -> None:
    symbol = Symbol("fetchItem", "method", "Store", 3, 0, 9, 4, 0)
    assert symbol_terms([symbol], "Store") == "stor fetchitem fetch item"
    assert Expander().symbol_terms([symbol], "Store") == symbol_terms([symbol], "Store")


@given(st.text(max_size=200))
def test_I6_expanding_is_total_and_memory_changes_nothing(text: str) -> None:
    expander = Expander()
    assert expander.expand(text) == expander.expand(text) == expand(text)
    assert "  " not in expand(text)
    assert set(query_terms(text)) <= set(expand(text).split())


def test_the_memory_for_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codectxd.chunk.terms._MOST_WORDS", 10)
    expander = Expander()
    for number in range(100):
        expander.expand(f"word{number} other{number}")
    assert len(expander._words) <= 12
