"""Vectors: appended, adopted or cut off again, merged; every damaged file is noticed; cosines are those of the floats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codectxd.embed.quantise import quantise
from codectxd.errors import IndexUnavailable
from codectxd.index.bases import Unwanted, VectorSet
from codectxd.index.schema import key_of
from codectxd.index.vectors import VectorReader, VectorState, VectorWriter, cosines
from unit.index.world import embedder, unit

DIMENSION = 256
EMPTY = VectorState("model", DIMENSION)


def rows_of(doc: int, count: int = 3) -> VectorSet:
    """Quantised rows of a document, the same for the same document."""
    rows, scales = quantise(np.random.default_rng(doc).normal(size=(count, DIMENSION)).astype(np.float32))
    return VectorSet(np.arange(count, dtype=np.int64) + key_of(doc, 0), rows, scales)


def docs_in(found: VectorReader | VectorSet) -> list[int]:
    if isinstance(found, VectorReader):
        return sorted(set(docs_in(found.base)) | set(docs_in(found.delta)))
    return sorted(set((found.keys >> 16).tolist()))


def append(writer: VectorWriter, *docs: int) -> VectorState:
    state = writer.append([rows_of(doc) for doc in docs])
    writer.adopt(state)
    return state


def merge(writer: VectorWriter, alive: np.ndarray[Any, np.dtype[np.bool_]]) -> VectorState:
    fold = writer.fold(alive)
    fold.write()
    return writer.folded(fold)


def merged(folder: Path, *docs: int) -> VectorState:
    """A folder whose base holds `docs`, with document 99 in the delta."""
    writer = VectorWriter(folder, EMPTY)
    append(writer, *docs)
    state = merge(writer, np.ones(100, np.bool_))
    writer.close()
    writer = VectorWriter(folder, state)
    state = append(writer, 99)
    writer.close()
    return state


def test_what_was_adopted_is_read_back_row_by_row(tmp_path: Path) -> None:
    writer = VectorWriter(tmp_path, EMPTY)
    append(writer, 1, 2)
    state = append(writer, 5)
    found = VectorReader(tmp_path, state).delta
    wanted = [rows_of(doc) for doc in (1, 2, 5)]
    for part in ("keys", "rows", "scales"):
        assert np.array_equal(getattr(found, part), np.concatenate([getattr(one, part) for one in wanted]))
    assert (state.delta_rows, state.base_rows) == (9, 0)
    writer.close()


def test_I3_what_was_appended_for_a_flip_that_never_came_is_cut_off(tmp_path: Path) -> None:
    writer = VectorWriter(tmp_path, EMPTY)
    before = append(writer, 1)
    lost = writer.append([rows_of(2), rows_of(3)])
    assert docs_in(VectorReader(tmp_path, before)) == [1]
    after = append(writer, 4)
    assert after.delta_rows == before.delta_rows + 3
    assert docs_in(VectorReader(tmp_path, after)) == [1, 4]
    with pytest.raises(IndexUnavailable):
        VectorReader(tmp_path, lost)
    writer.close()


def test_I3_reopening_cuts_off_what_no_flip_named(tmp_path: Path) -> None:
    writer = VectorWriter(tmp_path, EMPTY)
    state = append(writer, 1)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    writer.append([rows_of(2)])
    writer.close()
    writer = VectorWriter(tmp_path, state)
    assert {path.name: path.stat().st_size for path in tmp_path.iterdir()} == sizes
    assert docs_in(VectorReader(tmp_path, append(writer, 7))) == [1, 7]
    writer.close()


def test_a_merged_generation_drops_dead_rows_and_the_files_of_the_one_before(tmp_path: Path) -> None:
    writer = VectorWriter(tmp_path, EMPTY)
    append(writer, 3, 1, 2)
    alive = np.zeros(4, np.bool_)
    alive[[1, 3]] = True
    state = merge(writer, alive)
    writer.close()
    writer = VectorWriter(tmp_path, state)
    found = VectorReader(tmp_path, state)
    assert (state.base_rows, state.delta_rows, state.generation) == (6, 0, 1)
    assert np.array_equal(found.base.keys, np.concatenate([rows_of(1).keys, rows_of(3).keys]))
    assert np.array_equal(found.base.rows, np.concatenate([rows_of(1).rows, rows_of(3).rows]))
    assert np.array_equal(found.base.scales, np.concatenate([rows_of(1).scales, rows_of(3).scales]))
    assert {path.name.split(".")[0] for path in tmp_path.iterdir()} == {"1"}
    assert docs_in(VectorReader(tmp_path, append(writer, 8), found)) == [1, 3, 8]
    writer.close()


def test_a_second_merge_takes_base_and_delta_together(tmp_path: Path) -> None:
    state = merged(tmp_path, 1, 2)
    writer = VectorWriter(tmp_path, state)
    alive = np.ones(100, np.bool_)
    alive[1] = False
    state = merge(writer, alive)
    assert docs_in(VectorReader(tmp_path, state)) == [2, 99]
    writer.close()


def test_a_merge_in_which_nothing_is_alive_is_an_empty_base(tmp_path: Path) -> None:
    writer = VectorWriter(tmp_path, EMPTY)
    append(writer, 1)
    state = merge(writer, np.zeros(0, np.bool_))
    writer.close()
    writer = VectorWriter(tmp_path, state)
    assert docs_in(VectorReader(tmp_path, state)) == []
    writer.close()


def test_a_reader_of_an_older_generation_keeps_its_rows(tmp_path: Path) -> None:
    state = merged(tmp_path, 1, 2)
    old = VectorReader(tmp_path, state)
    writer = VectorWriter(tmp_path, state)
    new = merge(writer, np.zeros(0, np.bool_))
    writer.close()
    VectorWriter(tmp_path, new).close()
    assert np.array_equal(old.base.rows[:3], rows_of(1).rows)


def test_rows_appended_while_a_fold_is_written_are_the_delta_of_the_next_generation(tmp_path: Path) -> None:
    state = merged(tmp_path, 1, 2)
    writer = VectorWriter(tmp_path, state)
    fold = writer.fold(np.ones(100, np.bool_))
    append(writer, 3)
    fold.write()
    append(writer, 4)
    before = VectorReader(tmp_path, writer.state)
    state = writer.folded(fold)
    assert docs_in(VectorReader(tmp_path, writer.state, before)) == [1, 2, 3, 4, 99], "no flip has come yet"
    writer.adopt(state)
    found = VectorReader(tmp_path, state, before)
    assert (docs_in(found.base), docs_in(found.delta)) == ([1, 2, 99], [3, 4])
    grown = VectorReader(tmp_path, append(writer, 5), found)
    assert docs_in(grown.delta) == [3, 4, 5]
    writer.close()
    writer = VectorWriter(tmp_path, writer.state)
    assert docs_in(VectorReader(tmp_path, append(writer, 6))) == [1, 2, 3, 4, 5, 6, 99]
    writer.close()


def test_a_fold_that_no_flip_named_is_forgotten(tmp_path: Path) -> None:
    writer = VectorWriter(tmp_path, merged(tmp_path, 1, 2))
    fold = writer.fold(np.ones(100, np.bool_))
    fold.write()
    writer.folded(fold)
    state = append(writer, 3)
    writer.close()
    writer = VectorWriter(tmp_path, state)
    assert {path.name.split(".")[0] for path in tmp_path.iterdir()} == {"1"}
    assert docs_in(VectorReader(tmp_path, state)) == [1, 2, 3, 99]
    writer.close()


def test_a_fold_that_is_called_off_leaves_nothing(tmp_path: Path) -> None:
    state = merged(tmp_path, 1, 2)
    writer = VectorWriter(tmp_path, state)
    names = {path.name for path in tmp_path.iterdir()}
    fold = writer.fold(np.ones(100, np.bool_))
    fold.cancel()
    with pytest.raises(Unwanted):
        fold.write()
    assert {path.name for path in tmp_path.iterdir()} == names
    writer.close()


def test_a_base_of_more_rows_than_are_copied_at_once_is_whole(tmp_path: Path) -> None:
    many = [rows_of(doc, 10_000) for doc in range(1, 9)]
    writer = VectorWriter(tmp_path, EMPTY)
    writer.adopt(writer.append(many[1:] + many[:1]))
    writer.adopt(merge(writer, np.ones(100, np.bool_)))
    found = VectorReader(tmp_path, writer.state).base
    for part in ("keys", "rows", "scales"):
        assert np.array_equal(getattr(found, part), np.concatenate([getattr(one, part) for one in many]))
    writer.close()


FILES = [f"1.{kind}" for kind in ("base.keys", "base.i8bin", "base.scales", "delta.keys", "delta.rows", "delta.scales")]


@pytest.mark.parametrize("damage", ["bit", "cut", "gone"])
@pytest.mark.parametrize("name", FILES)
def test_damage_to_any_file_is_noticed_by_reader_and_writer(name: str, damage: str, tmp_path: Path) -> None:
    state = merged(tmp_path, 1, 2)
    VectorReader(tmp_path, state)
    path = tmp_path / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(bytes(data) if damage == "bit" else bytes(data[:-1]))
    for opener in (VectorReader, VectorWriter):
        with pytest.raises(IndexUnavailable, match="vectors on disk"):
            opener(tmp_path, state)


def test_cosines_agree_with_those_of_the_floats() -> None:
    vectors, queries = unit(1, 2_000), unit(2, 5)
    rows, scales = quantise(vectors)
    for query in queries:
        found = cosines(query, rows, scales)
        assert found.dtype == np.float32
        assert float(np.abs(found - vectors @ query).max()) < 0.01
    assert float(np.abs(cosines(vectors[7], rows, scales)[7] - 1.0)) < 0.01


def test_cosines_of_real_sentences_agree_with_those_of_the_floats() -> None:
    texts = ["wait for a lock", "parse a date", "def retry(call): return call()", "the walrus whistles", "open a file"]
    vectors = embedder().encode(texts)
    rows, scales = quantise(vectors)
    for vector in vectors:
        assert float(np.abs(cosines(vector, rows, scales) - vectors @ vector).max()) < 0.01


@pytest.mark.parametrize("query", [np.zeros(DIMENSION, np.float32), unit(1)[0]])
def test_cosines_of_nothing_are_none_and_of_no_direction_zero(query: Any) -> None:
    nothing = VectorSet(np.empty(0, np.int64), np.empty((0, DIMENSION), np.int8), np.empty(0, np.float32))
    assert len(cosines(query, nothing.rows, nothing.scales)) == 0
    rows, scales = quantise(unit(3, 4))
    assert bool(np.any(cosines(query, rows, scales))) == bool(query.any())
