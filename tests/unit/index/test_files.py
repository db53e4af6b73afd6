"""The tree after a change is, in everything that is asked of it, the tree made of the same records at once."""

from __future__ import annotations

import random

import numpy as np
import pytest

from codectxd.index import files as files_module
from codectxd.index.catalog import FileRecord, PathRows
from codectxd.index.files import Files, files_of
from codectxd.index.filters import Filters
from codectxd.types import Stamp

DIMENSION = 4
FILTERS = [Filters(), Filters(content="all"), Filters(content="docs"), Filters(paths=("lib",)), Filters(globs=("**/*.py",))]


def record(path: str, doc: int) -> FileRecord:
    text = path.endswith(".md")
    language, role = ("markdown", "docs") if text else ("python", "source")
    model = "model" if doc % 5 else None
    return FileRecord(path, doc, b"%d" % doc, language, role, doc % 3, True, model, Stamp(doc, 1, 1), 0)  # type: ignore[arg-type]


def rows(records: list[FileRecord]) -> PathRows:
    embedded = [one.doc for one in records if one.model is not None]
    return PathRows(embedded, b"".join(bytes([doc % 100] * DIMENSION) for doc in embedded), [doc / 7 for doc in embedded])


def shown(files: Files) -> dict[str, object]:
    paths = [
        (doc, row.tolist(), scale)
        for part in files.paths
        for doc, row, scale in zip(part.docs.tolist(), part.rows, part.scales.tolist(), strict=True)
        if files.alive[doc]
    ]
    masks = [np.flatnonzero(files.mask(one, one.test(), one.test)).tolist() for one in FILTERS]
    return {
        "by_path": dict(files.by_path),
        "by_doc": dict(files.by_doc),
        "alive": np.flatnonzero(files.alive).tolist(),
        "paths": sorted(paths),
        "counts": files.counts,
        "embedded": files.embedded(),
        "masks": masks,
        "stems": {stem: sorted(one.path for one in held) for stem, held in files.by_stem().items()},
    }


@pytest.mark.parametrize("few", [0, 5, 500])
def test_a_tree_after_any_changes_is_the_tree_of_its_records(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "_FEW_PATHS", few)
    chosen = random.Random(1)
    names = [f"{folder}{name}.{kind}" for folder in ("", "lib/") for name in "abcde" for kind in ("py", "md")]
    world = {path: record(path, at + 1) for at, path in enumerate(names[:7])}
    files, doc = files_of(list(world.values()), rows(list(world.values()))), 10
    for _ in range(60):
        before, earlier = files, shown(files)
        changed = chosen.sample(names, chosen.randrange(5))
        new = []
        for path in changed:
            kind, was = chosen.random(), world.pop(path, None)
            if kind < 0.5 or (kind < 0.7 and was is None):
                doc += chosen.randrange(1, 4)
                new.append(record(path, doc))
            elif kind < 0.7 and was is not None:
                new.append(was)
        world.update((one.path, one) for one in new)
        files = files.after(changed, new, rows(new))
        assert shown(files) == shown(files_of(list(world.values()), rows(list(world.values()))))
        assert shown(before) == earlier, "what a question has in its hands does not change"


def test_a_tree_of_nothing_grows_and_shrinks() -> None:
    files = files_of([], rows([]))
    one = record("a.py", 3)
    grown = files.after(["a.py"], [one], rows([one]))
    assert shown(grown) == shown(files_of([one], rows([one])))
    assert shown(grown.after(["a.py"], [], rows([])))["by_path"] == {}
    assert grown.after([], [], rows([])) is grown
