"""The settings `model` and `reranker` in the user's `config.toml`: read and rewritten, with all else in that file left as it
is."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from codectxd.config import load_user
from codectxd.errors import UsageError

Name = Literal["model", "reranker"]


def current(file: Path, name: Name = "model") -> str:
    """What is set. Raises UsageError where the file is not settings."""
    config = load_user(file)
    return config.model if name == "model" else config.reranker


def change(file: Path, model: str, name: Name = "model") -> None:
    """Set it. Raises UsageError where the file is not settings, OSError."""
    current(file)  # What cannot be read is not written over.
    text = file.read_text() if file.exists() else ""
    line = f"{name} = {msgspec.json.encode(model).decode()}"
    text, found = re.subn(rf"^[ \t]*{name}[ \t]*=.*$", lambda _: line, text, count=1, flags=re.M)
    if not found:
        text = f"{text.rstrip()}\n{line}\n".lstrip()
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise UsageError(f"{file} says `{name}` in a way of its own: write {line} there by hand.") from problem
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    new.write_text(text)
    os.replace(new, file)
