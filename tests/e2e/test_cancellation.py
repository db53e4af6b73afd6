"""What is cancelled is answered at once, and the work on it ends: told by the processor time of the processes at work."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from codectxd.wire import messages
from e2e.support import DEADLINE_S, Home, Raw, frame, until

N_GLOBS = 20_000
N_FILES = 900


@pytest.fixture
def daemon(home: Home, workspace: Path) -> Iterator[Raw]:
    """A session whose workspace is indexed."""
    home.run("serve", "--detach")
    with home.raw(initialized=(workspace,)) as peer:
        assert peer.ask(messages.WAIT_FRESH, {"timeoutMs": int(DEADLINE_S * 1000)})["result"]["fresh"]
        yield peer


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A folder that takes a while to be indexed."""
    root = tmp_path / "large"
    root.mkdir()
    for number in range(N_FILES):
        functions = (f"def shelf_{number}_{at}(box):\n    return box.open_lid_{at}({number}) + {at}\n" for at in range(80))
        (root / f"shelves_{number}.py").write_text("\n\n".join(functions))
    return root


_fresh = itertools.count()


def expensive() -> dict[str, Any]:
    """A search whose filters take seconds to be looked at, different ones each time."""
    mark = next(_fresh)
    return {"query": "total price", "globs": [f"**/a_{mark}_{number}*/[b-d]/**" for number in range(N_GLOBS)] + ["**"]}


class Meter:
    """The processor seconds of some processes; what those that ended had used by the last look stays counted."""

    def __init__(self, processes: list[psutil.Process]) -> None:
        self._used = dict.fromkeys(processes, 0.0)

    def read(self) -> float:
        for process in self._used:
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                self._used[process] = times.user + times.system
        return sum(self._used.values())

    def at_rest(self) -> float:
        """What they have used once they use next to nothing any more."""
        end = time.monotonic() + DEADLINE_S
        before, used = -1.0, self.read()
        while used - before > 0.02:
            assert time.monotonic() < end, "they never rest"
            time.sleep(0.3)
            before, used = used, self.read()
        return used


def of(home: Home) -> psutil.Process:
    pid = home.daemon_pid()
    assert pid is not None
    return psutil.Process(pid)


def test_a_cancelled_search_stops_working(home: Home, daemon: Raw) -> None:
    meter = Meter([of(home)])
    idle = meter.at_rest()
    assert daemon.ask(messages.SEARCH, expensive())["result"]["hits"]
    whole = meter.read() - idle
    assert whole > 0.5, "a search that costs nothing proves nothing"
    begun = meter.at_rest()
    daemon.send({"id": 2, "method": messages.SEARCH, "params": expensive()})
    until(lambda: meter.read() > begun + whole / 5, "the search is on its way")
    daemon.send({"method": "$/cancelRequest", "params": {"id": 2}})
    assert daemon.receive()["error"]["code"] == messages.REQUEST_CANCELLED
    told = meter.read()
    assert told - begun < 0.7 * whole
    after = meter.at_rest() - told
    print(f"whole {whole:.2f} s, at the cancel {told - begun:.2f} s, after it {after:.2f} s")  # noqa: T201 - a measurement
    assert after < 0.2 * whole


def test_of_cancelled_searches_those_that_wait_never_begin(home: Home, daemon: Raw) -> None:
    meter = Meter([of(home)])
    idle = meter.at_rest()
    assert daemon.ask(messages.SEARCH, expensive())["result"]["hits"]
    whole = meter.read() - idle
    begun = meter.at_rest()
    numbers = range(10, 40)
    params = expensive()
    for number in numbers:
        daemon.send(
            {"id": number, "method": messages.SEARCH, "params": {**params, "globs": [str(number), *params["globs"]]}}
        )
        daemon.send({"method": "$/cancelRequest", "params": {"id": number}})
    answers = [daemon.receive() for _ in numbers]
    assert {answer["error"]["code"] for answer in answers} == {messages.REQUEST_CANCELLED}
    used = meter.at_rest() - begun
    print(f"whole {whole:.2f} s, thirty cancelled ones {used:.2f} s")  # noqa: T201 - a measurement
    assert used < 0.2 * whole * len(numbers)
    assert daemon.ask(messages.SEARCH, {"query": "total price"})["result"]["hits"]


def test_a_session_that_ends_takes_its_questions_with_it(home: Home, daemon: Raw, workspace: Path) -> None:
    meter = Meter([of(home)])
    idle = meter.at_rest()
    assert daemon.ask(messages.SEARCH, expensive())["result"]["hits"]
    whole = meter.read() - idle
    begun = meter.at_rest()
    with home.raw(initialized=(workspace,)) as rude:
        for number in range(1, 9):
            rude.send({"id": number, "method": messages.SEARCH, "params": expensive()})
        until(lambda: meter.read() > begun + whole / 5, "the searches are on their way")
    gone = meter.read()
    after = meter.at_rest() - gone
    print(f"whole {whole:.2f} s each of eight, after the end {after:.2f} s")  # noqa: T201 - a measurement
    assert after < whole


def test_a_symbol_request_is_answered_once_whether_its_cancel_came_in_time_or_not(daemon: Raw) -> None:
    numbers = range(10, 210)
    sent = [
        frame(message)
        for number in numbers
        for message in (
            {"id": number, "method": messages.WORKSPACE_SYMBOL, "params": {"query": ""}},
            {"method": "$/cancelRequest", "params": {"id": number}},
        )
    ]
    daemon.stream.sendall(b"".join(sent))
    answers = {answer["id"]: answer for answer in (daemon.receive() for _ in numbers)}
    assert set(answers) == set(numbers)
    codes = [answer["error"]["code"] for answer in answers.values() if "error" in answer]
    assert set(codes) == {messages.REQUEST_CANCELLED}
    assert daemon.ask(messages.WORKSPACE_SYMBOL, {"query": "Cart"})["result"]


@pytest.mark.parametrize("by", ["request", "progress", "disconnect"])
def test_a_cancelled_reindex_stops_working_and_goes_on_when_asked_to(home: Home, daemon: Raw, large: Path, by: str) -> None:
    with home.raw(initialized=()) as peer:
        params = {"roots": [large.as_uri()], "workDoneToken": "bar"}
        peer.send({"id": 3, "method": messages.REINDEX, "params": params})
        while not 0 < peer.receive().get("params", {}).get("value", {}).get("done", 0) < N_FILES // 2:
            pass
        if by == "disconnect":
            peer.stream.close()
        elif by == "request":
            peer.send({"method": "$/cancelRequest", "params": {"id": 3}})
        else:
            peer.send({"method": "window/workDoneProgress/cancel", "params": {"token": "bar"}})
        while by != "disconnect" and (answer := peer.receive()).get("id") != 3:
            assert answer["params"]["token"] == "bar"
        if by != "disconnect":
            assert answer["error"]["code"] == messages.REQUEST_CANCELLED
    meter = Meter([of(home), *of(home).children(recursive=True)])
    told = meter.read()
    after = meter.at_rest() - told
    [status] = daemon.ask(messages.STATUS, {"roots": [large.as_uri()]})["result"]["workspaces"]
    print(f"{by}: {status['files']} of {N_FILES} files, processor time after the cancel {after:.2f} s")  # noqa: T201
    assert 0 < status["files"] < N_FILES
    assert status["pending"] == N_FILES - status["files"]
    assert "stopped" in status["message"]
    # What is there answers, and says how much it is; a question does not begin the work again.
    found = daemon.ask(messages.SEARCH, {"query": "open_lid_7", "roots": [large.as_uri()]})["result"]
    assert found["hits"]
    assert 0 < found["freshness"]["words"] < 1
    assert daemon.ask(messages.STATUS, {"roots": [large.as_uri()]})["result"]["workspaces"][0]["pending"]
    wait = {"roots": [large.as_uri()], "timeoutMs": int(2000 * DEADLINE_S)}
    daemon.stream.settimeout(2 * DEADLINE_S)
    answer = daemon.ask(messages.WAIT_FRESH, wait)["result"]
    assert (answer["fresh"], answer["freshness"]["words"]) == (True, 1.0)
    [status] = daemon.ask(messages.STATUS, {"roots": [large.as_uri()]})["result"]["workspaces"]
    assert (status["files"], status["pending"], status.get("message")) == (N_FILES, 0, None)
