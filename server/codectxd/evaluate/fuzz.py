"""`python -m codectxd.evaluate.fuzz FOLDER`: mutated real files through the real daemon, by the thousand.

Every language of which FOLDER holds a file is fuzzed, each with mutations of its own files, some under another language's
name. The files go the whole way, from a folder on disk through indexer and workers into an index. Then it is checked that
daemon and indexer are the processes they were; that every file is either indexed, with chunks that are slices of its text
in order, or skipped for a named reason; and every file on which a worker was ended is kept, and named in the report.

A development tool. Exit status 3 where a process died, a file got lost or a chunk lies.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from codectxd.chunk.languages import OUTLINED, PARSED, language_of
from codectxd.config import WorkspaceConfig
from codectxd.engine.prepare import digest_of
from codectxd.engine.trees import open_tree
from codectxd.engine.workers import REASONS
from codectxd.errors import CodectxError
from codectxd.evaluate import processes
from codectxd.evaluate.laboratory import Home
from codectxd.evaluate.mutate import mutated
from codectxd.evaluate.session import NeverCame, Session
from codectxd.index.catalog import CatalogView, ChunkRecord
from codectxd.types import Skipped

_ROUND = 1_000
_SEEDS_PER_LANGUAGE = 60
_MOST_SEED_BYTES = 60_000
_OTHER_NAME = 0.05
"""The share of files that bear the name of another language."""
_NOTEBOOKS = "jupyter"
"""The language whose chunks leave out what its cells printed."""
_SETTINGS = "file_deadline_s = 5.0\nindexer_idle_s = 600.0\nidle_exit_s = 0\n"


class Ended(msgspec.Struct, frozen=True):
    """A file on which a worker was ended: why, and where it is kept."""

    language: str
    reason: str
    bytes: int
    kept: str


class Report(msgspec.Struct):
    """What was done and found. `skipped` counts files by reason."""

    seed: int
    files: int = 0
    indexed: int = 0
    chunks: int = 0
    seconds: float = 0.0
    languages: dict[str, int] = {}
    skipped: dict[str, int] = {}
    ended: list[Ended] = []
    deaths: list[str] = []
    wrong: list[str] = []

    @property
    def failed(self) -> bool:
        return bool(self.deaths or self.wrong)


def seeds_of(folder: Path) -> dict[str, list[bytes]]:
    """Real texts by suffix: at most a few dozen files of moderate size for each."""
    found: dict[str, list[bytes]] = {}
    for path in sorted(folder.rglob("*")):
        suffix = path.suffix.lstrip(".").lower() or path.name
        texts = found.setdefault(suffix, []) if _is_wanted(path) else None
        if texts is not None and len(texts) < _SEEDS_PER_LANGUAGE:
            texts.append(path.read_bytes())
    return {suffix: texts for suffix, texts in found.items() if texts}


def _is_wanted(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size > _MOST_SEED_BYTES:
        return False
    return language_of(path.name) in {language.name for language in (*PARSED, *OUTLINED)}


class Fuzzer:
    """Rounds of files in workspaces of one daemon."""

    def __init__(self, home: Home, folder: Path, seeds: dict[str, list[bytes]], seed: int, keep: Path) -> None:
        self._home, self._folder, self._seeds, self._keep = home, folder, seeds, keep
        self._chosen = random.Random(seed)
        self._rounds = 0
        self._indexers: set[int] = set()
        self.report = Report(seed)

    def run(self, count: int) -> Report:
        """Fuzz `count` files."""
        began = time.monotonic()
        root = self._folder / "fuzzed"
        root.mkdir()
        with self._home.editor(root) as session:
            daemon = self._home.daemon()
            while self.report.files < count and not self.report.failed:
                self._round(session, root, min(_ROUND, count - self.report.files))
                if self._home.daemon() != daemon or not processes.lives(daemon or 0):
                    self.report.deaths.append(f"the daemon, in round {self._rounds}")
                sys.stderr.write(f"{self.report.files} files, {len(self.report.ended)} workers ended\n")
        self.report.seconds = round(time.monotonic() - began, 1)
        return self.report

    def _round(self, session: Session, root: Path, count: int) -> None:
        self._rounds += 1
        shutil.rmtree(root)
        root.mkdir()
        texts = dict(self._files(count))
        for name, text in texts.items():
            (root / name).write_bytes(text)
        session.reindex()
        self._watch_indexer()
        self._check(root, texts)
        self.report.files += count

    def _files(self, count: int) -> Iterator[tuple[str, bytes]]:
        suffixes = sorted(self._seeds)
        for at in range(count):
            suffix = suffixes[(self.report.files + at) % len(suffixes)]
            text = mutated(self._seeds[suffix], self._chosen)
            if self._chosen.random() < _OTHER_NAME:
                suffix = self._chosen.choice(suffixes)
            self.report.languages[suffix] = self.report.languages.get(suffix, 0) + 1
            # A name without a suffix is a language's own, as Dockerfile is, and keeps its place at the front.
            yield (f"{suffix}.{at}" if suffix[:1].isupper() else f"f{at}.{suffix}"), text

    def _watch_indexer(self) -> None:
        """A second indexer is a first one that died: none leaves for want of work here."""
        family = processes.family(self._home.daemon() or 0)
        self._indexers |= {pid for pid in family if processes.runs(pid, "codectxd.engine.indexer")}
        if len(self._indexers) > 1:
            self.report.deaths.append(f"the indexer, in round {self._rounds}")

    def _check(self, root: Path, texts: dict[str, bytes]) -> None:
        """Every file is in the catalogue, as its own slices, or skipped for a reason."""
        tree = open_tree(str(root), WorkspaceConfig()).tree
        catalog = CatalogView(self._home.layout.workspace(str(root)) / "catalog.db")
        records = {record.path: record for record in catalog.files()}
        skipped = {skip.path: skip.reason for skip in catalog.skipped()}
        for name, text in texts.items():
            if name in skipped:
                self._skipped(name, skipped[name], text)
            elif name not in records:
                self.report.wrong.append(f"{name} is neither indexed nor skipped")
            else:
                source = tree.read(name)
                slices = catalog.chunks_of(records[name].doc)
                self.report.indexed += 1
                self.report.chunks += len(slices)
                if isinstance(source, Skipped) or not _tile(source.text, slices, covering=source.language != _NOTEBOOKS):
                    self._keep_file(name, text)
                    self.report.wrong.append(f"the chunks of {name} are not its text")
        catalog.close()

    def _skipped(self, name: str, reason: str, text: bytes) -> None:
        counts = Counter(self.report.skipped)
        counts[reason] += 1
        self.report.skipped = dict(counts)
        if reason in REASONS:
            kept = self._keep_file(name, text)
            self.report.ended.append(Ended(language_of(name), reason, len(text), str(kept)))

    def _keep_file(self, name: str, text: bytes) -> Path:
        self._keep.mkdir(parents=True, exist_ok=True)
        path = self._keep / f"{self._rounds}-{name}"
        path.write_bytes(text)
        return path


def _tile(text: bytes, chunks: list[ChunkRecord], *, covering: bool) -> bool:
    """Whether the chunks are slices of `text` in order and, if `covering`, nothing but blank lines is between them (I5)."""
    at = 0
    for chunk in chunks:
        start, end, digest = chunk.start_byte, chunk.end_byte, chunk.digest
        if start < at or (covering and text[at:start].strip()) or digest_of(text[start:end]) != digest:
            return False
        at = end
    return not (covering and text[at:].strip())


def main(arguments: list[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m codectxd.evaluate.fuzz", description="Fuzz the way from bytes to chunks."
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="real files of every language that is to be fuzzed")
    parser.add_argument("--files", type=int, default=100_000, help="how many files (default: 100000)")
    parser.add_argument("--seed", type=int, default=1, help="of the random choices (default: 1)")
    parser.add_argument("--keep", type=Path, default=Path("fuzzed"), help="where files are kept that ended a worker")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    seeds = seeds_of(options.folder)
    if not seeds:
        parser.error(f"there is no file of a language with a grammar in {options.folder}")
    report = fuzz(seeds, options.files, options.seed, options.keep)
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(report)).decode() + "\n" if options.json else shown(report))
    return 3 if report.failed else 0


def fuzz(seeds: dict[str, list[bytes]], count: int, seed: int, keep: Path) -> Report:
    """Fuzz `count` mutations of `seeds` (texts by suffix) in a home and a folder that are thrown away."""
    with tempfile.TemporaryDirectory(prefix="cxf-") as name:
        home = Home(Path(name) / "home", _SETTINGS)
        try:
            return Fuzzer(home, Path(name), seeds, seed, keep).run(count)
        except (CodectxError, NeverCame, OSError) as problem:
            return Report(seed, deaths=[f"an answer: {problem}"])
        finally:
            home.kill()


def shown(report: Report) -> str:
    """The report for people."""
    lines = [
        f"{report.files} files in {report.seconds} s: {report.indexed} indexed as {report.chunks} chunks",
        f"by suffix: {', '.join(f'{name} {count}' for name, count in sorted(report.languages.items()))}",
        f"skipped: {', '.join(f'{reason} {count}' for reason, count in sorted(report.skipped.items())) or 'none'}",
        f"workers ended: {len(report.ended)}",
        *(f"  {one.language}: {one.reason}, {one.bytes} bytes, kept as {one.kept}" for one in report.ended),
        *(f"DIED: {death}" for death in report.deaths),
        *(f"WRONG: {problem}" for problem in report.wrong),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
