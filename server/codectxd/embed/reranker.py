"""Cross-encoders, run by onnxruntime: a question and one passage are read together, and make one number.

It sees what two vectors cannot, and costs a run for each passage, so it judges the few that something else found. A
passage's number does not depend on its company: each is run alone, which on one core is as fast. Knows nothing of files and
of ranking.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from codectxd.embed.brought import cut, loaded
from codectxd.embed.model import ModelSpec
from codectxd.embed.onnx import run_options
from codectxd.errors import ModelUnavailable

if TYPE_CHECKING:
    from onnxruntime import RunOptions
    from tokenizers import Encoding

_LONGEST_S: Final = 10.0
"""For what is to be found out about a model: one that takes longer for it is of no use."""
_TEXT: Final = "the total of all lines in the cart "
_REMEMBERED: Final = 4_096
"""Pairs whose numbers are kept: who types on, pages, or asks again asks about the same ones."""


class Reranker:
    """A CrossEncoder. Thread-safe: the session is, and what is remembered is under a lock."""

    def __init__(self, spec: ModelSpec) -> None:
        """Load the model. Raises ModelUnavailable when its files are missing, damaged, or make more of a pair than one
        number."""
        self._spec = spec
        self._session, self._tokenizer = loaded(spec, "reranker")
        self._inputs = [one.name for one in self._session.get_inputs()]
        self._seen: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()
        if not list(self.judged("a", ["b"], _LONGEST_S)):
            slow = f"a pair of letters takes it more than {_LONGEST_S:.0f} s"
            raise ModelUnavailable(f"The reranker in {spec.source} cannot be used: {slow}.")

    @property
    def model_id(self) -> str:
        return self._spec.id

    def judged(self, question: str, passages: Sequence[str], within_s: float) -> Iterator[float]:
        options = run_options()
        alarm = threading.Timer(max(0.0, within_s), setattr, (options, "terminate", True))
        alarm.daemon = True
        alarm.start()
        try:
            for passage in passages:
                score = self._judged(question, passage, options)
                if score is None:
                    return
                yield score
        finally:
            alarm.cancel()

    def _judged(self, question: str, passage: str, options: RunOptions) -> float | None:
        """None where the time was over before it was said."""
        key = _key(question, passage)
        with self._lock:
            score = self._seen.get(key)
        if score is None and (score := self._run(question, passage, options)) is not None:
            with self._lock:
                self._seen[key] = score
                while len(self._seen) > _REMEMBERED:
                    self._seen.popitem(last=False)
        return score

    def _run(self, question: str, passage: str, options: RunOptions) -> float | None:
        pair = self._split(question, passage)
        offered = {
            "input_ids": pair.ids,
            "attention_mask": pair.attention_mask,
            "token_type_ids": pair.type_ids,
            "position_ids": range(len(pair.ids)),
        }
        fed = {name: np.array([offered[name]], dtype=np.int64) for name in self._inputs}
        if options.terminate:
            return None
        try:
            found = np.asarray(self._session.run(None, fed, options)[0], dtype=np.float32)
        except Exception as problem:
            if options.terminate:
                return None
            # onnxruntime has no one exception; what a graph does not like is what is to be told.
            told = (str(problem).strip() or repr(problem)).splitlines()[0]
            raise ModelUnavailable(f"The reranker in {self._spec.source} does not run: {told}") from problem
        if found.size != 1:
            told = f"it makes {found.size} numbers of a pair, where one is wanted"
            raise ModelUnavailable(f"The reranker in {self._spec.source} cannot be used: {told}.")
        if not np.isfinite(found).all():
            raise ModelUnavailable(f"The reranker in {self._spec.source} cannot be used: of a pair it makes no number.")
        return float(found.reshape(()))

    def _split(self, question: str, passage: str) -> Encoding:
        return self._tokenizer.encode(cut(question, self._spec), cut(passage, self._spec))


def tried(spec: ModelSpec) -> float:
    """Load the reranker and have it judge something; the milliseconds that a text takes of which it reads all it can. Raises
    ModelUnavailable."""
    reranker = load_reranker(spec)
    passages = [f"{letter} = {_TEXT * spec.max_tokens}" for letter in "abc"]
    began = time.perf_counter()
    found = list(reranker.judged(_TEXT, passages, _LONGEST_S))
    if len(found) < len(passages):
        raise ModelUnavailable(
            f"The reranker in {spec.source} is too slow: it reads no {len(passages)} texts in {_LONGEST_S:.0f} s."
        )
    return (time.perf_counter() - began) * 1e3 / len(passages)


def load_reranker(spec: ModelSpec) -> Reranker:
    """Raises ModelUnavailable when files are missing, damaged or not those of a reranker."""
    if spec.kind != "reranker":
        told = "it embeds texts: `codectxd model use` takes it"
        raise ModelUnavailable(f"The model in {spec.source or 'the package'} cannot rerank answers: {told}.")
    return Reranker(spec)


def _key(question: str, passage: str) -> bytes:
    texts = (text.encode("utf-8", "surrogatepass") for text in (question, passage))
    return hashlib.blake2b(b"\0".join(texts), digest_size=16).digest()
