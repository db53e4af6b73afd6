"""The reranker that the settings name: none, unless the user chose one; loaded in the background once a workspace is open.

The settings, and the files of the model, are looked at with each question, so that a change needs no restart; a file that is
not settings leaves all as it was. What cannot be loaded, or does not run, is tried again after a while. Thread-safe. Knows
nothing of indexes.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from codectxd.config import load_user
from codectxd.embed.model import OFF, files_of, found_in, located
from codectxd.embed.reranker import Reranker, load_reranker
from codectxd.errors import ModelUnavailable, UsageError
from codectxd.search.rerank import Second

log = logging.getLogger(__name__)

_AGAIN_S: Final = 60.0
_LONGEST_MS: Final = 3_600_000.0

_Stamps = tuple[tuple[int, int, int] | None, ...]


class Chosen(msgspec.Struct, frozen=True):
    """The reranker that the user chose. `model` names it, by its setting where it is not loaded (yet); `problem` says why it
    cannot be used."""

    model: str
    is_loaded: bool
    problem: str | None


class Reranking:
    """See the module. Nothing is read before it is first asked for."""

    def __init__(self, config_file: Path, models: Path) -> None:
        """`models` is the folder of the models that were added."""
        self._config_file = config_file
        self._models = models
        self._news = threading.Condition()
        """Guards all below."""
        self._settings: _Stamps | None = None
        self._setting = ""
        self._within_s = 0.0
        self._reranker: Reranker | None = None
        self._files: tuple[Path, ...] = ()
        self._stamps: _Stamps = ()
        self._attempt = 0
        self._is_loading = False
        self._failed: tuple[float, str] | None = None

    def second(self) -> Second | None:
        """What is to take a second look at an answer, None where nobody chose that. What is not loaded is wanted from now
        on."""
        with self._news:
            self._look()
            if not self._setting:
                return None
            is_due = self._failed is None or time.monotonic() - self._failed[0] >= _AGAIN_S
            if self._reranker is None and not self._is_loading and is_due:
                self._is_loading = True
                attempt = self._attempt, self._setting
                threading.Thread(target=self._load, args=attempt, name="reranker", daemon=True).start()
            return Second(self._await, self._within_s, self._fail)

    def status(self) -> Chosen | None:
        """What can be said of the reranker that is chosen; None where none is."""
        with self._news:
            self._look()
            if not self._setting:
                return None
            loaded = self._reranker
            name = self._setting if loaded is None else loaded.model_id
            return Chosen(name, loaded is not None, self._failed[1] if self._failed is not None else None)

    def _await(self, timeout_s: float) -> tuple[Reranker | None, bool]:
        with self._news:
            self._news.wait_for(lambda: not self._is_loading, timeout_s)
            return self._reranker, self._is_loading

    def _look(self) -> None:
        settings = _stamps([self._config_file])
        if settings != self._settings:
            self._settings = settings
            try:
                config = load_user(self._config_file)
            except UsageError:
                return  # Whoever starts or scans next says so.
            # What is no number of milliseconds is none.
            self._within_s = min(max(0.0, config.reranker_ms), _LONGEST_MS) / 1e3
            setting = "" if config.reranker == OFF else config.reranker
            if setting != self._setting or self._failed is not None:
                self._forget(setting)
        if self._reranker is not None and _stamps(self._files) != self._stamps:
            self._forget(self._setting)

    def _forget(self, setting: str) -> None:
        """From now on it is about this setting, and what is under way is nobody's."""
        self._setting, self._attempt = setting, self._attempt + 1
        self._reranker, self._failed, self._is_loading = None, None, False
        self._news.notify_all()

    def _fail(self, problem: str) -> None:
        """What was loaded does not run."""
        with self._news:
            log.warning("%s", problem)
            self._reranker, self._failed = None, (time.monotonic(), problem)

    def _load(self, attempt: int, setting: str) -> None:
        found, problem = None, None
        files: tuple[Path, ...] = ()
        stamps: _Stamps = ()
        try:
            spec = found_in(located(setting, self._models))
            files = files_of(spec)
            stamps = _stamps(files)  # Before they are read: what changes meanwhile is seen as changed.
            found = load_reranker(spec)
        except ModelUnavailable as told:
            log.warning("%s", told)
            problem = str(told)
        except Exception as raised:
            # Whatever a library raised: every question would say that it is on its way.
            log.exception("the reranker %s could not be loaded", setting)
            problem = f"The reranker {setting} cannot be loaded: {raised}."
        with self._news:
            if attempt == self._attempt:  # Else another was chosen meanwhile.
                self._reranker, self._files, self._stamps, self._is_loading = found, files, stamps, False
                self._failed = None if problem is None else (time.monotonic(), problem)
                self._news.notify_all()


def _stamps(paths: Iterable[Path]) -> _Stamps:
    return tuple(map(_stamp, paths))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
