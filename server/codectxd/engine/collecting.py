"""What of the vault some index holds, so that a collection leaves it: of every workspace whose folder is still there.

Lives in the indexer. Knows nothing of what is dropped, or when.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from codectxd.chunk.chunker import CHUNKER_VERSION
from codectxd.engine.prepare import digest_of, path_words
from codectxd.errors import IndexUnavailable
from codectxd.index.catalog import CatalogView
from codectxd.index.vault import chunking_key, vector_keys

log = logging.getLogger(__name__)


def in_use(catalogues: Iterator[Path]) -> Iterator[tuple[str, bytes]]:
    """(table, key) of all that these catalogues' documents were made of. One that cannot be read holds nothing."""
    for path in catalogues:
        with contextlib.suppress(IndexUnavailable):
            view = CatalogView(path)
            try:
                if os.path.isdir(str(view.meta().get("root", ""))):
                    yield from _held(view)
            finally:
                view.close()


def _held(view: CatalogView) -> Iterator[tuple[str, bytes]]:
    for content in view.contents():
        yield "chunkings", chunking_key(content.digest, content.language, CHUNKER_VERSION)
        if content.model is not None:
            path = digest_of(path_words(content.path).encode())
            for key in vector_keys(content.model, [*content.embedded, path]):
                yield "vectors", key
