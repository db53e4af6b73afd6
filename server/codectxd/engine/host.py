"""All workspaces of one user in one daemon: the engines, and what they share: the model, the lane, the indexer.

Made on the daemon's loop; nothing heavy is imported or started before the first workspace is opened. Knows nothing of
sessions beyond their names, nor of the protocol.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from codectxd import system
from codectxd.config import UserConfig
from codectxd.engine import jobs
from codectxd.engine.asking import Listed, ask, ask_names, ask_paths, ask_similar
from codectxd.engine.engine import Engine
from codectxd.engine.following import Heart
from codectxd.engine.lane import Lane
from codectxd.engine.link import IndexerLink
from codectxd.engine.models import IN_PACKAGE, Models
from codectxd.engine.readers import Readers
from codectxd.engine.reranking import Chosen, Reranking
from codectxd.engine.samples import Target
from codectxd.engine.threads import Starter
from codectxd.errors import CodectxError
from codectxd.paths import Layout
from codectxd.search.rerank import takes_long
from codectxd.types import Answer, Freshness, ListedFile, Query, SymbolHit

log = logging.getLogger(__name__)

_READERS = 4
_JUDGES = 2
"""Threads for questions that a reranker has a say in, so that whoever asks for names does not wait for those."""
_REST_S = 30.0
"""How often is looked for workspaces that nobody uses."""


class Host:
    """See the module. A workspace that nobody used for `idle_s` seconds is closed, and with it its watches and its files."""

    idle_s = 600.0

    def __init__(self, layout: Layout, config: UserConfig, starter: Starter | None = None) -> None:
        """`starter` starts children in its own way, instead of as processes come what may."""
        start = starter.start if starter is not None else None
        self._starter = starter
        self._layout = layout
        self._config = config
        self._engines: dict[str, Engine] = {}
        self._listeners: list[Callable[[Engine], None]] = []
        self._readers = Readers(_READERS)
        self._judges = Readers(_JUDGES)
        self._link = IndexerLink(self._take, self._indexer_lost, start)
        self._lane = Lane(config.file_deadline_s, start)
        self._heart = Heart(lambda: [engine.following.beat for engine in list(self._engines.values())])
        self._models = Models(self._touched)
        self._reranking = Reranking(layout.config_file, layout.models)
        self._begun = False
        self._closed = False

    async def close(self) -> None:
        """End engines, the worker and the indexer."""
        self._closed = True
        await asyncio.to_thread(self._heart.stop)
        for engine in self._engines.values():
            engine.close()
        await asyncio.to_thread(self._end_processes)

    def _end_processes(self) -> None:
        self._lane.close()
        self._link.close()
        self._readers.close()
        self._judges.close()

    # -- workspaces -------------------------------------------------------------------------------------------------------

    def open(self, root: str) -> Engine:
        """The engine of the workspace at `root`, opened in the background if it was not."""
        engine = self._engines.get(root)
        if engine is None:
            if not self._begun:
                self._begin()
            engine = self._engines[root] = Engine(
                root,
                self._layout,
                loop=asyncio.get_running_loop(),
                send=self._link.send,
                prepare=self._link.prepare,
                wake=self._lane.wake,
                models=self._models,
                changed=self._tell,
                handicap=lambda: self._starter.problem if self._starter is not None else None,
            )
            self._lane.add(engine)
            engine.start()
        engine.used_at = time.monotonic()
        return engine

    def rest(self) -> None:
        """Close what nobody uses; the next question opens it again, from what is on disk."""
        if self._closed:
            return
        before = time.monotonic() - self.idle_s
        for engine in [one for one in self._engines.values() if one.used_at <= before and one.is_idle()]:
            log.info("%s is closed: nobody uses it", engine.root)
            del self._engines[engine.root]
            self._lane.remove(engine)
            if self._link.pid is not None:  # At once: whoever opens it again must find nothing of this in the way.
                self._link.send(jobs.Release(engine.root))
            threading.Thread(target=engine.close, name="close", daemon=True).start()
        self._models.keep({source for engine in self._engines.values() for source in engine.sources()})
        asyncio.get_running_loop().call_later(_REST_S, self.rest)

    def _begin(self) -> None:
        self._begun = True
        self._lane.start()
        self._heart.start()
        asyncio.get_running_loop().call_later(_REST_S, self.rest)
        self._models.want(IN_PACKAGE)
        self._reranking.second()

    def _touched(self) -> None:
        for engine in list(self._engines.values()):
            engine.view.touched()

    def is_filling(self) -> bool:
        """Whether texts are being embedded by another model than the one that answers."""
        return any(engine.is_filling() for engine in self._engines.values())

    def engines(self) -> list[Engine]:
        """Every open workspace."""
        return list(self._engines.values())

    # -- answers ----------------------------------------------------------------------------------------------------------

    async def search(self, roots: Sequence[str], query: Query) -> Answer:
        """The best hits of all `roots`. Raises UsageError."""
        engines = [self.open(root) for root in roots]
        second = self._reranking.second()
        readers = self._judges if second is not None and takes_long(query) else self._readers
        return await readers.ask(partial(ask, engines, self._models.all(), second, query))

    async def similar(self, roots: Sequence[str], target: Target, query: Query) -> Answer:
        """What in all `roots` is most like `target`. Raises UsageError."""
        engines = [self.open(root) for root in roots]
        return await self._readers.ask(partial(ask_similar, engines, self._models.all(), target, query))

    async def symbols(self, roots: Sequence[str], text: str, limit: int) -> list[tuple[str, SymbolHit]]:
        """Definitions by name in all `roots`, the best first, each with its root."""
        return await self._readers.ask(partial(ask_names, [self.open(root) for root in roots], text, limit))

    async def paths(
        self, roots: Sequence[str], listed: Listed
    ) -> tuple[list[tuple[str, ListedFile]], int, Freshness, float]:
        """Files by name in all `roots`, each with its root, how many there are in all, as of what, and the milliseconds it
        took. Raises UsageError."""
        began = time.perf_counter()
        found, total, as_of = await self._readers.ask(partial(ask_paths, [self.open(root) for root in roots], listed))
        return found, total, as_of, (time.perf_counter() - began) * 1e3

    def reranker(self) -> Chosen | None:
        """The reranker that the user chose, and what keeps it from being used; None where none is chosen."""
        return self._reranking.status()

    def on_change(self, callback: Callable[[Engine], None]) -> Callable[[], None]:
        """Have `callback` called on the loop after each change of a workspace; returns what ends that."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback) if callback in self._listeners else None

    def _tell(self, engine: Engine) -> None:
        for listener in list(self._listeners):
            listener(engine)

    # -- the indexer, on its link's thread --------------------------------------------------------------------------------

    def _take(self, reply: jobs.IndexerReply) -> None:
        engine = self._engines.get(reply.root)
        if engine is None:
            return
        try:
            engine.take(reply)
            if isinstance(reply, jobs.Scanned) or (isinstance(reply, jobs.Filling) and reply.ended):
                self._lane.warm(engine.view.source)
            if isinstance(reply, jobs.Scanned):
                system.give_back_memory()
        except (CodectxError, OSError):
            log.exception("%s: a message of the indexer could not be used", reply.root)

    def _indexer_lost(self, restart: bool) -> None:
        # It leaves when nothing was saved for a while, and may have published a great deal before.
        system.give_back_memory()
        if not self._closed:
            for engine in list(self._engines.values()):
                engine.indexer_lost(restart)
