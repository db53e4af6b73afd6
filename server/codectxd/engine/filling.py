"""One background pass that has texts embedded with a model: what is due, how far it is, how fast. Lives in the indexer.

Only the vault is filled: the files that lack vectors of the model are prepared with it by the same workers as those of
scans, in small portions, behind every scan. What was done outlasts whatever ends the pass. Knows nothing of processes, nor
of flips.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from codectxd.embed.model import ModelSpec
from codectxd.engine.jobs import Filling, Prepared
from codectxd.engine.modes import Choice, Means, beside
from codectxd.index.catalog import Content
from codectxd.index.schema import Parcel
from codectxd.index.vault import VaultView, vector_keys
from codectxd.index.writer import embedded_digests
from codectxd.types import Skipped

_BATCH_TEXTS: Final = 32
"""A portion is a second or a few of a small transformer: a scan that comes need not wait longer for a worker."""
_IN_VAIN: Final = 3
"""So many portions in a row of which nothing came are not the files' fault."""
_SAY_S: Final = 0.25
_LOOKED_UP: Final = 100
_MB: Final = 1_000_000


class Lacking(msgspec.Struct, frozen=True):
    """A file of which the vault lacks so many vectors."""

    path: str
    texts: int


class FillRun:
    """The state of one pass. Filled by `assess`, then used by the indexer's one writing thread."""

    background = True
    within_s: float | None = None
    ticket = 0

    def __init__(self, root: str, spec: ModelSpec, *, active: bool, means: Means) -> None:
        """`active`: the model is the one that answers, and some documents came without its vectors."""
        self.root = root
        self.spec = spec
        self.active = active
        self.source = spec.source
        self.held_bytes = 3 * spec.bytes
        self.choice: Choice = beside(means, self.held_bytes // _MB)
        self.cancelled = self.assessed = False
        self.known: dict[str, bytes] = {}
        self.unwritten = 0
        self.due: list[Lacking] = []
        self.portions = self.done_portions = 0
        self.done = self.total = self.embedded = 0
        self.problem: str | None = None
        self.is_hopeless = False
        self._in_vain = 0
        self._said_at = 0.0
        self._began = time.monotonic()

    def is_wanted(self) -> bool:
        """Whether anybody still wants what is prepared for it."""
        return not self.cancelled

    def assess(self, contents: Iterable[Content], vault: VaultView) -> None:
        """Find what is due: the files of which the vault lacks vectors of the model."""
        part: list[Content] = []
        for content in contents:
            part.append(content)
            if len(part) == _LOOKED_UP:
                self._look_up(part, vault)
                part = []
        self._look_up(part, vault)
        self._began = time.monotonic()

    def _look_up(self, part: Sequence[Content], vault: VaultView) -> None:
        keys = {content.path: vector_keys(self.spec.id, embedded_digests(content)) for content in part}
        found = vault.vectors([key for some in keys.values() for key in some])
        for path, wanted in keys.items():
            lacking = sum(key not in found for key in wanted)
            self.total += len(wanted)
            self.done += len(wanted) - lacking
            if lacking:
                self.due.append(Lacking(path, lacking))

    def batches(self) -> Iterator[list[str]]:
        """Paths in portions for one job each."""
        batch, texts = [], 0
        for one in self.due:
            batch.append(one.path)
            texts += one.texts
            if texts >= _BATCH_TEXTS:
                yield batch
                batch, texts = [], 0
        if batch:
            yield batch

    def take(self, prepared: Sequence[Prepared], problem: str | None) -> list[Parcel]:
        """Results of a portion, or what stopped it; what of them is to be kept."""
        parcels = [parcel for result in prepared for parcel in result.parcels]
        by_path = {one.path: one.texts for one in self.due}
        kept = [parcel for parcel in parcels if parcel.vectors is not None]
        self.done_portions += 1
        self.done += sum(by_path.get(parcel.path, 0) for parcel in kept)
        self.embedded += sum(parcel.embedded for parcel in kept)
        refused = next((result.unloaded for result in prepared if result.unloaded), None)
        failed: list[Skipped] = [skip for result in prepared for skip in result.skipped]
        if problem is not None or refused is not None:
            self.problem, self.is_hopeless = problem or refused, True
        elif failed:
            self.problem = f"{failed[0].path} could not be embedded with {self.spec.id}: {failed[0].reason}."
        self._in_vain = self._in_vain + 1 if failed and not kept else 0
        self.is_hopeless = self.is_hopeless or self._in_vain == _IN_VAIN
        return kept

    def is_through(self) -> bool:
        """Whether every portion came back."""
        return self.assessed and self.done_portions >= self.portions

    def told(self, *, ended: bool = False) -> Filling:
        """How far it is."""
        elapsed = max(time.monotonic() - self._began, 1e-3)
        self._said_at = time.monotonic()
        done = self.total if ended else min(self.done, self.total)
        per_s = self.embedded / elapsed
        return Filling(self.root, self.spec.id, self.source, done, self.total, per_s, self.problem, ended)

    def is_news(self) -> bool:
        """Whether it is time to say how far it is."""
        return time.monotonic() - self._said_at >= _SAY_S
