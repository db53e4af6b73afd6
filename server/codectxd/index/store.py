"""One workspace's index, opened for writing: the lock, the parts, and recovery from whatever the last run left behind.

A crash can leave words and vectors that no flip made part of the world, or lack some that a flip did (a lost or damaged
derived file). Both are found by set difference at every opening: the first are deleted, the second leave the tree, so
that the next reconciliation reads their files again (and finds chunkings and vectors in the vault). Damage to the
catalogue itself starts an empty workspace. Knows nothing of files, only of documents.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from codectxd import locks
from codectxd.errors import IndexUnavailable
from codectxd.index.catalog import Catalog, CatalogDamaged, check_seal
from codectxd.index.lexical import LexicalWriter, lexical_folder
from codectxd.index.schema import Keys, key_of
from codectxd.index.vectors import VectorState, VectorWriter

_KEPT = ("lock", "cookies")
"""What is not the index: who holds the lock goes on holding it, and watchers go on proving that they watch."""


class WrittenElsewhere(IndexUnavailable):
    """Another process holds the workspace's lock: what it publishes can be read all the same."""


class Store:
    """The parts, open and recovered. `repairs` says in one line each what had to be mended."""

    def __init__(
        self,
        folder: Path,
        root: str,
        model: str,
        dimension: int,
        *,
        lock_timeout_s: float = 10.0,
        afresh: bool = False,
        goes_on: Callable[[VectorState], bool] = lambda state: False,
    ) -> None:
        """Open or create the index in `folder` for the workspace `root`, with vectors of `model`, or of the model that it
        has where `goes_on` says that this can be used; `afresh` forgets first what is there.

        Raises WrittenElsewhere where another process holds the lock, IndexUnavailable where the disk does not take what is
        written.
        """
        self.folder = folder
        self.repairs: list[str] = []
        self.next_words: LexicalWriter | None = None
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _locked(folder / "lock", lock_timeout_s)
        try:
            if afresh:
                self.erase(folder)
            self.catalog = self._open_catalog(root)
            self.lexical = self._open_lexical()
            self.vectors = self._open_vectors(model, dimension, goes_on)
            self._recover()
        except IndexUnavailable:
            os.close(self._lock)
            raise
        except OSError as problem:
            os.close(self._lock)
            raise IndexUnavailable(f"The index in {folder} cannot be opened: {problem}.") from problem

    def close(self) -> None:
        """Close the parts and let go of the lock."""
        self.abandon_words()
        self.lexical.close()
        self.vectors.close()
        self.catalog.close()
        os.close(self._lock)

    def _open_catalog(self, root: str) -> Catalog:
        path = self.folder / "catalog.db"
        try:
            catalog = _checked(path)
        except CatalogDamaged as problem:
            self.repairs.append(f"{problem} The workspace is indexed afresh.")
            self.erase(self.folder)
            catalog = Catalog(path)
        catalog.set_meta("root", root)
        return catalog

    @staticmethod
    def erase(folder: Path) -> None:
        """Forget the index in `folder`, which nobody writes; who reads it goes on with what it has open."""
        if not folder.is_dir():
            return
        for child in folder.iterdir():
            if child.name in _KEPT:
                continue
            if child.is_dir():
                shutil.rmtree(child, ignore_errors=True)
            else:
                child.unlink(missing_ok=True)

    def _open_lexical(self) -> LexicalWriter:
        generation = self._words_generation()
        folder = lexical_folder(self.folder, generation)
        folder.parent.mkdir(parents=True, exist_ok=True)
        for other in folder.parent.iterdir():
            if other.name != folder.name:
                LexicalWriter.destroy(other)
        words = None
        try:
            words = LexicalWriter(folder)
            self._indexed = words.keys()
        except IndexUnavailable as problem:
            self.repairs.append(str(problem))
            if words is not None:
                words.close()
            LexicalWriter.destroy(folder)
            words = LexicalWriter(folder)
            self._indexed = words.keys()
        return words

    def _open_vectors(self, model: str, dimension: int, goes_on: Callable[[VectorState], bool]) -> VectorWriter:
        folder = self.folder / "vectors"
        fresh = VectorState(model, dimension)
        found = self.catalog.view.meta().get("vectors")
        state = msgspec.json.decode(found, type=VectorState) if found else fresh
        if (state.model != model or state.dimension != dimension) and not goes_on(state):
            # Another model's vectors cannot be compared with this one's: the documents stay, their vectors are due.
            state = VectorState(model, dimension, state.generation + 1)
            self.catalog.forget_vectors(None)
        try:
            writer = VectorWriter(folder, state)
        except IndexUnavailable as problem:
            self.repairs.append(str(problem))
            state = VectorState(state.model, state.dimension, state.generation + 1, source=state.source)
            self.catalog.forget_vectors(None)
            writer = VectorWriter(folder, state)
        self.catalog.set_meta("vectors", msgspec.json.encode(state).decode())
        return writer

    # -- words written anew -----------------------------------------------------------------------------------------------

    def _words_generation(self) -> int:
        return int(self.catalog.view.meta().get("words", 0))

    def begin_words(self) -> None:
        """Start an empty lexical index beside the published one, `next_words`."""
        self.abandon_words()
        folder = lexical_folder(self.folder, self._words_generation() + 1)
        LexicalWriter.destroy(folder)
        self.next_words = LexicalWriter(folder)

    def abandon_words(self) -> None:
        """Drop what `begin_words` started, if it did."""
        if self.next_words is not None:
            self.next_words.close()
            LexicalWriter.destroy(lexical_folder(self.folder, self._words_generation() + 1))
            self.next_words = None

    def are_next_words_complete(self) -> bool:
        """Whether the index started by `begin_words`, committed, holds the catalogue's documents and no others."""
        if self.next_words is None:
            return False
        wanted = _keys_of([(doc, chunks) for doc, chunks, _ in self.catalog.view.documents()])
        return np.array_equal(wanted, self.next_words.keys())

    def adopt_words(self) -> None:
        """Use the index started by `begin_words` from now on: a flip has just made it the published one."""
        assert self.next_words is not None
        self.lexical.close()
        self.lexical, self.next_words = self.next_words, None
        LexicalWriter.destroy(lexical_folder(self.folder, self._words_generation() - 1))

    def sweep_words(self, docs: list[int]) -> None:
        """Delete documents' words wherever they are being written."""
        for words in (self.lexical, self.next_words):
            if words is not None:
                words.delete(docs)
                words.commit()

    def _recover(self) -> None:
        """Make words and vectors agree with the catalogue."""
        self.sweep_catalog()
        documents = self.catalog.view.documents()
        wanted = _keys_of([(doc, chunks) for doc, chunks, _ in documents])
        indexed = self._indexed
        orphans = _docs(np.setdiff1d(indexed, wanted, assume_unique=True))
        if len(orphans):
            self.lexical.delete(orphans.tolist())
            self.lexical.commit()
            self.repairs.append(f"Words of {len(orphans)} documents that were never finished were removed.")
        lost = _docs(np.setdiff1d(wanted, indexed, assume_unique=True))
        if len(lost):
            self.lexical.delete(lost.tolist())
            self.lexical.commit()
            self.catalog.evict_docs(lost.tolist())
            self.sweep_catalog()
            self.repairs.append(f"{len(lost)} documents had lost their words: their files are read again.")
        embedded = _keys_of([(doc, chunks) for doc, chunks, model in documents if model is not None])
        bare = _docs(np.setdiff1d(embedded, self.vectors.keys(), assume_unique=True))
        if len(bare):
            self.catalog.forget_vectors(bare.tolist())
            self.repairs.append(f"{len(bare)} documents had lost their vectors: they are made again.")

    def follow(self, chunker_version: int) -> None:
        """Have every file read again where another version of the chunker cut them."""
        known = self.catalog.view.meta().get("chunker")
        if known == chunker_version:
            return
        docs = [doc for doc, _, _ in self.catalog.view.documents()]
        if docs:
            self.catalog.evict_docs(docs)
            self.sweep_catalog()
            self.repairs.append(f"{len(docs)} documents were cut by another version: their files are read again.")
        self.catalog.set_meta("chunker", chunker_version)

    def sweep_catalog(self) -> list[int]:
        """Remove documents that no tree holds, from words and catalogue; returns their ids."""
        unused = self.catalog.unused_docs()
        if unused:
            self.sweep_words(unused)
            self.catalog.drop_docs(unused)
        return unused


def _checked(path: Path) -> Catalog:
    """Raises CatalogDamaged, and then has nothing open."""
    whole = check_seal(path)
    catalog = Catalog(path)
    try:
        if not whole:
            catalog.check()
    except BaseException:
        catalog.close()
        raise
    return catalog


def _locked(path: Path, timeout_s: float) -> int:
    """The workspace's lock, held by this process for as long as the descriptor is open (invariant I2)."""
    deadline = time.monotonic() + timeout_s
    while (handle := locks.take(path)) is None:
        if time.monotonic() >= deadline:
            raise WrittenElsewhere(f"Another process is writing the index in {path.parent}.")
        time.sleep(0.02)
    with contextlib.suppress(OSError):
        locks.sign(handle, os.getpid())  # For people; on a full disk the lock is held without it.
    return handle


def _keys_of(documents: list[tuple[int, int]]) -> Keys:
    if not documents:
        return np.empty(0, np.int64)
    docs, sizes = (np.array(column, np.int64) for column in zip(*documents, strict=True))
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    ordinals = np.arange(int(sizes.sum()), dtype=np.int64) - starts
    return np.sort(np.repeat(docs, sizes) * key_of(1, 0) + ordinals)


def _docs(keys: Keys) -> Keys:
    return np.unique(keys >> 16)
