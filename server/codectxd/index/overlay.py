"""The overlay: all text that is newer than the durable index, in two layers, held in the daemon's memory.

*hot* is saved text that is not durable yet, shared by everybody; *buffers* is unsaved text, of which the latest edit of any
session counts. A path in an upper layer hides it below; an entry without a parcel says that the file is gone, or that its
unsaved text has nothing to be found. The
overlay is changed under its lock and read as immutable `Layer`s. It never parses: workers made the parcels.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec
import numpy as np

from codectxd.index.bases import VectorSet, empty_set
from codectxd.index.schema import OVERLAY_DOC, Parcel
from codectxd.index.vectors import unpack


class Entry(msgspec.Struct, frozen=True):
    """One path in one layer: its parcel under an id of its own, or None for a file that is gone.

    `sequence` orders the entries of the hot layer; what is durable up to it may be let go.
    """

    doc: int
    sequence: int
    parcel: Parcel | None
    unsaved: bool


class Layer(msgspec.Struct, frozen=True):
    """What a query sees above the durable index: entries by path, and their vectors in the order of their ids."""

    entries: Mapping[str, Entry]
    by_doc: Mapping[int, Entry]
    vectors: VectorSet
    model: str | None


class Overlay:
    """Both layers. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._docs = itertools.count(OVERLAY_DOC)
        self._sequences = itertools.count(1)
        self._hot: dict[str, Entry] = {}
        self._buffers: dict[str, Entry] = {}
        self._layers: dict[tuple[bool, str | None], Layer] = {}

    def put_hot(self, parcels: Iterable[Parcel], gone: Iterable[str]) -> int:
        """Saved text, and files that vanished; returns the sequence that is durable once these are."""
        with self._lock:
            sequence = next(self._sequences)
            for parcel in parcels:
                self._hot[parcel.path] = Entry(next(self._docs), sequence, parcel, False)
            for path in gone:
                self._hot[path] = Entry(next(self._docs), sequence, None, False)
            self._layers.clear()
        return sequence

    def release_hot(self, sequence: int) -> bool:
        """Let go of what is durable and visible in the index; whether anything went."""
        with self._lock:
            durable = [path for path, entry in self._hot.items() if entry.sequence <= sequence]
            for path in durable:
                del self._hot[path]
            if durable:
                self._layers.clear()
        return bool(durable)

    def release_held(self, holds: Callable[[str, bytes | None], bool]) -> bool:
        """Let go of saved text that the index `holds`, by path and digest (None: it knows no such file); whether anything
        went."""
        with self._lock:
            found = [path for path, entry in self._hot.items() if holds(path, _digest(entry))]
            for path in found:
                del self._hot[path]
            if found:
                self._layers.clear()
        return bool(found)

    def put_buffer(self, parcel: Parcel) -> None:
        """The latest unsaved text of a path."""
        with self._lock:
            self._buffers[parcel.path] = Entry(next(self._docs), 0, parcel, True)
            self._layers.clear()

    def hide(self, path: str) -> None:
        """The latest unsaved text of a path is none that can be searched: what is below is hidden all the same."""
        with self._lock:
            self._buffers[path] = Entry(next(self._docs), 0, None, True)
            self._layers.clear()

    def drop_buffers(self, paths: Collection[str]) -> bool:
        """Unsaved text that was closed or saved; whether anything went."""
        with self._lock:
            found = [path for path in paths if self._buffers.pop(path, None) is not None]
            if found:
                self._layers.clear()
        return bool(found)

    def buffer_digest(self, path: str) -> bytes | None:
        """The digest of the unsaved text held for `path`."""
        entry = self._buffers.get(path)
        return entry.parcel.digest if entry is not None and entry.parcel is not None else None

    def vector_model(self, path: str) -> str | None:
        """Whose vectors the unsaved text held for `path` has; None for none."""
        entry = self._buffers.get(path)
        return entry.parcel.vectors.model if entry and entry.parcel and entry.parcel.vectors else None

    def hot_entry(self, path: str) -> Entry | None:
        """What the hot layer says of `path`."""
        return self._hot.get(path)

    def hot_paths(self) -> list[str]:
        """Every path of the hot layer."""
        return list(self._hot)

    def pending_hot(self) -> tuple[int, list[Parcel], list[str]]:
        """All of the hot layer, to be written again by an indexer that lost it: the highest sequence, parcels, gone."""
        with self._lock:
            entries = dict(self._hot)
        sequence = max((entry.sequence for entry in entries.values()), default=0)
        parcels = [entry.parcel for entry in entries.values() if entry.parcel is not None]
        return sequence, parcels, [path for path, entry in entries.items() if entry.parcel is None]

    def layer(self, *, include_unsaved: bool, model: str | None = None) -> Layer:
        """The layers as one, for a query that does or does not want unsaved text, with the vectors of `model` (None: of the
        first that there is)."""
        with self._lock:
            found = self._layers.get((include_unsaved, model))
            if found is None:
                entries = {**self._hot, **self._buffers} if include_unsaved else dict(self._hot)
                found = self._layers[include_unsaved, model] = _layer(entries, model)
        return found


def _digest(entry: Entry) -> bytes | None:
    return entry.parcel.digest if entry.parcel is not None else None


def _layer(entries: dict[str, Entry], model: str | None) -> Layer:
    by_doc = {entry.doc: entry for entry in sorted(entries.values(), key=lambda entry: entry.doc)}
    sets = []
    for entry in by_doc.values():
        if entry.parcel is not None and entry.parcel.vectors is not None:
            model = model or entry.parcel.vectors.model
            if entry.parcel.vectors.model == model:
                sets.append(unpack(entry.doc, entry.parcel.vectors))
    return Layer(entries, by_doc, _joined(sets), model)


def _joined(sets: list[VectorSet]) -> VectorSet:
    if not sets:
        return empty_set(0)
    return VectorSet(
        np.concatenate([s.keys for s in sets]),
        np.concatenate([s.rows for s in sets]),
        np.concatenate([s.scales for s in sets]),
    )
