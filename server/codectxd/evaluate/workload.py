"""A folder that somebody works in: generated files under git, edits, renames, branch switches, all by a seed.

What `endure` and `soak` do to a workspace. Knows nothing of daemons.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from codectxd.evaluate import corpus

VERBS = ("open", "close", "parse", "render", "retry", "merge", "split", "encode", "decode", "flush")
NOUNS = ("socket", "cursor", "buffer", "widget", "ledger", "packet", "schema", "canvas", "parcel", "shader")
WORDS = ("ledger", "decode", "planted3v0x", "planted11v0x", "nowhere")
QUESTIONS = ("retry the socket", "render a widget on the canvas", "decode a packet by its schema")
_SUFFIXES = ("py", "rs", "md")


def text_of(number: int, version: int) -> str:
    """Functions, some shared words, and a word that no other file or version has."""
    chosen = random.Random(10_000 * number + version)
    suffix = _SUFFIXES[number % len(_SUFFIXES)]
    return f"{_REMARK[suffix]} {word_of(number, version)}\n\n" + "\n\n".join(
        _definition(suffix, number, at, chosen) for at in range(chosen.randint(1, 6))
    )


def word_of(number: int, version: int) -> str:
    """The word that only this version of this file has."""
    return f"planted{number}v{version}x"


_REMARK = {"py": "#", "rs": "//", "md": "#"}


def _definition(suffix: str, number: int, at: int, chosen: random.Random) -> str:
    verb, noun, other = chosen.choice(VERBS), chosen.choice(NOUNS), chosen.choice(NOUNS)
    name, count = f"{verb}_{noun}_{number}_{at}", chosen.randint(0, 99)
    if suffix == "md":
        return f"## {verb.title()} the {noun}\n\nHow to {verb} each {noun} before the {other}, {count} times.\n"
    if suffix == "rs":
        remark = f"/// {verb.title()} the {noun} before the {other}."
        return f"{remark}\nfn {name}({other}: u32) -> u32 {{\n    {other} + {count}\n}}\n"
    return f'def {name}({other}):\n    """{verb.title()} the {noun} before the {other}."""\n    return [{other}, {count}]\n'


class Workload:
    """`files` files in the new folder `root`: a repository of two branches, which have every other text in common."""

    def __init__(self, root: Path, files: int, seed: int) -> None:
        self.root = root
        self.edits = self.switches = 0
        self._files = files
        self._chosen = random.Random(seed)
        self._version = 1_000
        root.mkdir(parents=True)
        for number in range(files):
            self.write(number, 0)
        corpus.commit(root, "Begin")
        for number in range(0, files, 2):
            self.write(number, 1)
        corpus.commit(root, "Go on", branch="other")
        self._branches = ["main", "other"]

    def path(self, number: int) -> Path:
        """Where the file is, unless it was renamed."""
        return self.root / f"part{number % 7}" / f"module{number}.{_SUFFIXES[number % len(_SUFFIXES)]}"

    def write(self, number: int, version: int) -> None:
        """Save this version of a file."""
        path = self.path(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(number, version))

    def edit(self) -> Path:
        """Change, delete, rename or add one file; the path that was touched."""
        self.edits += 1
        number, kind = self._chosen.randrange(self._files), self._chosen.random()
        path = self.path(number)
        if kind < 0.7 or not path.exists():
            self._version += 1
            self.write(number, self._version)
        elif kind < 0.85:
            path.unlink()
        else:
            path.replace(path.with_name(f"renamed{number % 10}{path.suffix}"))
        return path

    def switch(self) -> None:
        """Check out the other branch, whatever was changed; files that git does not know stay."""
        self.switches += 1
        self._branches.reverse()
        corpus.git(self.root, "checkout", "-q", "--force", self._branches[0])

    def tidy_up(self) -> None:
        """Remove what git does not know, as people do now and then."""
        corpus.git(self.root, "clean", "-q", "-f", "-d")

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.root, ignore_errors=True)
