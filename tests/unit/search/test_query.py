"""What a question is read as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd.errors import EmptyQuery
from codectxd.search.query import Name, parse
from codectxd.types import Query


@given(st.text(max_size=200))
def test_I6_parsing_raises_on_no_text_that_holds_a_word(text: str) -> None:
    try:
        question = parse(Query(text))
    except EmptyQuery:
        assert not any(c.isalnum() for c in text)
    else:
        assert all(0 <= share <= 1 for share in question.stems.values())


@pytest.mark.parametrize("text", ["", "   ", "\n\t", '""', "->", "?!"])
def test_a_query_without_a_word_is_refused(text: str) -> None:
    with pytest.raises(EmptyQuery):
        parse(Query(text))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ClientSession", [Name("ClientSession")]),
        ("redirect", [Name("redirect")]),
        ("asyncio.Task", [Name("Task", "asyncio")]),
        ("Foo::bar::baz", [Name("baz", "Foo.bar")]),
        ("Counter#increment!", [Name("increment", "Counter")]),
        ("how does read_file() work with HTTPServer", [Name("read_file"), Name("HTTPServer")]),
        ("how the session follows redirects", []),
        ("where is parse_args defined", [Name("parse_args")]),
        ("class Session", [Name("Session")]),
    ],
)
def test_names_are_what_looks_like_an_identifier_or_stands_alone(text: str, names: list[Name]) -> None:
    assert list(parse(Query(text)).names) == names


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("ClientSession", True),
        ("where is ClientSession defined", True),
        ("def parse_args", True),
        ("ClientSession redirects", False),
        ("ClientSession TCPConnector", False),
        ("how redirects work", False),
    ],
)
def test_a_question_may_ask_for_one_name_only(text: str, only: bool) -> None:
    assert parse(Query(text)).only_name is only


def test_neighbouring_words_may_name_a_file_in_singular_and_plural() -> None:
    stems = parse(Query("the rotating file handler")).stems
    assert stems["rotatingfilehandler"] == 1.0
    assert stems["filehandlers"] == pytest.approx(2 / 3)
    assert "the" not in stems
    assert "cookie" in parse(Query("cookies")).stems


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("tests of the parser", {"test"}),
        ("example of a custom handler", {"example"}),
        ("how does the latest version attest itself", set()),
        ("getting started tutorial", {"docs"}),
    ],
)
def test_a_question_may_ask_for_tests_examples_or_docs(text: str, roles: set[str]) -> None:
    assert parse(Query(text)).asked == roles


def test_asking_for_the_content_docs_asks_for_docs() -> None:
    assert parse(Query("install", content="docs")).asked == {"docs"}


@pytest.mark.parametrize("text", ['"connection pool"', 'lang:python "retry"', "path:src/*.py retry", '"unclosed'])
def test_quotes_and_filters_inside_the_text_do_no_harm(text: str) -> None:
    question = parse(Query(text))
    assert '"' not in question.text
    assert question.terms
