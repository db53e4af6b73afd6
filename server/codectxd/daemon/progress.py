"""LSP's `$/progress`: of a request whose client gave a token, and of index runs, for a client that lets us begin one.

What is over in a moment is not told at all, so that nothing flickers; what was begun is ended, once, however it ends.
Lives on the daemon's loop.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from codectxd.daemon.notices import INTERVAL_S, Client, Workspace

if TYPE_CHECKING:
    from codectxd.engine.status import Progress as Step

PATIENCE_S = 0.5
"""What takes no longer is not worth a bar."""

_CREATE = "window/workDoneProgress/create"


class Peer(Client, Protocol):
    """The client's end, as far as progress is concerned."""

    async def drain(self) -> None:
        """Wait until the client has read most of what was sent."""
        ...

    async def ask(self, method: str, params: Any) -> bool:
        """Whether the client agreed."""
        ...


class WorkDone:
    """The progress of one piece of work; says nothing where there is no token."""

    def __init__(self, client: Client, token: str | int | None, title: str, *, cancellable: bool = True) -> None:
        self._client = client
        self._token = token
        self._title = title
        self._cancellable = cancellable
        self._timer: asyncio.TimerHandle | None = None
        self._begun = False
        self._percentage = -1
        self._told: Step | None = None
        self._next = 0.0

    def begin(self) -> None:
        """Say that it began."""
        self._begun = True
        self._notify({"kind": "begin", "title": self._title, "cancellable": self._cancellable})

    def begin_in(self, seconds: float) -> None:
        """Say that it began, unless it is over by then."""
        if self._token is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self.begin)

    def report(self, step: Step) -> None:
        """Tell how far it is, unless that was told, or anything was told a moment ago."""
        now = asyncio.get_running_loop().time()
        if not self._begun or step == self._told or now < self._next or self._client.crowded():
            return
        self._told, self._next = step, now + INTERVAL_S / 2
        # A bar never goes back, though more may turn out to be due than was known.
        self._percentage = max(self._percentage, min(100, 100 * step.done // step.total if step.total > 0 else 0))
        told = {"kind": "report", "message": step.message, "percentage": self._percentage}
        # `done` and `total` are an addition to LSP's fields, for the command line's bar.
        self._notify({**told, "done": step.done, "total": step.total})

    def close(self) -> None:
        """Say that it is over, where it was said that it began."""
        if self._timer is not None:
            self._timer.cancel()
        if self._begun:
            self._begun = False
            self._notify({"kind": "end"})

    def _notify(self, value: dict[str, Any]) -> None:
        if self._token is not None:
            self._client.notify("$/progress", {"token": self._token, "value": value})


class Works:
    """The requests of one session that gave a token: their progress, their partial results, and how they are cancelled."""

    def __init__(self, client: Peer) -> None:
        self._client = client
        self._tasks: dict[str | int, asyncio.Task[Any]] = {}
        self._indexing: collections.Counter[str] = collections.Counter()

    def cancel(self, token: str | int) -> None:
        """The client cancels a request by its token."""
        if token in self._tasks:
            self._tasks[token].cancel()

    def shows(self, root: str) -> bool:
        """Whether a request shows how far the indexing of `root` is."""
        return self._indexing[root] > 0

    @contextlib.contextmanager
    def searching(self, token: str | int | None, title: str) -> Iterator[None]:
        """While inside, the client is told that the current request is under way, once it takes a while."""
        work = WorkDone(self._client, token, title)
        work.begin_in(PATIENCE_S)
        with self._cancellable(token), contextlib.closing(work):
            yield

    @contextlib.contextmanager
    def indexing(self, token: str | int | None, roots: list[str]) -> Iterator[WorkDone]:
        """While inside, the client is told how far the current request is: at once, since it is never over in a moment."""
        work = WorkDone(self._client, token, "Indexing")
        told = roots if token is not None else []
        self._indexing.update(told)
        work.begin()
        try:
            with self._cancellable(token), contextlib.closing(work):
                yield work
        finally:
            self._indexing.subtract(told)

    async def stream(self, token: str | int, groups: Iterable[Any]) -> None:
        """Send partial results, each group once the client has read most of what went before."""
        for group in groups:
            self._client.notify("$/progress", {"token": token, "value": group})
            await self._client.drain()
            await asyncio.sleep(0)  # What was cancelled meanwhile ends here.

    @contextlib.contextmanager
    def _cancellable(self, token: str | int | None) -> Iterator[None]:
        task = asyncio.current_task()
        if token is None or task is None:
            yield
            return
        self._tasks[token] = task
        try:
            yield
        finally:
            if self._tasks.get(token) is task:
                del self._tasks[token]


class IndexRuns:
    """Index runs of a session's folders that its client did not ask to be told of itself."""

    def __init__(self, client: Peer, concerns: Callable[[str], bool]) -> None:
        self._client = client
        self._concerns = concerns
        self._numbers = itertools.count(1)
        self._steps: dict[str, Step] = {}
        self._shown: dict[str, asyncio.Task[None]] = {}

    def changed(self, workspace: Workspace) -> None:
        """A workspace is further than it was, or through."""
        root = workspace.root
        step = workspace.indexing() if self._concerns(root) else None
        if step is None:
            self._steps.pop(root, None)
            if root in self._shown:
                self._shown.pop(root).cancel()
            return
        self._steps[root] = step
        if root not in self._shown:
            self._shown[root] = asyncio.get_running_loop().create_task(self._show(root))

    def end(self) -> None:
        """The session is over."""
        for task in self._shown.values():
            task.cancel()
        self._shown.clear()

    async def _show(self, root: str) -> None:
        await asyncio.sleep(PATIENCE_S)
        token = f"codectxd-{os.getpid()}-{next(self._numbers)}"
        if not await self._client.ask(_CREATE, {"token": token}):
            return
        work = WorkDone(self._client, token, f"Indexing {os.path.basename(root)}", cancellable=False)
        work.begin()
        with contextlib.closing(work):
            while True:
                work.report(self._steps[root])
                await asyncio.sleep(INTERVAL_S)
