"""The daemon's log: a file that is kept small, and is made again where somebody moved or removed it, or its folder.

Whatever the process and its children print goes where standard error goes, which is the same file where nobody looks on;
a child that was started before a new file was begun writes to the old one until it ends. No message's body is ever
logged: it is somebody's source.
"""

from __future__ import annotations

import io
import logging
import logging.handlers
import os
from pathlib import Path

from codectxd import paths

LOG_BYTES = 2_000_000
LOG_FILES = 2

STANDARD_ERROR = 2


class LogFile(logging.handlers.RotatingFileHandler):
    """Writes to the file that is at its path when a message comes, and to a new one where there is none."""

    def __init__(self, path: Path, *, with_errors: bool) -> None:
        """`with_errors`: standard error goes there too. Raises OSError."""
        self._with_errors = with_errors
        super().__init__(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message; one that the disk does not take is lost."""
        if self.stream is not None and not self._is_in_place():
            self.stream.close()
            self.stream = None  # Opened again by whoever finds it so.
        super().emit(record)

    def _is_in_place(self) -> bool:
        assert self.stream is not None
        try:
            return os.path.samestat(os.stat(self.baseFilename), os.fstat(self.stream.fileno()))
        except (OSError, ValueError):
            return False

    def _open(self) -> io.TextIOWrapper:
        paths.make_private(Path(self.baseFilename).parent)
        stream = super()._open()
        if self._with_errors:
            os.dup2(stream.fileno(), STANDARD_ERROR)
        return stream
