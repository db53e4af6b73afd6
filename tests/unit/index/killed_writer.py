"""A process of its own that applies groups to a store and ends itself by SIGKILL just before a step.

Arguments: the store's folder, a file of encoded groups, the step, whether to merge at the end. Not a test.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import msgspec

from codectxd.chunk.chunker import CHUNKER_VERSION
from codectxd.index.store import Store
from codectxd.index.vault import Vault
from codectxd.index.writer import Group, Writer


class Work(msgspec.Struct):
    """What the process is to do."""

    root: str
    model: str
    dimension: int
    groups: list[Group]
    merge: bool
    rewrite: Group | None = None
    """What the words are written anew from, if they are."""
    delta: bool = True
    adopt: tuple[str, int] | None = None
    """The model that is to take over, and its dimension, if one is; what it needs is in the vault."""
    attach: bool = False
    """Whether documents without vectors get those of the vault."""


def main() -> None:
    folder, step = Path(sys.argv[1]), sys.argv[3]
    work = msgspec.msgpack.decode(Path(sys.argv[2]).read_bytes(), type=Work)

    def reached(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    store = Store(folder, work.root, work.model, work.dimension)
    writer = Writer(store, Vault(folder.parent / "vault.db"), CHUNKER_VERSION, reached, delta=work.delta)
    for group in work.groups:
        writer.apply(group)
    if work.merge:
        writer.merge_vectors()
    if work.rewrite is not None:
        writer.begin_words()
        writer.apply(work.rewrite)
        writer.finish_words()
    if work.attach:
        writer.attach()
    if work.adopt is not None:
        writer.adopt(*work.adopt, "")


if __name__ == "__main__":
    main()
