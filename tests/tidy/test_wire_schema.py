"""The protocol's documents say what `wire/messages` says."""

from __future__ import annotations

import os
import re

import msgspec
import pytest

from tidy import schema
from tidy.source import REPOSITORY

DOCS = REPOSITORY / "server" / "docs"


def test_the_schema_file_equals_the_wire_types() -> None:
    path = DOCS / "protocol.schema.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(schema.rendered())
    assert path.read_text() == schema.rendered(), "run again with UPDATE_GOLDEN=1, and read the difference"


def test_the_schema_knows_every_method() -> None:
    assert schema.methods() == set(schema.REQUESTS) | set(schema.NOTIFICATIONS)


@pytest.mark.parametrize("method", sorted(schema.methods()))
def test_the_protocol_page_describes_every_method(method: str) -> None:
    assert f"`{method}`" in (DOCS / "protocol.md").read_text()


@pytest.mark.parametrize("kind", schema.wire_types(), ids=lambda kind: kind.__name__)
def test_the_protocol_page_names_every_field(kind: type[msgspec.Struct]) -> None:
    words = set(re.findall(r"\w+", (DOCS / "protocol.md").read_text()))
    assert {field.encode_name for field in msgspec.structs.fields(kind)} - words == set()
