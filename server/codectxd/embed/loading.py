"""From a model's description to a loaded model, whatever kind it is. Knows nothing of who wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codectxd.embed.embedder import Embedder
from codectxd.embed.model import ModelSpec
from codectxd.errors import ModelUnavailable

if TYPE_CHECKING:
    from codectxd.embed.reranker import Reranker


def load(spec: ModelSpec) -> Embedder:
    """Raises ModelUnavailable when files are missing, damaged or not what `spec` says."""
    if spec.kind == "reranker":
        told = "it reranks answers and embeds nothing: `codectxd model rerank` takes it"
        raise ModelUnavailable(f"The model in {spec.source} cannot embed texts: {told}.")
    # Late: whoever finds all vectors in the vault does not pay for importing what makes them.
    if spec.kind == "static":
        from codectxd.embed.onnx import OnnxEmbedder

        return OnnxEmbedder(spec)
    from codectxd.embed.transformer import TransformerEmbedder

    return TransformerEmbedder(spec)


def load_reranker(spec: ModelSpec) -> Reranker:
    """Raises ModelUnavailable as `load` does."""
    if spec.kind != "reranker":
        told = "it embeds texts: `codectxd model use` takes it"
        raise ModelUnavailable(f"The model in {spec.source or 'the package'} cannot rerank answers: {told}.")
    from codectxd.embed.reranker import Reranker

    return Reranker(spec)
