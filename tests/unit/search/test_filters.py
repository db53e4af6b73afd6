"""Filters and quoted parts, as they are read from the text of a query."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codectxd.chunk.terms import expand
from codectxd.errors import BadFilter
from codectxd.index.filters import Filters
from codectxd.index.quotes import holds
from codectxd.search.filters import among, part, quote_of
from codectxd.search.query import parse
from codectxd.types import Query

PYTHON, RUST = frozenset(("python",)), frozenset(("rust",))


def filters(text: str) -> Filters:
    return part(Query(text)).filters


def quotes(text: str) -> list[str]:
    return [quote.text for quote in part(Query(text)).quotes]


def passes(found: Filters, path: str, language: str = "python") -> bool:
    return found.test()(path, language, "source")


@pytest.mark.parametrize(
    ("text", "rest", "expected"),
    [
        ("retry lang:py", "retry", Filters(languages=(PYTHON,))),
        ("lang:py lang:rs retry", "retry", Filters(languages=(PYTHON | RUST,))),
        ("retry -lang:py later", "retry later", Filters(not_languages=PYTHON)),
        ("retry path:src/ path:lib", "retry", Filters(paths=("src/", "lib"))),
        ('retry path:"my files/a"', "retry", Filters(paths=("my files/a",))),
        ("retry -path:tests", "retry", Filters(not_paths=("tests",))),
        ("install content:docs", "install", Filters(content="docs")),
        ("std::path:x a.path:b not-lang:py", "std::path:x a.path:b not-lang:py", Filters()),
        ("lang: path: what", "lang: path: what", Filters()),
    ],
)
def test_filters_are_taken_out_of_the_text(text: str, rest: str, expected: Filters) -> None:
    parted = part(Query(text))
    assert (parted.rest, parted.filters) == (rest, expected)


def test_what_the_request_asks_for_and_what_the_text_asks_for_must_both_hold() -> None:
    both = part(Query("retry lang:rust", languages=("python", "rs"), content="docs")).filters
    assert both == Filters(languages=(PYTHON | RUST, RUST), content="docs")
    assert part(Query("x content:all", content="docs")).filters.content == "all"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x lang:pyton", "python"),
        ("x -lang:klingon", "klingon"),
        ("x content:code-ish", "code, docs, config or all"),
        ("x content:code content:docs", "one kind"),
        ("lang:py", "all filters"),
        ('-"x"', "all filters"),
        ('"one\nother"', "one line"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(BadFilter, match=said):
        parse(Query(text))


def test_an_unknown_language_of_the_request_is_refused_with_the_closest_names() -> None:
    with pytest.raises(BadFilter, match=r"There is no language called pyhton: did you mean python"):
        parse(Query("x", languages=("pyhton",)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"foo(bar" retry', ["foo(bar"]),
        ('"lang:py" is text', ["lang:py"]),
        ('"one two"  "three"', ["one two", "three"]),
        (r'"print(\"hello\")"', ['print("hello")']),
        (r'"a\n"', [r"a\n"]),
        ('"" " " x', []),
        ('print("hello") x="1"', []),
        ('"unclosed', []),
        ('KeyError: "name"', ["name"]),
    ],
)
def test_what_stands_in_quotes_is_to_be_found_as_it_stands(text: str, found: list[str]) -> None:
    assert quotes(text) == found


def test_what_is_quoted_is_asked_for_too_and_what_is_excluded_is_not() -> None:
    question = parse(Query('"connection pool" of -"idle hosts"'))
    assert question.text == "connection pool of"
    assert [quote.text for quote in question.not_quotes] == ["idle hosts"]


def test_a_quoted_part_without_a_word_is_a_question() -> None:
    assert parse(Query('"=>"')).terms == ()


def test_filters_in_force_are_told_as_they_would_be_written() -> None:
    query = Query(r'x lang:py -path:"a b" "q\"q" -"no"', languages=("go",), globs=("*.x",))
    assert part(query).in_force == (
        *("lang:go", "glob:*.x", "lang:py", '-path:"a b"', r'"q\"q"', '-"no"'),
        "content:code",
    )


@pytest.mark.parametrize(
    ("pattern", "path", "is_so"),
    [
        ("src/", "lib/src/a.py", True),
        ("/src/", "lib/src/a.py", False),
        ("/src/", "src/a.py", True),
        ("readme", "docs/README.md", True),
        ("README", "docs/readme.md", False),
        ("*.py", "a/b/c.py", True),
        ("src/**/c.py", "src/a/b/c.py", True),
        ("src/*.py", "src/a/b.py", False),
        ("tests/*", "tests/unit/x.py", True),
    ],
)
def test_a_path_filter_is_a_part_of_the_path_or_a_glob(pattern: str, path: str, is_so: bool) -> None:
    assert passes(Filters(paths=(pattern,)), path) is is_so
    assert passes(Filters(not_paths=(pattern,)), path) is not is_so


def test_every_filter_must_let_a_file_pass() -> None:
    several = filters("x lang:py lang:go path:src path:lib -path:test -lang:go")
    assert passes(several, "src/a.py")
    assert passes(several, "lib/a.py")
    assert not passes(several, "src/a.go", "go")
    assert not passes(several, "src/test_a.py")
    assert not passes(several, "doc/a.py")


def test_a_language_without_code_answers_although_code_is_asked_for() -> None:
    test = filters("install lang:md").test()
    assert test("README.md", "markdown", "docs")
    assert not filters("install lang:py").test()("docs/conf.py", "python", "docs")


def test_a_name_may_have_filters_beside_it() -> None:
    assert among("Cart.total") == ("Cart.total", None)
    name, found = among("Cart lang:py")
    assert (name, found) == ("Cart", Filters(languages=(PYTHON,), content="all"))


CODE = st.text(st.sampled_from("aAbBxX_19 .(:-éß\t"), max_size=40)


@given(CODE, CODE, CODE, st.booleans())
@example("x ", "a.getuser.b", "", True)
@example("", "(running)", "", True)
@example("deadbeef", "0123456789abcdef0 q ", "z", False)
def test_a_text_that_holds_a_quote_has_its_certain_terms(before: str, middle: str, after: str, swap: bool) -> None:
    text = before + (middle.upper() if swap else middle) + after
    quote = quote_of(middle)
    if holds(text.encode(), quote):
        assert set(quote.certain) <= set(expand(text).split())


@given(st.text(max_size=60))
def test_I6_parting_raises_nothing_else_than_what_a_person_is_told(text: str) -> None:
    for given_text in (text, f'{text} "{text}" lang:{text} path:{text}'):
        with contextlib.suppress(BadFilter):
            part(Query(given_text))
