"""However many threads ask for a scan at once, the indexer hears of the one last that is waited for."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

from codectxd.engine import jobs
from codectxd.engine.engine import Engine
from codectxd.engine.models import Models
from codectxd.paths import Layout


def test_scans_reach_the_indexer_in_the_order_of_their_tickets(tmp_path: Path) -> None:
    sent: list[int] = []

    def send(job: jobs.IndexerJob) -> None:
        if isinstance(job, jobs.Scan):
            time.sleep(0.001 * (job.ticket % 3))  # As a pipe that is full would.
            sent.append(job.ticket)

    (tmp_path / "tree").mkdir()
    loop = asyncio.new_event_loop()
    engine = Engine(
        str(tmp_path / "tree"),
        Layout(state=tmp_path / "s", runtime=tmp_path / "r", config=tmp_path / "c"),
        loop=loop,
        send=send,
        wake=lambda: None,
        models=Models(lambda: None),
        changed=lambda engine: None,
    )
    threads = [threading.Thread(target=engine.resend) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.close()
    loop.close()
    assert sent == sorted(sent)
    assert sent[-1] == engine.scans.asked
