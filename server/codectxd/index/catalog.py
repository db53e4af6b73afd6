"""The catalogue: which documents a tree holds, their chunks and their symbols. The one truth of a workspace.

SQLite in WAL mode, one file per workspace. `Catalog` writes and lives in the indexer alone; `CatalogView` reads, from any
process and thread. A change becomes part of the world by the commit of `Catalog.flip`, and by nothing else (invariant I3);
`synchronous=FULL` keeps that commit from being overtaken by what follows it. The file itself changes only where the log is
folded into it, and is sealed (`seal`) between. Knows nothing of postings or vectors.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from codectxd.errors import IndexUnavailable
from codectxd.index import seal
from codectxd.index.schema import ORDINAL_BITS, WORKING_TREE, Parcel, key_of, split_digests
from codectxd.types import Role, Skipped, Stamp, Symbol

_T = TypeVar("_T")

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_LOG_BYTES = 4_000_000
"""How long the write-ahead log grows before it is folded into the file."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS trees (tree INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS documents (
    doc INTEGER PRIMARY KEY, path TEXT NOT NULL, digest BLOB NOT NULL, language TEXT NOT NULL, role TEXT NOT NULL,
    lines INTEGER NOT NULL, chunks INTEGER NOT NULL, ascii INTEGER NOT NULL, model TEXT, path_row BLOB, path_scale REAL,
    said BLOB);
CREATE INDEX IF NOT EXISTS documents_by_path ON documents (path);
CREATE TABLE IF NOT EXISTS files (
    tree INTEGER NOT NULL, path TEXT NOT NULL, doc INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, size INTEGER NOT NULL, inode INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL, seen_ns INTEGER NOT NULL,
    PRIMARY KEY (tree, path)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_by_doc ON files (doc);
CREATE TABLE IF NOT EXISTS skipped (
    tree INTEGER NOT NULL, path TEXT NOT NULL, reason TEXT NOT NULL, mtime_ns INTEGER, size INTEGER, inode INTEGER,
    ctime_ns INTEGER,
    PRIMARY KEY (tree, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chunks (
    key INTEGER PRIMARY KEY, start_line INTEGER NOT NULL, end_line INTEGER NOT NULL, start_byte INTEGER NOT NULL,
    end_byte INTEGER NOT NULL, symbol TEXT NOT NULL, kind TEXT NOT NULL, digest BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS symbols (
    symbol INTEGER PRIMARY KEY, folded TEXT NOT NULL, doc INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
    container TEXT NOT NULL, line INTEGER NOT NULL, start_column INTEGER NOT NULL, end_column INTEGER NOT NULL,
    end_line INTEGER NOT NULL, chunk INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS symbols_by_name ON symbols (folded, doc);
CREATE INDEX IF NOT EXISTS symbols_by_doc ON symbols (doc);
"""

_SYMBOL_COLUMNS = "s.name, s.kind, s.container, s.line, s.start_column, s.end_column, s.end_line, s.chunk"


class FileRecord(msgspec.Struct, frozen=True, gc=False):
    """A file of a tree, with what is known of its document.

    `seen_ns` is the clock when its stamp was taken.
    """

    path: str
    doc: int
    digest: bytes
    language: str
    role: Role
    chunks: int
    ascii: bool
    model: str | None
    stamp: Stamp
    seen_ns: int

    @property
    def stem(self) -> str:
        """The file's name as `plain_stem` has it."""
        return plain_stem(self.path)


class PathRows(msgspec.Struct, frozen=True):
    """The vectors of files' paths as columns: each document, its int8 row, end to end, and the row's scale."""

    docs: list[int]
    rows: bytes
    scales: list[float]


class ChunkRecord(msgspec.Struct, frozen=True):
    """One chunk's row; `digest` is of its text."""

    key: int
    start_line: int
    end_line: int
    start_byte: int
    end_byte: int
    symbol: str
    kind: str
    digest: bytes


class SymbolRecord(msgspec.Struct, frozen=True):
    """A definition and the path it stands in."""

    path: str
    doc: int
    symbol: Symbol


class Content(msgspec.Struct, frozen=True):
    """What a document was made of: its text, and the string that was embedded for each chunk, by their digests."""

    doc: int
    path: str
    digest: bytes
    language: str
    model: str | None
    embedded: Sequence[bytes]


class DocumentVectors(msgspec.Struct, frozen=True):
    """A document has vectors of `model` now; the path's own row and scale."""

    doc: int
    model: str
    path_row: bytes
    path_scale: float


class Change(msgspec.Struct, frozen=True):
    """One flip: documents to make part of the working tree, and what leaves it.

    `parcels` are new documents under their reserved ids, `readopted` ones that the catalogue still has.
    `vectors` are those of documents that the catalogue has; with `model`, no document keeps those of another one.
    `stamps` renews the stamp of files whose text is unchanged. `forget` removes a path whatever it was, `skipped` names
    why a path is not indexed (and removes it from the tree). `clear_skips` are paths no longer worth naming.
    """

    parcels: Sequence[tuple[int, Parcel]]
    readopted: Sequence[tuple[int, Parcel]] = ()
    forget: Sequence[str] = ()
    skipped: Sequence[Skipped] = ()
    clear_skips: Sequence[str] = ()
    stamps: Sequence[tuple[str, Stamp]] = ()
    seen_ns: int = 0
    meta: Sequence[tuple[str, object]] = ()
    vectors: Sequence[DocumentVectors] = ()
    model: str | None = None


class CatalogDamaged(IndexUnavailable):
    """The file is no catalogue any more; another error (a full disk, say) leaves it what it was."""


@contextlib.contextmanager
def _spoken(path: Path) -> Iterator[None]:
    """SQLite's errors, and the disk's, as ours. Raises CatalogDamaged, IndexUnavailable."""
    try:
        yield
    except OSError as problem:
        raise IndexUnavailable(f"The catalogue {path} cannot be written: {problem.strerror}.") from problem
    except sqlite3.Error as problem:
        code = getattr(problem, "sqlite_errorcode", None)
        kind = CatalogDamaged if code is not None and code & 0xFF in _DAMAGE else IndexUnavailable
        raise kind(f"The catalogue {path} cannot be used: {problem}.{_advice(path)}") from problem


def _advice(path: Path) -> str:
    """What SQLite's words for a disk that takes nothing leave out."""
    try:
        found = os.statvfs(path.parent)
    except (OSError, AttributeError):
        return ""
    if found.f_flag & os.ST_RDONLY:
        return " The disk is read-only: make it writable, and indexing goes on by itself."
    return " The disk is full: make room, and indexing goes on by itself." if found.f_bavail == 0 else ""


class Catalog:
    """The writing side. One instance per workspace, in the indexer, under the workspace's lock."""

    def __init__(self, path: Path) -> None:
        """Open or create. Raises CatalogDamaged, and IndexUnavailable as every method here where the disk refuses."""
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        with _spoken(path):
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
            self.view = CatalogView(path)
        except BaseException:
            # At once: a connection that is closed last removes the log by its name, whoever's that is by then.
            self._db.close()
            raise

    def _prepare(self) -> None:
        with _spoken(self._path):
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA wal_autocheckpoint=0")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA cache_size=-16000")
            self._db.execute("PRAGMA journal_size_limit=16000000")
            # All tables or none: somebody may be reading.
            self._db.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}COMMIT;")
        with self._transaction():
            self._db.execute("INSERT OR IGNORE INTO trees VALUES (?, 'working tree')", (WORKING_TREE,))
            self._db.execute("INSERT OR IGNORE INTO meta VALUES ('incarnation', ?)", (secrets.token_hex(8),))
            self._db.execute("INSERT OR IGNORE INTO meta VALUES ('generation', 0)")
            self._db.execute("INSERT OR IGNORE INTO meta VALUES ('next_doc', 1)")

    def close(self) -> None:
        """Close both connections; what was committed stays."""
        self.view.close()
        with contextlib.suppress(IndexUnavailable):
            self._fold("TRUNCATE")
        self._db.close()

    def check(self) -> None:
        """Look at how the file's parts fit together. Raises CatalogDamaged."""
        with _spoken(self._path):
            _check_parts(self._db, self._path)

    def reserve_docs(self, count: int) -> int:
        """The first of `count` document ids that no one was ever given, not even by a run that died before its flip."""
        with self._transaction():
            first = int(self.view.read_meta(self._db, "next_doc", 1))
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('next_doc', ?)", (first + count,))
        return first

    def set_meta(self, name: str, value: object) -> None:
        """Record one fact, durably."""
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def flip(self, change: Change) -> int:
        """Make `change` the world, all of it or nothing, and return the new generation."""
        with self._transaction():
            for doc, parcel in change.parcels:
                self._put_document(doc, parcel)
                self._put_file(parcel, doc, change.seen_ns)
            for doc, parcel in change.readopted:
                self._put_file(parcel, doc, change.seen_ns)
            gone = [(WORKING_TREE, path) for path in (*change.forget, *(s.path for s in change.skipped))]
            self._db.executemany("DELETE FROM files WHERE tree = ? AND path = ?", gone)
            cleared = [(WORKING_TREE, p) for p in (*change.forget, *change.clear_skips)]
            self._db.executemany("DELETE FROM skipped WHERE tree = ? AND path = ?", cleared)
            self._db.executemany(
                "INSERT OR REPLACE INTO skipped VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(WORKING_TREE, s.path, s.reason, *_columns(s.stamp)) for s in change.skipped],
            )
            self._db.executemany(
                "UPDATE files SET mtime_ns = ?, size = ?, inode = ?, ctime_ns = ?, seen_ns = ? WHERE tree = ? AND path = ?",
                [(*_columns(s), change.seen_ns, WORKING_TREE, path) for path, s in change.stamps],
            )
            if change.model is not None:
                self._db.execute("UPDATE documents SET model = NULL WHERE model <> ?", (change.model,))
            self._db.executemany(
                "UPDATE documents SET model = ?, path_row = ?, path_scale = ? WHERE doc = ?",
                [(one.model, one.path_row, one.path_scale, one.doc) for one in change.vectors],
            )
            generation = int(self.view.read_meta(self._db, "generation", 0)) + 1
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", [("generation", generation), *change.meta])
        if self._log_bytes() > _LOG_BYTES:
            self._fold("PASSIVE")
        return generation

    def _put_document(self, doc: int, parcel: Parcel) -> None:
        row = scale = None
        if parcel.vectors is not None:
            row = parcel.vectors.rows[-parcel.vectors.dimension :]
            scale = memoryview(parcel.vectors.scales)[-4:].cast("f")[0]
        columns = parcel.chunking
        self._db.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                doc, parcel.path, parcel.digest, parcel.language, parcel.role, columns.lines, columns.size, columns.ascii,
                parcel.vectors.model if parcel.vectors else None, row, scale, parcel.said or None,
            ),
        )  # fmt: skip
        self._db.executemany(
            "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (key_of(doc, at), c.start_line, c.end_line, c.start_byte, c.end_byte, c.symbol, c.kind, digest)
                for at, (c, digest) in enumerate(zip(columns.chunks(), columns.chunk_digests(), strict=True))
            ],
        )
        self._db.executemany(
            "INSERT INTO symbols VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (fold(s.name), doc, s.name, s.kind, s.container, s.line, s.column, s.end_column, s.end_line, s.chunk)
                for s in columns.definitions()
            ],
        )

    def _put_file(self, parcel: Parcel, doc: int, seen_ns: int) -> None:
        stamp = parcel.stamp or Stamp(0, -1, 0)
        self._db.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (WORKING_TREE, parcel.path, doc, *_columns(stamp), seen_ns),
        )
        self._db.execute("DELETE FROM skipped WHERE tree = ? AND path = ?", (WORKING_TREE, parcel.path))

    def unused_docs(self) -> list[int]:
        """Documents that no tree holds any more."""
        sql = "SELECT doc FROM documents WHERE NOT EXISTS (SELECT 1 FROM files WHERE files.doc = documents.doc)"
        with _spoken(self._path):
            return [doc for (doc,) in self._db.execute(sql)]

    def drop_docs(self, docs: Sequence[int]) -> None:
        """Remove documents with their chunks and symbols; the caller has seen to it that no tree holds them."""
        with self._transaction():
            self._db.executemany(
                "DELETE FROM chunks WHERE key >= ? AND key < ?", [(key_of(d, 0), key_of(d + 1, 0)) for d in docs]
            )
            for table in ("symbols", "documents"):
                self._db.executemany(f"DELETE FROM {table} WHERE doc = ?", [(d,) for d in docs])

    def evict_docs(self, docs: Iterable[int]) -> None:
        """Take documents out of every tree, so that the next reconciliation reads their files again."""
        with self._transaction():
            self._db.executemany("DELETE FROM files WHERE doc = ?", [(d,) for d in docs])
            self._db.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")

    def forget_vectors(self, docs: Iterable[int] | None) -> None:
        """Note that documents (None: all) have no vectors, so that the next reconciliation makes them."""
        with self._transaction():
            if docs is None:
                self._db.execute("UPDATE documents SET model = NULL")
            else:
                self._db.executemany("UPDATE documents SET model = NULL WHERE doc = ?", [(d,) for d in docs])

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file, as far as readers allow, where that is worth it; and seal it."""
        if self._log_bytes() > _LOG_BYTES or not seal.is_set(self._path):
            self._fold("TRUNCATE")

    def _log_bytes(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:
            return 0

    def _fold(self, kind: str) -> None:
        """`TRUNCATE` empties the log, so that nothing in it can ever be laid over what the file holds by then, and seals."""
        with _spoken(self._path):
            seal.take(self._path)
            busy, _, _ = self._db.execute(f"PRAGMA wal_checkpoint({kind})").fetchone()
            if kind == "TRUNCATE" and not busy:
                seal.put(self._path)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with _spoken(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                # SQLite may have rolled back by itself, on a full disk for one.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


class CatalogClock:
    """Tells, at next to no cost, whether anybody committed to the catalogue since one last asked. One thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity: tuple[int, int] | None = None
        self._db: sqlite3.Connection | None = None
        self._seen: object = None

    def moved(self) -> bool:
        """Whether the catalogue changed, came or went since the last call; before the first one there was none."""
        identity = _identity(self._path)
        if self._db is None or identity != self._identity:
            self._open(identity)
        seen = (identity, self._version())
        moved, self._seen = seen != self._seen, seen
        return moved

    def close(self) -> None:
        """Let go of the file; the next call opens it again."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _open(self, identity: tuple[int, int] | None) -> None:
        self.close()
        self._identity = identity
        if identity is not None:
            with contextlib.suppress(sqlite3.Error):
                uri = f"{self._path.absolute().as_uri()}?mode=ro"
                self._db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)

    def _version(self) -> int | None:
        """A number of this connection's own that changes with every commit of another one."""
        if self._db is None:
            return None
        try:
            return int(self._db.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            self.close()
            return None


class CatalogView:
    """The reading side; thread-safe. Each call sees one committed state, later calls perhaps a later one."""

    def __init__(self, path: Path) -> None:
        """Raises IndexUnavailable, as every method here, where there is no readable catalogue."""
        self._path = path
        self._uri = f"{path.absolute().as_uri()}?mode=ro"
        self._frozen = False
        self._identity = _identity(path)
        self._idle: list[sqlite3.Connection] = []
        self._idle.append(self._connect())

    def is_current(self) -> bool:
        """Whether the file is still the one that was opened, and not erased or replaced, and its changes are seen."""
        return not self._frozen and self._is_there()

    def _is_there(self) -> bool:
        return self._identity is not None and _identity(self._path) == self._identity

    def close(self) -> None:
        """Close the idle connections; one that is in use closes when it is given back to nobody."""
        while self._idle:
            self._idle.pop().close()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        # list.pop and list.append are atomic: a pool of as many connections as ever read at once.
        try:
            db = self._idle.pop()
        except IndexError:
            db = self._connect()
        try:
            with _spoken(self._path):
                yield db
        finally:
            self._idle.append(db)

    def _connect(self) -> sqlite3.Connection:
        with _spoken(self._path):
            try:
                db = _reading(self._uri)
            except sqlite3.OperationalError:
                # To read beside a writer takes a file in the folder, which a full or read-only disk does not give. What was
                # folded into the catalogue can be read without, as it was then.
                if not seal.holds(self._path):
                    raise
                db, self._frozen = _reading(f"{self._uri}&immutable=1"), True
        if not self._is_there():
            db.close()
            raise IndexUnavailable(f"The catalogue {self._path} was erased or replaced.")
        return db

    def check(self) -> None:
        """Look at every byte, or where there is no seal, at how the parts fit together. Raises CatalogDamaged."""
        if not check_seal(self._path):
            with self._connection() as db:
                _check_parts(db, self._path)

    @staticmethod
    def read_meta(db: sqlite3.Connection, name: str, default: Any) -> Any:
        row = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return default if row is None else row[0]

    def meta(self) -> dict[str, Any]:
        """Every recorded fact by name."""
        with self._connection() as db:
            return dict(db.execute("SELECT name, value FROM meta"))

    def files(self) -> list[FileRecord]:
        """Every file of the working tree."""
        with self._connection() as db:
            return _file_records(db.execute(_FILES_SQL, (WORKING_TREE,)))

    def stamps(self) -> Iterator[tuple[str, bytes, Stamp, int, str | None]]:
        """Path, digest, stamp, the clock when it was taken, and model of every file of the working tree."""
        sql = (
            "SELECT files.path, digest, mtime_ns, size, inode, ctime_ns, seen_ns, model"
            " FROM files JOIN documents USING (doc) WHERE tree = ?"
        )
        with self._connection() as db:
            for path, digest, mtime_ns, bytes_, inode, ctime_ns, seen_ns, model in db.execute(sql, (WORKING_TREE,)):
                yield path, digest, Stamp(mtime_ns, bytes_, inode, ctime_ns), seen_ns, model

    def members(self) -> dict[str, tuple[int, str | None]]:
        """Document and model of every file of the working tree, by path."""
        sql = "SELECT files.path, doc, model FROM files JOIN documents USING (doc) WHERE tree = ?"
        with self._connection() as db:
            return {path: (doc, model) for path, doc, model in db.execute(sql, (WORKING_TREE,))}

    def files_at(self, paths: Sequence[str], model: str | None) -> tuple[list[FileRecord], PathRows]:
        """The files of the working tree among `paths`, and their paths' vectors of `model`, of one and the same state."""
        found: list[FileRecord] = []
        rows = PathRows([], b"", [])
        with self._connection() as db, _one_state(db):
            for part in _parts(list(paths)):
                wanted = f" AND files.path IN ({_marks(part)})"
                found += _file_records(db.execute(_FILES_SQL + wanted, (WORKING_TREE, *part)))
                more = _path_rows(db.execute(_PATHS_SQL + wanted, (WORKING_TREE, model, *part)))
                rows = PathRows(rows.docs + more.docs, rows.rows + more.rows, rows.scales + more.scales)
        return found, rows

    def snapshot(
        self, model_of: Callable[[dict[str, Any]], str | None]
    ) -> tuple[dict[str, Any], list[FileRecord], PathRows]:
        """The recorded facts, every file, and the vectors of their paths by the model of those facts, of one state."""
        with self._connection() as db, _one_state(db):
            meta = dict(db.execute("SELECT name, value FROM meta"))
            rows = _path_rows(db.execute(_PATHS_SQL, (WORKING_TREE, model_of(meta))))
            return meta, _file_records(db.execute(_FILES_SQL, (WORKING_TREE,))), rows

    def skipped(self) -> list[Skipped]:
        """Every file that is not indexed, with the reason."""
        with self._connection() as db:
            rows = db.execute(
                "SELECT path, reason, mtime_ns, size, inode, ctime_ns FROM skipped WHERE tree = ?", (WORKING_TREE,)
            )
            return [Skipped(path, reason, None if at is None else Stamp(at, *rest)) for path, reason, at, *rest in rows]

    def document_like(self, parcel: Parcel) -> int | None:
        """The document that is this very parcel, whether a tree holds it or not; None where there is none. One that has
        vectors is as good for a parcel that has none."""
        sql = (
            "SELECT doc FROM documents WHERE path = ?1 AND digest = ?2 AND language = ?3 AND role = ?4"
            " AND (model IS ?5 OR ?5 IS NULL) ORDER BY model IS NULL LIMIT 1"
        )
        model = parcel.vectors.model if parcel.vectors else None
        with self._connection() as db:
            row = db.execute(sql, (parcel.path, parcel.digest, parcel.language, parcel.role, model)).fetchone()
        return None if row is None else int(row[0])

    def documents(self) -> list[tuple[int, int, str | None]]:
        """(document, chunks, model) of every document, in any tree or none."""
        with self._connection() as db:
            return list(db.execute("SELECT doc, chunks, model FROM documents"))

    def contents(self, *, without: str | None = None, paths: Collection[str] | None = None) -> Iterator[Content]:
        """What the working tree's documents were made of, one by one, in the order of their ids; only those that have no
        vectors of the model `without`, where one is given, and only those of `paths`."""
        sql = (
            "SELECT doc, path, digest, language, model, said FROM documents WHERE doc IN (SELECT doc FROM files)"
            " AND (?1 IS NULL OR model IS NOT ?1) ORDER BY doc"
        )
        with self._connection() as db:
            for doc, path, digest, language, model, said in db.execute(sql, (without,)).fetchall():
                if paths is not None and path not in paths:
                    continue
                chunks = "SELECT digest FROM chunks WHERE key >= ? AND key < ? ORDER BY key"
                found = [row[0] for row in db.execute(chunks, (key_of(doc, 0), key_of(doc + 1, 0)))]
                yield Content(doc, path, digest, language, model, split_digests(said) if said else found)

    def chunks(self, keys: Sequence[int]) -> list[ChunkRecord]:
        """The chunks among `keys` whose document is in the working tree now (invariant I1)."""
        found: list[ChunkRecord] = []
        with self._connection() as db:
            for part in _parts([int(key) for key in keys]):
                sql = (
                    "SELECT key, start_line, end_line, start_byte, end_byte, symbol, kind, digest FROM chunks"
                    f" WHERE key IN ({_marks(part)})"
                    f" AND EXISTS (SELECT 1 FROM files WHERE files.doc = chunks.key >> {ORDINAL_BITS} AND tree = ?)"
                )
                found += [ChunkRecord(*row) for row in db.execute(sql, (*part, WORKING_TREE))]
        return found

    def chunks_of(self, doc: int) -> list[ChunkRecord]:
        """Every chunk of a document, in order."""
        with self._connection() as db:
            sql = "SELECT * FROM chunks WHERE key >= ? AND key < ? ORDER BY key"
            return [ChunkRecord(*row) for row in db.execute(sql, (key_of(doc, 0), key_of(doc + 1, 0)))]

    def definitions(self, names: Sequence[str]) -> list[SymbolRecord]:
        """Definitions in the working tree whose folded name is one of `names`, already folded."""
        sql = f"{_SYMBOLS_SQL} AND s.folded IN ({_marks(names)})"
        return self._symbols(sql, (WORKING_TREE, *names))

    def names_from(self, prefix: str, limit: int) -> list[SymbolRecord]:
        """Definitions whose folded name begins with `prefix`, code and shortest first; with an empty one, as they come."""
        if not prefix:
            return self._symbols(f"{_SYMBOLS_SQL} ORDER BY s.folded, s.doc LIMIT ?", (WORKING_TREE, limit))
        return self._named("folded >= ? AND folded < ?", (prefix, prefix + "\U0010ffff"), "1", (), limit)

    def names_like(self, pattern: str, first: str, limit: int) -> list[SymbolRecord]:
        """Definitions whose folded name matches the LIKE `pattern` (escaped by a backslash): those that match `first` too
        before others, code and the shortest first."""
        like = "folded LIKE ? ESCAPE '\\'"
        return self._named(like, (pattern,), f"NOT {like}", (first,), limit)

    def _named(
        self, wanted: str, values: Sequence[str], order: str, order_values: Sequence[str], limit: int
    ) -> list[SymbolRecord]:
        # Names are chosen by their index alone, before any row is looked at; the factor is for names of documents that
        # no tree holds any more.
        sql = (
            f"SELECT f.path, f.doc, {_SYMBOL_COLUMNS} FROM ("
            f" SELECT folded, {order} AS tier FROM (SELECT DISTINCT folded FROM symbols WHERE {wanted})"
            " ORDER BY tier, length(folded), folded LIMIT ?) n"
            " CROSS JOIN symbols s ON s.folded = n.folded JOIN files f ON f.doc = s.doc AND f.tree = ?"
            f" ORDER BY n.tier, s.kind IN ({_marks(ASIDE_KINDS)}), length(s.folded), s.folded, f.path, s.line LIMIT ?"
        )
        return self._symbols(sql, (*order_values, *values, 4 * limit, WORKING_TREE, *ASIDE_KINDS, limit))

    def _symbols(self, sql: str, values: Sequence[object]) -> list[SymbolRecord]:
        with self._connection() as db:
            return [SymbolRecord(row[0], row[1], Symbol(*row[2:])) for row in db.execute(sql, values)]


def _reading(uri: str) -> sqlite3.Connection:
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA query_only=1")
        db.execute("SELECT 1 FROM meta").fetchone()
    except BaseException:
        db.close()
        raise
    return db


@contextlib.contextmanager
def _one_state(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("COMMIT")


def check_seal(path: Path) -> bool:
    """Look at the bytes of the catalogue's file; whether its seal says that they are those that were written. Raises
    CatalogDamaged where they are others."""
    holds = seal.holds(path)
    if holds is False:
        raise CatalogDamaged(f"The catalogue {path} is damaged: its bytes are not those that were written.")
    return bool(holds)


def _check_parts(db: sqlite3.Connection, path: Path) -> None:
    found = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise CatalogDamaged(f"The catalogue {path} is damaged: {found.splitlines()[0]}.")


_FILES_SQL = (
    "SELECT files.path, doc, digest, language, role, chunks, ascii, model, mtime_ns, size, inode, ctime_ns, seen_ns"
    " FROM files JOIN documents USING (doc) WHERE tree = ?"
)
_PATHS_SQL = (
    "SELECT doc, path_row, path_scale FROM files JOIN documents USING (doc)"
    " WHERE tree = ? AND model = ? AND path_row IS NOT NULL"
)
_SYMBOLS_SQL = f"SELECT f.path, f.doc, {_SYMBOL_COLUMNS} FROM symbols s JOIN files f ON f.doc = s.doc WHERE f.tree = ?"


ASIDE_KINDS = ("key", "section", "selector", "stage", "target")
"""Kinds of what documentation, configuration and style sheets define: for one and the same match, code comes first."""


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def fold(name: str) -> str:
    """The form in which names are compared."""
    return name.casefold()


def _file_records(found: Iterable[tuple[Any, ...]]) -> list[FileRecord]:
    # There are as many records as files, and only few languages, roles and models.
    same: dict[Any, Any] = {}
    one = same.setdefault
    return [
        FileRecord(
            path, doc, digest, one(language, language), one(role, role), chunks, bool(ascii_), one(model, model),
            Stamp(mtime_ns, size, inode, ctime_ns), seen_ns,
        )
        for path, doc, digest, language, role, chunks, ascii_, model, mtime_ns, size, inode, ctime_ns, seen_ns in found
    ]  # fmt: skip


def _path_rows(found: Iterable[tuple[int, bytes, float | None]]) -> PathRows:
    docs, rows, scales = [], bytearray(), []
    for doc, row, scale in found:
        docs.append(doc)
        rows += row
        scales.append(scale or 0.0)
    return PathRows(docs, bytes(rows), scales)


def _columns(stamp: Stamp | None) -> tuple[int | None, int | None, int | None, int | None]:
    return (None,) * 4 if stamp is None else (stamp.mtime_ns, stamp.size, stamp.inode, stamp.ctime_ns)


def plain_stem(path: str) -> str:
    """The file's name without suffixes, in the form in which `word_stem`, `word-stem` and `WordStem` are the same."""
    return path.rpartition("/")[2].partition(".")[0].casefold().replace("_", "").replace("-", "")


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _parts(values: list[_T], size: int = 500) -> Iterator[list[_T]]:
    for at in range(0, len(values), size):
        yield values[at : at + size]
