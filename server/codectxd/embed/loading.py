"""From a model's description to a loaded model, whatever kind it is. Knows nothing of who wants it."""

from __future__ import annotations

from codectxd.embed.embedder import Embedder
from codectxd.embed.model import ModelSpec
from codectxd.errors import ModelUnavailable


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
