"""The setting `model` in the user's `config.toml`: read and rewritten, with all else in that file left as it is."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from codectxd.config import load_user

_LINE = re.compile(r"^[ \t]*model[ \t]*=.*$", re.M)


def current(file: Path) -> str:
    """What is set. Raises UsageError where the file is not settings."""
    return load_user(file).model


def change(file: Path, model: str) -> None:
    """Set it. Raises UsageError where the file is not settings, OSError."""
    current(file)  # What cannot be read is not written over.
    text = file.read_text() if file.exists() else ""
    line = f"model = {msgspec.json.encode(model).decode()}"
    text, found = _LINE.subn(lambda _: line, text, count=1)
    if not found:
        text = f"{text.rstrip()}\n{line}\n".lstrip()
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    new.write_text(text)
    os.replace(new, file)
