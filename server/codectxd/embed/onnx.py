"""The model that ships, run by onnxruntime: words to token ids, ids to unit vectors.

A home of onnxruntime and tokenizers, both imported when a model is loaded and not before. The graph takes the tokens
of several texts end to end, each with the number of its text, so that nothing is padded. Knows nothing of files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from codectxd.embed.embedder import Batch, Vectors
from codectxd.embed.model import ModelSpec
from codectxd.embed.words import FlatTokens, Ids, Pieces, WordTokens
from codectxd.errors import ModelUnavailable

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, RunOptions

_TOKENS_PER_RUN = 2_048
"""The graph's working set is about 2 KiB a token: this much bounds the arena, and more is no faster."""

_MAX_WORDS = 100_000
"""Distinct words remembered, some 15 MB; then the memory starts afresh."""


class OnnxEmbedder:
    """The Embedder that ships. Thread-safe: the session is, and the words are looked up under a lock."""

    def __init__(self, spec: ModelSpec) -> None:
        """Load the model. Raises ModelUnavailable when its files are missing, damaged or not what `spec` says."""
        tokenizer = _checked(spec)
        self._spec = spec
        self._session = session(spec.weights)
        self._words = WordTokens(pieces(tokenizer), max_tokens=spec.max_tokens, max_words=_MAX_WORDS)

    @property
    def model_id(self) -> str:
        return self._spec.id

    @property
    def dimension(self) -> int:
        return self._spec.dimension

    def batches(self, texts: Sequence[str]) -> Iterator[Batch]:
        """All of them at once: that is a matter of milliseconds."""
        yield range(len(texts)), self.encode(texts)

    def encode_question(self, text: str) -> Vectors:
        """The vector of a question, which this model does not tell apart from any other text."""
        vector: Vectors = self.encode([self._spec.query_prefix + text])[0]
        return vector

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts`, in order: float32 of shape (texts, dimension). The empty text is the zero vector."""
        vectors = np.zeros((len(texts), self._spec.dimension), dtype=np.float32)
        tokens = self._words.flatten(texts)
        for first, last in _runs(tokens.starts):
            vectors[first:last] = self._run(tokens, first, last)
        return vectors

    def _run(self, tokens: FlatTokens, first: int, last: int) -> Vectors:
        starts = tokens.starts[first : last + 1]
        owners = np.repeat(np.arange(last - first), np.diff(starts))
        inputs = {
            "ids": tokens.ids[starts[0] : starts[-1]],
            "owners": owners[:, None],
            "texts": np.array([last - first], dtype=np.int64),
        }
        vectors: Vectors = self._session.run(None, inputs)[0]
        return vectors


def _runs(starts: Ids) -> Iterator[tuple[int, int]]:
    """Cut texts into runs of about `_TOKENS_PER_RUN` tokens, at least one text each."""
    first, texts = 0, len(starts) - 1
    while first < texts:
        fitting = int(np.searchsorted(starts, starts[first] + _TOKENS_PER_RUN, side="right")) - 1
        last = min(max(fitting, first + 1), texts)
        yield first, last
        first = last


def _checked(spec: ModelSpec) -> bytes:
    """The tokenizer, after a look at both files. The weights are not kept: onnxruntime reads them from the file."""
    try:
        tokenizer = spec.tokenizer.read_bytes()
        found = digest(tokenizer, spec.weights.read_bytes())
    except OSError as error:
        raise ModelUnavailable(f"The embedding model cannot be read ({error.filename}): install codectxd again.") from error
    if found != spec.digest:
        raise ModelUnavailable(f"The embedding model is damaged ({spec.weights.parent}): install codectxd again.")
    return tokenizer


def digest(tokenizer: bytes, weights: bytes) -> str:
    """What `ModelSpec.digest` is of: BLAKE2b-128, hexadecimal, of the two files one after the other."""
    return hashlib.blake2b(tokenizer + weights, digest_size=16).hexdigest()


def session(weights: Path) -> InferenceSession:
    """A graph, ready to run: on the thread that runs it, and on no other."""
    # From 1.29 on the library queues events for its vendor, in a file of its own, wherever this is not set when it loads.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Never more than one: onnxruntime's ScatterND adds up from several threads without a lock, and loses summands.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # It pays where runs are of one size; here it keeps room for the largest that ever was.
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def run_options() -> RunOptions:
    """Of runs that another thread may end by setting `terminate`, which is nothing to log."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.log_severity_level = 4
    return options


def pieces(tokenizer: bytes) -> Pieces:
    """A function from words to tokens. It encodes all words in one call, which starts no thread of the library's own."""
    from tokenizers import Tokenizer

    loaded = Tokenizer.from_buffer(tokenizer)
    unknown = loaded.token_to_id("[UNK]")

    def split(words: list[str]) -> tuple[Ids, Ids]:
        encoding = loaded.encode(words, is_pretokenized=True, add_special_tokens=False)
        ids = np.array(encoding.ids, dtype=np.int64)
        owners = np.array(encoding.word_ids, dtype=np.int64)
        known = ids != unknown
        return ids[known], np.bincount(owners[known], minlength=len(words)).astype(np.int64)

    return split
