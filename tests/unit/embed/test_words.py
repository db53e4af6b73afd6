"""Texts to flat tokens: splitting identifiers, cutting long texts, forgetting words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from codectxd.embed.model import embedded
from codectxd.embed.words import Ids, WordTokens


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(embedded().tokenizer))


@pytest.mark.parametrize(
    ("identifier", "parts"),
    [
        ("getServerError", ["get", "server", "error"]),
        ("HTTPServerError", ["http", "server", "error"]),
        ("snake_case_name", ["snake", "case", "name"]),
        ("MAX_RETRY_COUNT", ["max", "retry", "count"]),
        ("content-length-header", ["content", "length", "header"]),
        ("std::vector<int>", ["std", "vector", "int"]),
        ("parse2Values", ["parse", "2", "values"]),
        ("1234567", ["1234", "567"]),
    ],
)
def test_identifiers_fall_into_their_parts(tokenizer: Tokenizer, identifier: str, parts: list[str]) -> None:
    assert tokenizer.encode(identifier).tokens == parts


def test_tokens_of_several_texts_lie_end_to_end() -> None:
    tokens = _letters(max_tokens=10).flatten(["ab c", "", "c ab!"])
    assert tokens.ids.tolist() == [97, 98, 99, 99, 97, 98]
    assert tokens.starts.tolist() == [0, 3, 3, 6]


def test_only_the_first_tokens_are_kept() -> None:
    tokens = _letters(max_tokens=3).flatten(["abcd", "ab", "a bcd"])
    assert tokens.ids.tolist() == [97, 98, 99, 97, 98, 97, 98, 99]
    assert tokens.starts.tolist() == [0, 3, 5, 8]


def test_a_word_is_asked_about_once() -> None:
    asked: list[str] = []
    words = WordTokens(lambda new: (asked.extend(new), _spell(new))[1], max_tokens=9, max_words=100)
    words.flatten(["one two one", "two"])
    words.flatten(["two three"])
    assert asked == ["one", "two", "three"]


def test_a_full_memory_starts_afresh_and_answers_alike() -> None:
    small = _letters(max_tokens=50, max_words=2)
    texts = ["a bc def", "def gh", "a a a"]
    for _ in range(3):
        for text in texts:
            assert "".join(map(chr, small.flatten([text]).ids)) == text.replace(" ", "")


def test_an_interrupted_batch_does_no_harm() -> None:
    failing = [True]

    def pieces(new: list[str]) -> tuple[Ids, Ids]:
        if failing.pop():
            raise KeyboardInterrupt
        failing.append(False)
        return _spell(new)

    words = WordTokens(pieces, max_tokens=9, max_words=9)
    failing[:] = [False, True]
    with pytest.raises(KeyboardInterrupt):
        words.flatten(["a b"])
    assert words.flatten(["b c a"]).ids.tolist() == [98, 99, 97]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="ascii"), max_size=300), max_size=5))
def test_words_looked_up_give_what_the_tokenizer_gives(tokenizer: Tokenizer, texts: list[str]) -> None:
    def pieces(new: list[str]) -> tuple[Ids, Ids]:
        ids = [tokenizer.encode(word).ids for word in new]
        return np.array([t for word in ids for t in word], dtype=np.int64), np.array([len(word) for word in ids])

    tokens = WordTokens(pieces, max_tokens=1_000, max_words=100).flatten(texts)
    for text, first, last in zip(texts, tokens.starts, tokens.starts[1:], strict=False):
        assert tokens.ids[first:last].tolist() == tokenizer.encode(text).ids


def _letters(*, max_tokens: int, max_words: int = 100) -> WordTokens:
    return WordTokens(_spell, max_tokens=max_tokens, max_words=max_words)


def _spell(new: list[str]) -> tuple[Ids, Ids]:
    return np.array([ord(c) for word in new for c in word], dtype=np.int64), np.array(list(map(len, new)))
