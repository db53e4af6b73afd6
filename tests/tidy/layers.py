"""Who may import whom, and where each library lives (invariant I7), as data and one pure function.

Levels: 0 types, errors · 1 config, paths, locks, system, gitignore, wildmatch · 2 workspace, vcs, chunk, embed, index · 3
search · 4 engine · 5 wire · 6 daemon, clients · 7 evaluate, models. Imports run downward only, and rooms of one level do not
know each other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tidy.source import Import, Module, imports

VOCABULARY = {"types", "errors"}
GROUND = VOCABULARY | {"config", "paths", "locks", "system", "gitignore", "wildmatch"}
MATERIAL = {"workspace", "vcs", "chunk", "embed", "index"}

MAY_IMPORT: dict[str, set[str]] = {
    "": set(),
    "types": set(),
    "errors": set(),
    "config": VOCABULARY,
    "paths": VOCABULARY | {"system"},
    "locks": set(),
    "system": set(),
    "gitignore": {"wildmatch"},
    "wildmatch": set(),
    **{room: GROUND for room in MATERIAL},
    # Search sees the snapshot and what restricts it, the embedder, the splitting of words and the names of languages, and
    # nothing else of the rooms below.
    "search": GROUND | {"index.reader", "index.filters", "index.quotes", "embed.embedder", "chunk.terms", "chunk.aliases"},
    "engine": GROUND | MATERIAL | {"search"},
    "wire": VOCABULARY | {"paths"},
    "daemon": GROUND | {"engine", "wire"},
    "clients": GROUND | {"wire"},
    "models": GROUND | {"embed", "wire", "clients", "search.weights"},
    "evaluate": GROUND | MATERIAL | {"search", "engine", "wire", "daemon", "clients"},
}
"""What a room may import, beside itself: rooms, or single modules of them."""

NAMES = {
    ("search", "index.schema", "doc_of"),
    ("search", "index.schema", "key_of"),
    ("search", "index.dense", "Dense"),
    ("search", "index.lexical", "Statistics"),
}
"""Single names that a room may import from elsewhere: how a chunk's key is made up, and how rare words are, belong to what a
Reader says."""

HOMES: dict[str, set[str]] = {
    "pygls": {"daemon"},
    "lsprotocol": {"daemon"},
    "cattrs": {"daemon"},
    "watchdog": {"workspace.watch", "workspace.observe"},
    "git": {"vcs.repo"},
    "tree_sitter": {"chunk.syntax", "evaluate.floor"},
    "onnxruntime": {"embed.brought", "embed.onnx", "embed.reranker", "models.compress"},
    "onnx": {"models.compress"},
    "tokenizers": {"embed.brought", "embed.onnx", "embed.reranker", "embed.transformer", "evaluate.floor"},
    "tantivy": {"index.lexical"},
    "usearch": {"index.bases", "index.graph"},
    "numkong": {"index.vectors", "index.graph"},
    "sqlite3": {"index.catalog", "index.vault"},
    "mcp": {"clients.mcp"},
    "platformdirs": {"paths"},
    "tqdm": {"clients"},
    "shtab": {"clients.completion"},
    "psutil": {"evaluate"},
}
"""Where a library may be imported: a room, or a single module. The floor of the benchmarks measures two libraries bare."""

EVERYWHERE = {"msgspec", "numpy"}


def problems(module: Module) -> Iterator[str]:
    """What is wrong with the imports of `module`, a sentence each."""
    for found in imports(module):
        if found.relative:
            yield f"{module.name}:{found.line} imports relatively; write the whole name"
        elif found.target.split(".")[0] == "codectxd":
            yield from _inside(module, found)
        else:
            yield from _outside(module, found)


def _inside(module: Module, found: Import) -> Iterator[str]:
    target = found.target.removeprefix("codectxd").removeprefix(".")
    allowed = MAY_IMPORT[module.package] | {module.package}
    named = (module.package, target, found.name) in NAMES
    if target and not named and not any(_within(target, room) for room in allowed):
        yield f"{module.name}:{found.line} imports {target}, which is above it or beside it"


def _outside(module: Module, found: Import) -> Iterator[str]:
    library = found.target.split(".")[0]
    library = "tree_sitter" if library.startswith("tree_sitter") else library
    if library in EVERYWHERE or (library in sys.stdlib_module_names and library not in HOMES):
        return
    if library not in HOMES:
        yield f"{module.name}:{found.line} imports {library}, which has no home in tests/tidy/layers.py"
    elif not any(_within(module.name, home) for home in HOMES[library]):
        yield f"{module.name}:{found.line} imports {library}, whose home is {', '.join(sorted(HOMES[library]))}"


def _within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")
