"""What the package imports is what it declares, and nothing is declared in vain."""

from __future__ import annotations

import re
import sys
import tomllib

from tidy.source import REPOSITORY, imports, modules

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
DISTRIBUTIONS = {"git": "gitpython"}
"""The distribution that brings a module, where their names differ."""


def declared() -> set[str]:
    lines = [
        *PROJECT["dependencies"],
        *(line for extra in PROJECT.get("optional-dependencies", {}).values() for line in extra),
    ]
    return {re.split(r"[<>=!~;\[ ]", line)[0].lower().replace("_", "-") for line in lines}


def imported() -> set[str]:
    names = {found.target.split(".")[0] for module in modules() for found in imports(module)}
    foreign = names - set(sys.stdlib_module_names) - {"codectxd"}
    return {DISTRIBUTIONS.get(name, name).lower().replace("_", "-") for name in foreign}


def loaded_by_name() -> set[str]:
    """Grammars, which are imported by names that stand in a table."""
    texts = [path.read_text() for path in (REPOSITORY / "server" / "codectxd" / "chunk").glob("*.py")]
    return {name.replace("_", "-") for text in texts for name in re.findall(r"\btree_sitter_\w+", text)}


def test_every_import_is_declared() -> None:
    assert imported() - declared() == set()


def test_every_dependency_is_imported() -> None:
    assert declared() - imported() - loaded_by_name() == set()


def test_no_dependency_brings_a_machine_learning_framework() -> None:
    assert declared() & {"torch", "transformers", "tensorflow", "sentence-transformers", "huggingface-hub"} == set()
