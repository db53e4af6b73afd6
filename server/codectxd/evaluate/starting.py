"""Benchmarks of beginnings: the first answer to an editor, and a restart over an index that is up to date."""

from __future__ import annotations

import time

from codectxd.evaluate.laboratory import Laboratory
from codectxd.evaluate.report import Row, quantile
from codectxd.evaluate.session import until

STARTS = 5


def initialize(laboratory: Laboratory) -> list[Row]:
    """`initialize` through the relay, with no daemon running before: the worst of a few."""
    times = []
    home = laboratory.home()
    for _ in range(STARTS):
        began = time.perf_counter()
        with home.editor():
            times.append((time.perf_counter() - began) * 1000)
        home.stop()
    details = {"p50": quantile(times, 0.5), "starts": STARTS}
    return [Row("initialize", "initialize answered, nothing running before", max(times), "ms", 600, details)]


def restart(laboratory: Laboratory) -> list[Row]:
    """A daemon that comes back to an unchanged tree: when it answers, when it is sure, and what it embedded."""
    home, root = laboratory.built, laboratory.root
    home.stop()
    began = time.perf_counter()
    with home.editor(root) as session:
        until(lambda: session.search("insert into a sorted list", limit=1), what="an answer after a restart")
        answered = time.perf_counter() - began
        session.wait_fresh(durable=True)
        reconciled = time.perf_counter() - began
        status = session.workspace()
    return [
        Row("restart.answer", "unchanged restart, spawn to answer", answered, "s", 1, {"chunks": status.chunks}),
        Row("restart.reconciled", "unchanged restart, spawn to reconciled", reconciled, "s", 2, {}),
        Row("restart.embedded", "texts embedded by it", status.embedded, "count", 0, {"parsed": status.parsed}),
    ]
