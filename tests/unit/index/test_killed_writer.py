"""The write protocol, ended by SIGKILL before each of its steps: what is found then is the world before or after."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from codectxd.errors import IndexUnavailable
from codectxd.index.vault import Vault, VaultView, chunking_key
from codectxd.index.vectors import VectorState
from codectxd.index.writer import Group, Writer
from codectxd.types import Skipped, Stamp
from unit.index import killed_writer
from unit.index.world import ROOT, Files, answers, applied, contents, embedder, open_store, parcels, same, word_scores

BEFORE: Files = {
    "pkg/retry.py": "def retry_with_backoff(call):\n    '''Call again after a pause.'''\n    return call()\n",
    "pkg/parse.py": "class DateParser:\n    def parse(self, text):\n        return text.split('-')\n",
    "notes.md": "# Notes\n\nHow the walrus learned to whistle.\n",
    "gone.py": "def soon_gone():\n    return 'ephemeral'\n",
}
AFTER: Files = {
    "pkg/retry.py": "def retry_at_once(call):\n    '''No pause any more.'''\n    return call()\n",
    "pkg/parse.py": BEFORE["pkg/parse.py"],
    "notes.md": BEFORE["notes.md"],
    "pkg/new.py": "def quokka():\n    return 'a word found nowhere else: xylophonist'\n",
}
QUERIES = (
    "retry_with_backoff",
    "retry_at_once",
    "parse a date",
    "walrus",
    "soon_gone",
    "ephemeral",
    "xylophonist",
    "quokka",
)
WORDS = ("retry", "call", "walrus", "parse", "return", "py", "the")
SKIP = Skipped("data.bin", "binary", Stamp(5, 6, 7))

STEPS = ("vault", "append words", "append vectors", "flip", "sweep", "done")
MERGE_STEPS = ("merge vectors", "flip merged")
WORDS_STEPS = ("merge words", "flip words", "never")


def first_group() -> Group:
    return Group(parcels=parcels(BEFORE), seen_ns=1)


def second_group() -> Group:
    """One changed, one gone, one new, one skipped; two untouched."""
    changed = {path: text for path, text in AFTER.items() if BEFORE.get(path) != text}
    return Group(parcels=parcels(changed), gone=["gone.py"], skipped=[SKIP], seen_ns=2)


def everything() -> Group:
    """Every file as it is after the second group."""
    return Group(parcels=parcels(AFTER), skipped=[SKIP])


def kill_at(folder: Path, step: str, *groups: Group, merge: bool, rewrite: Group | None = None, delta: bool = True) -> None:
    work = killed_writer.Work(ROOT, embedder().model_id, embedder().dimension, list(groups), merge, rewrite, delta)
    file = folder.parent / "work"
    file.write_bytes(msgspec.msgpack.encode(work))
    command = [sys.executable, killed_writer.__file__, str(folder), str(file), step]
    ended = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert ended.returncode == (0 if step == "never" else -signal.SIGKILL), (
        f"{step} was not reached: {ended.stderr.decode()}"
    )


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `before` and `after`, each built at once."""
    folder = tmp_path_factory.mktemp("fresh")
    applied(folder / "before", first_group())
    applied(folder / "after", Group(parcels=parcels(AFTER), skipped=[SKIP]))
    return folder


@pytest.mark.parametrize("delta", [True, False])
@pytest.mark.parametrize("step", STEPS)
def test_I3_killed_before_each_step_the_world_is_the_one_before_or_after_the_flip(
    step: str, delta: bool, tmp_path: Path, fresh: Path
) -> None:
    folder = tmp_path / "store"
    applied(folder, first_group(), delta=delta)
    kill_at(folder, step, second_group(), merge=False, delta=delta)
    open_store(folder).close()
    world, texts = ("after", AFTER) if step in ("sweep", "done") else ("before", BEFORE)
    same(contents(folder), contents(fresh / world))
    assert answers(folder, texts, QUERIES) == answers(fresh / world, texts, QUERIES)


@pytest.mark.parametrize("delta", [True, False])
@pytest.mark.parametrize("step", STEPS)
def test_I3_what_was_killed_and_is_applied_again_equals_a_fresh_build(
    step: str, delta: bool, tmp_path: Path, fresh: Path
) -> None:
    folder = tmp_path / "store"
    kill_at(folder, step, first_group(), merge=False, delta=delta)
    applied(folder, first_group(), delta=delta)
    same(contents(folder), contents(fresh / "before"))
    kill_at(folder, step, second_group(), merge=False, delta=delta)
    applied(folder, second_group(), delta=delta)
    applied(folder, second_group(), delta=delta)
    same(contents(folder), contents(fresh / "after"))
    assert answers(folder, AFTER, QUERIES) == answers(fresh / "after", AFTER, QUERIES)


@pytest.mark.parametrize("step", MERGE_STEPS)
def test_I3_killed_while_vectors_are_merged_nothing_is_lost(step: str, tmp_path: Path, fresh: Path) -> None:
    folder = tmp_path / "store"
    applied(folder, first_group())
    kill_at(folder, step, second_group(), merge=True)
    open_store(folder).close()
    same(contents(folder), contents(fresh / "after"))
    applied(folder, merge=True)
    same(contents(folder), contents(fresh / "after"))
    assert answers(folder, AFTER, QUERIES) == answers(fresh / "after", AFTER, QUERIES)


def vector_state(folder: Path) -> VectorState:
    store = open_store(folder)
    store.close()
    return store.vectors.state


def test_without_a_delta_only_rows_of_living_chunks_are_kept_in_one_base(tmp_path: Path, fresh: Path) -> None:
    folder = tmp_path / "store"
    applied(folder, first_group(), second_group(), delta=False)
    same(contents(folder), contents(fresh / "after"))
    assert answers(folder, AFTER, QUERIES) == answers(fresh / "after", AFTER, QUERIES)
    state = vector_state(folder)
    assert (state.generation, state.delta_rows) == (2, 0)
    assert state.base_rows == sum(len(one.chunking.symbols) for one in parcels(AFTER))


def test_the_delta_may_be_switched_off_and_on_again_over_an_index(tmp_path: Path, fresh: Path) -> None:
    folder = tmp_path / "store"
    applied(folder, first_group())
    assert vector_state(folder).delta_rows > 0
    applied(folder, second_group(), delta=False)
    assert vector_state(folder).delta_rows == 0
    same(contents(folder), contents(fresh / "after"))
    applied(folder, first_group(), Group(gone=["pkg/new.py"], clear_skips=[SKIP.path]))
    assert vector_state(folder).delta_rows > 0
    same(contents(folder), contents(fresh / "before"))
    assert answers(folder, BEFORE, QUERIES) == answers(fresh / "before", BEFORE, QUERIES)


@pytest.mark.parametrize(
    ("base", "delta", "going_on", "at_rest"),
    [
        (0, 0, False, False),
        (0, 1, False, True),
        (0, 4_000, False, True),
        (0, 4_001, True, True),
        (100_000, 5_000, False, False),
        (100_000, 5_001, False, True),
        (100_000, 25_000, False, True),
        (100_000, 25_001, True, True),
    ],
)
def test_the_delta_is_folded_before_it_costs_a_third_of_the_base(
    base: int, delta: int, going_on: bool, at_rest: bool, tmp_path: Path
) -> None:
    store, vault = open_store(tmp_path / "store"), Vault(tmp_path / "vault.db")
    store.vectors.state = msgspec.structs.replace(store.vectors.state, base_rows=base, delta_rows=delta)
    writer = Writer(store, vault, killed_writer.CHUNKER_VERSION)
    assert (writer.wants_fold(), writer.wants_fold(at_rest=True)) == (going_on, at_rest)
    without = Writer(store, vault, killed_writer.CHUNKER_VERSION, delta=False)
    assert not without.wants_fold(at_rest=True), "what there is goes with the next group, or the next scan"
    store.vectors.close()
    store.lexical.close()
    store.catalog.close()
    vault.close()


def test_what_is_applied_while_vectors_are_folded_is_kept(tmp_path: Path, fresh: Path) -> None:
    folder = tmp_path / "store"
    store, vault = open_store(folder), Vault(tmp_path / "vault.db")
    writer = Writer(store, vault, killed_writer.CHUNKER_VERSION)
    writer.apply(first_group())
    fold = writer.begin_fold()
    writer.apply(second_group())
    fold.write()
    assert writer.finish_fold(fold) is not None
    assert writer.finish_fold(fold) is None, "that base is another's by now"
    store.close()
    vault.close()
    same(contents(folder), contents(fresh / "after"))
    assert vector_state(folder).delta_rows > 0
    assert answers(folder, AFTER, QUERIES) == answers(fresh / "after", AFTER, QUERIES)


@pytest.mark.parametrize("step", WORDS_STEPS)
def test_I3_killed_while_words_are_merged_nothing_is_lost(step: str, tmp_path: Path, fresh: Path) -> None:
    folder = tmp_path / "store"
    applied(folder, first_group())
    kill_at(folder, step, second_group(), merge=False, rewrite=everything())
    open_store(folder).close()
    same(contents(folder), contents(fresh / "after"))
    assert answers(folder, AFTER, QUERIES) == answers(fresh / "after", AFTER, QUERIES)
    generation = 1 if step == "never" else 0
    assert [path.name for path in (folder / "lexical").iterdir()] == [str(generation)]


def test_I4_merged_words_are_scored_as_in_a_fresh_build(tmp_path: Path, fresh: Path) -> None:
    folder = tmp_path / "store"
    applied(folder, first_group(), second_group())
    before = word_scores(folder, WORDS)
    kill_at(folder, "never", merge=False, rewrite=everything())
    assert before != word_scores(fresh / "after", WORDS)
    assert word_scores(folder, WORDS) == word_scores(fresh / "after", WORDS)


def test_I3_words_that_lack_a_document_are_never_published(tmp_path: Path, fresh: Path) -> None:
    folder = tmp_path / "store"
    applied(folder, first_group(), second_group())
    kill_at(folder, "never", merge=False, rewrite=Group(parcels=parcels({"notes.md": AFTER["notes.md"]})))
    same(contents(folder), contents(fresh / "after"))
    assert [path.name for path in (folder / "lexical").iterdir()] == ["0"]


def test_I3_nothing_of_a_flip_that_never_came_stays_on_disk(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    applied(folder, first_group())
    sizes = {path.name: path.stat().st_size for path in (folder / "vectors").iterdir()}
    kill_at(folder, "flip", second_group(), merge=False)
    assert {path.name: path.stat().st_size for path in (folder / "vectors").iterdir()} != sizes
    store = open_store(folder)
    assert any("never finished" in repair for repair in store.repairs)
    store.close()
    assert {path.name: path.stat().st_size for path in (folder / "vectors").iterdir()} == sizes


def test_what_was_computed_for_a_flip_that_never_came_is_in_the_vault(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    group = second_group()
    kill_at(folder, "append words", group, merge=False)
    Vault(tmp_path / "vault.db").close()
    view = VaultView(tmp_path / "vault.db")
    found = [view.chunking(chunking_key(p.digest, p.language, killed_writer.CHUNKER_VERSION)) for p in group.parcels]
    view.close()
    assert found == [p.chunking for p in group.parcels]


def test_I2_one_writer(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store = open_store(folder)
    with pytest.raises(IndexUnavailable, match="Another process is writing"):
        open_store(folder, lock_timeout_s=0.05)
    store.close()
    open_store(folder, lock_timeout_s=0.05).close()


def test_I2_the_lock_of_a_writer_that_was_killed_is_free(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    kill_at(folder, "flip", first_group(), merge=False)
    open_store(folder, lock_timeout_s=0.05).close()
