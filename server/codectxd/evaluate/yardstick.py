"""How fast this machine is right now, in one number: times of different runs are divided by it before they are compared."""

from __future__ import annotations

import time

import msgspec

_TIMES = 7
_WORDS = 60_000


def milliseconds() -> float:
    """What a fixed piece of the interpreter's work takes: the best of several times."""
    return min(_work() for _ in range(_TIMES)) * 1000


def _work() -> float:
    began = time.perf_counter()
    counts: dict[str, int] = {}
    for i in range(_WORDS):
        word = f"word{i * 7919 % 10_007}"
        counts[word] = counts.get(word, 0) + 1
    sorted(msgspec.json.decode(msgspec.json.encode(counts)).items())
    return time.perf_counter() - began
