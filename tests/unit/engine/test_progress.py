"""How far a scan is, as the indexer's messages say, in whatever order they come."""

from __future__ import annotations

from codectxd.engine.jobs import Scanned, Scanning
from codectxd.engine.progress import ScanProgress


def scanning(ticket: int) -> Scanning:
    return Scanning("/tree", ticket, 1, 5, 10)


def test_a_scan_that_begins_after_something_before_it_failed_is_under_way() -> None:
    scans = ScanProgress()
    ticket = scans.ask(force=False)
    scans.failed("The disk is full.")
    assert not scans.outstanding
    scans.went(scanning(ticket))
    assert (scans.outstanding, scans.remaining, scans.failure, scans.phase) == (True, 4, None, "indexing")
    scans.ended(Scanned("/tree", ticket, 10, 5, 5, {}))
    assert (scans.outstanding, scans.phase) == (False, "ready")


def test_the_last_word_of_a_scan_that_was_stopped_or_overtaken_begins_nothing() -> None:
    scans = ScanProgress()
    first = scans.ask(force=False)
    scans.stop()
    scans.went(scanning(first))
    assert (scans.outstanding, scans.stopped, scans.remaining) == (False, True, 4)
    scans.ask(force=False)
    scans.failed("The disk is full.")
    scans.went(scanning(first))
    assert not scans.outstanding
