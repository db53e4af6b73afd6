"""The engines' host, loaded when a session first needs it: `initialize` is answered before anything heavy is imported."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import codectxd
from codectxd.config import UserConfig
from codectxd.daemon.memory import resident_bytes
from codectxd.paths import Layout
from codectxd.wire import convert, messages

if TYPE_CHECKING:
    from codectxd.engine.host import Host
    from codectxd.engine.reranking import Chosen
    from codectxd.engine.threads import Starter


class Hosting:
    """One per process. `host` is None until somebody needed it."""

    def __init__(self, layout: Layout, config: UserConfig, *, alone: bool = False) -> None:
        """`alone`: better threads than nothing, where the system allows this process no children."""
        self._alone = alone
        self.host: Host | None = None
        self._layout = layout
        self._config = config
        self._lock = asyncio.Lock()
        self._begun = time.monotonic()

    async def get(self) -> Host:
        """The host; the import runs in a thread, so that sessions go on."""
        async with self._lock:
            if self.host is None:
                make = await asyncio.to_thread(_host_class)
                self.host = make(self._layout, self._config, _starter() if self._alone else None)
            return self.host

    def about(self, sessions: int, workspaces: list[messages.WorkspaceStatus]) -> messages.Status:
        """The process' status, around those of its workspaces."""
        chosen = self.host.reranker() if self.host is not None else None
        return messages.Status(
            version=codectxd.__version__,
            pid=os.getpid(),
            uptime_s=round(time.monotonic() - self._begun, 3),
            rss_bytes=resident_bytes(os.getpid()),
            sessions=sessions,
            workspaces=workspaces,
            reranker=None if chosen is None else _reranker(chosen),
        )

    def is_busy(self) -> bool:
        """Whether something goes on that takes longer than somebody stays for it."""
        return self.host is not None and self.host.is_filling()

    async def close(self) -> None:
        """End all engines and their processes."""
        async with self._lock:
            if self.host is not None:
                await self.host.close()


def _reranker(chosen: Chosen) -> messages.RerankerStatus:
    return convert.reranker_status(chosen.model, chosen.problem, ready=chosen.is_loaded)


def _starter() -> Starter:
    from codectxd.engine.threads import Starter

    return Starter()


def _host_class() -> type[Host]:
    from codectxd.engine.host import Host

    return Host


@contextlib.contextmanager
def without_garbage() -> Iterator[None]:
    """Around the import of what stays."""
    # pygls and what it brings make objects by the hundred thousand: looking for garbage among them takes a third of the
    # start, and would take its share of every later collection.
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
