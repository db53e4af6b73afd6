"""Trees of any size for benchmarks: code in five languages, in which no line of text stands twice by chance.

Seeded: the same size gives the same tree, everywhere. What it holds is no worse and no better to parse than what people
write; words are few, as they are in one project, and names are many. Knows nothing of what is measured.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Final

_VERBS: Final = "open close read write parse render retry merge split encode decode flush load store send fetch check build"
_NOUNS: Final = (
    "socket cursor buffer widget ledger packet schema canvas parcel shader record header token window thread branch bucket"
    " folder message session invoice account carrier journal lattice marker orbit pocket quorum ribbon sensor timer"
)
_A_FOLDER: Final = 40
_FUNCTIONS: Final = 12


def write(folder: Path, files: int, *, seed: int = 1) -> int:
    """Write `files` files of about a hundred lines each below `folder`; the number of lines."""
    chosen = random.Random(seed)
    suffixes = list(_LANGUAGES)
    lines = 0
    for number in range(files):
        suffix = suffixes[number % len(suffixes)]
        path = folder / f"area{number // _A_FOLDER:04}" / f"{_name(chosen)}_{number}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "\n".join(_LANGUAGES[suffix](chosen, f"{number}_{at}") for at in range(_FUNCTIONS))
        path.write_text(text)
        lines += text.count("\n")
    return lines


def _name(chosen: random.Random) -> str:
    return f"{chosen.choice(_VERBS.split())}_{chosen.choice(_NOUNS.split())}"


def _words(chosen: random.Random) -> str:
    return " ".join(chosen.choice(_NOUNS.split()) for _ in range(chosen.randint(3, 7)))


def _python(chosen: random.Random, mark: str) -> str:
    name, one, other = _name(chosen), *chosen.sample(_NOUNS.split(), 2)
    return (
        f"def {name}_{mark}({one}, {other}=None):\n"
        f'    """{name.replace("_", " ").title()} {mark}: {_words(chosen)}."""\n'
        f"    {other}_{mark} = [{one} for {one} in {other} or [] if {one} != {chosen.randint(0, 10**6)}]\n"
        f"    if len({other}_{mark}) > {chosen.randint(1, 99)}:\n"
        f'        raise ValueError("too many of {one} {mark}")\n'
        f"    for index_{mark}, {one} in enumerate({other}_{mark}):\n"
        f"        {one}.{chosen.choice(_VERBS.split())}(index_{mark} + {chosen.randint(0, 10**6)})\n"
        f"    return {other}_{mark}\n"
    )


def _go(chosen: random.Random, mark: str) -> str:
    name, one = _name(chosen), chosen.choice(_NOUNS.split())
    return (
        f"// {name} {mark} does it with {_words(chosen)}.\n"
        f"func {name}_{mark}({one} []int) (int, error) {{\n"
        f"\ttotal_{mark} := {chosen.randint(0, 10**6)}\n"
        f"\tfor _, value_{mark} := range {one} {{\n"
        f"\t\ttotal_{mark} += value_{mark} * {chosen.randint(2, 10**6)}\n\t}}\n"
        f'\tif total_{mark} < 0 {{\n\t\treturn 0, errors.New("{one} {mark} went below zero")\n\t}}\n'
        f"\treturn total_{mark}, nil\n}}\n"
    )


def _rust(chosen: random.Random, mark: str) -> str:
    name, one = _name(chosen), chosen.choice(_NOUNS.split())
    return (
        f"/// {name} {mark}: {_words(chosen)}.\n"
        f"pub fn {name}_{mark}({one}: &[u64]) -> Option<u64> {{\n"
        f"    let limit_{mark} = {chosen.randint(1, 10**6)};\n"
        f"    let found_{mark}: Vec<u64> = {one}.iter().copied().filter(|v| *v < limit_{mark}).collect();\n"
        f"    if found_{mark}.is_empty() {{\n        return None;\n    }}\n"
        f"    found_{mark}.iter().max().map(|v| v * {chosen.randint(2, 10**6)})\n}}\n"
    )


def _typescript(chosen: random.Random, mark: str) -> str:
    name, one = _name(chosen), chosen.choice(_NOUNS.split())
    return (
        f"/** {name} {mark}: {_words(chosen)}. */\n"
        f"export function {name}_{mark}({one}: number[], limit = {chosen.randint(1, 10**6)}): number {{\n"
        f"  const kept_{mark} = {one}.filter((value) => value !== {chosen.randint(0, 10**6)});\n"
        f"  if (kept_{mark}.length > limit) {{\n    throw new Error('too many of {one} {mark}');\n  }}\n"
        f"  return kept_{mark}.reduce((sum, value) => sum + value, {chosen.randint(0, 10**6)});\n}}\n"
    )


def _java(chosen: random.Random, mark: str) -> str:
    name, one = _name(chosen), chosen.choice(_NOUNS.split())
    return (
        f"/** {name} {mark}: {_words(chosen)}. */\n"
        f"class {name.title().replace('_', '')}{mark} {{\n"
        f"    private final int limit_{mark} = {chosen.randint(1, 10**6)};\n"
        f"    int {name}_{mark}(int[] {one}) {{\n        int sum_{mark} = {chosen.randint(0, 10**6)};\n"
        f"        for (int value_{mark} : {one}) {{\n"
        f"            sum_{mark} += value_{mark} % {chosen.randint(2, 10**6)};\n        }}\n"
        f"        return Math.min(sum_{mark}, limit_{mark});\n    }}\n}}\n"
    )


_LANGUAGES: Final = MappingProxyType[str, Callable[[random.Random, str], str]](
    {".py": _python, ".go": _go, ".rs": _rust, ".ts": _typescript, ".java": _java}
)
