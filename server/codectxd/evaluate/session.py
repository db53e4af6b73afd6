"""What a benchmark asks a daemon: a few requests over the product's own connection, and waiting for conditions."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from codectxd.clients.connection import Connection
from codectxd.wire import convert, messages

_T = TypeVar("_T")

DEADLINE_S = 120.0
"""No single wait of a benchmark is longer: what is slower has failed."""

PAUSE_S = 0.001
"""Between two looks at a condition: short against what is measured, long enough to leave the daemon a core."""


class NeverCame(Exception):
    """What a benchmark waited for did not come before its deadline."""


class Session:
    """One session with a daemon, opened on `roots`."""

    def __init__(self, connection: Connection, roots: list[Path]) -> None:
        self._connection = connection
        self._roots = [uri_of(root) for root in roots]
        self._connection.initialize(name="codectxd bench", folders=self._roots)

    def search(self, query: str, **params: Any) -> list[messages.Hit]:
        """The hits for `query`; `params` as in SearchParams."""
        asked = messages.SearchParams(query, **params)
        return self._connection.request(messages.SEARCH, asked, kind=messages.SearchAnswer, timeout_s=DEADLINE_S).hits

    def symbols(self, query: str) -> list[messages.SymbolInformation]:
        asked = messages.SymbolParams(query)
        kind = list[messages.SymbolInformation]
        return self._connection.request(messages.WORKSPACE_SYMBOL, asked, kind=kind, timeout_s=DEADLINE_S)

    def workspace(self) -> messages.WorkspaceStatus:
        """The status of the folder that the session is opened on."""
        asked = messages.StatusParams(roots=self._roots)
        answer = self._connection.request(messages.STATUS, asked, kind=messages.Status, timeout_s=DEADLINE_S)
        if not answer.workspaces:
            raise NeverCame("the daemon has not opened the folder")
        return answer.workspaces[0]

    def reindex(self, *, force: bool = False, merge: bool = False) -> messages.ReindexAnswer:
        """Reconcile everything, and return when all is on disk; with options as in ReindexParams."""
        kind, asked = messages.ReindexAnswer, messages.ReindexParams(force=force, merge=merge)
        return self._connection.request(messages.REINDEX, asked, kind=kind, timeout_s=10 * DEADLINE_S)

    def wait_fresh(self, *, durable: bool) -> None:
        """Return once all that has happened is searchable, and on disk where `durable`."""
        asked = messages.WaitFreshParams(timeout_ms=int(DEADLINE_S * 1000), durable=durable)
        answer = self._connection.request(
            messages.WAIT_FRESH, asked, kind=messages.WaitFreshAnswer, timeout_s=DEADLINE_S + 10
        )
        if not answer.fresh:
            raise NeverCame(f"the index was not up to date after {DEADLINE_S:.0f} s: {answer.freshness}")

    def open(self, path: Path, text: str) -> None:
        """Open a buffer of `path` with `text` in it."""
        document = {"uri": uri_of(path), "languageId": "python", "version": 1, "text": text}
        self._connection.notify("textDocument/didOpen", {"textDocument": document})

    def insert(self, path: Path, version: int, text: str) -> None:
        """Type `text` at the top of the buffer of `path`."""
        place = {"line": 0, "character": 0}
        change = {"range": {"start": place, "end": place}, "text": text}
        document = {"uri": uri_of(path), "version": version}
        self._connection.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def close_buffer(self, path: Path) -> None:
        self._connection.notify("textDocument/didClose", {"textDocument": {"uri": uri_of(path)}})

    def close(self) -> None:
        """Leave as an editor does."""
        self._connection.request("shutdown", None, kind=type(None), timeout_s=DEADLINE_S)
        self._connection.notify("exit", None)
        self._connection.close()


def uri_of(path: Path) -> str:
    return convert.to_uri(str(path.parent), path.name)


def until(condition: Callable[[], _T | None], *, what: str, deadline_s: float = DEADLINE_S) -> _T:
    """The first value of `condition` that is not None, False or empty. Raises NeverCame after `deadline_s`."""
    deadline = time.monotonic() + deadline_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise NeverCame(f"{what} did not come within {deadline_s:.0f} s")
        time.sleep(PAUSE_S)
    return value
