"""A model that takes its time: words come at once, vectors when they are there, and no deadline is for more than one
batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from codectxd.embed.embedder import Batch, Embedder
from codectxd.embed.embedder import Vectors as Rows
from codectxd.embed.model import ModelSpec, described
from codectxd.engine.filling import FillRun
from codectxd.engine.jobs import Digest, Digested, Prepared
from codectxd.engine.modes import Means
from codectxd.engine.prepare import Preparer, digest_of
from codectxd.index.catalog import Content
from codectxd.index.schema import Parcel, Vectors
from codectxd.index.vault import Vault, vector_keys
from codectxd.types import Skipped, Source, Stamp
from unit.engine.test_drafts import drafts, view  # noqa: F401 - fixtures.
from unit.index.world import parcel

TINY: ModelSpec = described(Path(__file__).parents[3] / "fixtures" / "models" / "tiny")
TEXT = "".join(f"def part_{n}(x):\n    # {'long ' * 60}\n    return x * {n}\n\n\n" for n in range(30))


class Slow:
    """An Embedder that gives one vector at a time; each step is counted."""

    model_id, dimension = "slow-1", 4

    def __init__(self) -> None:
        self.steps = 0

    def batches(self, texts: Sequence[str]) -> Iterator[Batch]:
        for at in range(len(texts)):
            self.steps += 1
            yield [at], np.full((1, 4), 0.5, np.float32)

    def encode(self, texts: Sequence[str]) -> Rows:
        return np.concatenate([vectors for _, vectors in self.batches(texts)])

    def encode_question(self, text: str) -> Rows:
        found: Rows = self.encode([text])[0]
        return found


@pytest.fixture
def slow() -> Slow:
    return Slow()


def preparer(tmp_path: Path, model: Embedder, beats: list[int]) -> Preparer:
    return Preparer(tmp_path / "vault.db", lambda: model, ("slow-1", 4), lambda: beats.append(1))


def source(text: str = TEXT) -> Source:
    data = text.encode()
    return Source("a.py", data, digest_of(data), Stamp(1, len(data), 1), "python", "source")


def test_with_no_time_at_all_there_are_words_and_the_model_is_not_even_loaded(tmp_path: Path, slow: Slow) -> None:
    found = preparer(tmp_path, slow, []).prepare(source(), None, for_overlay=True, within_s=0.0)
    assert found.vectors is None
    assert found.fields is not None
    assert slow.steps == 0


def test_asked_again_it_goes_on_where_it_was(tmp_path: Path, slow: Slow) -> None:
    made = preparer(tmp_path, slow, [])
    for steps in range(1, 1000):
        found = made.prepare(source(), None, for_overlay=True, within_s=1e-9)
        assert slow.steps == steps  # One batch is what the least of time is for.
        if found.vectors is not None:
            break
    assert found.vectors is not None
    assert steps == found.chunking.size + 1
    assert made.prepare(source(), Stamp(1, 1, 1), for_overlay=True, within_s=0.0).embedded == steps


def test_each_batch_is_told_of(tmp_path: Path, slow: Slow) -> None:
    beats: list[int] = []
    preparer(tmp_path, slow, beats).prepare(source(), None, for_overlay=True)
    assert len(beats) == slow.steps + 1  # And once when it was loaded.


def test_a_draft_has_its_words_first_and_then_its_vectors(drafts, view) -> None:  # type: ignore[no-untyped-def] # noqa: F811
    text = "def walrus():\n    return 1\n"
    drafts.edit("s", "a.py", 1, text.encode())
    whole = parcel("a.py", text)
    given = []
    for vectors, more in ((None, True), (None, True), (whole.vectors, False)):
        task = drafts.next_task()
        assert isinstance(task.job, Digest)
        given.append(task.job.within_s)
        task.done(Digested(_with(whole, vectors), "", more))
        assert view.overlay.buffer_digest("a.py") == digest_of(text.encode())
    assert given[0] == 0.0
    assert given[1] == given[2] > 0
    assert drafts.next_task() is None
    assert drafts.pending() == 0
    drafts.renew()
    assert drafts.next_task() is None  # Its vectors are those of the model that answers.


def test_what_is_typed_overtakes_the_vectors_of_another_text(drafts) -> None:  # type: ignore[no-untyped-def] # noqa: F811
    drafts.edit("s", "a.py", 1, b"x = 1\n")
    drafts.next_task().done(Digested(_with(parcel("a.py", "x = 1\n"), None), "", True))
    assert drafts.pending() == 1
    drafts.edit("s", "b.py", 1, b"y = 1\n")
    assert [drafts.next_task().job.path, drafts.next_task().job.path] == ["b.py", "a.py"]


def _with(found: Parcel, vectors: Vectors | None) -> Parcel:
    return msgspec.structs.replace(found, vectors=vectors)


def content(number: int) -> Content:
    return Content(number, f"m{number}.py", digest_of(b"%d" % number), "python", None, [digest_of(b"c%d" % number)] * 3)


def test_a_pass_knows_what_the_vault_lacks_and_how_far_it_is(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault.db")
    vault.put([], [(key, bytes(20)) for key in vector_keys(TINY.id, [digest_of(b"c1")])])
    run = FillRun("/tree", TINY, active=False, means=Means(4, 2_000))
    run.assess([content(number) for number in range(40)], vault.view())
    vault.close()
    assert run.total == 160
    assert {one.path: one.texts for one in run.due}["m1.py"] == 1
    assert len(run.due) == 40
    portions = list(run.batches())
    assert sorted(path for portion in portions for path in portion) == sorted(f"m{n}.py" for n in range(40))
    assert max(map(len, portions)) <= 11
    run.assessed, run.portions = True, len(portions)
    for _ in portions[:-1]:
        run.take([], None)
    assert not run.is_through()
    run.take([Prepared([], [Skipped("m3.py", "took too long")], [], [], {})], None)
    assert run.is_through()
    assert run.told().problem == f"m3.py could not be embedded with {TINY.id}: took too long."


def test_a_model_that_cannot_be_loaded_ends_its_pass(tmp_path: Path) -> None:
    run = FillRun("/tree", TINY, active=False, means=Means(1, 100))
    run.take([Prepared([], [], [], [], {}, unloaded="It is damaged.")], None)
    assert run.is_hopeless
    assert run.told().problem == "It is damaged."
    assert run.choice.workers == 1
