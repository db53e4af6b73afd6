"""What of the vault some index holds, so that a collection leaves it: of every workspace whose folder is still there.

Lives in the indexer. Knows nothing of what is dropped, or when.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from codectxd.chunk.chunker import CHUNKER_VERSION
from codectxd.errors import IndexUnavailable
from codectxd.index.catalog import CatalogView
from codectxd.index.vault import chunking_key, vector_keys
from codectxd.index.writer import embedded_digests

log = logging.getLogger(__name__)


def in_use(catalogues: Iterator[Path], models: Collection[str] = ()) -> Iterator[tuple[str, bytes]]:
    """(table, key) of all that these catalogues' documents were made of, and would be with one of `models`, or with the
    model that was left last: going there must not cost what it cost the first time. A catalogue that cannot be read holds
    nothing."""
    for path in catalogues:
        with contextlib.suppress(IndexUnavailable):
            view = CatalogView(path)
            try:
                meta = view.meta()
                if os.path.isdir(str(meta.get("root", ""))):
                    yield from _held(view, {*models, str(meta.get("left_model", ""))})
            finally:
                view.close()


def _held(view: CatalogView, models: Collection[str]) -> Iterator[tuple[str, bytes]]:
    for content in view.contents():
        yield "chunkings", chunking_key(content.digest, content.language, CHUNKER_VERSION)
        for model in {*models, content.model} - {None, ""}:
            for key in vector_keys(str(model), embedded_digests(content)):
                yield "vectors", key
