"""The documents of one session, and their way into the engines.

A document's text goes to every folder of its session that the file lies in, one within another included, as soon as both
are known. A document in none of them, or that is no file, is kept in step and otherwise left alone, and so is a change of
a document that was never opened. Lives on the daemon's loop; nothing here waits.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from codectxd.wire import convert, positions
from codectxd.wire.documents import Change, Document
from codectxd.wire.positions import Encoding

if TYPE_CHECKING:
    from codectxd.engine.engine import Engine


class _Open:
    """An open document, and the roots of the engines that have its text, with its path in each."""

    def __init__(self, path: str | None, document: Document) -> None:
        self.path = path
        self.document = document
        self.places: dict[str, str] = {}


_LATELY = 32
"""So many documents are what somebody works on: who opens a thousand works on none of them."""


class Buffers:
    """What one session holds open."""

    def __init__(self, session: str) -> None:
        self.encoding: Encoding = positions.DEFAULT
        self._session = session
        self._open: dict[str, _Open] = {}
        self._edited: dict[str, None] = {}
        self._engines: dict[str, Engine] = {}

    def attach(self, engines: Sequence[Engine]) -> None:
        """These are the session's folders from now on: what is open goes to those that are new, and leaves the others."""
        found = {engine.root: engine for engine in engines}
        for root in self._engines.keys() - found.keys():
            self.leave(root)
        new = [engine for root, engine in found.items() if root not in self._engines]
        self._engines = found
        for engine in new:
            engine.join(self._session)
        for opened in self._open.values():
            self._push(opened, new)

    def leave(self, root: str) -> None:
        """The session no longer has the folder `root`."""
        engine = self._engines.pop(root, None)
        if engine is None:
            return
        engine.part(self._session)
        for opened in self._open.values():
            if root in opened.places:
                engine.close_buffer(self._session, opened.places.pop(root))

    def open(self, uri: str, text: str, version: int) -> None:
        """A document was opened, perhaps once more; only the last text counts."""
        self.close(uri)
        self._open[uri] = _Open(_real_path(uri), Document(text, version, self.encoding))
        self._push(self._open[uri], self._engines.values())

    def change(self, uri: str, version: int | None, changes: Sequence[Change]) -> None:
        """A document changed. Its version is the client's to choose: one that goes back changes nothing."""
        opened = self._open.get(uri)
        if opened is None:
            return
        for change in changes:
            opened.document.apply(change)
        opened.document.version = opened.document.version + 1 if version is None else version
        self._push(opened, self._engines.values())
        if opened.path is not None:
            self._edited.pop(opened.path, None)
            self._edited[opened.path] = None
            if len(self._edited) > _LATELY:
                del self._edited[next(iter(self._edited))]

    def at_hand(self) -> tuple[str, ...]:
        """The absolute paths of what was opened last and is open, and of what was edited last, open or not."""
        opened = [one.path for one in self._open.values() if one.path is not None]
        return tuple(dict.fromkeys((*opened[-_LATELY:], *self._edited)))

    def text_of(self, uri: str) -> bytes | None:
        """What the session holds of a document as UTF-8; None where it is not open here."""
        opened = self._open.get(uri)
        return None if opened is None else opened.document.text()

    def close(self, uri: str) -> None:
        """A document was closed; where the file is open under another name as well, that one's text is what is left."""
        opened = self._open.pop(uri, None)
        if opened is None:
            return
        for root, path in opened.places.items():
            self._engines[root].close_buffer(self._session, path)
        for other in self._open.values():
            if opened.path is not None and other.path == opened.path:
                self._push(other, self._engines.values())

    def touched(self, uris: Iterable[str]) -> None:
        """Hints that files or folders changed on disk."""
        paths = [path for uri in uris if (path := _real_path(uri)) is not None]
        for engine in self._engines.values():
            inside = [inner for path in paths if (inner := _inner(engine.root, path)) is not None]
            if inside:
                engine.mark({spelling for path in inside for spelling in (path, engine.around.spelled(path))})

    def end(self) -> None:
        """The session is over: every engine forgets its text."""
        self._open.clear()
        for engine in self._engines.values():
            engine.end_session(self._session)
        self._engines.clear()

    def _push(self, opened: _Open, engines: Iterable[Engine]) -> None:
        for engine, path in _holding(engines, opened.path):
            opened.places[engine.root] = path
            engine.edit(self._session, path, opened.document.version, opened.document.text())


def _holding(engines: Iterable[Engine], path: str | None) -> Iterator[tuple[Engine, str]]:
    for engine in engines if path is not None else ():
        if path is not None and (inner := _inner(engine.root, path)) is not None:
            yield engine, engine.around.spelled(inner)


def _inner(root: str, path: str) -> str | None:
    """The absolute `path` relative to `root`; None where it is not below it, or is git's own, like a commit's message."""
    prefix = root.rstrip(os.sep) + os.sep
    inner = path.removeprefix(prefix)
    if not path.startswith(prefix) or ".git" in inner.split(os.sep):
        return None
    return inner if os.sep == "/" else inner.replace(os.sep, "/")


def _real_path(uri: str) -> str | None:
    """The absolute path, its folders without symbolic links, as engines name their roots."""
    path = convert.from_uri(uri)
    return None if path is None else os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
