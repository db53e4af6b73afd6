"""What people call a language: `py`, `golang`, `c++`. Pure, and cheap to import.

Every name of the table of languages, every suffix and interpreter in it, and a few words that are none of these. Knows
nothing of files; `languages` says what a file is written in.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from codectxd.chunk.languages import NAMED, OUTLINED, PARSED


def languages_called(name: str) -> frozenset[str]:
    """The languages of the table that `name` means, whatever its case; empty where it means none."""
    return _by_name().get(_plain(name), frozenset())


def closest_to(name: str) -> list[str]:
    """Up to three names of languages that look most like `name`, best first."""
    known = sorted({language for languages in _by_name().values() for language in languages})
    near = difflib.get_close_matches(_plain(name), list(_by_name()), n=6, cutoff=0.7)
    meant = dict.fromkeys(language for found in near for language in sorted(_by_name()[found]))
    return list(meant)[:3] or [language for language in known if language[:1] == _plain(name)[:1]][:3]


_OTHER_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cplusplus": "c++",
        "csharp": "c#",
        "docker": "dockerfile",
        "ecmascript": "javascript",
        "elisp": "emacs lisp",
        "fsharp": "f#",
        "golang": "go",
        "lisp": "common lisp",
        "notebook": "jupyter",
        "objc": "objective-c",
        "objectivec": "objective-c",
        "plaintext": "text",
        "proto": "protobuf",
        "shell": "bash",
        "terraform": "hcl",
        "txt": "text",
        "viml": "vim script",
        "vimscript": "vim script",
        "wasm": "webassembly",
    }
)
_PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {"tsx": "typescript", "jsx": "javascript", "ocaml interface": "ocaml", "literate haskell": "haskell"}
)
"""Dialects with an entry of their own: who asks for the language asks for these too."""


@functools.cache
def _by_name() -> Mapping[str, frozenset[str]]:
    entries = (*PARSED, *OUTLINED, *NAMED)
    found = {_plain(word): entry.name for entry in entries for word in entry.interpreters}
    found |= {_plain(suffix): entry.name for entry in entries for suffix in entry.suffixes}
    found |= {_plain(other): name for other, name in _OTHER_NAMES.items()}
    found |= {_plain(entry.name): entry.name for entry in entries} | {"text": "text"}
    dialects = {entry.name for entry in entries} & _PARTS.keys()
    return MappingProxyType(
        {word: frozenset((name, *(d for d in dialects if _PARTS[d] == name))) for word, name in found.items()}
    )


def _plain(name: str) -> str:
    """Without the dot of a suffix and what stands between words: `Vim-Script` is `vimscript`."""
    folded = name.casefold().removeprefix(".")
    return folded.replace(" ", "").replace("-", "").replace("_", "")
