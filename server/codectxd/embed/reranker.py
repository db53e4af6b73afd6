"""Cross-encoders, run by onnxruntime: a question and one passage are read together, and make one number.

A home of onnxruntime (through `onnx`) and tokenizers. It sees what two vectors cannot, and costs a run for each passage, so
it judges the few that something else found. A passage's number does not depend on its company: each is run alone, which on
one core is as fast. Knows nothing of files and of ranking.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from codectxd.embed.model import ModelSpec, check
from codectxd.embed.onnx import session
from codectxd.embed.transformer import CHARACTERS_PER_TOKEN
from codectxd.errors import ModelUnavailable

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

_KNOWN_INPUTS: Final = frozenset({"input_ids", "attention_mask", "token_type_ids", "position_ids"})
_REMEMBERED: Final = 4_096
"""Pairs whose numbers are kept: who types on, pages, or asks again asks about the same ones."""


class Reranker:
    """A CrossEncoder. Thread-safe: the session is, and what is remembered is under a lock."""

    def __init__(self, spec: ModelSpec) -> None:
        """Load the model. Raises ModelUnavailable when its files are missing, damaged, or make more of a pair than one
        number."""
        check(spec)
        self._spec = spec
        try:
            self._session = session(spec.weights)
            self._tokenizer = _tokenizer(spec)
        except Exception as problem:
            # Both libraries raise whatever their own parts do.
            told = str(problem).strip().splitlines()
            raise ModelUnavailable(
                f"The reranker in {spec.source} cannot be loaded: {told[0] if told else problem!r}"
            ) from problem
        self._inputs = [one.name for one in self._session.get_inputs()]
        self._seen: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()
        if strange := sorted(set(self._inputs) - _KNOWN_INPUTS):
            raise ModelUnavailable(
                f"The reranker in {spec.source} cannot be used: it wants {strange[0]}, which no pair has."
            )
        self._run("a", "b")

    @property
    def model_id(self) -> str:
        return self._spec.id

    def judged(self, question: str, passages: Sequence[str]) -> Iterator[float]:
        for passage in passages:
            key = _key(question, passage)
            with self._lock:
                score = self._seen.get(key)
            if score is None:
                score = self._run(question, passage)
                with self._lock:
                    self._seen[key] = score
                    while len(self._seen) > _REMEMBERED:
                        self._seen.popitem(last=False)
            yield score

    def _run(self, question: str, passage: str) -> float:
        pair = self._split(question, passage)
        offered = {
            "input_ids": pair.ids,
            "attention_mask": pair.attention_mask,
            "token_type_ids": pair.type_ids,
            "position_ids": range(len(pair.ids)),
        }
        fed = {name: np.array([offered[name]], dtype=np.int64) for name in self._inputs}
        try:
            found = np.asarray(self._session.run(None, fed)[0])
        except Exception as problem:
            # onnxruntime has no one exception; what a graph does not like is what is to be told.
            told = (str(problem).strip() or repr(problem)).splitlines()[0]
            raise ModelUnavailable(f"The reranker in {self._spec.source} does not run: {told}") from problem
        if found.size != 1:
            told = f"it makes {found.size} numbers of a pair, where one is wanted"
            raise ModelUnavailable(f"The reranker in {self._spec.source} cannot be used: {told}.")
        return float(found.reshape(())) if np.isfinite(found).all() else -math.inf

    def _split(self, question: str, passage: str) -> Encoding:
        longest = self._spec.max_tokens * CHARACTERS_PER_TOKEN
        asked, read = (text[:longest].encode("utf-8", "replace").decode() for text in (question, passage))
        return self._tokenizer.encode(asked, read)


def _key(question: str, passage: str) -> bytes:
    texts = (text.encode("utf-8", "surrogatepass") for text in (question, passage))
    return hashlib.blake2b(b"\0".join(texts), digest_size=16).digest()


def _tokenizer(spec: ModelSpec) -> Tokenizer:
    from tokenizers import Tokenizer

    loaded = Tokenizer.from_file(str(spec.tokenizer))
    loaded.no_padding()
    # The longer of the two is cut first, which is the passage.
    loaded.enable_truncation(max_length=spec.max_tokens, strategy="longest_first")
    return loaded
