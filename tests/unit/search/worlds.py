"""A workspace in a folder, indexed by the product's own stages in this process, and asked through its own Reader."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from pathlib import Path

from codectxd.chunk.chunker import CHUNKER_VERSION
from codectxd.chunk.languages import language_of
from codectxd.embed.embedder import Embedder
from codectxd.embed.model import embedded
from codectxd.embed.onnx import OnnxEmbedder
from codectxd.engine.prepare import Preparer
from codectxd.engine.samples import Target, sample_of
from codectxd.errors import ModelUnavailable
from codectxd.index.overlay import Layer, Overlay
from codectxd.index.reader import Reader
from codectxd.index.snapshot import open_snapshot
from codectxd.index.store import Store
from codectxd.index.vault import Vault
from codectxd.index.writer import Group, Writer
from codectxd.search.searcher import Result, search
from codectxd.search.similar import similar
from codectxd.types import Query, Source, Stamp
from codectxd.workspace.filters import Limits, role_of
from codectxd.workspace.source import digest_of, read_source


@functools.cache
def embedder() -> OnnxEmbedder:
    """The model that ships, loaded once."""
    return OnnxEmbedder(embedded())


class World:
    """Files below `folder`, written and indexed; `edit` and `remove` change the disk behind the index's back."""

    def __init__(self, folder: Path, files: Mapping[str, str], *, vectors: bool = True, backwards: bool = False) -> None:
        self.root, self._state = folder / "tree", folder / "state"
        for path, text in files.items():
            self.edit(path, text)
        self._preparer = Preparer(self._state / "vault.db", embedder if vectors else _no_model)
        self._index(sorted(files, reverse=backwards))
        self.snapshot = open_snapshot(self._state / "index", None)
        self.overlay = Overlay()

    def edit(self, path: str, text: str) -> None:
        """Write a file; the index is not told."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(text.encode())

    def remove(self, path: str) -> None:
        """Delete a file; the index is not told."""
        (self.root / path).unlink()

    def type(self, path: str, text: str) -> None:
        """Put an unsaved text over a file, as an editor's buffer does."""
        data = text.encode()
        language = language_of(path, data)
        source = Source(path, data, digest_of(data), Stamp(0, len(data), 0), language, role_of(path, language))
        self.overlay.put_buffer(self._preparer.prepare(source, None, for_overlay=True))

    def reader(self) -> Reader:
        """A reader of the durable index and the overlay."""
        return Reader(self.snapshot, self.layer(), self.read)

    def layer(self) -> Layer:
        """The overlay as it is now."""
        return self.overlay.layer(include_unsaved=True)

    def search(self, query: Query, *, model: Embedder | None = None) -> Result:
        """Ask, with the model that ships unless another is given."""
        return search([self.reader()], [model or embedder()], query)

    def similar(self, path: str, line: int, query: Query | None = None, *, model: Embedder | None = None) -> Result:
        """Ask for what is like the chunk at a line of a file, counted from 1."""
        reader = self.reader()
        sample = sample_of(Target(str(self.root / path), None, (line - 1, line - 1)), [str(self.root)], [reader])
        return similar([reader], [model or embedder()], sample, query or Query("", content="all"))

    def search_by_words(self, query: Query) -> Result:
        """Ask where no model could be loaded."""
        return search([self.reader()], [], query)

    def read(self, path: str) -> bytes | None:
        """A file as it is on disk now."""
        try:
            return (self.root / path).read_bytes()
        except OSError:
            return None

    def _index(self, paths: list[str]) -> None:
        sources = [read_source(str(self.root), path, language_of, Limits()) for path in paths]
        parcels = [self._preparer.prepare(s, s.stamp, for_overlay=False) for s in sources if isinstance(s, Source)]
        self._state.mkdir(parents=True, exist_ok=True)
        vault = Vault(self._state / "vault.db")
        store = Store(self._state / "index", str(self.root), embedder().model_id, embedder().dimension)
        Writer(store, vault, CHUNKER_VERSION).apply(Group(parcels=parcels, seen_ns=time.time_ns()))
        store.close()
        vault.close()


def _no_model() -> Embedder:
    raise ModelUnavailable("The embedding model is missing: install codectxd again.")
