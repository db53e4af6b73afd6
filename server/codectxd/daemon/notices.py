"""What a session is told without asking, beside progress: `codectx/statusChanged`, and in an editor's log what went wrong.

A status goes to sessions whose client announced `capabilities.experimental.codectxStatus`, at most five a second for each
workspace, always the latest one; while the client is slow to read, none. Lives on the daemon's loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from codectxd.wire import convert, messages

if TYPE_CHECKING:
    from codectxd.engine.status import EngineStatus
    from codectxd.engine.status import Progress as Step

INTERVAL_S = 0.2

_ERROR = 1
"""LSP's MessageType."""


class Client(Protocol):
    """The sending side of a session."""

    def notify(self, method: str, params: Any) -> None: ...

    def crowded(self) -> bool:
        """Whether so much waits to be read by the client that a notice should wait as well."""
        ...


class Workspace(Protocol):
    """An engine, as far as notices are concerned."""

    @property
    def root(self) -> str: ...

    @property
    def problem(self) -> str | None:
        """What keeps it from working."""
        ...

    def indexing(self) -> Step | None:
        """How far the index run is that is under way."""
        ...

    def status(self) -> EngineStatus: ...


class StatusNotices:
    """The latest status of each workspace, sent at intervals."""

    def __init__(self, client: Client, concerns: Callable[[str], bool]) -> None:
        self._client = client
        self._concerns = concerns
        self._changed: dict[str, Workspace] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def changed(self, workspace: Workspace) -> None:
        """A workspace's status is another one."""
        if not self._concerns(workspace.root):
            return
        self._changed[workspace.root] = workspace
        if workspace.root not in self._timers:
            self._send(workspace.root)

    def end(self) -> None:
        """The session is over."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _send(self, root: str) -> None:
        if not self._client.crowded():
            status = self._changed.pop(root).status()
            self._client.notify(messages.STATUS_CHANGED, convert.workspace_status(status))
        self._timers[root] = asyncio.get_running_loop().call_later(INTERVAL_S, self._due, root)

    def _due(self, root: str) -> None:
        del self._timers[root]
        if root in self._changed:
            self._send(root)


class Troubles:
    """What keeps a workspace from working, once for each thing that does."""

    def __init__(self, client: Client, concerns: Callable[[str], bool]) -> None:
        self._client = client
        self._concerns = concerns
        self._told: set[str] = set()

    def changed(self, workspace: Workspace) -> None:
        """A workspace may have a problem."""
        if workspace.problem is None or not self._concerns(workspace.root):
            return
        text = convert.printable(f"{workspace.root}: {workspace.problem}")
        if text not in self._told:
            self._told.add(text)
            self._client.notify("window/logMessage", {"type": _ERROR, "message": text})

    def end(self) -> None:
        """The session is over."""
