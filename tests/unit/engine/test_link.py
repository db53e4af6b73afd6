"""The indexer's link when what it hears cannot be used."""

from __future__ import annotations

import threading
from pathlib import Path

import psutil
import pytest

from codectxd.engine import jobs
from codectxd.engine.link import IndexerLink


def test_a_message_that_cannot_be_used_ends_the_indexer_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECTX_HOME", str(tmp_path / "home"))
    lost, heard = threading.Event(), []

    def refuse(reply: jobs.IndexerReply) -> None:
        heard.append(link.pid)
        raise ValueError("nobody thought of this")

    link = IndexerLink(refuse, lambda restart: lost.set())
    try:
        link.send(jobs.Open(str(tmp_path)))
        assert lost.wait(30)
        assert heard
        assert not psutil.pid_exists(heard[0] or 0)
        assert link.pid is None
    finally:
        link.close()
