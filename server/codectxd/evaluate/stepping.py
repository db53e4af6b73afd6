"""Which step of the write protocol an indexer is in, told from outside: for who ends it there.

A module that every Python of a home imports at its start (`sitecustomize`) has the indexer write the number of each step,
just before it, into a file of the home, and stay there for an instant where somebody waits for that step. Nothing else of
the product is changed.
"""

from __future__ import annotations

import mmap
import os
import time
from pathlib import Path

STEPS = ("vault", "append words", "append vectors", "flip", "sweep", "done")
MERGE_STEPS = ("merge words", "flip words", "merge vectors", "flip merged")
ALL = (*STEPS, *MERGE_STEPS)
NOWHERE = "no step"
_PID_END, _SIZE = 5, 6
"""A byte for the step, four for the process that reached it, one for the step that somebody waits for."""
_HELD_S = 0.03
"""How long an indexer stays before a step that somebody waits for: a busy machine may not run who waits any sooner."""

_SOURCE = f"""
import os, sys, time
if "codectxd.engine.indexer" in sys.orig_argv:
    import functools
    from codectxd.index.writer import Writer
    STEPS = {ALL!r}
    step = os.open(os.path.join(os.environ["CODECTX_HOME"], "step"), os.O_RDWR)
    def reached(name):
        number = 1 + STEPS.index(name)
        os.pwrite(step, bytes([number]) + os.getpid().to_bytes(4, "little"), 0)
        if os.pread(step, 1, {_PID_END})[0] == number:
            time.sleep({_HELD_S})
    Writer.__init__ = functools.partialmethod(Writer.__init__, reached=reached)
"""


class Steps:
    """The steps of the indexers of the home in `folder`, whose `environment` is changed."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        modules = folder / "stepping"
        modules.mkdir()
        (modules / "sitecustomize.py").write_text(_SOURCE)
        before = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([str(modules), *([before] if before else [])])
        (folder / "step").write_bytes(bytes(_SIZE))
        with open(folder / "step", "r+b") as file:
            self._seen = mmap.mmap(file.fileno(), _SIZE)

    def forget(self) -> None:
        """What was reached before does not count."""
        self._seen[0] = 0

    def last(self) -> str:
        """The step that was reached last, and not ended yet unless another one follows."""
        return ALL[self._seen[0] - 1] if self._seen[0] else NOWHERE

    def wait_for(self, step: str, patience_s: float) -> int | None:
        """The indexer that reached `step`, as soon as one has; None after `patience_s`."""
        wanted, deadline = 1 + ALL.index(step), time.monotonic() + patience_s
        self._seen[_PID_END] = wanted
        try:
            while self._seen[0] != wanted:
                if time.monotonic() > deadline:
                    return None
                time.sleep(0.001)
            return int.from_bytes(self._seen[1:_PID_END], "little")
        finally:
            self._seen[_PID_END] = 0

    def close(self) -> None:
        """Let go of the file."""
        self._seen.close()
