"""The vocabulary: WordPiece over lower-cased parts of identifiers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from codectxd.embed.words import WORD

UNKNOWN = "[UNK]"
_CAMEL = r"(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})"
_PARTS = r"\p{L}+|\p{N}{1,4}"
_LONGEST_WORD = 40
_MOST_OF_ONE_WORD = 200
"""How often one text may count a word: a table of constants must not buy itself a vocabulary."""


def count(texts: Iterable[str]) -> Counter[str]:
    """How often each word occurs, a text's say limited."""
    counts: Counter[str] = Counter()
    for text in texts:
        for word, times in Counter(WORD.findall(text)).items():
            counts[word] += min(times, _MOST_OF_ONE_WORD)
    return counts


def train(counts: Counter[str], size: int) -> Tokenizer:
    tokenizer = blank()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=[UNKNOWN], show_progress=False, min_frequency=3, limit_alphabet=200
    )
    tokenizer.train_from_iterator(_repeated(counts), trainer)
    return blank(tokenizer.get_vocab())  # without the trainer's special token, which would match in a text


def blank(vocabulary: dict[str, int] | None = None) -> Tokenizer:
    model = models.WordPiece(vocabulary or {}, unk_token=UNKNOWN, max_input_chars_per_word=_LONGEST_WORD)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace(Regex(_CAMEL), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_PARTS), behavior="removed", invert=True)
    return tokenizer


def _repeated(counts: Counter[str]) -> Iterable[str]:
    for word, count in counts.items():
        yield " ".join([word] * count)
