"""Opening mends what an earlier run, or the disk, left behind: by set difference, in every direction."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from codectxd.chunk.chunker import CHUNKER_VERSION
from codectxd.errors import IndexUnavailable
from codectxd.index.catalog import Catalog, Change
from codectxd.index.lexical import LexicalWriter
from codectxd.index.schema import key_of
from codectxd.index.store import Store
from codectxd.index.vault import Vault
from codectxd.index.vectors import VectorState
from codectxd.index.writer import Group, Writer
from unit.index.world import ROOT, Files, answers, applied, contents, embedder, open_store, parcel, parcels, same

FILES: Files = {
    "pkg/retry.py": "def retry_with_backoff(call):\n    return call()\n",
    "pkg/parse.py": "class DateParser:\n    def parse(self, text):\n        return text.split('-')\n",
    "notes.md": "# Notes\n\n" + "How the walrus learned to whistle.\n" * 80 + "\n# More\n\n" + "The end of the tale.\n" * 80,
}
QUERIES = ("retry_with_backoff", "parse a date", "walrus", "tale")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fresh") / "store"
    applied(folder, Group(parcels=parcels(FILES)))
    return folder


@pytest.fixture
def folder(tmp_path: Path, fresh: Path) -> Path:
    return Path(shutil.copytree(fresh, tmp_path / "store"))


def repaired(folder: Path) -> list[str]:
    """Open, recover, close; what was mended."""
    store = open_store(folder)
    store.close()
    return store.repairs


def lose_words(folder: Path) -> None:
    shutil.rmtree(folder / "lexical" / "0")


def damage_words(folder: Path) -> None:
    (folder / "lexical" / "0" / "meta.json").write_bytes(b"?" * 40)


def lose_a_segment(folder: Path) -> None:
    next(path for path in (folder / "lexical" / "0").iterdir() if path.suffix == ".fast").unlink()


def lose_vectors(folder: Path) -> None:
    shutil.rmtree(folder / "vectors")


def damage_vectors(folder: Path) -> None:
    path = folder / "vectors" / "0.delta.rows"
    data = bytearray(path.read_bytes())
    data[5] ^= 1
    path.write_bytes(data)


def lose_catalogue(folder: Path) -> None:
    (folder / "catalog.db").unlink()


def damage_catalogue(folder: Path) -> None:
    (folder / "catalog.db").write_bytes(b"?" * 50_000)


def cut_catalogue(folder: Path) -> None:
    data = (folder / "catalog.db").read_bytes()
    (folder / "catalog.db").write_bytes(data[: len(data) // 2])


def damage_a_page(folder: Path) -> None:
    data = bytearray((folder / "catalog.db").read_bytes())
    data[3 * 4096 : 4 * 4096] = b"?" * 4096
    (folder / "catalog.db").write_bytes(data)


DAMAGES = [
    lose_words, damage_words, lose_a_segment, lose_vectors, damage_vectors, lose_catalogue, damage_catalogue, cut_catalogue,
    damage_a_page,
]  # fmt: skip


def test_an_undamaged_store_needs_no_repair(folder: Path, fresh: Path) -> None:
    assert repaired(folder) == []
    same(contents(folder), contents(fresh))


@pytest.mark.parametrize("damage", DAMAGES)
def test_whatever_was_lost_or_damaged_the_same_world_is_made_again(
    damage: Callable[[Path], None], folder: Path, fresh: Path
) -> None:
    damage(folder)
    assert repaired(folder) != [] or damage is lose_catalogue
    assert repaired(folder) == [], "once mended, nothing is left to mend"
    store = open_store(folder)
    kept = {record.path: record for record in store.catalog.view.files()}
    store.close()
    # What reconciling does: every file that the tree lacks, or that lacks vectors, is read again.
    due = [path for path in FILES if path not in kept or kept[path].model is None]
    assert due, "the damage must have been felt"
    applied(folder, Group(parcels=parcels({path: FILES[path] for path in due})))
    same(contents(folder), contents(fresh))
    assert answers(folder, FILES, QUERIES) == answers(fresh, FILES, QUERIES)


def test_all_files_leave_the_tree_when_all_words_are_lost(folder: Path) -> None:
    lose_words(folder)
    repaired(folder)
    found = contents(folder)
    assert (found["files"], found["symbols"], found["unused"]) == ({}, [], [])


def test_all_files_are_read_again_when_another_version_would_cut_them_otherwise(folder: Path, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault.db")
    for version, expected in ((CHUNKER_VERSION, 3), (CHUNKER_VERSION + 1, 0)):
        store = open_store(folder)
        Writer(store, vault, version)
        assert len(store.catalog.view.documents()) == expected
        assert len(store.repairs) == (expected == 0)
        store.close()
    vault.close()
    found = contents(folder)
    assert (found["files"], found["words"], found["unused"]) == ({}, [], [])


def test_one_file_leaves_the_tree_when_its_words_are_lost(folder: Path) -> None:
    store = open_store(folder)
    doc = {record.path: record.doc for record in store.catalog.view.files()}["notes.md"]
    store.close()
    words = LexicalWriter(folder / "lexical" / "0")
    words.delete([doc])
    words.commit()
    words.close()
    assert len(repaired(folder)) == 1
    assert sorted(contents(folder)["files"]) == ["pkg/parse.py", "pkg/retry.py"]


def test_words_that_no_document_owns_are_removed(folder: Path, fresh: Path) -> None:
    words = LexicalWriter(folder / "lexical" / "0")
    words.add(4_000, parcel("stray.py", "def stray():\n    pass\n"))
    words.commit()
    words.close()
    assert any("never finished" in repair for repair in repaired(folder))
    same(contents(folder), contents(fresh))


def test_too_few_words_of_a_document_count_as_lost(folder: Path) -> None:
    store = open_store(folder)
    doc = {record.path: record.doc for record in store.catalog.view.files()}["notes.md"]
    assert len(store.catalog.view.chunks_of(doc)) > 1
    store.lexical.delete([doc])
    store.lexical.commit()
    whole = parcel("notes.md", FILES["notes.md"])
    store.lexical.add(doc, msgspec.structs.replace(whole, body=whole.body[:1], symbol=whole.symbol[:1]))
    store.lexical.commit()
    store.close()
    assert len(repaired(folder)) == 1
    found = contents(folder)
    assert "notes.md" not in found["files"]
    assert not any(path in ("notes.md", "?") for path, _ in found["words"])


def test_documents_without_their_vectors_stay_and_are_due_again(folder: Path) -> None:
    lose_vectors(folder)
    repaired(folder)
    found = contents(folder)
    assert sorted(found["files"]) == sorted(FILES)
    assert {model for *_, model, _, _ in found["files"].values()} == {None}
    assert found["vectors"] == {}


def test_vectors_of_another_model_are_made_again_and_words_are_kept(folder: Path) -> None:
    store = Store(folder, ROOT, "another model", 8)
    kept = store.catalog.view.files()
    assert sorted(record.path for record in kept) == sorted(FILES)
    assert {record.model for record in kept} == {None}
    assert (store.vectors.state.model, store.vectors.state.dimension, store.vectors.state.delta_rows) == (
        "another model",
        8,
        0,
    )
    store.close()
    applied(folder, Group(parcels=parcels(FILES)))
    assert len(contents(folder)["vectors"]) == sum(one.chunking.size for one in parcels(FILES))


def test_vectors_that_the_catalogue_does_not_name_are_not_read(folder: Path) -> None:
    catalog = Catalog(folder / "catalog.db")
    nothing = VectorState(embedder().model_id, embedder().dimension)
    catalog.flip(Change((), meta=[("vectors", msgspec.json.encode(nothing).decode())]))
    catalog.close()
    assert any("had lost their vectors" in repair for repair in repaired(folder))
    assert contents(folder)["vectors"] == {}


def test_documents_that_no_tree_holds_are_swept_at_opening(folder: Path) -> None:
    catalog = Catalog(folder / "catalog.db")
    doc = {record.path: record.doc for record in catalog.view.files()}["notes.md"]
    catalog.flip(Change((), forget=["notes.md"]))
    catalog.close()
    assert contents(folder)["unused"] == [doc]
    store = open_store(folder)
    assert store.catalog.view.chunks_of(doc) == []
    assert key_of(doc, 0) not in store.lexical.keys().tolist()
    store.close()
    assert contents(folder)["unused"] == []


def test_I2_a_store_that_could_not_be_opened_lets_go_of_its_lock(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "lexical").write_bytes(b"in the way")
    with pytest.raises(IndexUnavailable):
        open_store(folder, lock_timeout_s=0.05)
    (folder / "lexical").unlink()
    open_store(folder, lock_timeout_s=0.05).close()


def test_a_place_that_takes_no_folder_is_an_error_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"in the way")
    with pytest.raises((IndexUnavailable, OSError)) as problem:
        open_store(tmp_path / "store")
    assert isinstance(problem.value, IndexUnavailable) or problem.value.errno in (errno.EEXIST, errno.ENOTDIR)


def test_forgetting_an_index_leaves_its_lock(folder: Path) -> None:
    store = open_store(folder)
    store.close()
    Store.erase(folder)
    assert [path.name for path in folder.iterdir()] == ["lock"]
    with pytest.raises(sqlite3.OperationalError):
        sqlite3.connect(f"{(folder / 'catalog.db').as_uri()}?mode=ro", uri=True).execute("SELECT 1 FROM files")
