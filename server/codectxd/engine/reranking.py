"""The reranker that the settings name: none, unless the user chose one; loaded in the background once a
workspace is open.

The settings file is looked at with each question, so that a change needs no restart; a file that is not settings leaves all
as it was. Thread-safe. Knows nothing of indexes.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from codectxd.config import load_user
from codectxd.embed.loading import load_reranker
from codectxd.embed.model import found_in, located
from codectxd.errors import ModelUnavailable, UsageError
from codectxd.search.rerank import Second

if TYPE_CHECKING:
    from codectxd.embed.reranker import Reranker

log = logging.getLogger(__name__)

_AGAIN_S: Final = 60.0
"""A reranker that could not be loaded is tried again after this long."""

_Stamp = tuple[int, int, int]


class Chosen(msgspec.Struct, frozen=True):
    """The reranker that the user chose. `model` names it, by its setting where it is not loaded (yet); `problem` says why it
    cannot be."""

    model: str
    is_loaded: bool
    problem: str | None


class Reranking:
    """See the module. Nothing is read before it is first asked for."""

    def __init__(self, config_file: Path, models: Path) -> None:
        """`models` is the folder of the models that were added."""
        self._config_file = config_file
        self._models = models
        self._lock = threading.Condition()
        self._stamp: _Stamp | None = None
        self._setting = ""
        self._within_s = 0.0
        self._reranker: Reranker | None = None
        self._loading = False
        self._failed: tuple[float, str] | None = None

    def second(self) -> Second | None:
        """What is to take a second look at an answer, None where nobody chose that. What is not loaded is wanted from now
        on."""
        with self._lock:
            self._look()
            if not self._setting:
                return None
            due = self._failed is None or time.monotonic() - self._failed[0] >= _AGAIN_S
            if self._reranker is None and not self._loading and due:
                self._loading = True
                threading.Thread(target=self._load, args=(self._setting,), name="reranker", daemon=True).start()
            return Second(self._await, self._within_s)

    def _await(self, timeout_s: float) -> Reranker | None:
        """The reranker, once it is loaded; None where it cannot be, or not in time."""
        with self._lock:
            self._lock.wait_for(lambda: not self._loading, timeout_s)
            return self._reranker

    def status(self) -> Chosen | None:
        """What can be said of the reranker that is chosen; None where none is."""
        with self._lock:
            self._look()
            if not self._setting:
                return None
            loaded = self._reranker
            name = self._setting if loaded is None else loaded.model_id
            return Chosen(name, loaded is not None, self._failed[1] if self._failed is not None else None)

    def _look(self) -> None:
        stamp = _stamp(self._config_file)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            config = load_user(self._config_file)
        except UsageError:
            return  # Whoever starts or scans next says so.
        self._within_s = config.reranker_ms / 1e3
        if config.reranker != self._setting:
            self._setting, self._reranker, self._failed, self._loading = config.reranker, None, None, False
            self._lock.notify_all()

    def _load(self, setting: str) -> None:
        found, problem = None, None
        try:
            found = load_reranker(found_in(located(setting, self._models)))
        except ModelUnavailable as told:
            log.warning("%s", told)
            problem = str(told)
        except Exception as raised:
            # Whatever a library raised: every question would say that it is on its way.
            log.exception("the reranker %s could not be loaded", setting)
            problem = f"The reranker {setting} cannot be loaded: {raised}."
        with self._lock:
            if setting == self._setting:  # Else another was chosen meanwhile.
                self._reranker, self._loading = found, False
                self._failed = None if problem is None else (time.monotonic(), problem)
                self._lock.notify_all()


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
