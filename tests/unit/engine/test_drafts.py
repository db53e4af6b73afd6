"""Unsaved text: the latest edit wins, the newest text is the only one worked on, and no worker's death loses it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from codectxd.engine.drafts import Drafts
from codectxd.engine.jobs import Digest, Digested
from codectxd.engine.lane import Task
from codectxd.engine.view import View
from codectxd.engine.workers import Died
from codectxd.index.writer import Group
from unit.index.world import applied, parcel

SAVED = "def saved():\n    return 1\n"


@pytest.fixture
def view(tmp_path: Path) -> View:
    """A workspace in whose index `a.py` is."""
    applied(tmp_path / "store", Group(parcels=[parcel("a.py", SAVED)], seen_ns=time.time_ns()))
    found = View(tmp_path / "store", lambda: None)
    found.open()
    return found


@pytest.fixture
def drafts(view: View) -> Drafts:
    return Drafts("/tree", view, lambda: None)


def work(drafts: Drafts) -> list[str]:
    """Do all that is to be done, as a worker would; the texts that were worked on."""
    texts = []
    while (task := drafts.next_task()) is not None:
        texts.append(done(task))
    return texts


def done(task: Task) -> str:
    assert isinstance(task.job, Digest)
    text = bytes(task.job.text).decode()
    task.done(Digested(parcel(task.job.path, text), ""))
    return text


def unsaved(view: View, path: str = "a.py") -> str | None:
    """The text of the buffer layer."""
    entry = view.overlay.layer(include_unsaved=True).entries.get(path)
    return entry.parcel.text.decode() if entry is not None and entry.parcel is not None and entry.parcel.text else None


def test_an_edit_is_searchable_once_worked_on(drafts: Drafts, view: View) -> None:
    drafts.edit("s", "a.py", 1, b"x = 1\n")
    assert (drafts.pending(), unsaved(view)) == (1, None)
    assert work(drafts) == ["x = 1\n"]
    assert (drafts.pending(), unsaved(view)) == (0, "x = 1\n")


def test_only_the_newest_of_many_texts_is_worked_on(drafts: Drafts, view: View) -> None:
    for version in range(50):
        drafts.edit("s", "a.py", version, f"x = {version}\n".encode())
    assert work(drafts) == ["x = 49\n"]


def test_an_edit_that_comes_while_a_worker_is_at_the_one_before_is_worked_on_next(drafts: Drafts, view: View) -> None:
    drafts.edit("s", "a.py", 1, b"x = 1\n")
    task = drafts.next_task()
    assert task is not None
    drafts.edit("s", "a.py", 2, b"x = 2\n")
    done(task)
    assert drafts.pending() == 1
    assert work(drafts) == ["x = 2\n"]
    assert unsaved(view) == "x = 2\n"


def test_the_latest_edit_of_any_session_wins_and_opening_hides_nothing(drafts: Drafts, view: View) -> None:
    drafts.edit("one", "a.py", 1, SAVED.encode())
    drafts.edit("two", "a.py", 1, SAVED.encode())
    drafts.edit("two", "a.py", 2, b"two = 2\n")
    drafts.edit("one", "a.py", 2, b"one = 1\n")
    work(drafts)
    assert unsaved(view) == "one = 1\n"
    drafts.edit("three", "a.py", 1, b"opened = 3\n")
    work(drafts)
    assert unsaved(view) == "one = 1\n"
    drafts.close("one", "a.py")
    work(drafts)
    assert unsaved(view) == "two = 2\n"
    drafts.end("two")
    work(drafts)
    assert unsaved(view) == "opened = 3\n"
    drafts.end("three")
    assert work(drafts) == []
    assert (unsaved(view), drafts.open_paths()) == (None, [])


def test_a_text_that_is_the_saved_one_needs_no_work_and_no_layer(drafts: Drafts, view: View) -> None:
    drafts.edit("s", "a.py", 1, SAVED.encode())
    assert work(drafts) == []
    drafts.edit("s", "a.py", 2, b"x = 1\n")
    work(drafts)
    drafts.edit("s", "a.py", 3, SAVED.encode())
    assert work(drafts) == []
    assert unsaved(view) is None


def test_a_file_saved_while_its_text_is_worked_on_leaves_the_layer(drafts: Drafts, view: View) -> None:
    drafts.edit("s", "a.py", 1, b"x = 1\n")
    task = drafts.next_task()
    assert task is not None
    view.overlay.put_hot([parcel("a.py", "x = 1\n")], [])
    done(task)
    work(drafts)
    assert not view.overlay.layer(include_unsaved=True).entries["a.py"].unsaved


def test_a_document_closed_while_its_text_is_worked_on_does_not_come_back(drafts: Drafts, view: View) -> None:
    drafts.edit("s", "a.py", 1, b"x = 1\n")
    task = drafts.next_task()
    assert task is not None
    drafts.close("s", "a.py")
    done(task)
    work(drafts)
    assert unsaved(view) is None


@pytest.mark.parametrize(("text", "reason"), [(b"\0\0\0", "binary"), (b"", "empty")])
def test_text_with_nothing_to_be_found_hides_the_saved_one_until_it_is_another(
    text: bytes, reason: str, drafts: Drafts, view: View
) -> None:
    for number, (start, hidden) in enumerate([("x = 1\n", True), (SAVED, True)]):
        drafts.edit("s", "a.py", 4 * number, start.encode())
        work(drafts)
        drafts.edit("s", "a.py", 4 * number + 1, text)
        task = drafts.next_task()
        assert task is not None
        task.done(Digested(None, reason))
        assert (unsaved(view), drafts.pending()) == (None, 0)
        assert ("a.py" in view.overlay.layer(include_unsaved=True).entries) == hidden
        assert "a.py" not in view.overlay.layer(include_unsaved=False).entries
        drafts.look_at("a.py")
        assert drafts.next_task() is None
    drafts.edit("s", "a.py", 9, b"y = 2\n")
    assert work(drafts) == ["y = 2\n"]
    assert unsaved(view) == "y = 2\n"
    drafts.edit("s", "a.py", 10, text)
    task = drafts.next_task()
    assert task is not None
    task.done(Digested(None, reason))
    drafts.close("s", "a.py")
    assert work(drafts) == []
    assert "a.py" not in view.overlay.layer(include_unsaved=True).entries


@pytest.mark.parametrize("death", [Died(None, too_slow=False), Died(None, too_slow=True), Died("a.py", too_slow=False)])
def test_one_death_of_a_worker_loses_no_text(death: Died, drafts: Drafts, view: View) -> None:
    drafts.edit("s", "a.py", 1, b"x = 1\n")
    task = drafts.next_task()
    assert task is not None
    task.done(death)
    assert drafts.pending() == 1
    assert work(drafts) == ["x = 1\n"]
    assert unsaved(view) == "x = 1\n"


@pytest.mark.parametrize("death", [Died("a.py", too_slow=True), Died("a.py", too_slow=False), Died(None, too_slow=False)])
def test_a_text_over_which_workers_die_again_and_again_is_left_alone_until_it_changes(
    death: Died, drafts: Drafts, view: View
) -> None:
    drafts.edit("s", "a.py", 1, b"x = 1\n")
    tries = 0
    while (task := drafts.next_task()) is not None:
        task.done(death)
        tries += 1
        assert tries < 20
    assert drafts.pending() == 0
    drafts.look_at("a.py")
    assert drafts.next_task() is None
    drafts.edit("s", "a.py", 2, b"x = 2\n")
    assert work(drafts) == ["x = 2\n"]
