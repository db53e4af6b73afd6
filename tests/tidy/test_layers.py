"""Invariant I7: layers and library homes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tidy.layers import HOMES, MAY_IMPORT, problems
from tidy.source import Module, modules, parse

HEAVY = {
    "pygls",
    "lsprotocol",
    "onnxruntime",
    "tokenizers",
    "tantivy",
    "usearch",
    "git",
    "tree_sitter",
    "numpy",
    "watchdog",
}


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name or "codectxd")
def test_I7_layers_and_library_homes(module: Module) -> None:
    assert list(problems(module)) == []


def test_I7_every_room_has_its_place_in_the_table() -> None:
    assert {module.package for module in modules()} <= set(MAY_IMPORT)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("chunk.lines", "from codectxd.index import reader"),
        ("chunk.lines", "def f():\n    import codectxd.workspace.tree"),
        ("search.fuse", "from codectxd.index import catalog"),
        ("clients.relay", "def f():\n    from codectxd.engine import host"),
        ("clients.relay", "def f():\n    from codectxd.daemon.listener import serve"),
        ("clients.cli", "def serve():\n    from codectxd.daemon.listener import serve"),
        ("clients.cli", "def bench():\n    from codectxd.evaluate import bench"),
        ("daemon.handlers", "from codectxd.clients import connection"),
        ("types", "import codectxd.paths"),
        ("engine.host", "from codectxd.wire.messages import Hit"),
        ("engine.host", "from . import inbox"),
        ("index.files", "import sqlite3"),
        ("engine.workers", "from tree_sitter_python import language"),
        ("workspace.tree", "import requests"),
    ],
)
def test_I7_a_forbidden_import_is_noticed(name: str, text: str) -> None:
    assert len(list(problems(parse(name, text)))) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("search.searcher", "from codectxd.index.reader import Reader"),
        ("index.vault", "import sqlite3, hashlib, msgspec"),
        ("chunk.syntax", "def f():\n    import tree_sitter_rust"),
    ],
)
def test_I7_a_permitted_import_passes(name: str, text: str) -> None:
    assert list(problems(parse(name, text))) == []


def test_I7_the_homes_named_here_exist() -> None:
    names = {module.name for module in modules()}
    later = {"clients.mcp"}
    homes = {home for places in HOMES.values() for home in places}
    assert homes - later <= names


@pytest.mark.parametrize("module", ["codectxd.clients.cli", "codectxd.clients.relay"])
def test_I7_a_command_starts_without_the_heavy_libraries(module: str) -> None:
    code = f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert HEAVY & set(printed.split()) == set()
