"""Invariant I14: no module state, no work at import.

Syntax shows what a module assigns and whether it changes it later; a process of its own with an audit hook shows what
importing it does. A memo (`functools.cache`) of a pure function passes: nobody can tell it is there but by the clock.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tidy.source import Module, modules, parse

IN_PLACE = "add append appendleft clear discard extend insert pop popitem remove setdefault update"
CONTAINERS = {"list", "dict", "set", "bytearray", "defaultdict", "Counter", "deque", "OrderedDict", "WeakKeyDictionary"}
DECLARING = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
)


def problems(module: Module) -> Iterator[str]:
    """What makes `module` hold state or work when it is imported, a sentence each."""
    held = set()
    for statement in module.tree.body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            held |= _names(statement)
            if _is_empty_container(statement.value):
                yield f"{module.name}:{statement.lineno} holds an empty container, which can only be meant to be filled"
        elif not _is_declaration(statement):
            yield f"{module.name}:{statement.lineno} does something when it is imported"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Global):
            yield f"{module.name}:{node.lineno} has a global statement"
        elif (name := _changed(node)) in held:
            yield f"{module.name}:{node.lineno} changes {name}, which the module holds"  # type: ignore[attr-defined]


def _is_declaration(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)
    if isinstance(statement, ast.If):
        test = ast.unparse(statement.test)
        return "TYPE_CHECKING" in test or "sys.platform" in test or "__name__" in test
    return isinstance(statement, DECLARING)


def _names(statement: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _is_empty_container(value: ast.expr | None) -> bool:
    if isinstance(value, (ast.List, ast.Set)):
        return not value.elts
    if isinstance(value, ast.Dict):
        return not value.keys
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).split(".")[-1] in CONTAINERS and not value.args and not value.keywords
    return False


def _changed(node: ast.AST) -> str | None:
    """The name whose value `node` changes in place, if it does."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in IN_PLACE.split():
        return _name(node.func.value)
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
        return _name(node.value)
    if isinstance(node, ast.AugAssign):
        return _name(node.target)
    return None


def _name(node: ast.AST) -> str | None:
    return node.id if isinstance(node, ast.Name) else None


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name or "codectxd")
def test_I14_no_module_state(module: Module) -> None:
    assert list(problems(module)) == []


@pytest.mark.parametrize(
    "text",
    [
        "_open = {}",
        "_seen: set[str] = set()",
        "import os\nos.makedirs('x')",
        "LIMITS = {'a': 1}\ndef f():\n    LIMITS['a'] = 2",
        "NAMES = ['a']\ndef f():\n    NAMES.append('b')",
        "count = 0\ndef f():\n    global count\n    count = count + 1",
        "for i in range(3):\n    pass",
    ],
)
def test_I14_state_is_noticed(text: str) -> None:
    assert list(problems(parse("planted", text))) != []


WATCH_IMPORT = """
import sys, threading
FORBIDDEN = ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.system", "os.mkdir", "os.remove", "os.rename",
             "socket.bind", "socket.connect", "sqlite3.connect", "signal.signal")
def hook(event, args):
    if event in FORBIDDEN:
        print(event, args[:1])
    elif event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        print(event, args[:2])
sys.dont_write_bytecode = True
sys.addaudithook(hook)
import {module}
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        print("thread", thread.name)
"""


@pytest.mark.parametrize("name", [module.name for module in modules()])
def test_I14_importing_does_no_work(name: str) -> None:
    code = WATCH_IMPORT.replace("{module}", f"codectxd.{name}".rstrip("."))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
