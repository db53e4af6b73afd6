"""Every byte of the catalogue's file, and of each file of the words, is looked at."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from codectxd.errors import IndexUnavailable
from codectxd.index import footers, seal
from codectxd.index.catalog import Catalog, CatalogDamaged, CatalogView, Change, check_seal
from codectxd.index.lexical import LexicalReader, LexicalWriter
from codectxd.index.writer import Group
from codectxd.types import Skipped
from unit.index.world import applied, open_store, parcels

FILES = {"a.py": "def first_of_all():\n    return 1\n", "b.md": "# Notes\n\nOf a walrus.\n"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seal") / "store"
    applied(folder, Group(parcels=parcels(FILES)), Group(gone=["b.md"]))
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "store"))


def flip(path: Path, at: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(data)


def test_a_closed_catalogue_is_sealed_and_any_flipped_bit_breaks_the_seal(folder: Path) -> None:
    path = folder / "catalog.db"
    assert seal.is_set(path)
    chosen = random.Random(1)
    for _ in range(40):
        at, bit = chosen.randrange(path.stat().st_size), chosen.randrange(8)
        check_seal(path)
        flip(path, at, bit)
        with pytest.raises(CatalogDamaged):
            check_seal(path)
        flip(path, at, bit)


def test_a_broken_seal_says_nothing(folder: Path) -> None:
    path = folder / "catalog.db"
    for damage in (b"", b"?" * 32, path.with_suffix(".seal").read_bytes()[:20]):
        path.with_suffix(".seal").write_bytes(damage)
        check_seal(path)
    store = open_store(folder)
    assert store.repairs == []
    store.close()


def test_the_seal_is_off_while_the_file_changes_and_holds_while_only_the_log_does(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.db")
    assert not seal.is_set(tmp_path / "catalog.db")
    catalog.checkpoint()
    for number in range(20):
        catalog.flip(Change((), skipped=[Skipped(f"file{number}", "binary")]))
        check_seal(tmp_path / "catalog.db")
    assert (tmp_path / "catalog.db-wal").stat().st_size > 0
    catalog.flip(Change((), skipped=[Skipped(f"{number}" * 200, "binary") for number in range(20_000)]))
    assert not seal.is_set(tmp_path / "catalog.db"), "the log was folded into the file"
    catalog.checkpoint()
    assert seal.is_set(tmp_path / "catalog.db")
    assert (tmp_path / "catalog.db-wal").stat().st_size == 0, "nothing older can be laid over it"
    catalog.close()
    check_seal(tmp_path / "catalog.db")


def is_locked(path: Path) -> bool:
    """Whether another process sees the lock by which SQLite says that somebody has the file open."""
    program = (
        "import fcntl, sys\n"
        "with open(sys.argv[1], 'r+b') as file:\n"
        "    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)\n"
    )
    return subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, timeout=60).returncode != 0


def test_a_seal_that_is_set_or_looked_at_lets_go_of_no_lock_and_keeps_no_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    catalog = Catalog(path)
    catalog.checkpoint()
    assert is_locked(path)
    before = len(os.listdir("/dev/fd"))
    for _ in range(3):
        seal.put(path)
        assert seal.holds(path)
        assert is_locked(path)
    assert len(os.listdir("/dev/fd")) == before
    catalog.close()
    assert not is_locked(path)


def test_where_no_process_can_be_started_a_seal_is_looked_at_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "catalog.db"
    monkeypatch.setattr(sys, "executable", str(folder / "nothing"))
    catalog = Catalog(path)
    assert seal.holds(path)
    assert is_locked_by(os.getpid(), path)
    catalog.close()


def is_locked_by(pid: int, path: Path) -> bool:
    inode = f":{path.stat().st_ino} "
    return any(inode in line and f" {pid} " in line for line in Path("/proc/locks").read_text().splitlines())


def test_a_catalogue_that_takes_a_damaged_ones_place_keeps_its_log(folder: Path) -> None:
    """Whoever closes a catalogue last removes its log by its name, which by then may be another one's."""
    data = (folder / "catalog.db").read_bytes()
    (folder / "catalog.db").write_bytes(data[: 3 * 4096] + b"?" * 4096 + data[4 * 4096 :])
    seal.take(folder / "catalog.db")
    store = open_store(folder)
    assert len(store.repairs) == 1
    store.catalog.flip(Change((), skipped=[Skipped("later", "binary")]))
    view = CatalogView(folder / "catalog.db")
    assert [skip.path for skip in view.skipped()] == ["later"]
    view.close()
    store.close()


def test_every_damaged_file_of_the_words_is_named_before_anything_reads_it(folder: Path) -> None:
    words = folder / "lexical" / "0"
    assert footers.damaged(words) is None
    chosen = random.Random(2)
    for path in sorted(words.iterdir()):
        if path.suffix in (".lock", ".json"):
            continue
        whole = path.read_bytes()
        body = len(whole) - 100  # What comes after it is the footer, in which a version may be another.
        flip(path, chosen.randrange(max(1, body)), chosen.randrange(8))
        assert footers.damaged(words) == path.name
        with pytest.raises(IndexUnavailable, match="damaged"):
            LexicalReader(words)
        path.write_bytes(whole[: len(whole) // 2])
        assert footers.damaged(words) == path.name
        path.unlink()
        assert footers.damaged(words) == path.name
        path.write_bytes(whole)
    assert footers.damaged(words) is None


def test_a_list_of_segments_that_makes_no_sense_is_damage(folder: Path) -> None:
    words = folder / "lexical" / "0"
    for text in (b"", b"{", b"[]", b'{"segments": [{}]}', b'{"segments": 3}'):
        (words / "meta.json").write_bytes(text)
        assert footers.damaged(words) == "meta.json"
        with pytest.raises(IndexUnavailable):
            LexicalWriter(words)


def test_a_catalogue_of_another_program_is_damage(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_bytes(b"no catalogue at all" * 500)
    with pytest.raises(CatalogDamaged):
        Catalog(tmp_path / "catalog.db")
