"""How an index is built: which mode, with how many workers, and why. Pure.

All modes give the same index. `sequential` has one worker and prepares one portion at a time: the least memory, and an
order that can be followed. `parallel` gives whole files to as many workers as there are cores. `pipeline` gives each stage
(read, chunk, embed) processes of its own, joined by bounded queues: only one process holds the model, and embeds in
batches across files. Knows nothing of processes.
"""

from __future__ import annotations

from typing import Final

import msgspec

from codectxd.types import BuildMode

_BASE_MB: Final = 300
"""What the daemon, its warm worker and the indexer hold beside the workers of a build."""
_WORKER_MB: Final = 170
"""What one worker holds that does everything: interpreter, grammars, model, remembered words. Measured on 13,000 files of
real code: 140 to 165."""
_STAGE_MB: Final = 110
"""What a worker holds that never embeds."""
_LEAST_MB: Final = 1_000
_FEW_FILES: Final = 24
_FEW_BYTES: Final = 300_000
"""Up to this much, a second worker has hardly started when the first is done."""
_LARGE_BYTES: Final = 50_000_000
_CHUNK_BYTES: Final = 880
_DISK_BYTES: Final = 1_600
_VECTOR_BYTES: Final = 268
_PORTIONS_AHEAD: Final = 4
_STAGES: Final = 3


def default_mb(machine_mb: int | None) -> int:
    """What may be held where no setting says: a quarter of the machine, and enough for two workers."""
    return max(_LEAST_MB, (machine_mb or 0) // 4)


class Work(msgspec.Struct, frozen=True):
    """What is due."""

    files: int
    bytes: int


class Means(msgspec.Struct, frozen=True):
    """What there is to do it with. `workers` is what the settings allow; `free_mb` None where the system does not say."""

    workers: int
    memory_mb: int
    free_mb: int | None = None

    @property
    def usable_mb(self) -> int:
        """What workers may have together."""
        free = self.memory_mb if self.free_mb is None else min(self.memory_mb, self.free_mb + _BASE_MB)
        return max(0, free - _BASE_MB)


class Choice(msgspec.Struct, frozen=True):
    """`ahead` portions at most are prepared and not yet written. `why` is for people."""

    mode: BuildMode
    workers: int
    ahead: int
    why: str


UNDECIDED: Final = Choice("sequential", 1, 1, "nothing is known yet of what is due")


def choose(asked: BuildMode, work: Work, means: Means) -> Choice:
    """The mode asked for where memory allows it, and for `auto` the one that was the fastest when it was measured."""
    affordable = max(1, means.usable_mb // _WORKER_MB)
    workers = min(max(1, means.workers), affordable)
    if asked == "sequential":
        return _sequential("asked for")
    if asked == "pipeline":
        return _pipeline(means) or _parallel_or_less(workers, "the memory is not enough for the stages of a pipeline")
    if asked == "parallel":
        return _parallel_or_less(workers, "asked for")
    if work.files <= _FEW_FILES and work.bytes <= _FEW_BYTES:
        return _sequential(f"{work.files} files are done before a second worker has started")
    if workers == 1 and means.workers > 1:
        return _sequential(f"{means.usable_mb} MB are memory for one worker")
    return _parallel_or_less(workers, f"whole files over {workers} workers: nothing is passed on from stage to stage")


def estimate(work: Work, graph_from: int) -> str | None:
    """What a large build will come to, for people; None for one that is over in a moment.

    From 100 MB of Python and Rust, which gave 113,000 chunks: 107 MB of index, 73 MB of vault, 29 MB of vectors.
    """
    if work.bytes < _LARGE_BYTES:
        return None
    chunks = work.bytes // _CHUNK_BYTES
    disk, memory = chunks * _DISK_BYTES // 1_000_000, chunks * _VECTOR_BYTES // 1_000_000
    how = "a graph, once that finds enough" if 0 < graph_from <= chunks else "a scan of all of them"
    return f"about {chunks:,} chunks, {disk:,} MB on disk and {memory:,} MB of vectors in memory, searched by {how}"


def beside(means: Means, model_mb: int) -> Choice:
    """How a pass in the background is worked on that nobody waits for: one core is left to what somebody does, and each
    worker holds a model that takes so much."""
    affordable = max(1, means.usable_mb // (_WORKER_MB + model_mb))
    workers = min(max(1, means.workers - 1), affordable)
    return Choice("parallel", workers, 2 * workers, "in the background")


def lower(choice: Choice, problem: str) -> Choice | None:
    """The next simpler mode after `problem`; None after the simplest."""
    if choice.mode == "pipeline":
        return Choice("parallel", max(1, choice.workers - 1), _PORTIONS_AHEAD, f"the pipeline failed: {problem}")
    if choice.mode == "parallel":
        return _sequential(f"workers side by side failed: {problem}")
    return None


def _sequential(why: str) -> Choice:
    return Choice("sequential", 1, 1, why)


def _parallel_or_less(workers: int, why: str) -> Choice:
    if workers == 1:
        return _sequential(why if why != "asked for" else "there is one core, or memory for one worker")
    return Choice("parallel", workers, workers * _PORTIONS_AHEAD, why)


def _pipeline(means: Means) -> Choice | None:
    """One process to read, one to embed, and the rest to chunk."""
    chunkers = min(max(1, means.workers - 1), (means.usable_mb - _WORKER_MB - _STAGE_MB) // _STAGE_MB)
    if chunkers < 1:
        return None
    return Choice("pipeline", chunkers + 2, _PORTIONS_AHEAD * _STAGES, "asked for")
