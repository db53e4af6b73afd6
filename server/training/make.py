"""From data to model in one command: `python -m training.make --data DIR`, in the folder `server`."""

from __future__ import annotations

import argparse
from pathlib import Path

from training import contrast, corpus, export, measure, sources, start, tokenizer

NAME = "codectx-static"
DIMENSION, MAX_TOKENS, VOCABULARY = 256, 1_024, 32_000

_HERE = Path(__file__).parent
_SOURCES = _HERE / "sources.tsv"
_PACKAGED = _HERE.parent / "codectxd" / "embed" / "data"


def main() -> None:
    options = _options()
    learned_from = sources.read(_SOURCES, "train")
    words = corpus.words(options.data, learned_from)
    vocabulary = tokenizer.train(words, VOCABULARY)
    print(f"{sum(words.values())} words, {len(words)} distinct, {vocabulary.get_vocab_size()} tokens")
    table = start.table(vocabulary, words, DIMENSION)
    corpora = list(corpus.tokenised(options.data, learned_from, vocabulary, asked=True))
    print(f"{sum(len(one.kinds) for one in corpora)} pairs of {len(corpora)} repositories")
    trained = contrast.train(table, corpora, contrast.Recipe())
    trained[vocabulary.token_to_id(tokenizer.UNKNOWN)] = 0.0
    held_out = list(corpus.tokenised(options.data, sources.read(_SOURCES, "measure"), vocabulary, asked=False))
    for size in (DIMENSION, DIMENSION // 2):
        print(f"{size} dimensions: start {measure.ndcg(table[:, :size], held_out)}")
        print(f"{size} dimensions: trained {measure.ndcg(trained[:, :size], held_out)}")
    serialised = vocabulary.to_str().encode()
    export.write(options.out, name=NAME, table=trained, tokenizer=serialised, max_tokens=MAX_TOKENS)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of clones, each named owner+name")
    parser.add_argument("--out", type=Path, default=_PACKAGED, help="where the model is written")
    return parser.parse_args()


if __name__ == "__main__":
    main()
