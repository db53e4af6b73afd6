"""Repositories as the trainer takes them: words to make a vocabulary of, pairs as tokens."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tokenizers import Tokenizer

from codectxd.embed.onnx import pieces
from codectxd.embed.words import FlatTokens, WordTokens
from training import history, pairs, sources, tokenizer
from training.pairs import Pair
from training.sources import Source

_PAIRS_OF_A_REPOSITORY = 15_000
_CHARACTERS_OF_A_REPOSITORY = 4_500_000
_SHARE = {"name": 0.4, "comment": 0.5, "neighbours": 0.4}
"""Of these kinds only a part is kept: they are many, and say less than a sentence does."""

_QUESTION_TOKENS, _ANSWER_TOKENS = 64, 256
_MAX_WORDS = 400_000


class Corpus(NamedTuple):
    """One repository's pairs as tokens: question i, of kind i, belongs to answer i."""

    repository: str
    kinds: list[str]
    questions: FlatTokens
    answers: FlatTokens


def words(data: Path, chosen: Sequence[Source]) -> Counter[str]:
    """How often each word occurs; no repository counts for more than a few megabytes."""
    counts: Counter[str] = Counter()
    for source in chosen:
        counts += tokenizer.count(_some_texts(data, source))
    return counts


def tokenised(data: Path, chosen: Sequence[Source], vocabulary: Tokenizer, *, asked: bool) -> Iterator[Corpus]:
    """The pairs of each repository; where `asked`, some questions are put the way people ask."""
    split = pieces(vocabulary.to_str().encode())
    questions = WordTokens(split, max_tokens=_QUESTION_TOKENS, max_words=_MAX_WORDS)
    answers = WordTokens(split, max_tokens=_ANSWER_TOKENS, max_words=_MAX_WORDS)
    for source in chosen:
        random_ = random.Random(source.repository)
        found = _pairs(data, source, random_)
        texts = [pairs.asked(pair.question, random_) if asked else pair.question for pair in found]
        yield Corpus(
            source.repository,
            [pair.kind for pair in found],
            questions.flatten(texts),
            answers.flatten([pair.answer for pair in found]),
        )


def _pairs(data: Path, source: Source, random_: random.Random) -> list[Pair]:
    found = dict.fromkeys(pair for file in sources.files(data, source) for pair in pairs.of_file(file, random_))
    if source.repository != sources.STANDARD_LIBRARY:
        found |= dict.fromkeys(history.pairs(sources.git_folder(data, source), source.revision))
    shuffled = [pair for pair in found if random_.random() < _SHARE.get(pair.kind, 1.0)]
    random_.shuffle(shuffled)
    return shuffled[:_PAIRS_OF_A_REPOSITORY]


def _some_texts(data: Path, source: Source) -> Iterator[str]:
    files = list(sources.files(data, source))
    random.Random(source.repository).shuffle(files)
    characters = 0
    for file in files:
        characters += len(file.text)
        if characters > _CHARACTERS_OF_A_REPOSITORY:
            return
        yield file.text
