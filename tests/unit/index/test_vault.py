"""The vault costs time when it is lost, and nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest

from codectxd.index.schema import VAULT_FORMAT
from codectxd.index.vault import Vault, VaultView, chunking_key, vector_keys
from unit.index.world import parcel

KEY = b"k" * 24


def put(path: Path) -> None:
    vault = Vault(path)
    vault.put([], [(KEY, b"row")])
    vault.close()


def row(path: Path) -> bytes | None:
    view = VaultView(path)
    try:
        return view.vectors([KEY]).get(KEY)
    finally:
        view.close()


def test_what_is_put_is_found_by_its_content(tmp_path: Path) -> None:
    chunking = parcel("a.py", "def a():\n    pass\n").chunking
    vault = Vault(tmp_path / "vault.db")
    key = chunking_key(b"d" * 16, "python", 3)
    vault.put([(key, msgspec.msgpack.encode(chunking))], [(KEY, b"row")])
    view = VaultView(tmp_path / "vault.db")
    assert view.chunking(key) == chunking
    for other in (
        chunking_key(b"e" * 16, "python", 3),
        chunking_key(b"d" * 16, "rust", 3),
        chunking_key(b"d" * 16, "python", 4),
    ):
        assert view.chunking(other) is None
    assert view.vectors([KEY, b"other"]) == {KEY: b"row"}
    view.close()
    vault.close()


def test_I13_vectors_are_named_by_model_and_text(tmp_path: Path) -> None:
    one, other = vector_keys("model a", [b"d" * 16]), vector_keys("model b", [b"d" * 16])
    assert one == vector_keys("model a", [b"d" * 16])
    assert one != other


def test_what_is_kept_first_is_kept(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault.db")
    vault.put([], [(KEY, b"row")])
    vault.put([], [(KEY, b"another"), (b"more", b"m")])
    vault.close()
    assert row(tmp_path / "vault.db") == b"row"


def test_a_row_that_is_not_as_it_was_written_counts_as_missing_and_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    put(path)
    data = path.read_bytes()
    assert data.count(b"row" + KEY) + data.count(KEY) > 0
    path.write_bytes(data.replace(b"row", b"rov").replace(b"rov BLOB", b"row BLOB"))
    assert row(path) is None
    put(path)
    assert row(path) == b"row"


def test_a_vault_that_could_not_be_used_is_used_once_it_can_be(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    path.mkdir()
    vault = Vault(path)
    vault.put([], [(KEY, b"lost")])
    path.rmdir()
    vault.put([], [(KEY, b"row")])
    vault.close()
    assert row(path) == b"row"


def test_more_keys_than_one_statement_takes_are_found(tmp_path: Path) -> None:
    rows = {str(at).encode(): str(-at).encode() for at in range(2_000)}
    vault = Vault(tmp_path / "vault.db")
    vault.put([], rows.items())
    vault.close()
    view = VaultView(tmp_path / "vault.db")
    assert view.vectors(list(rows)) == rows
    view.close()


def test_a_missing_vault_is_an_empty_one_and_is_found_once_it_is_there(tmp_path: Path) -> None:
    view = VaultView(tmp_path / "vault.db")
    assert view.vectors([KEY]) == {}
    assert view.chunking(KEY) is None
    put(tmp_path / "vault.db")
    assert view.vectors([KEY]) == {KEY: b"row"}
    view.close()


@pytest.mark.parametrize("damage", ["garbage", "cut short", "a page"])
def test_a_damaged_vault_is_an_empty_one_to_readers_and_is_replaced_by_the_writer(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    vault = Vault(path)
    vault.put([], [(str(at).encode() * 6, b"row" * 100) for at in range(2_000)])
    vault.close()
    data = path.read_bytes()
    path.write_bytes({"garbage": b"?" * len(data), "cut short": data[:5_000], "a page": data[:4096] + b"?" * 60_000}[damage])
    assert row(path) is None
    put(path)
    assert row(path) in (None, b"row")
    Vault(path).close()
    put(path)
    assert row(path) == b"row", "the first write found the damage, the second one goes to a whole vault"


def test_a_locked_vault_is_an_empty_one_and_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "vault.db"
    put(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    try:
        # The one thing not waited out here is the time for which SQLite is told to wait.
        monkeypatch.setattr("codectxd.index.vault._WAIT_S", 0.05)
        assert row(path) is None
        vault = Vault(path)
        vault.put([], [(b"other", b"o")])
        vault.close()
    finally:
        holder.execute("COMMIT")
        holder.close()
    assert row(path) == b"row"


def test_a_vault_of_another_format_is_emptied(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    put(path)
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {VAULT_FORMAT + 1}")
    db.close()
    Vault(path).close()
    assert row(path) is None


class Clock:
    """Days that a test makes pass."""

    def __init__(self) -> None:
        self.day = 20_000

    def __call__(self) -> float:
        return self.day * 86_400.0


def keys_of(day: int, count: int = 40) -> list[bytes]:
    return [day.to_bytes(8) + number.to_bytes(16) for number in range(count)]


def filled(path: Path, days: int) -> tuple[Vault, Clock]:
    """A vault that got 40 large rows on each of some days."""
    clock = Clock()
    vault = Vault(path, clock)
    for day in range(days):
        vault.put([(key, bytes(3_000)) for key in keys_of(day)], [(key, bytes(1_000)) for key in keys_of(day)])
        clock.day += 1
    return vault, clock


def days_left(path: Path) -> list[tuple[int, int]]:
    """For each day's rows: how many chunkings and vectors there are."""
    db = sqlite3.connect(path)
    counts = [
        tuple(
            sum(bool(db.execute(f"SELECT 1 FROM {table} WHERE key = ?", (key,)).fetchone()) for key in keys_of(day))
            for table in ("chunkings", "vectors")
        )
        for day in range(5)
    ]
    db.close()
    return [(one, other) for one, other in counts]


def test_within_its_budget_nothing_is_dropped(tmp_path: Path) -> None:
    vault, _ = filled(tmp_path / "vault.db", 5)
    assert vault.collect(10_000_000, lambda: pytest.fail("nobody need know")) is None
    vault.close()
    assert days_left(tmp_path / "vault.db") == [(40, 40)] * 5


def test_what_was_unused_the_longest_goes_first_and_the_disk_gets_it_back(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    vault, _ = filled(path, 5)
    vault.put([], [], (keys_of(0), keys_of(0)))
    found = vault.collect(1_000_000, list)
    assert found is not None
    assert found.after <= 1_000_000 < found.before
    assert vault.collect(1_000_000, list) is None
    vault.close()
    assert path.stat().st_size <= 850_000
    left = days_left(path)
    assert left[0] == (40, 40)  # The oldest, but used since.
    assert left[1] == left[2] == (0, 0)
    assert left[4] == (40, 40)


def test_what_an_index_holds_stays_whatever_the_budget(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    vault, _ = filled(path, 5)
    held = [("chunkings", key) for key in keys_of(1)] + [("vectors", key) for key in keys_of(2)[:7]]
    found = vault.collect(1, lambda: held)
    assert found is not None
    assert found.dropped == 5 * 80 - 47
    # All that is left is in use: to look again and again would find nothing.
    assert vault.collect(1, lambda: pytest.fail("nothing has come since")) is None
    vault.close()
    assert days_left(path) == [(0, 0), (40, 0), (0, 7), (0, 0), (0, 0)]


def test_a_row_is_written_once_a_day_however_often_it_is_used(tmp_path: Path) -> None:
    vault, _ = filled(tmp_path / "vault.db", 1)
    changes = vault._db.total_changes
    vault.put([], [], (keys_of(0), keys_of(0)))
    vault.put([], [], (keys_of(0), keys_of(0)))
    assert vault._db.total_changes - changes == 80
    vault.close()
