"""What models that a user brings have in common, whatever they are for: how they are loaded, and what they may want.

A home of onnxruntime (through `onnx`) and tokenizers. Knows nothing of what a model makes of a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from codectxd.embed.model import ModelSpec, check
from codectxd.embed.onnx import session
from codectxd.errors import ModelUnavailable

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

_CHARACTERS_PER_TOKEN: Final = 16
"""A text is cut here before it is split, so that a file of one endless line costs no more than the tokens kept of it."""

_INPUTS: Final = frozenset({"input_ids", "attention_mask", "token_type_ids", "position_ids"})


def loaded(spec: ModelSpec, what: str) -> tuple[InferenceSession, Tokenizer]:
    """The graph, ready to run, and what splits texts for it, the longer ones cut. `what` it is, is said where it cannot be
    used. Raises ModelUnavailable when files are missing, damaged, not what `spec` says, or want what no text has."""
    check(spec)
    try:
        graph, tokenizer = session(spec.weights), _tokenizer(spec)
    except Exception as problem:
        # Both libraries raise whatever their own parts do.
        told = str(problem).strip().splitlines()
        raise ModelUnavailable(
            f"The {what} in {spec.source} cannot be loaded: {told[0] if told else problem!r}"
        ) from problem
    if strange := sorted({one.name for one in graph.get_inputs()} - _INPUTS):
        raise ModelUnavailable(f"The {what} in {spec.source} cannot be used: it wants {strange[0]}, which no text has.")
    return graph, tokenizer


def cut(text: str, spec: ModelSpec) -> str:
    """As much of a text as the model can look at, and a little more, in valid Unicode."""
    return text[: spec.max_tokens * _CHARACTERS_PER_TOKEN].encode("utf-8", "replace").decode()


def _tokenizer(spec: ModelSpec) -> Tokenizer:
    from tokenizers import Tokenizer

    read = Tokenizer.from_file(str(spec.tokenizer))
    read.no_padding()
    # Of two texts the longer one is cut first.
    read.enable_truncation(max_length=spec.max_tokens, strategy="longest_first")
    return read
