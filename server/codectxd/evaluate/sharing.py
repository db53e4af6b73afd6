"""`python -m codectxd.evaluate.sharing FOLDER PROCESSES NUMBER`: prepare a share of a folder's files, when told to begin.

One of the processes that `scaling` compares: it says a line once it is ready, and begins when its standard input ends. It
reads, hashes, parses and embeds as a worker does, and keeps nothing.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from codectxd.chunk.languages import language_of
from codectxd.embed.model import embedded
from codectxd.embed.onnx import OnnxEmbedder
from codectxd.engine.prepare import Preparer
from codectxd.types import Source
from codectxd.workspace.filters import Limits
from codectxd.workspace.source import read_source

_LIMITS = Limits()


def main(folder: str, processes: int, number: int) -> None:
    """Prepare every file whose place, by size, is `number` modulo `processes`."""
    by_size = sorted((path for path in Path(folder).rglob("*.*") if path.is_file()), key=lambda p: (p.stat().st_size, p))
    mine = [path.relative_to(folder).as_posix() for path in by_size if ".git" not in path.parts][number::processes]
    spec = embedded()
    with tempfile.TemporaryDirectory() as nothing:
        preparer = Preparer(Path(nothing) / "vault.db", lambda: OnnxEmbedder(spec), (spec.id, spec.dimension))
        preparer.warm()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()
        for path in mine:
            source = read_source(folder, path, language_of, _LIMITS)
            if isinstance(source, Source):
                preparer.prepare(source, source.stamp, for_overlay=False)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
