"""What a reconciler does when it cannot even ask for a look: it keeps what changed, and says that it waits."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from codectxd.engine.jobs import Refreshed
from codectxd.engine.lane import Task
from codectxd.engine.reconciler import Reconciler
from codectxd.engine.view import View


def reconciler(
    tmp_path: Path, scan: Callable[[], object], *, scanning: bool, mark: Callable[[Collection[str]], None]
) -> Reconciler:
    return Reconciler(
        "/tree",
        View(tmp_path, lambda: None),
        send=lambda job: None,
        scan=scan,
        following=lambda: False,
        epoch=lambda: 0,
        scanning=lambda: scanning,
        saved=lambda path: None,
        mark=mark,
        stamp=lambda path: None,
        learn=lambda problem, whole: False,
    )


def due(found: Reconciler) -> Task:
    while found.inbox.due_in():
        pass
    task = found.next_task()
    assert task is not None
    return task


@pytest.mark.parametrize("too_many", [True, False])
def test_I4_what_was_looked_at_during_a_scan_is_looked_at_again_unless_another_scan_sees_it(
    tmp_path: Path, too_many: bool
) -> None:
    scans: list[None] = []
    found = reconciler(tmp_path, lambda: scans.append(None), scanning=True, mark=lambda paths: None)
    found.inbox.mark(["a.py", "b.py"])
    due(found).done(Refreshed([], [], [], [], [], 0, too_many, {}))
    assert len(scans) == too_many
    found.scanned()
    assert found.pending() == (0 if too_many else 2)


def test_I4_a_scan_that_could_not_be_asked_for_is_asked_for_again(tmp_path: Path) -> None:
    marked: list[str] = []

    def mark(paths: Collection[str]) -> None:
        marked.extend(paths)

    def scan() -> int:
        # As where the system has no room for one process more.
        raise OSError("no more processes")

    found = reconciler(tmp_path, scan, scanning=False, mark=mark)
    found.inbox.mark_everything()
    while found.inbox.due_in():
        pass
    with pytest.raises(OSError, match="no more processes"):
        found.next_task()
    assert found.pending() == 1
    found._look_again()
    assert (marked, found.pending()) == ([""], 0)
