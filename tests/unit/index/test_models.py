"""Two models and one index: what the vault has of another one takes over by one flip, or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from codectxd.chunk.chunker import CHUNKER_VERSION
from codectxd.embed.loading import load
from codectxd.embed.model import described
from codectxd.engine.prepare import Preparer, digest_of
from codectxd.index.filters import Filters
from codectxd.index.overlay import Overlay
from codectxd.index.reader import Reader
from codectxd.index.schema import Parcel
from codectxd.index.snapshot import Snapshot, open_snapshot
from codectxd.index.store import Store
from codectxd.index.vault import Vault
from codectxd.index.writer import Group, Writer
from codectxd.search.searcher import search
from codectxd.types import Query, Source, Stamp
from unit.index import killed_writer
from unit.index.world import ROOT, embedder, open_store, parcels

TINY = described(Path(__file__).parents[3] / "fixtures" / "models" / "tiny")
FILES = {f"pkg/m{n}.py": f"def part_{n}(x):\n    return x * {n}\n\n\ndef other_{n}():\n    pass\n" for n in range(8)}


def by_tiny(files: dict[str, str], **options: Any) -> list[Parcel]:
    """Parcels with vectors of the small model."""
    preparer = Preparer(Path("/nowhere/vault.db"), lambda: load(TINY), (TINY.id, TINY.dimension))
    return [
        preparer.prepare(
            Source(path, text.encode(), digest_of(text.encode()), Stamp(1_000, len(text), 7), "python", "source"),
            Stamp(1_000, len(text), 7),
            for_overlay=True,
            **options,
        )
        for path, text in files.items()
    ]


def bare(found: list[Parcel]) -> list[Parcel]:
    return [msgspec.structs.replace(parcel, vectors=None) for parcel in found]


def write(folder: Path, work: Callable[[Writer], object], goes_on: Any = None) -> Any:
    """What `work` gives, of a writer on the store in `folder`."""
    options = {"goes_on": goes_on} if goes_on else {}
    store, vault = open_store(folder, **options), Vault(folder.parent / "vault.db")
    try:
        return work(Writer(store, vault, CHUNKER_VERSION))
    finally:
        store.close()
        vault.close()


def goes_on(state: Any) -> bool:
    return bool(state.model == TINY.id)


def snapshot(folder: Path) -> Snapshot:
    return open_snapshot(folder, None)


def first(found: Snapshot, question: str) -> str:
    """The best answer by meaning, of whichever model answers."""
    texts = {path: text.encode() for path, text in FILES.items()}
    reader = Reader(found, Overlay().layer(include_unsaved=True, model=found.model), texts.get)
    result = search([reader], [embedder(), load(TINY)], Query(question, mode="semantic", content="all"))
    assert result.degraded == ()
    return result.hits[0].path


def vectors(found: Snapshot) -> dict[str, list[bytes]]:
    """The rows of each file, by path; its path's last."""
    rows = found.rows()
    assert rows is not None
    assert found.vectors is not None
    both = found.vectors.base, found.vectors.delta
    of_doc: dict[int, list[bytes]] = {}
    for part in both:
        for key, row in sorted(zip(part.keys.tolist(), part.rows, strict=True), key=lambda pair: pair[0]):
            of_doc.setdefault(key >> 16, []).append(row.tobytes())
    of_path = {
        int(doc): row.tobytes()
        for part in found.files.paths
        for doc, row in zip(part.docs, part.rows, strict=True)
        if found.files.alive[doc]
    }
    return {
        path: [*of_doc[record.doc], of_path[record.doc]]
        for path, record in found.files.by_path.items()
        if record.model == found.model
    }


def test_a_model_takes_over_once_the_vault_has_all_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    write(folder, lambda w: w.apply(Group(parcels=parcels(FILES))))
    halves = by_tiny(dict(list(FILES.items())[:4])), by_tiny(dict(list(FILES.items())[4:]))

    def take_over(writer: Writer) -> None:
        writer.keep(halves[0])
        assert writer.adopt(TINY.id, TINY.dimension, "/somewhere") is None
        assert snapshot(folder).model == embedder().model_id
        writer.keep(halves[1])
        before = snapshot(folder)
        assert writer.adopt(TINY.id, TINY.dimension, "/somewhere") is not None
        after = before.advanced(None)
        assert (before.model, after.model) == (embedder().model_id, TINY.id)
        # Who searches the one before goes on with it, whole.
        assert len(vectors(before)) == len(vectors(after)) == 8

    write(folder, take_over)
    found = snapshot(folder)
    assert found.vectors is not None
    assert found.vectors.state.source == "/somewhere"
    expected = {p.path: p.vectors for half in halves for p in half}
    assert {path: b"".join(rows) for path, rows in vectors(found).items()} == {
        path: v.rows for path, v in expected.items() if v is not None
    }
    assert first(found, "other_3").startswith("pkg/m")
    write(folder, lambda w: w.adopt(embedder().model_id, embedder().dimension, ""), goes_on)
    assert snapshot(folder).model == embedder().model_id
    assert len(vectors(snapshot(folder))) == 8


def test_an_index_goes_on_with_its_model_where_that_can_be_used(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    write(folder, lambda w: (w.apply(Group(parcels=parcels(FILES))), w.keep(by_tiny(FILES)), w.adopt(TINY.id, 16, "/x")))
    write(folder, lambda w: None, goes_on)
    assert len(vectors(snapshot(folder))) == 8
    write(folder, lambda w: None)
    found = snapshot(folder)
    assert found.model == embedder().model_id
    assert (found.counts()[1], len(found.files.by_path)) == (0, 8)


def test_what_came_without_vectors_gets_them_in_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    write(folder, lambda w: (w.apply(Group(parcels=parcels(FILES))), w.keep(by_tiny(FILES)), w.adopt(TINY.id, 16, "/x")))
    new = {"pkg/new.py": "def walrus():\n    return 1\n", "pkg/m1.py": "def part_1(x):\n    return -x\n"}

    def change(writer: Writer) -> None:
        writer.apply(Group(parcels=bare(by_tiny(new))))
        found = snapshot(folder)
        docs = {path: record.doc for path, record in found.files.by_path.items()}
        assert set(docs) - set(vectors(found)) == set(new)
        assert writer.attach() is None
        writer.keep(by_tiny(new))
        applied = writer.attach(["pkg/new.py"])
        assert applied is not None
        assert applied.changed == ["pkg/new.py"]
        assert writer.attach() is not None
        after = found.advanced([*new])
        assert {path: record.doc for path, record in after.files.by_path.items()} == docs
        assert set(vectors(after)) == set(docs)
        writer.merge_vectors()
        assert vectors(snapshot(folder)) == vectors(after)
        # The same text again, prepared when there was no time for its vectors, is no other document.
        writer.apply(Group(parcels=bare(by_tiny(new))))
        assert {path: record.doc for path, record in snapshot(folder).files.by_path.items()} == docs

    write(folder, change, goes_on)


def test_a_parcel_of_the_model_before_comes_without_vectors(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    write(folder, lambda w: (w.apply(Group(parcels=parcels(FILES))), w.keep(by_tiny(FILES)), w.adopt(TINY.id, 16, "/x")))
    write(folder, lambda w: w.apply(Group(parcels=parcels({"pkg/late.py": "def late():\n    return 1\n"}))), goes_on)
    found = snapshot(folder)
    assert found.files.by_path["pkg/late.py"].model is None
    assert found.counts()[0] == found.counts()[1] + 1
    assert found.files.embedded() == 8


@pytest.mark.parametrize("step", ["write model", "flip model", "sweep"])
def test_I3_killed_while_a_model_takes_over_one_of_both_answers_whole(step: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    write(folder, lambda w: (w.apply(Group(parcels=parcels(FILES))), w.keep(by_tiny(FILES))))
    work = killed_writer.Work(ROOT, embedder().model_id, embedder().dimension, [], False, adopt=(TINY.id, TINY.dimension))
    file = tmp_path / "work"
    file.write_bytes(msgspec.msgpack.encode(work))
    command = [sys.executable, killed_writer.__file__, str(folder), str(file), step]
    ended = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert ended.returncode == (0 if step == "sweep" else -signal.SIGKILL), ended.stderr.decode()
    write(folder, lambda w: None, goes_on)
    found = snapshot(folder)
    assert found.model == (TINY.id if step == "sweep" else embedder().model_id)
    assert len(vectors(found)) == 8
    write(folder, lambda w: w.adopt(TINY.id, TINY.dimension, ""), goes_on)
    assert len(vectors(snapshot(folder))) == 8


def test_vectors_of_two_models_are_never_compared(tmp_path: Path) -> None:
    overlay = Overlay()
    overlay.put_hot(parcels({"a.py": "def ours():\n    pass\n"}), [])
    overlay.put_buffer(by_tiny({"b.py": "def theirs():\n    pass\n"})[0])
    for model in (embedder(), load(TINY)):
        layer = overlay.layer(include_unsaved=True, model=model.model_id)
        reader = Reader(None, layer, lambda path: None)
        assert (layer.model, reader.model, len(layer.vectors.keys)) == (model.model_id, model.model_id, 1)
        dense = reader.dense(model.encode_question("ours"), reader.scope(Filters(content="all")), 0.5)
        assert dense is not None
        assert [key >> 16 for key, _ in dense.top(9)] == (layer.vectors.keys >> 16).tolist()


def test_a_store_of_another_model_has_its_own(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", ROOT, TINY.id, TINY.dimension)
    assert store.vectors.state.model == TINY.id
    store.close()
