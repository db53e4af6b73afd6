"""The package's own source as syntax trees: what the tidy tests look at. Imports nothing of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "server" / "codectxd"


class Module(NamedTuple):
    """A module of the package; `name` is dotted, without the leading `codectxd.`, and "" for the package itself."""

    name: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """The room the module stands in: a sub-package's name, or the module's own where it stands at the top."""
        return self.name.split(".")[0]


class Import(NamedTuple):
    """One imported module, with the name taken from it, if any; `late` says that the statement stands in a function."""

    target: str
    name: str | None
    line: int
    late: bool
    relative: bool


def modules() -> list[Module]:
    """Every module of the package."""
    return [parse(_dotted(path), path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))]


def parse(name: str, text: str) -> Module:
    """A module out of its text; the tests plant faulty ones with it."""
    return Module(name, ast.parse(text))


def imports(module: Module) -> Iterator[Import]:
    """Every import statement of `module`, at whatever depth, those for type checkers included."""
    yield from _walk(module.tree, late=False)


def _walk(node: ast.AST, *, late: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, None, child.lineno, late, relative=False)
        elif isinstance(child, ast.ImportFrom):
            for alias in child.names:
                yield _from(child, alias.name, late)
        else:
            yield from _walk(child, late=late or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)))


def _from(node: ast.ImportFrom, name: str, late: bool) -> Import:
    """`from codectxd.wire import messages` imports `codectxd.wire.messages`, since that is a module."""
    base = node.module or ""
    if _is_module(f"{base}.{name}"):
        return Import(f"{base}.{name}", None, node.lineno, late, relative=node.level > 0)
    return Import(base, name, node.lineno, late, relative=node.level > 0)


def _is_module(name: str) -> bool:
    path = PACKAGE.parent.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def _dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
