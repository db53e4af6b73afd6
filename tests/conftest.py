"""For all tests: a parser that goes astray ends its test, not the machine; and an interrupt is one."""

from __future__ import annotations

import resource
import signal

MOST_BYTES = 6 << 30


def pytest_configure() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, hard))
    # A shell that runs this in the background has interrupts ignored, by every process that is started from here as well.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
