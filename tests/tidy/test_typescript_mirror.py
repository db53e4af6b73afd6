"""What the extension for VS Code says of the protocol, the languages and its own settings is so."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import codectxd
from codectxd.chunk.languages import NAMED, OUTLINED, PARSED
from tidy.source import REPOSITORY

SOURCE = REPOSITORY / "client-vscode" / "src"
MIRROR = (SOURCE / "protocol.ts").read_text()
SCHEMA: dict[str, Any] = json.loads((REPOSITORY / "server" / "docs" / "protocol.schema.json").read_text())

ELSEWHERE = {"SymbolParams", "SymbolInformation", "Location"}
"""What belongs to LSP, and comes with the language client."""


def literals() -> dict[str, str]:
    """What the mirror's names for alternatives stand for."""
    return dict(re.findall(r"^export type (\w+) = (.+);$", MIRROR, re.M))


def mirrored() -> dict[str, dict[str, str]]:
    """Type, and field with a question mark where it may be left out, to what the mirror says it is."""
    found = re.findall(r"^export interface (\w+) \{\n(.*?)^\}", MIRROR, re.M | re.S)
    return {name: dict(re.findall(r"^  (\w+\??): (.+);$", body, re.M)) for name, body in found}


def spelled(shape: dict[str, Any]) -> str:
    """A shape of the schema in the words of TypeScript."""
    names = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null"}
    if "$ref" in shape:
        return str(shape["$ref"]).rpartition("/")[2]
    if "enum" in shape:
        alternatives = " | ".join(json.dumps(one) for one in sorted(shape["enum"]))
        return next((name for name, meaning in literals().items() if meaning == alternatives), alternatives)
    if "anyOf" in shape:
        return " | ".join(sorted((spelled(one) for one in shape["anyOf"]), key=_order))
    if shape["type"] == "array":
        return f"{spelled(shape['items'])}[]"
    if shape["type"] == "object":
        return f"Record<string, {spelled(shape['additionalProperties'])}>"
    return names[shape["type"]]


def _order(spelling: str) -> int:
    """Null last, a number after a text."""
    return ["number", "null"].index(spelling) + 1 if spelling in ("number", "null") else 0


def expected(name: str) -> dict[str, str]:
    shape = SCHEMA["$defs"][name]
    required = set(shape.get("required", ()))
    return {
        field if field in required else f"{field}?": spelled(kind) for field, kind in shape.get("properties", {}).items()
    }


def test_every_type_of_the_protocol_is_mirrored_and_no_other() -> None:
    assert set(mirrored()) == set(SCHEMA["$defs"]) - ELSEWHERE


@pytest.mark.parametrize("name", sorted(set(SCHEMA["$defs"]) - ELSEWHERE))
def test_a_mirrored_type_has_the_fields_of_the_schema(name: str) -> None:
    assert mirrored()[name] == expected(name)


def test_the_methods_are_those_of_the_schema() -> None:
    said = set(re.findall(r'^export const \w+ = "(codectx/\w+)";$', MIRROR, re.M))
    assert said == {name for name in (*SCHEMA["requests"], *SCHEMA["notifications"]) if name.startswith("codectx/")}


def test_the_languages_that_are_completed_are_those_there_are() -> None:
    text = (SOURCE / "text" / "languages.ts").read_text()
    listed = re.findall(r'"([^"]+)"', text.partition("= [")[2])
    assert listed == sorted({entry.name for entry in (*PARSED, *OUTLINED, *NAMED)} | {"text"})


def test_the_settings_of_the_extension_s_readme_are_those_there_are() -> None:
    manifest = json.loads((SOURCE.parent / "package.json").read_text())
    there_are = {name: one["default"] for name, one in manifest["contributes"]["configuration"]["properties"].items()}
    rows = re.findall(r"^\| `(codectxd\.[\w.]+)` \| `([^`]*)` \|", (SOURCE.parent / "README.md").read_text(), re.M)
    assert {name: json.loads(default) for name, default in rows} == there_are


def test_the_extension_has_the_version_of_the_server_that_comes_with_it() -> None:
    manifest = json.loads((SOURCE.parent / "package.json").read_text())
    assert manifest["version"] == codectxd.__version__
