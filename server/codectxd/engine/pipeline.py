"""A build in stages: read, chunk, embed, each with processes of its own, joined by bounded queues.

A slow stage fills the queue before it, and whoever feeds that waits: nothing piles up. Only the last stage holds the model,
and embeds the strings of many files in one call. What ends a worker costs a file, named, as it does elsewhere; a stage that
cannot go on says so, once for each portion that it cannot do. Knows nothing of the index, nor of what is done with results.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import msgspec

from codectxd.engine.channel import Closed, StartChild
from codectxd.engine.jobs import Broke, Cut, CutUp, Embed, Embedded, Prepared, Read, Texts
from codectxd.engine.prepare import joined
from codectxd.engine.scan import ScanRun
from codectxd.engine.workers import CRASHED, TOO_SLOW, Died, WorkerProcess
from codectxd.index.schema import Parcel
from codectxd.types import Skipped

log = logging.getLogger(__name__)

Done: TypeAlias = Callable[[list[Prepared], list[str], str | None, bool], None]
"""Takes what was prepared of a portion, the portion's paths, and what stopped it: a sentence, and whether that is `weak`."""

_WAITING: Final = 4
"""Portions that wait for a stage at most."""
_STRINGS: Final = 500
"""Strings embedded in one call, of as many portions as wait."""
_TRIES: Final = 5
_PAUSE_S: Final = 0.2


class _Portion(msgspec.Struct, eq=False):
    """Some paths on their way: what is there of them so far."""

    paths: list[str]
    texts: Texts | None = None
    cut: list[CutUp] = []
    skipped: list[Skipped] = []
    problem: Broke | None = None


class Pipeline:
    """One scan's. Ends by itself, with its processes, once every portion was given to `done`."""

    def __init__(self, run: ScanRun, deadline_s: float, done: Done, start: StartChild | None = None) -> None:
        """`done` is called on threads of the pipeline, and may block."""
        self.run = run
        self._done = done
        self._reader, self._embedder = WorkerProcess(deadline_s, start), WorkerProcess(deadline_s, start)
        self._cutters = [WorkerProcess(deadline_s, start) for _ in range(max(1, run.choice.workers - 2))]
        self._read: queue.Queue[_Portion | None] = queue.Queue(_WAITING)
        self._cut: queue.Queue[_Portion | None] = queue.Queue(_WAITING)

    def start(self, batches: Iterable[list[str]]) -> None:
        """Begin."""
        self._spawn(self._read_all, batches)
        self._spawn(self._cut_all)
        self._spawn(self._embed_all)

    def pids(self) -> list[int]:
        """The live processes."""
        return [pid for pid in (w.pid for w in (self._reader, *self._cutters, self._embedder)) if pid is not None]

    def queues(self) -> dict[str, int]:
        """How many portions wait for a stage."""
        return {"chunk": self._read.qsize(), "embed": self._cut.qsize()}

    def kill(self) -> None:
        """End the processes, whatever is under way."""
        for worker in (self._reader, *self._cutters, self._embedder):
            worker.kill()

    def _spawn(self, target: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=target, args=arguments, name="pipeline", daemon=True).start()

    # -- stages: each takes what the one before it gives, until None ------------------------------------------------------

    def _read_all(self, batches: Iterable[list[str]]) -> None:
        for batch in batches:
            if self.run.cancelled:
                break
            self._read.put(self._guarded(self._read_one, _Portion(batch)))
        self._read.put(None)
        self._reader.retire()

    def _cut_all(self) -> None:
        """Several processes, one thread for each; the last to end passes the end on."""
        threads = [threading.Thread(target=self._cut_with, args=(w,), daemon=True) for w in self._cutters]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._cut.put(None)

    def _cut_with(self, worker: WorkerProcess) -> None:
        while (portion := self._read.get()) is not None:
            self._cut.put(self._guarded(lambda one: self._cut_one(worker, one), portion))
        self._read.put(None)  # For the next thread.
        worker.retire()

    def _embed_all(self) -> None:
        ended = False
        while not ended:
            portions, ended = self._waiting()
            if portions and not self.run.cancelled:
                self._finish(portions)
        self._embedder.retire()

    def _waiting(self) -> tuple[list[_Portion], bool]:
        """One portion, and what waits behind it, up to `_STRINGS` strings; whether that was the end."""
        found, strings = list[_Portion](), 0
        while strings < _STRINGS:
            try:
                portion = self._cut.get(block=not found)
            except queue.Empty:
                break
            if portion is None:
                return found, True
            found.append(portion)
            strings += sum(len(due) for cut in portion.cut for due in cut.due)
        return found, False

    # -- one portion ------------------------------------------------------------------------------------------------------

    def _guarded(self, stage: Callable[[_Portion], _Portion], portion: _Portion) -> _Portion:
        """What `stage` makes of a portion; whatever goes wrong with it goes on with the portion, so that nobody waits."""
        if self.run.cancelled or portion.problem is not None:
            return portion
        if self.run.choice.mode != "pipeline":
            portion.problem = Broke("the pipeline was given up", weak=True)
            return portion
        try:
            return stage(portion)
        except Closed:
            portion.problem = Broke("its processes were ended", weak=True)
        except Exception:
            log.exception("%s: a stage of the pipeline failed", self.run.root)
            portion.problem = Broke("a stage ended: the daemon's log says why", weak=True)
        return portion

    def _read_one(self, portion: _Portion) -> _Portion:
        paths, suspects = list(portion.paths), set[str]()
        for _ in range(_TRIES + len(paths)):
            known = {path: self.run.known[path] for path in paths if path in self.run.known}
            reply = self._reader.run(Read(self.run.root, paths, known))
            if isinstance(reply, Texts):
                portion.texts = reply
                return portion
            paths = self._without(reply, paths, suspects, portion)
            if portion.problem is not None:
                return portion
        portion.problem = Broke("files could not be read", weak=True)
        return portion

    def _cut_one(self, worker: WorkerProcess, portion: _Portion) -> _Portion:
        assert portion.texts is not None
        texts, suspects = {text.path: text for text in portion.texts.texts}, set[str]()
        waiting = [list(texts)] if texts else []
        tries = _TRIES + len(texts)
        while waiting and tries:
            tries -= 1
            paths = waiting.pop()
            reply = worker.run(Cut([texts[path] for path in paths], self.run.source))
            if isinstance(reply, CutUp):
                portion.cut.append(reply)
                continue
            left = self._without(reply, paths, suspects, portion)
            if portion.problem is not None:
                return portion
            # The one that ended the worker is tried once more, by itself.
            parts = [path for path in left if path not in suspects], [path for path in left if path in suspects]
            waiting += [part for part in parts if part]
        if waiting:
            portion.problem = Broke("files could not be chunked", weak=True)
        return portion

    def _without(self, reply: object, paths: list[str], suspects: set[str], portion: _Portion) -> list[str]:
        """What is left of `paths` after a worker died over one: without that one the second time, or at once if it hung."""
        if isinstance(reply, Broke):
            portion.problem = reply
        elif isinstance(reply, Died) and reply.path is None:
            time.sleep(_PAUSE_S)
        elif isinstance(reply, Died) and reply.path is not None:
            if reply.too_slow or reply.path in suspects:
                portion.skipped.append(Skipped(reply.path, TOO_SLOW if reply.too_slow else CRASHED))
                return [path for path in paths if path != reply.path]
            suspects.add(reply.path)
        return paths

    def _finish(self, portions: list[_Portion]) -> None:
        """Embed what is due of all portions at once, and give each to `done`."""
        strings = list(dict.fromkeys(s for portion in portions for cut in portion.cut for due in cut.due for s in due))
        waited_for = strings and self.run.within_s is None
        embedded = self._embedded(strings) if waited_for else Embedded("", 0, [], {})
        if isinstance(embedded, Broke):
            for portion in portions:
                portion.problem = portion.problem or embedded
        rows = dict(zip(strings, embedded.rows, strict=False)) if isinstance(embedded, Embedded) else {}
        spent = embedded if isinstance(embedded, Embedded) else Embedded("", 0, [], {})
        for at, portion in enumerate(portions):
            if portion.problem is not None:
                self._done([], portion.paths, portion.problem.message, portion.problem.weak)
            else:
                self._done(self._prepared(portion, rows, spent if at == 0 else None), portion.paths, None, False)

    def _embedded(self, strings: list[str]) -> Embedded | Broke:
        try:
            for _ in range(_TRIES):
                reply = self._embedder.run(Embed(strings, self.run.source))
                if isinstance(reply, Embedded | Broke):
                    return reply
        except Closed:
            return Broke("its processes were ended", weak=True)
        return Broke("texts could not be embedded", weak=True)

    def _prepared(self, portion: _Portion, rows: dict[str, bytes], spent: Embedded | None) -> list[Prepared]:
        """What the whole way through has made of a portion; `spent` is what embedding took, told once."""
        texts = portion.texts
        assert texts is not None
        found = [
            Prepared([self._with_vectors(cut, at, rows) for at in range(len(cut.parcels))], cut.skipped, [], [], cut.seconds,
                     cut.cpu_s)
            for cut in portion.cut
        ]  # fmt: skip
        found.append(Prepared([], [*texts.skipped, *portion.skipped], texts.gone, texts.stamps, texts.seconds, texts.cpu_s))
        return found if spent is None else [*found, Prepared([], [], [], [], spent.seconds, spent.cpu_s)]

    def _with_vectors(self, cut: CutUp, at: int, rows: dict[str, bytes]) -> Parcel:
        parcel, known, due = cut.parcels[at], cut.rows[at], iter(cut.due[at])
        found = [row or rows.get(next(due), b"") for row in known]
        if not self.run.model or not all(found):
            return parcel  # No model: what there is is searched by its words.
        dimension = len(found[0]) - 4
        return msgspec.structs.replace(parcel, vectors=joined(self.run.model, dimension, found), embedded=len(cut.due[at]))
