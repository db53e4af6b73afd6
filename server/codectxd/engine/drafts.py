"""Unsaved text: from the editors' buffers to the overlay's buffer layer, the latest text of each path first.

Typing makes work faster than it can be done, so work is by path and always about the newest text. With a slow model, words
are searchable at once and vectors when they come. A buffer whose text is the saved text needs no layer. Thread-safe; the
lane asks for tasks and tells what became of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from codectxd.engine.jobs import Digest, Digested
from codectxd.engine.lane import Outcome, Task
from codectxd.engine.prepare import digest_of
from codectxd.engine.view import View
from codectxd.engine.workers import Died
from codectxd.workspace.buffers import Buffers

_VECTORS_S = 0.3
"""How long a slow model may be at a text at a time: what is typed meanwhile waits for no longer than that."""
_TRIES = 5
"""For a text over which workers die without having turned to it."""


class Drafts:
    """The unsaved documents of one workspace."""

    def __init__(self, root: str, view: View, wake: Callable[[], None]) -> None:
        self._root = root
        self._view = view
        self._wake = wake
        self._buffers = Buffers()
        self._lock = threading.Lock()
        self._dirty: dict[str, None] = {}
        self._bare: dict[str, None] = {}
        self._under_way = 0
        self._suspects: dict[str, bytes] = {}
        self._deaths: dict[str, tuple[bytes, int]] = {}
        self._hiding: dict[str, bytes | None] = {}

    def edit(self, session: str, path: str, version: int, text: bytes) -> None:
        """A document was opened, or has this text now."""
        if path in self._buffers.snapshot(session):
            self._buffers.change(session, path, version, text)
        else:
            self._buffers.open(session, path, version, text)
        self.look_at(path)

    def close(self, session: str, path: str) -> None:
        """A session closed a document."""
        self._buffers.close(session, path)
        self.look_at(path)

    def end(self, session: str) -> None:
        """A session is over, and its unsaved text with it."""
        for path in self._buffers.end(session):
            self.look_at(path)

    def look_at(self, path: str) -> None:
        """The buffer, or the file below it, changed."""
        with self._lock:
            self._dirty[path] = None
        self._wake()

    def open_paths(self) -> list[str]:
        """Every path that some session has open."""
        return list(self._buffers.snapshot())

    def pending(self) -> int:
        """How many texts are not searchable yet."""
        with self._lock:
            return len(self._dirty.keys() | self._bare.keys()) + self._under_way

    def renew(self) -> None:
        """Another model answers: texts whose vectors are not its own get those that are."""
        with self._lock:
            self._bare.update((path, None) for path in self._buffers.snapshot() if self.is_shown(path))
        self._wake()

    def is_shown(self, path: str) -> bool:
        """Whether the buffer layer has the text of `path`."""
        return self._view.overlay.buffer_digest(path) is not None

    def next_task(self) -> Task | None:
        """The next text to be made searchable."""
        while True:
            with self._lock:
                path = next(iter(self._dirty), None) or next(iter(self._bare), None)
                if path is None:
                    return None
                bare = path not in self._dirty
                self._dirty.pop(path, None)
                self._bare.pop(path, None)
                self._under_way += 1
            task = self._task(path, bare=bare)
            if task is not None:
                return task
            self._settle()

    def _task(self, path: str, *, bare: bool) -> Task | None:
        """What is to be done for the newest text of `path`; `bare`: its words are searchable, and vectors are due."""
        buffer = self._buffers.latest(path)
        digest = digest_of(buffer.text) if buffer is not None else None
        if buffer is None or digest == self._view.saved_digest(path) or self._suspects.get(path) == digest:
            self._drop(path)
            return None
        if digest in (self._view.overlay.buffer_digest(path), self._hiding.get(path)) and not self._is_due(path, bare):
            return None
        job = Digest(self._root, path, buffer.text, self._view.source, _VECTORS_S if bare else 0.0)
        return Task(job, lambda outcome: self._done(path, digest, outcome))

    def _is_due(self, path: str, bare: bool) -> bool:
        """Whether the vectors of a text that is shown are due: it has none, or not those of the model that answers."""
        return bare and self._view.overlay.vector_model(path) != self._view.model

    def _done(self, path: str, digest: bytes | None, outcome: Outcome) -> None:
        if isinstance(outcome, Died) and digest is not None:
            if self._is_another_try_due(path, digest, outcome):
                self.look_at(path)
                self._settle()
                return
            # This very text ends workers; the next keystroke is another text.
            self._suspects[path] = digest
        if not isinstance(outcome, Digested):
            self._drop(path)
        elif self._buffers.latest(path) is not None:
            self._show(path, digest, outcome)
        # The file may have been saved, or the text have changed back, while the worker was at it.
        buffer = self._buffers.latest(path)
        if buffer is None or digest_of(buffer.text) == self._view.saved_digest(path):
            self.look_at(path)
        self._settle()

    def _show(self, path: str, digest: bytes | None, outcome: Digested) -> None:
        if outcome.parcel is not None:
            self._hiding.pop(path, None)
            self._view.overlay.put_buffer(outcome.parcel)
            if outcome.more:
                with self._lock:
                    self._bare[path] = None
                self._wake()
        else:
            # Emptied, or no text any more: the saved text is not what the editor shows, and no answer to anything.
            self._hiding[path] = digest
            self._view.overlay.hide(path)
        self._view.published()

    def _drop(self, path: str) -> None:
        self._hiding.pop(path, None)
        if self._view.overlay.drop_buffers([path]):
            self._view.published()

    def _is_another_try_due(self, path: str, digest: bytes, died: Died) -> bool:
        """Whether the text may be innocent: somebody else may have ended the worker, which costs no text its place."""
        known, count = self._deaths.get(path, (digest, 0))
        count = count + 1 if known == digest else 1
        self._deaths[path] = digest, count
        return count < _TRIES if died.path is None else count == 1 and not died.too_slow

    def _settle(self) -> None:
        with self._lock:
            self._under_way -= 1
        self._view.touched()
