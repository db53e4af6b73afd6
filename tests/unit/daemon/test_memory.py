"""What the status says of memory: of this process and its children, what they share counted once."""

from __future__ import annotations

import os
import subprocess
import sys

from codectxd.daemon.memory import resident_bytes

HOLDS = 60_000_000


def test_what_a_child_holds_counts_and_what_it_shares_counts_once() -> None:
    program = f"import sys; held = b'x' * {HOLDS}; print('here', flush=True); sys.stdin.read()"
    before = resident_bytes(os.getpid())
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-S", "-c", program], **pipes) as child:  # type: ignore[call-overload]
        assert child.stdout.readline()
        assert HOLDS <= resident_bytes(os.getpid()) - before < HOLDS + 15_000_000
        child.stdin.close()
