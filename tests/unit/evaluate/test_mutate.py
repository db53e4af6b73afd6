"""Mutations are repeatable, bounded, and raise on no text."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from codectxd.evaluate.mutate import MUTATIONS, mutated

SEED = b"def one():\n    return [1, 2]\n\n\nclass Two:\n    pass\n"


def test_the_same_random_state_gives_the_same_text() -> None:
    texts = [[mutated([SEED, b"fn f() {}"], chosen) for _ in range(50)] for chosen in (random.Random(7), random.Random(7))]
    assert texts[0] == texts[1]
    assert len(set(texts[0])) > 45


@given(st.binary(max_size=200), st.integers(0, 2**32))
def test_every_mutation_takes_any_text(text: bytes, seed: int) -> None:
    for mutation in MUTATIONS:
        if mutation is not None:
            mutation(text, random.Random(seed))
    assert len(mutated([text], random.Random(seed))) <= 400_000
