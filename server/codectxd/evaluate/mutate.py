"""Texts that were real once: mutations of a file's bytes, as typing, merging and failing disks make them, and worse.

Pure, and the same for the same random state. Knows nothing of grammars: each mutation breaks any language.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

Mutation: TypeAlias = Callable[[bytes, random.Random], bytes]

_MOST_BYTES = 400_000
_TOKENS = (
    b"(", b")", b"[", b"]", b"{", b"}", b"<", b">", b'"', b"'", b"`", b'"""', b"/*", b"*/", b"//", b"#", b"--", b"<!--",
    b"\n", b"\r", b"\r\n", b"\t", b";", b":", b",", b"=", b"=>", b"@", b"$", b"$(", b"{{", b"<<EOF\n", b"r#\"", b"begin ",
    b"end ", b"class ", b"def ", b"fn ", b"if ", b"do ", b"<script>", b"</script>", b"```\n", b"---\n", b"\\", b"\0",
    b"\x0c", b"\x85",
)  # fmt: skip
_ODD = (
    b"\0", b"\xff", b"\xfe\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xf0\x9f\x92\xa9", b"\xc3", b"\x80",
    b"\x1a",
)  # fmt: skip
"""NUL, bytes of no UTF-8, marks of byte order, a lone surrogate, a line separator, an astral character, half a character."""


def mutated(seeds: Sequence[bytes], chosen: random.Random) -> bytes:
    """One of `seeds` after one to four mutations."""
    text = chosen.choice(seeds)
    for _ in range(chosen.randint(1, 4)):
        mutation = chosen.choice(MUTATIONS)
        text = _spliced(text, chosen.choice(seeds), chosen) if mutation is None else mutation(text, chosen)
    return text[:_MOST_BYTES]


def _span(text: bytes, chosen: random.Random) -> tuple[int, int]:
    """A stretch of `text`: mostly a short one, now and then any."""
    if not text:
        return 0, 0
    start = chosen.randrange(len(text))
    length = chosen.randint(1, 80) if chosen.random() < 0.8 else chosen.randint(1, len(text))
    return start, min(len(text), start + length)


def _cut(text: bytes, chosen: random.Random) -> bytes:
    start, end = _span(text, chosen)
    return text[:start] + text[end:]


def _truncated(text: bytes, chosen: random.Random) -> bytes:
    return text[: chosen.randint(0, len(text))]


def _doubled(text: bytes, chosen: random.Random) -> bytes:
    start, end = _span(text, chosen)
    return text[:end] + text[start:end] * chosen.randint(1, 4) + text[end:]


def _moved(text: bytes, chosen: random.Random) -> bytes:
    start, end = _span(text, chosen)
    rest = text[:start] + text[end:]
    to = chosen.randint(0, len(rest))
    return rest[:to] + text[start:end] + rest[to:]


def _flipped(text: bytes, chosen: random.Random) -> bytes:
    data = bytearray(text)
    for _ in range(chosen.randint(1, 20) if data else 0):
        data[chosen.randrange(len(data))] = chosen.randrange(256)
    return bytes(data)


def _typed(text: bytes, chosen: random.Random) -> bytes:
    for _ in range(chosen.randint(1, 6)):
        at = chosen.randint(0, len(text))
        text = text[:at] + chosen.choice(_TOKENS) + text[at:]
    return text


def _repeated(text: bytes, chosen: random.Random) -> bytes:
    """A token many times over: deep nesting, mostly."""
    at = chosen.randint(0, len(text))
    run = b"".join(chosen.choices(_TOKENS, k=chosen.randint(1, 3))) * int(10 ** chosen.uniform(1, 4.3))
    return text[:at] + run + text[at:]


def _odd(text: bytes, chosen: random.Random) -> bytes:
    at = chosen.choice((0, chosen.randint(0, len(text)), len(text)))
    return text[:at] + chosen.choice(_ODD) * chosen.choice((1, 1, 3, 2_000)) + text[at:]


def _line_ends(text: bytes, chosen: random.Random) -> bytes:
    return text.replace(b"\n", chosen.choice((b"\r\n", b"\r", b"\n\n", b"", b" ", b"\x0c\n")))


def _recoded(text: bytes, chosen: random.Random) -> bytes:
    name = chosen.choice(("utf-16", "utf-16-be", "utf-16-le", "latin-1", "utf-8-sig"))
    return text.decode("utf-8", "replace").encode(name, "replace")


def _dedented(text: bytes, chosen: random.Random) -> bytes:
    lines = text.split(b"\n")
    for _ in range(chosen.randint(1, 10)):
        at = chosen.randrange(len(lines))
        lines[at] = b" " * chosen.choice((0, 1, 3, 4, 500)) + lines[at].lstrip()
    return b"\n".join(lines)


def _spliced(text: bytes, other: bytes, chosen: random.Random) -> bytes:
    """The beginning of one text and the end of another, of whatever language."""
    return text[: chosen.randint(0, len(text))] + other[chosen.randint(0, len(other)) :]


MUTATIONS: Final[tuple[Mutation | None, ...]] = (
    _cut, _cut, _truncated, _doubled, _moved, _flipped, _typed, _typed, _repeated, _odd, _line_ends, _recoded, _dedented,
    None,
)  # fmt: skip
"""None stands for splicing, which takes two texts."""
