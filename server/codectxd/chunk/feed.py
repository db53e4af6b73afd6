"""A text as tree-sitter reads it: piece by piece, with a limit to how often it may go back.

Two things that parsing leaves to its caller are done here. A grammar's own scanner may look ahead to the end of the text,
once for every token of a text that it does not understand; that is time squared, and shows in the bytes that it asks for.
And the bindings of tree-sitter 0.26 never let go of a piece that they were given: without help, every text that is ever
parsed stays in memory. Knows nothing of tree-sitter itself.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final


class Feed:
    """Gives the bytes of a text at any offset, to tree-sitter alone: whoever else held on to a piece would lose it."""

    def __init__(self, text: bytes) -> None:
        self._text = memoryview(text)
        self._left = _LEAST_READ + _TIMES_READ * len(text)
        self._length = _PIECE
        self._piece: bytes | None = None

    def __call__(self, offset: int, _point: object) -> bytes | None:
        """A piece that begins at `offset`, None at the end: always the same, a grammar that sees two texts may crash."""
        self.release()
        piece = bytes(self._text[offset : offset + self._length])
        if not piece:
            return None
        self._left -= len(piece)
        self._piece = piece
        return piece

    def __del__(self) -> None:
        self.release()

    @property
    def is_exhausted(self) -> bool:
        """Whether more was read than any real text takes."""
        return self._left < 0

    def only_words(self) -> None:
        """From now on, single words are asked for, each at a place of its own."""
        self._length = _WORD
        self._left = sys.maxsize

    def release(self) -> None:
        """Have the last piece freed, whoever forgot to."""
        piece, self._piece = self._piece, None
        # A piece of one byte is one of those that Python keeps for everybody.
        if piece is not None and len(piece) > 1 and sys.getrefcount(piece) > _OURS:
            _forget(piece)


_forget: Final = ctypes.PYFUNCTYPE(None, ctypes.py_object)(("Py_DecRef", ctypes.pythonapi))
_OURS: Final = 2
"""How often a piece is referred to where nobody else holds it: by a variable, and by the call that counts."""
_PIECE: Final = 1 << 13
_WORD: Final = 64
_LEAST_READ: Final = 1 << 25
_TIMES_READ: Final = 24
"""How many bytes may be read: real texts are read once or twice, broken ones a few times more."""
