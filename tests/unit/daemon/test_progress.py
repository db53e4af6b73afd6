"""Progress begins and ends once, is not told of what is over in a moment, and never goes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from codectxd.daemon.progress import IndexRuns, WorkDone, Works
from codectxd.engine.status import EngineStatus, Progress

DEADLINE_S = 20.0


class Peer:
    """A client that notes what it is told, and is asked before a progress begins."""

    def __init__(self, agrees: bool = True) -> None:
        self.told: list[dict[str, Any]] = []
        self.asked: list[Any] = []
        self._agrees = agrees

    def notify(self, method: str, params: Any) -> None:
        assert method == "$/progress"
        self.told.append(params)

    def crowded(self) -> bool:
        return False

    async def drain(self) -> None: ...

    async def ask(self, method: str, params: Any) -> bool:
        assert method == "window/workDoneProgress/create"
        self.asked.append(params["token"])
        return self._agrees

    def kinds(self) -> list[str]:
        return [params["value"]["kind"] for params in self.told]


class Workspace:
    """An engine that is as far as it is told to be."""

    root = "/home/me/shop"
    problem: str | None = None
    step: Progress | None = None

    def indexing(self) -> Progress | None:
        return self.step

    def status(self) -> EngineStatus:
        raise NotImplementedError


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - the condition is a list's.
            await asyncio.sleep(0.01)


async def _patience_is_over() -> None:
    """Until what was begun before would have been told, since what begins now is."""
    peer = Peer()
    with Works(peer).searching("later", "Searching"):
        await _until(peer.kinds)


async def test_it_says_shares_and_ends_once() -> None:
    peer = Peer()
    work = WorkDone(peer, "token", "Indexing")
    work.begin()
    for done in range(1000):
        work.report(Progress(done, 2000, "half"))
    for _ in range(2):
        work.close()
    assert (peer.kinds()[0], peer.kinds()[-1]) == ("begin", "end")
    assert peer.kinds().count("end") == 1
    assert 1 <= peer.kinds().count("report") < 20
    assert all(params["token"] == "token" for params in peer.told)


async def test_a_share_never_shrinks() -> None:
    peer = Peer()
    work = WorkDone(peer, 1, "Indexing")
    work.begin()
    for number, step in enumerate(
        (Progress(9, 10, "9 of 10"), Progress(9, 100, "9 of 100"), Progress(95, 100, "95 of 100"))
    ):
        while len(peer.told) < number + 2:
            work.report(step)
            await asyncio.sleep(0.01)
    work.close()
    shares = [params["value"]["percentage"] for params in peer.told if "percentage" in params["value"]]
    assert shares == [90, 90, 95]


async def test_without_a_token_nothing_is_told() -> None:
    peer = Peer()
    works = Works(peer)
    with works.indexing(None, ["/r"]) as work:
        work.report(Progress(0, 0, ""))
        assert not works.shows("/r")
    with works.searching(None, "Searching"):
        pass
    assert peer.told == []


async def test_what_is_over_in_a_moment_is_not_told() -> None:
    peer = Peer()
    with Works(peer).searching("token", "Searching"):
        await asyncio.sleep(0)
    await _patience_is_over()
    assert peer.told == []


async def test_what_takes_a_while_is_told_and_ended_though_it_fails() -> None:
    peer = Peer()

    async def request() -> None:
        with Works(peer).searching("token", "Searching"):
            await _until(peer.kinds)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await request()
    assert peer.kinds() == ["begin", "end"]


async def test_a_request_is_cancelled_by_its_token() -> None:
    peer, begun = Peer(), asyncio.Event()
    works = Works(peer)

    async def request() -> None:
        with works.indexing("token", ["/r"]):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(request())
    await begun.wait()
    works.cancel("another")
    assert works.shows("/r")
    works.cancel("token")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert peer.kinds() == ["begin", "end"]
    assert not works.shows("/r")
    works.cancel("token")


async def test_an_index_run_is_shown_when_it_takes_a_while() -> None:
    peer, workspace = Peer(), Workspace()
    runs = IndexRuns(peer, lambda root: True)
    for number in (1, 2):
        workspace.step = Progress(1, 4, "1 of 4 files")
        runs.changed(workspace)
        await _until(lambda: "report" in peer.kinds())
        workspace.step = Progress(3, 4, "3 of 4 files")
        runs.changed(workspace)
        await _until(lambda: any(params["value"].get("percentage") == 75 for params in peer.told))
        workspace.step = None
        runs.changed(workspace)
        await _until(lambda: "end" in peer.kinds())
        assert peer.kinds() == ["begin", "report", "report", "end"]
        assert "shop" in peer.told[0]["value"]["title"]
        assert {params["token"] for params in peer.told} == {peer.asked[-1]}
        assert len(set(peer.asked)) == number
        peer.told.clear()


async def test_an_index_run_that_is_short_or_not_wanted_is_not_shown() -> None:
    for peer, concerns in ((Peer(agrees=False), True), (Peer(), False)):
        workspace = Workspace()
        runs = IndexRuns(peer, lambda root, concerns=concerns: concerns)  # type: ignore[misc]
        workspace.step = Progress(1, 4, "1 of 4 files")
        runs.changed(workspace)
        await _patience_is_over()
        runs.end()
        assert peer.told == []
    peer, workspace = Peer(), Workspace()
    runs = IndexRuns(peer, lambda root: True)
    for step in (Progress(1, 4, ""), None, Progress(1, 4, ""), None):
        workspace.step = step
        runs.changed(workspace)
        await asyncio.sleep(0)
    await _patience_is_over()
    assert (peer.told, peer.asked) == ([], [])


async def test_the_end_of_a_session_ends_what_was_begun() -> None:
    peer, workspace = Peer(), Workspace()
    runs = IndexRuns(peer, lambda root: True)
    workspace.step = Progress(1, 4, "1 of 4 files")
    runs.changed(workspace)
    await _until(peer.kinds)
    runs.end()
    await _until(lambda: peer.kinds()[-1] == "end")


async def test_partial_results_are_sent_in_order() -> None:
    peer = Peer()
    await Works(peer).stream("token", iter([[1, 2], [3]]))
    assert peer.told == [{"token": "token", "value": [1, 2]}, {"token": "token", "value": [3]}]
