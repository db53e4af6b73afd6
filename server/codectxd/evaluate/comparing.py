"""Benchmarks that compare ways of doing the same: the modes of a build, and bulk loading against one file at a time.

Run when asked for by name: they take long, and promise nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from codectxd.chunk.chunker import CHUNKER_VERSION
from codectxd.chunk.languages import language_of
from codectxd.embed.model import embedded
from codectxd.embed.onnx import OnnxEmbedder
from codectxd.engine.prepare import Preparer, digest_of
from codectxd.evaluate import corpus
from codectxd.evaluate.laboratory import Laboratory
from codectxd.evaluate.report import Row, quantile
from codectxd.index.schema import Parcel
from codectxd.index.store import Store
from codectxd.index.vault import Vault
from codectxd.index.writer import Group, Writer
from codectxd.types import Source, Stamp
from codectxd.wire import messages

_MODES = ("sequential", "parallel", "pipeline")
_BUILDS = 3
_ONE_BY_ONE = 300
"""So many files are written one at a time: enough for a mean, and a minute less to wait for."""
_GROUP = 500


def modes(laboratory: Laboratory) -> list[Row]:
    """`codectxd index` in each mode, in turn, from nothing; the daemon's start counted."""
    root = laboratory.copy()
    times: dict[str, list[float]] = {mode: [] for mode in _MODES}
    built: dict[str, messages.BuildStatus] = {}
    for _ in range(_BUILDS):
        for mode in _MODES:
            home = laboratory.home()
            began = time.perf_counter()
            printed = home.command("index", str(root), "--mode", mode, "--json")
            times[mode].append(time.perf_counter() - began)
            home.stop()
            found = msgspec.json.decode(printed, type=messages.ReindexAnswer).workspaces[0].build
            assert found is not None
            built[mode] = found
    return [_mode_row(mode, times[mode], built[mode]) for mode in _MODES]


def _mode_row(mode: str, times: list[float], build: messages.BuildStatus) -> Row:
    details = {"workers": build.workers, "cpu": build.cpu_s, "peak MB": build.peak_bytes / 1e6, "overlap": build.overlap}
    return Row(f"mode.{mode}", f"full index, {mode}", quantile(times, 0.5), "s", None, details)


def bulk(laboratory: Laboratory) -> list[Row]:
    """The write protocol over groups of files against one file at a time: seconds for 1,000 chunks, into new indexes."""
    parcels = _prepared(laboratory.copy(), laboratory.folder)
    few = parcels[:_ONE_BY_ONE]
    single = _written(laboratory.folder / "single", [[parcel] for parcel in few])
    groups = [parcels[at : at + _GROUP] for at in range(0, len(parcels), _GROUP)]
    bulk = _written(laboratory.folder / "bulk", groups)
    one, many = single / _thousands(few), bulk / _thousands(parcels)
    details = {"bulk s": many, "one by one s": one, "chunks": 1000 * _thousands(parcels), "one by one": len(few)}
    return [Row("bulk", "bulk loading, against one file at a time", many / one, "x", None, details)]


def _prepared(root: Path, folder: Path) -> list[Parcel]:
    spec = embedded()
    preparer = Preparer(folder / "no-vault.db", lambda: OnnxEmbedder(spec), (spec.id, spec.dimension))
    found = []
    for path in corpus.sources(root, at_most=500_000):
        text, name = path.read_bytes(), str(path.relative_to(root))
        stamp = Stamp(1, len(text), 1)
        source = Source(name, text, digest_of(text), stamp, language_of(name, text), "source")
        found.append(preparer.prepare(source, stamp, for_overlay=False))
    return found


def _written(folder: Path, groups: Sequence[Sequence[Parcel]]) -> float:
    """Seconds that a new index takes for `groups`."""
    spec = embedded()
    vault = Vault(folder / "vault.db")
    store = Store(folder / "index", "/tree", spec.id, spec.dimension)
    writer = Writer(store, vault, CHUNKER_VERSION)
    began = time.perf_counter()
    for group in groups:
        writer.apply(Group(group))
    took = time.perf_counter() - began
    store.close()
    vault.close()
    return took


def _thousands(parcels: Sequence[Parcel]) -> float:
    return sum(parcel.chunking.size for parcel in parcels) / 1000
