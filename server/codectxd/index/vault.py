"""The vault: what is expensive, by content, once per user: chunkings of texts, vectors of what was embedded.

SQLite, shared by every workspace. It holds no truth: a row that is missing is computed again, so its commits need not be
synchronous, and a damaged vault is replaced by an empty one; each row ends with a checksum, and one that is not as it was
written counts as missing. Only the indexer writes (`Vault`); workers read (`VaultView`).
Knows nothing of paths or trees.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from codectxd.index.schema import VAULT_FORMAT, Chunking

log = logging.getLogger(__name__)

_SUM_BYTES = 4

_WAIT_S = 5.0
"""How long somebody else's lock is waited for."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS chunkings (key BLOB PRIMARY KEY, columns BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;
"""


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

    def __init__(self, path: Path) -> None:
        """Open, create, or replace a damaged vault; one that is locked or cannot be written is done without."""
        self._path = path
        self._stands_in = False
        self._db = self._opened()

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
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute("PRAGMA journal_size_limit=16000000")
            return _prepared(db)
        except sqlite3.Error:
            db.close()
            raise

    def put(self, chunkings: Iterable[tuple[bytes, bytes]], vectors: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep encoded chunkings and vector rows by their keys, if that can be."""
        if self._stands_in:
            # What it holds nobody reads, and the disk may have room again.
            self._db.close()
            self._db = self._opened()
        try:
            self._put(chunkings, vectors)
        except sqlite3.OperationalError as problem:
            log.warning("The vault %s does not take what was computed: %s", self._path, problem)
        except sqlite3.DatabaseError as problem:
            self._db.close()
            self._db = self._replaced(problem)

    def _put(self, chunkings: Iterable[tuple[bytes, bytes]], vectors: Iterable[tuple[bytes, bytes]]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for table, column, rows in (("chunkings", "columns", chunkings), ("vectors", "row", vectors)):
                # What is kept first is kept, unless it is damaged.
                self._db.executemany(
                    f"INSERT INTO {table} VALUES (?1, ?2)"
                    f" ON CONFLICT DO UPDATE SET {column} = ?2 WHERE NOT is_whole(key, {column})",
                    ((key, _sealed(key, row)) for key, row in rows),
                )
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
        db.executescript("DROP TABLE IF EXISTS chunkings; DROP TABLE IF EXISTS vectors;")
    db.execute(f"PRAGMA user_version = {VAULT_FORMAT}")
    db.executescript(_SCHEMA)
    db.create_function("is_whole", 2, _is_whole, deterministic=True)
    return db
