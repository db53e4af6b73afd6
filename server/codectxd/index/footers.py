"""Whether the files of a tantivy index are those that were written, which tantivy by itself does not look at.

A file of a segment ends with a footer in JSON that holds the CRC of all before it, the footer's length, and a number that
says so. `meta.json` has none; it names the segments, and so what files there must be.
"""

from __future__ import annotations

import json
import mmap
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_END = struct.Struct("<II")
_MAGIC = 1337
_PARTS = ("idx", "pos", "term", "store", "fast", "fieldnorm")
_TRIES: Final = 5
"""How often the list of segments may be another one under one look: a merge has replaced what is gone."""


def damaged(folder: Path) -> str | None:
    """The name of the first file of the index in `folder` that is missing or not as it was written; None where all are whole
    or where there is no index."""
    found = None
    for _ in range(_TRIES):
        listed = _read(folder / "meta.json")
        if listed is None:
            return None
        try:
            found = next((name for name in _names(listed) if not _is_whole(folder / name)), None)
        except (ValueError, KeyError, TypeError):
            found = "meta.json"
        if found is None or _read(folder / "meta.json") == listed:
            return found
    return found


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _names(meta: bytes) -> Iterator[str]:
    for segment in json.loads(meta)["segments"]:
        name = segment["segment_id"].replace("-", "")
        yield from (f"{name}.{part}" for part in _PARTS)
        if segment["deletes"] is not None:
            yield f"{name}.{segment['deletes']['opstamp']}.del"


def _is_whole(path: Path) -> bool:
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            length, magic = _END.unpack_from(data, len(data) - _END.size)
            end = len(data) - _END.size - length
            if magic != _MAGIC or end < 0:
                return False
            said = json.loads(data[end : len(data) - _END.size])["crc"]
            with memoryview(data) as view, view[:end] as body:
                return bool(zlib.crc32(body) == said)
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return False
