"""Unsaved documents: what each session shows in its editor, and which text of a path is the latest.

A plain data structure behind one lock; any thread. It reads no file and parses nothing: the engine attaches what it knows
of a text by (path, digest of the text).
"""

from __future__ import annotations

import threading

import msgspec


class Buffer(msgspec.Struct, frozen=True):
    """One session's text of one path (UTF-8, without a byte order mark) and the session's version of it.

    `clock` counts the edits of all sessions; a larger one was made later. It is 0 for a document that was opened and not
    edited since: opening a file says nothing about its text.
    """

    path: str
    session: str
    version: int
    text: bytes
    clock: int


class Buffers:
    """The open documents of all sessions. Between sessions the latest edit of a path wins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_path: dict[str, dict[str, Buffer]] = {}
        self._clock = 0

    @property
    def clock(self) -> int:
        """The number of edits so far."""
        return self._clock

    def open(self, session: str, path: str, version: int, text: bytes) -> None:
        """A session shows a document. It hides nothing that was edited, whenever that was."""
        with self._lock:
            self._put(Buffer(path, session, version, text, 0))

    def change(self, session: str, path: str, version: int, text: bytes) -> None:
        """A session edited a document, whose whole text is now `text`; one that it had not opened is opened by this."""
        with self._lock:
            self._clock += 1
            self._put(Buffer(path, session, version, text, self._clock))

    def close(self, session: str, path: str) -> bool:
        """A session shows a document no longer; whether it did before."""
        with self._lock:
            return self._drop(session, path)

    def end(self, session: str) -> frozenset[str]:
        """A session is over: its documents are forgotten. Returns the paths it had open."""
        with self._lock:
            return frozenset(path for path in list(self._by_path) if self._drop(session, path))

    def latest(self, path: str) -> Buffer | None:
        """The text of a path that wins, None when no session has it open."""
        with self._lock:
            return _latest(self._by_path.get(path, {}))

    def snapshot(self, session: str | None = None) -> dict[str, Buffer]:
        """The winning text of every open path, or every text of one session."""
        with self._lock:
            if session is not None:
                return {path: texts[session] for path, texts in self._by_path.items() if session in texts}
            return {path: latest for path, texts in self._by_path.items() if (latest := _latest(texts))}

    def _put(self, buffer: Buffer) -> None:
        texts = self._by_path.setdefault(buffer.path, {})
        texts.pop(buffer.session, None)
        texts[buffer.session] = buffer

    def _drop(self, session: str, path: str) -> bool:
        texts = self._by_path.get(path, {})
        dropped = texts.pop(session, None) is not None
        if dropped and not texts:
            del self._by_path[path]
        return dropped


def _latest(texts: dict[str, Buffer]) -> Buffer | None:
    """The latest edit; between documents that nobody edited, the one opened last."""
    return max(reversed(texts.values()), key=lambda buffer: buffer.clock, default=None)
