"""The catalogue: one flip or none, ids that are never given twice, and only what is in the tree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from codectxd.errors import IndexUnavailable
from codectxd.index.catalog import Catalog, CatalogDamaged, CatalogView, Change
from codectxd.index.schema import key_of
from codectxd.types import Skipped, Stamp
from unit.index.world import parcel, parcels

ALPHA = "def alpha():\n    return 1\n"
BETA = "class Beta:\n    def gamma(self):\n        return 2\n"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "catalog.db")


def paths(catalog: Catalog) -> list[str]:
    return sorted(record.path for record in catalog.view.files())


def put(catalog: Catalog, **files: str) -> int:
    """Flip in files, by stem, and return the first document's id."""
    found = parcels({f"{stem}.py": text for stem, text in files.items()})
    first = catalog.reserve_docs(len(found))
    catalog.flip(Change(list(enumerate(found, first))))
    return first


def test_I3_a_flip_that_fails_half_way_changes_nothing(catalog: Catalog) -> None:
    put(catalog, a=ALPHA)
    broken = msgspec.structs.replace(parcel("c.py", ALPHA), language=None)
    change = Change([(2, parcel("b.py", BETA)), (3, broken)], forget=["a.py"], skipped=[Skipped("s", "binary")])
    generation = catalog.view.meta()["generation"]
    with pytest.raises(IndexUnavailable):
        catalog.flip(change)
    assert paths(catalog) == ["a.py"]
    assert catalog.view.skipped() == []
    assert catalog.view.definitions(["beta"]) == []
    assert catalog.view.chunks([key_of(2, 0)]) == []
    assert catalog.view.meta()["generation"] == generation
    assert catalog.flip(Change([(2, parcel("b.py", BETA))])) == generation + 1


def test_I3_a_reader_sees_all_of_a_flip_or_nothing(catalog: Catalog, tmp_path: Path) -> None:
    view = CatalogView(tmp_path / "catalog.db")
    before = view.snapshot(lambda meta: "model")
    put(catalog, a=ALPHA, b=BETA)
    after = view.snapshot(lambda meta: "model")
    assert (before[0]["generation"], len(before[1])) == (0, 0)
    assert (after[0]["generation"], len(after[1])) == (1, 2)
    view.close()


_RESERVE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from codectxd.index.catalog import Catalog
print(Catalog(Path(sys.argv[1])).reserve_docs(5), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_ids_are_not_given_again_after_a_kill_between_reserving_and_flip(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    firsts = [
        int(subprocess.run([sys.executable, "-c", _RESERVE_AND_DIE, path], capture_output=True, check=False).stdout)
        for _ in range(2)
    ]
    assert firsts == [1, 6]
    assert Catalog(path).reserve_docs(1) == 11


def test_ids_are_not_given_again_after_their_documents_were_dropped(catalog: Catalog) -> None:
    first = put(catalog, a=ALPHA)
    catalog.flip(Change((), forget=["a.py"]))
    catalog.drop_docs(catalog.unused_docs())
    assert catalog.view.documents() == []
    assert put(catalog, a=ALPHA) > first


def test_I1_chunks_and_symbols_of_a_document_that_left_the_tree_are_not_found(catalog: Catalog) -> None:
    doc = put(catalog, a=ALPHA, b=BETA)
    keys = [key_of(doc, 0), key_of(doc + 1, 0)]
    assert [chunk.key for chunk in catalog.view.chunks(keys)] == keys
    catalog.flip(Change((), forget=["a.py"]))
    assert catalog.unused_docs() == [doc], "not swept yet"
    assert [chunk.key for chunk in catalog.view.chunks(keys)] == keys[1:]
    assert catalog.view.definitions(["alpha"]) == []
    assert catalog.view.names_from("alp", 9) == []
    assert catalog.view.names_like("%lph%", "%lph%", 9) == []
    assert [record.path for record in catalog.view.definitions(["gamma"])] == ["b.py"]


def test_I1_a_file_that_was_replaced_gives_its_new_chunks_alone(catalog: Catalog) -> None:
    old = put(catalog, a=ALPHA)
    new = put(catalog, a=BETA)
    assert old != new
    assert [chunk.key for chunk in catalog.view.chunks([key_of(old, 0), key_of(new, 0)])] == [key_of(new, 0)]


def test_a_file_is_skipped_or_in_the_tree_and_never_both(catalog: Catalog) -> None:
    skip = Skipped("a.py", "binary", Stamp(1, 2, 3))
    put(catalog, a=ALPHA)
    catalog.flip(Change((), skipped=[skip]))
    assert (paths(catalog), catalog.view.skipped()) == ([], [skip])
    put(catalog, a=ALPHA)
    assert (paths(catalog), catalog.view.skipped()) == (["a.py"], [])
    catalog.flip(Change((), skipped=[skip]))
    catalog.flip(Change((), clear_skips=["a.py"]))
    assert (paths(catalog), catalog.view.skipped()) == ([], [])


def test_a_stamp_is_renewed_without_touching_the_document(catalog: Catalog) -> None:
    doc = put(catalog, a=ALPHA)
    catalog.flip(Change((), stamps=[("a.py", Stamp(8, 9, 10)), ("unknown.py", Stamp(1, 1, 1))], seen_ns=77))
    (record,) = catalog.view.files()
    assert (record.doc, record.stamp, record.seen_ns) == (doc, Stamp(8, 9, 10), 77)


def test_dropping_documents_takes_their_chunks_and_symbols_and_no_others(catalog: Catalog) -> None:
    doc = put(catalog, a=ALPHA, b=BETA)
    catalog.flip(Change((), forget=["a.py"]))
    catalog.drop_docs([doc])
    assert catalog.view.chunks_of(doc) == []
    assert len(catalog.view.chunks_of(doc + 1)) == 1
    assert {record.symbol.name for record in catalog.view.names_from("", 9)} == {"Beta", "gamma"}


def test_a_file_that_is_no_catalogue_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    path.write_bytes(b"not a database at all" * 500)
    with pytest.raises(CatalogDamaged):
        Catalog(path)
