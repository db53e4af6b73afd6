"""Benchmarks of doing nothing: what the daemon and its children hold in memory, and the processor time they use."""

from __future__ import annotations

import time

from codectxd.evaluate.laboratory import Laboratory
from codectxd.evaluate.processes import cpu_seconds, family, memory_mb
from codectxd.evaluate.report import Row
from codectxd.evaluate.session import NeverCame

SETTLE_S = 8.0
"""From the last work to the measurement; the laboratory's indexer leaves after one idle second."""

WATCHED_S = 12.0


def rest(laboratory: Laboratory) -> list[Row]:
    """Memory and processor time after a build, with an editor connected that asks nothing."""
    home = laboratory.built
    with home.session(laboratory.root) as session:
        session.wait_fresh(durable=True)
        chunks = session.workspace().chunks
        daemon = home.daemon()
        if daemon is None:
            raise NeverCame("the daemon ended")
        time.sleep(SETTLE_S)
        used = cpu_seconds(family(daemon))
        time.sleep(WATCHED_S)
        pids = family(daemon)
        idle = (cpu_seconds(pids) - used) / WATCHED_S * 100
        memory = memory_mb(pids)
    details = {"processes": len(pids), "chunks": chunks}
    return [
        Row("memory", "daemon and resident children after a build", memory, "MB", 300, details),
        Row("idle", "processor time with nothing to do", max(idle, 0.0), "%", 0.5, {"watched": WATCHED_S}),
    ]
