"""What a reconciler does when it cannot even ask for a look: it keeps what changed, and says that it waits."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from codectxd.engine.reconciler import Reconciler
from codectxd.engine.view import View


def test_I4_a_scan_that_could_not_be_asked_for_is_asked_for_again(tmp_path: Path) -> None:
    marked: list[str] = []

    def mark(paths: Collection[str]) -> None:
        marked.extend(paths)

    def scan() -> int:
        # As where the system has no room for one process more.
        raise OSError("no more processes")

    found = Reconciler(
        "/tree",
        View(tmp_path, lambda: None),
        send=lambda job: None,
        scan=scan,
        following=lambda: False,
        epoch=lambda: 0,
        scanning=lambda: False,
        saved=lambda path: None,
        mark=mark,
        stamp=lambda path: None,
        learn=lambda problem, whole: False,
    )
    found.inbox.mark_everything()
    while found.inbox.due_in():
        pass
    with pytest.raises(OSError, match="no more processes"):
        found.next_task()
    assert found.pending() == 1
    found._look_again()
    assert (marked, found.pending()) == ([""], 0)
