"""The models that questions are embedded with: those of the indexes that are searched, each loaded once, on a thread of its
own.

An index says whose vectors it has; what is not loaded (yet, or because its folder is gone) is missing from the answer, which
says so. Thread-safe. Knows nothing of indexes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import Final

from codectxd.embed.embedder import Embedder
from codectxd.embed.loading import load
from codectxd.embed.model import found_in
from codectxd.errors import ModelUnavailable

log = logging.getLogger(__name__)

_AGAIN_S: Final = 60.0
"""A model that could not be loaded is tried again after this long: its folder may have come back."""

IN_PACKAGE: Final = ""


class Models:
    """By the folder of each; the one in the package has the empty name."""

    def __init__(self, changed: Callable[[], None]) -> None:
        """`changed` is called, on any thread, once a model that was wanted is loaded or cannot be."""
        self._changed = changed
        self._lock = threading.Lock()
        self._loaded: dict[str, Embedder] = {}
        self._loading: set[str] = set()
        self._failed: dict[str, tuple[float, str]] = {}

    def want(self, source: str) -> None:
        """Have a model loaded in the background, if it is not."""
        with self._lock:
            failed, _ = self._failed.get(source, (0.0, ""))
            if source in self._loaded or source in self._loading or (failed and time.monotonic() - failed < _AGAIN_S):
                return
            self._loading.add(source)
        threading.Thread(target=self._load, args=(source,), name="model", daemon=True).start()

    def of(self, source: str) -> tuple[Embedder | None, bool]:
        """A model, and whether one that is not there may yet come. It is wanted from now on."""
        found = self._loaded.get(source)
        if found is None:
            self.want(source)
        return found, found is None and source in self._loading

    def problem(self, source: str) -> str | None:
        """Why a model could not be loaded."""
        return self._failed.get(source, (0.0, None))[1]

    def all(self) -> list[Embedder]:
        """Every loaded model, the one in the package first."""
        loaded = dict(self._loaded)
        return [loaded[source] for source in sorted(loaded)]

    def keep(self, sources: Collection[str]) -> None:
        """Let go of what none of these is."""
        with self._lock:
            for source in set(self._loaded) - {IN_PACKAGE, *sources}:
                del self._loaded[source]

    def _load(self, source: str) -> None:
        try:
            found = load(found_in(source))
            with self._lock:
                self._loaded[source] = found
                self._failed.pop(source, None)
        except ModelUnavailable as problem:
            log.warning("%s", problem)
            self._failed[source] = time.monotonic(), str(problem)
        except Exception as problem:
            # Whatever a library raised: who waits for it would wait without end.
            log.exception("the model in %s could not be loaded", source or "the package")
            self._failed[source] = time.monotonic(), f"The model in {source} cannot be loaded: {problem}."
        finally:
            self._loading.discard(source)
        self._changed()
