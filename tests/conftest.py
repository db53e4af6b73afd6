"""For all tests: a parser that goes astray ends its test, not the machine; an interrupt is one; and no example is timed."""

from __future__ import annotations

import resource
import signal

from hypothesis import settings

MOST_BYTES = 6 << 30


def pytest_configure() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, hard))
    # How long an example takes says how busy the machine is.
    settings.register_profile("untimed", deadline=None)
    settings.load_profile("untimed")
    # A shell that runs this in the background has interrupts ignored, by every process that is started from here as well.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
