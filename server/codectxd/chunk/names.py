"""How languages write the names of what they define: qualified, quoted, with type parameters.

Bytes in, a bare name out, with its place and what stands before it. Knows nothing of definitions. Total on any bytes.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec


class Name(msgspec.Struct, frozen=True, gc=False):
    """A bare name, the offset at which it stands in what was written, and the dotted qualifier before it ("" if none)."""

    text: str
    at: int = 0
    qualifier: str = ""


def read(written: bytes, language: str) -> Name:
    """The name in `written`, of which only the first line counts: `A::B` in Ruby is B in A; `[dbo].[Users]` in SQL is Users.

    The text is empty where there is no name.
    """
    line = _CLOSING_HASHES.sub(b"", written.partition(b"\n")[0]).rstrip()
    if language == "c++":
        return _of_cplusplus(line)
    separator, marks = _SEPARATORS.get(language), _MARKS.get(language, b"")
    *before, last = separator.split(line) if separator is not None else [line]
    bare = last.lstrip(marks + b" \t" if before else marks)
    if not bare:
        return Name(_text(line))
    at = len(line) - len(bare)
    qualifier = b".".join(filter(None, (part.strip(marks + b" \t") for part in before)))
    return Name(_text(bare.rstrip(marks)), at, _text(qualifier))


def scope(written: bytes, language: str) -> Name:
    """The name of a type as what adds to it writes it: Swift's `extension Bank.Account` is of Account in Bank, and Rust's
    `impl From<A> for io::Error` of Error in io."""
    if language == "swift":
        *before, last = _GENERIC.split(written, maxsplit=1)[0].replace(b"`", b"").split(b".")
        return Name(_text(last.strip()), 0, _text(b".".join(part.strip() for part in before)))
    if language == "rust":
        path = _RUST_PATH.search(_LIFETIME.sub(b"", written))
        words = [word for word in path[0].split(b"::") if word not in _RUST_ROOTS] if path is not None else []
        return Name(_text(words[-1]), 0, _text(b".".join(words[:-1]))) if words else Name(scope_name(written, language))
    return read(written, language) if language == "elixir" else Name(scope_name(written, language))


def scope_name(written: bytes, language: str) -> str:
    """The bare name of a type as an impl block or a receiver writes it: `*m.Foo[T]` and `&'a m::Foo<T>` are Foo."""
    if language == "haskell":
        head = _HEAD.search(written)
        return _text(head[0].rpartition(b".")[2] if head is not None else written.strip(b"[]() "))
    for part in _GENERIC.split(_LIFETIME.sub(b"", written)):
        words = [word for word in _WORD.findall(part) if word not in _NO_NAMES]
        if words:
            return _text(words[-1])
    return ""


def dotted(written: bytes) -> str:
    """The path that the labels of a block or the parts of a table's name make: `resource "a"` is resource.a."""
    return ".".join(_text(part) for part in _PART.findall(written[:_LONGEST_PATH]))


def _of_cplusplus(line: bytes) -> Name:
    """The name in `ring::Buffer<T>::operator bool() const`: operators and destructors are called as they are written."""
    operator = _OPERATOR.search(line)
    flat = line[: operator.start()] if operator is not None else line
    for _ in range(_DEEPEST):
        flat = _ANGLES.sub(lambda found: b" " * len(found.group()), flat)
    *before, last = flat.split(b"::")
    qualifier = _text(b".".join(filter(None, (part.strip() for part in before))))
    if operator is not None:
        return Name(_text(operator.group().rstrip()), operator.start(), qualifier)
    word = _PLAIN.search(last)
    if word is None:
        return Name(_text(line))
    return Name(_text(word.group()), len(flat) - len(last) + word.start(), qualifier)


def is_keyword(name: str, language: str) -> bool:
    """Whether `name` is a word of the language, which only text that was not understood can seem to define."""
    return name in _KEYWORDS.get(language, ())


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "ignore")


_SEPARATORS: Final = {
    "c#": re.compile(rb"\."),
    "ruby": re.compile(rb"::"),
    "php": re.compile(rb"\\"),
    "lua": re.compile(rb"[.:]"),
    "elixir": re.compile(rb"\."),
    "haskell": re.compile(rb"(?<=\w)\.(?=[A-Z])"),
    "sql": re.compile(rb"\."),
}
"""What stands between a qualifier and a name, where both are written as one."""
_MARKS: Final = {
    "bash": b"=\"'", "kotlin": b"`", "ruby": b":\"'", "scala": b"`", "sql": b'"`[]', "swift": b"`", "toml": b"\"'",
    "zig": b'@"',
}  # fmt: skip
"""What may stand around a name without being part of it."""
_HEAD: Final = re.compile(rb"[A-Z][\w'.]*")
_OPERATOR: Final = re.compile(rb"\boperator\b\s*(?:\(\s*\)|[^(]*)")
_PLAIN: Final = re.compile(rb"~?[ \t]*[\w\x80-\xff]+")
_ANGLES: Final = re.compile(rb"<[^<>]*>")
_DEEPEST: Final = 4
"""How deep the arguments of templates nest in a name."""
_BRANCHES: Final = frozenset(("else", "if", "switch", "while"))
_JUMPS: Final = frozenset(("case", "catch", "do", "for", "return"))
_KEYWORDS: Final = {
    **dict.fromkeys(("javascript", "typescript", "tsx", "php"), _BRANCHES),
    **dict.fromkeys(("c", "c++", "c#", "dart", "go", "java", "kotlin"), _BRANCHES | _JUMPS),
}
"""Words that are no names of functions; what begins or ends an iteration may name a method in some languages."""
_WORD: Final = re.compile(rb"[\w\x80-\xff]+")
_CLOSING_HASHES: Final = re.compile(rb"[ \t]#+[ \t\r]*\Z")
_PART: Final = re.compile(rb"[\w\x80-\xff-]+")
_LONGEST_PATH: Final = 400
_LIFETIME: Final = re.compile(rb"'\w+")
_RUST_PATH: Final = re.compile(rb"\b(?!(?:mut|dyn|const)\b)[A-Za-z_]\w*+(?:::[A-Za-z_]\w*+)*+")
_RUST_ROOTS: Final = frozenset((b"crate", b"self", b"super"))
"""Where a path of Rust's begins, which is no name of anything."""
_GENERIC: Final = re.compile(rb"[<\[]")
_NO_NAMES: Final = frozenset((b"exports", b"module", b"prototype", b"mut", b"dyn", b"const", b"window", b"self", b"this"))
