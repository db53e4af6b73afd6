"""The vault: what is expensive, by content, once per user: chunkings of texts, vectors of what was embedded.

SQLite, shared by every workspace. It holds no truth: a row that is missing is computed again, so its commits need not be
synchronous, and a damaged vault is replaced by an empty one; each row ends with a checksum, and one that is not as it was
written counts as missing. Only the indexer writes (`Vault`); workers read (`VaultView`). Each row bears the day on which it
was last taken up by an index: what has gone unused the longest goes first where the vault outgrows its budget, and never
what an index holds. Knows nothing of paths or trees.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from codectxd.index.schema import VAULT_FORMAT, Chunking

log = logging.getLogger(__name__)

_SUM_BYTES = 4

_WAIT_S = 5.0
"""How long somebody else's lock is waited for."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS chunkings (key BLOB PRIMARY KEY, columns BLOB NOT NULL, day INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, row BLOB NOT NULL, day INTEGER NOT NULL) WITHOUT ROWID;
"""
_TABLES = {"chunkings": "columns", "vectors": "row"}
"""Each with the column that holds what is kept."""
_DAY_S = 86_400
_GROWN = 1.1
"""Where indexes hold more than the budget, so much must have come since the last collection for another one to be tried."""
_LEFT = 0.8
"""The share of the budget that a collection leaves: the next one is not due at once."""


class Collected(msgspec.Struct, frozen=True):
    """What a collection did: bytes before and after, and the rows that went."""

    before: int
    after: int
    dropped: int


def chunking_key(digest: bytes, language: str, version: int) -> bytes:
    """Names the chunking of a text: its digest, its language, and the version of the chunker."""
    return digest + hashlib.blake2b(f"{language}\0{version}".encode(), digest_size=8).digest()


def vector_keys(model: str, digests: Iterable[bytes]) -> list[bytes]:
    """Name the vectors that `model` gives for the texts with these digests."""
    prefix = hashlib.blake2b(model.encode(), digest_size=8).digest()
    return [prefix + digest for digest in digests]


class VaultView:
    """The reading side. A vault that is missing or damaged is an empty one."""

    def __init__(self, path: Path) -> None:
        self._db: sqlite3.Connection | None = None
        self._path = path
        self._told = False

    def chunking(self, key: bytes) -> Chunking | None:
        """The chunking under `key`, or None."""
        found = self._get("chunkings", "columns", [key])
        if key not in found:
            return None
        try:
            return msgspec.msgpack.decode(found[key], type=Chunking)
        except msgspec.MsgspecError:
            return None

    def vectors(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The rows found under `keys`: int8 values, then a float32 scale."""
        return self._get("vectors", "row", keys)

    def damage(self) -> str | None:
        """What is wrong with the file, by a look at its structure; None where nothing is."""
        db = self._open()
        if db is None:
            return "it cannot be opened"
        try:
            found = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.Error as problem:
            return str(problem)
        return None if found == "ok" else found.splitlines()[0]

    def _get(self, table: str, column: str, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        db = self._open()
        if db is None:
            return {}
        found: dict[bytes, bytes] = {}
        try:
            for at in range(0, len(keys), 500):
                part = keys[at : at + 500]
                marks = ",".join("?" * len(part))
                rows = db.execute(f"SELECT key, {column} FROM {table} WHERE key IN ({marks})", part)
                found.update((key, row[:-_SUM_BYTES]) for key, row in rows if self._is_whole(key, row))
        except sqlite3.Error:
            self.close()
        return found

    def _is_whole(self, key: bytes, row: bytes) -> bool:
        whole = _is_whole(key, row)
        if not whole and not self._told:
            self._told = True
            log.warning("The vault %s is damaged in places: what was kept there is computed again.", self._path)
        return whole

    def _open(self) -> sqlite3.Connection | None:
        # Opened late and again after an error: the indexer may create or replace the file at any time.
        if self._db is None:
            with contextlib.suppress(sqlite3.Error):
                uri = f"{self._path.absolute().as_uri()}?mode=ro"
                self._db = sqlite3.connect(uri, uri=True, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        return self._db

    def close(self) -> None:
        """Let go of the file; the next read opens it again."""
        if self._db is not None:
            self._db.close()
            self._db = None


class Vault:
    """The writing side, in the indexer. It never raises: what it cannot keep is computed again another time."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        """Open, create, or replace a damaged vault; one that is locked or cannot be written is done without."""
        self._path = path
        self._now = now
        self._left = 0
        self._stands_in = False
        self._db = self._opened()

    def view(self) -> VaultView:
        """A reader of what was kept, to be closed."""
        return VaultView(self._path)

    def _today(self) -> int:
        return int(self._now() // _DAY_S)

    def _opened(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            db = self._open()
            self._stands_in = False
            return db
        except (OSError, sqlite3.OperationalError) as problem:
            # Not damaged, and perhaps in use: what it holds is left alone.
            if not self._stands_in:
                log.warning("The vault %s cannot be used: %s", self._path, problem)
            self._stands_in = True
            return _prepared(sqlite3.connect(":memory:", isolation_level=None))
        except sqlite3.DatabaseError as problem:
            return self._replaced(problem)

    def _replaced(self, problem: sqlite3.DatabaseError) -> sqlite3.Connection:
        log.warning("The vault %s is damaged, an empty one takes its place: %s", self._path, problem)
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        return self._open()

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None)
        try:
            db.execute("PRAGMA auto_vacuum=INCREMENTAL")  # Before all else: it is decided with the first page.
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute("PRAGMA journal_size_limit=16000000")
            return _prepared(db)
        except sqlite3.Error:
            db.close()
            raise

    def put(
        self,
        chunkings: Iterable[tuple[bytes, bytes]],
        vectors: Iterable[tuple[bytes, bytes]],
        used: tuple[Sequence[bytes], Sequence[bytes]] = ((), ()),
    ) -> None:
        """Keep encoded chunkings and vector rows by their keys, if that can be. `used` are keys, of chunkings and of
        vectors, that were found and taken up."""
        if self._stands_in:
            # What it holds nobody reads, and the disk may have room again.
            self._db.close()
            self._db = self._opened()
        try:
            self._put(chunkings, vectors, used)
        except sqlite3.OperationalError as problem:
            log.warning("The vault %s does not take what was computed: %s", self._path, problem)
        except sqlite3.DatabaseError as problem:
            self._db.close()
            self._db = self._replaced(problem)

    def _put(
        self,
        chunkings: Iterable[tuple[bytes, bytes]],
        vectors: Iterable[tuple[bytes, bytes]],
        used: tuple[Sequence[bytes], Sequence[bytes]],
    ) -> None:
        today = self._today()
        with self._transaction():
            for table, rows, keys in zip(_TABLES, (chunkings, vectors), used, strict=True):
                column = _TABLES[table]
                # What is kept first is kept, unless it is damaged.
                self._db.executemany(
                    f"INSERT INTO {table} VALUES (?1, ?2, {today})"
                    f" ON CONFLICT DO UPDATE SET {column} = ?2 WHERE NOT is_whole(key, {column})",
                    ((key, _sealed(key, row)) for key, row in rows),
                )
                # A row is written once a day at most, however often it is used.
                self._db.executemany(f"UPDATE {table} SET day = {today} WHERE key = ? AND day <> {today}", zip(keys))

    def collect(self, budget: int, in_use: Callable[[], Iterable[tuple[str, bytes]]]) -> Collected | None:
        """Where more than `budget` bytes are kept, drop what was unused for the longest, a day's worth at a time, until a
        good deal less is; None where nothing was to do. `in_use` gives (table, key) of what some index holds: it stays."""
        try:
            before = self._held()
            if before <= max(budget, self._left * _GROWN):
                return None
            found = self._collected(before, int(budget * _LEFT), in_use)
            self._left = found.after
            return found
        except sqlite3.Error as problem:
            log.warning("The vault %s could not be made smaller: %s", self._path, problem)
            return None

    def _collected(self, before: int, wanted: int, in_use: Callable[[], Iterable[tuple[str, bytes]]]) -> Collected:
        self._db.execute("CREATE TEMP TABLE IF NOT EXISTS in_use (of TEXT, key BLOB, PRIMARY KEY (of, key)) WITHOUT ROWID")
        self._db.execute("DELETE FROM temp.in_use")
        self._db.executemany("INSERT OR IGNORE INTO temp.in_use VALUES (?, ?)", in_use())
        dropped = 0
        for (day,) in self._db.execute("SELECT day FROM chunkings UNION SELECT day FROM vectors ORDER BY day").fetchall():
            for table in _TABLES:
                used = f"SELECT 1 FROM temp.in_use AS used WHERE of = ? AND used.key = {table}.key"
                sql = f"DELETE FROM {table} WHERE day = ? AND NOT EXISTS ({used})"
                with self._transaction():
                    dropped += self._db.execute(sql, (day, table)).rowcount
            if self._held() <= wanted:
                break
        self._db.execute("DELETE FROM temp.in_use")
        self._db.executescript("PRAGMA incremental_vacuum;")  # `execute` would take one step of it: one page.
        return Collected(before, self._held(), dropped)

    def _held(self) -> int:
        """Bytes in use, of the file's."""
        pages, free, size = (
            int(self._db.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _sealed(key: bytes, row: bytes) -> bytes:
    """The row with its checksum, which is of the key too."""
    return row + zlib.crc32(row, zlib.crc32(key)).to_bytes(_SUM_BYTES, "little")


def _is_whole(key: bytes, row: bytes) -> bool:
    return row == _sealed(key, row[:-_SUM_BYTES])


def _prepared(db: sqlite3.Connection) -> sqlite3.Connection:
    if db.execute("PRAGMA user_version").fetchone()[0] not in (0, VAULT_FORMAT):
        db.executescript("".join(f"DROP TABLE IF EXISTS {table};" for table in _TABLES))
    db.execute(f"PRAGMA user_version = {VAULT_FORMAT}")
    db.executescript(_SCHEMA)
    db.create_function("is_whole", 2, _is_whole, deterministic=True)
    return db
