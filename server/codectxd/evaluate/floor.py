"""The least work that an index build can do, timed: read every file, parse it, tokenise it, keep nothing.

Runs as a process of its own, `python -m codectxd.evaluate.floor FOLDER`, so that no cache and no import of the benchmarks is
in its favour; prints one JSON object. Files are parsed on one thread, as tree-sitter holds the interpreter's lock, and
tokenised in pieces of 1,500 bytes on all cores by the tokenizer library itself. Imports and loading are not counted.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path

import msgspec
from tokenizers import Tokenizer
from tree_sitter import Language, Parser

from codectxd.embed.model import embedded

_GRAMMARS = {
    "tree_sitter_python": ".py .pyi",
    "tree_sitter_rust": ".rs",
    "tree_sitter_go": ".go",
    "tree_sitter_java": ".java",
    "tree_sitter_javascript": ".js .jsx .mjs .cjs",
    "tree_sitter_c": ".c .h",
}
_PIECE = 1_500
_LEFT_OUT = {".git", "__pycache__", "node_modules", "target"}


class Floor(msgspec.Struct, frozen=True):
    """Seconds by stage, and of how much."""

    files: int
    megabytes: float
    read: float
    parse: float
    tokenise: float

    @property
    def seconds(self) -> float:
        return self.read + self.parse + self.tokenise


def measure(folder: Path) -> Floor:
    """Time the three stages over the source files of `folder`."""
    parsers = {suffix: parser for name, suffixes in _GRAMMARS.items() for suffix, parser in _parsers(name, suffixes)}
    tokenizer = Tokenizer.from_file(str(embedded().tokenizer))
    paths = [path for path in sorted(folder.rglob("*.*")) if path.suffix in parsers and _counts(path, folder)]
    began = time.perf_counter()
    texts = [(path.suffix, path.read_bytes()) for path in paths]
    read = time.perf_counter()
    for suffix, text in texts:
        parsers[suffix].parse(text)
    parsed = time.perf_counter()
    pieces = [text[i : i + _PIECE].decode(errors="replace") for _, text in texts for i in range(0, len(text), _PIECE)]
    tokenizer.encode_batch_fast(pieces)
    done = time.perf_counter()
    size = sum(len(text) for _, text in texts) / 1e6
    return Floor(len(paths), size, read - began, parsed - read, done - parsed)


def _parsers(module: str, suffixes: str) -> list[tuple[str, Parser]]:
    parser = Parser(Language(import_module(module).language()))
    return [(suffix, parser) for suffix in suffixes.split()]


def _counts(path: Path, folder: Path) -> bool:
    return path.is_file() and _LEFT_OUT.isdisjoint(path.relative_to(folder).parts)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(measure(Path(sys.argv[1]))))
