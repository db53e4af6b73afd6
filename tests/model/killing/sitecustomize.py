"""Ends the indexer by SIGKILL just before a step of the write protocol. Python imports this by itself at its start.

Which step, the file `kill-at` in the home says, once; `killed` gets a line for each kill. Everything else is the product
as it is: no other process looks at these files.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path


def reached(step: str) -> None:
    """Die here, if this is where to."""
    home = Path(os.environ["CODECTX_HOME"])
    try:
        wanted = (home / "kill-at").read_text()
    except OSError:
        return
    if wanted == step:
        with (home / "killed").open("a") as killed:
            killed.write(f"{step}\n")
        (home / "kill-at").unlink()
        os.kill(os.getpid(), signal.SIGKILL)


if "codectxd.engine.indexer" in sys.orig_argv:
    import functools

    from codectxd.index.writer import Writer

    Writer.__init__ = functools.partialmethod(Writer.__init__, reached=reached)  # type: ignore[assignment]
