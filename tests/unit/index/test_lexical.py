"""Words: the index and the overlay score alike, deleting deletes, and damage is said to be damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from codectxd.errors import IndexUnavailable
from codectxd.index.lexical import LexicalReader, LexicalWriter, score_fields
from codectxd.index.schema import FIELDS, key_of
from codectxd.index.writer import Group
from codectxd.search.query import parse
from codectxd.types import Query
from unit.index.world import applied, parcel, parcels, reader

WEIGHTS = {"body": 1.0, "symbol": 0.6, "path": 0.4}
FILES = {
    "src/retry.py": "def retry_call(call):\n    return call()\n",
    "src/parse.py": "def parse_date(text):\n    return text.split()\n",
    "src/wait.py": "def wait_for(call, pause):\n    pause()\n    return call(pause)\n",
    "lib/walrus.py": "class Walrus:\n    def whistle(self):\n        return 'pause'\n",
}

LONG = {
    "lib/long.py": "def long():\n" + "".join(f"    pause(call, {'walrus' * (n % 3)}x)\n" for n in range(70)),
}


def terms_of(text: str) -> list[str]:
    """The terms that a question of this text asks for."""
    return list(parse(Query(text)).terms)


def keys(folder: Path) -> list[int]:
    writer = LexicalWriter(folder)
    try:
        return writer.keys().tolist()
    finally:
        writer.close()


def built(folder: Path, files: dict[str, str]) -> LexicalWriter:
    writer = LexicalWriter(folder)
    for doc, one in enumerate(parcels(files), 1):
        writer.add(doc, one)
    writer.commit()
    return writer


@pytest.mark.parametrize("text", ["pause", "call", "retry call", "walrus whistle pause", "src", "nowhere"])
def test_the_overlay_scores_a_text_as_the_index_does(text: str, tmp_path: Path) -> None:
    terms = terms_of(text)
    found = parcels({**FILES, **LONG})
    # With a history: tantivy counts deleted documents too, for as long as others of their segment live.
    earlier = parcels({"lib/walrus.py": "pause = 'walrus'\n", "lib/gone.py": "call = 'src'\n"})
    groups = Group(parcels=[*earlier, *found[:2]]), Group(parcels=found[2:], gone=["lib/gone.py"])
    applied(tmp_path / "store", *groups)
    view = reader(tmp_path / "store", FILES)
    snapshot = view.snapshot
    assert snapshot is not None
    assert snapshot.lexical is not None
    statistics, averages = snapshot.lexical.statistics(terms), snapshot.averages()
    durable = dict(snapshot.lexical.search(terms, WEIGHTS, 100))
    overlay = {}
    for one in found:
        assert one.fields is not None
        doc = snapshot.files.by_path[one.path].doc
        scores = score_fields(one.fields, terms, WEIGHTS, statistics, averages)
        overlay.update({key_of(doc, ordinal): score for ordinal, score in scores.items()})
    assert overlay.keys() == durable.keys()
    assert bool(durable) == (text != "nowhere")
    assert overlay == {key: pytest.approx(score, rel=0.001) for key, score in durable.items()}


def test_the_counted_lengths_are_those_of_the_index(tmp_path: Path) -> None:
    applied(tmp_path / "store", Group(parcels=parcels(FILES)))
    snapshot = reader(tmp_path / "store", FILES).snapshot
    assert snapshot is not None
    lengths: dict[str, list[int]] = {name: [] for name in FIELDS}
    for one in parcels(FILES):
        for name, texts in (("body", one.body), ("symbol", one.symbol), ("path", [one.path_terms] * len(one.body))):
            lengths[name] += [len(text.split()) for text in texts]
    assert snapshot.averages() == {name: pytest.approx(sum(found) / len(found)) for name, found in lengths.items()}


def test_deleting_a_document_really_deletes_its_words_and_no_others(tmp_path: Path) -> None:
    writer = built(tmp_path, FILES)
    view = LexicalReader(tmp_path)
    assert [key >> 16 for key, _ in view.search(terms_of("walrus"), WEIGHTS, 9)] == [4]
    writer.delete([4, 1])
    assert len(writer.keys()) == 4, "nothing is visible before the commit"
    writer.commit()
    view.reload()
    assert view.search(terms_of("walrus"), WEIGHTS, 9) == []
    assert (writer.keys() >> 16).tolist() == [2, 3]
    writer.close()


def test_more_documents_than_one_query_names_are_deleted(tmp_path: Path) -> None:
    one = parcel("a.py", "x = 1\n")
    writer = LexicalWriter(tmp_path)
    for doc in range(1, 2_502):
        writer.add(doc, one)
    writer.commit()
    writer.delete(list(range(1, 2_501)))
    writer.commit()
    assert (writer.keys() >> 16).tolist() == [2_501]
    writer.close()


def test_I3_what_is_not_committed_is_not_there_after_reopening(tmp_path: Path) -> None:
    writer = built(tmp_path, FILES)
    writer.add(9, parcel("more.py", "def more():\n    pass\n"))
    writer.close()
    assert sorted({key >> 16 for key in keys(tmp_path)}) == [1, 2, 3, 4]


def test_only_some_documents_are_asked_before_the_cut(tmp_path: Path) -> None:
    built(tmp_path, FILES).close()
    view = LexicalReader(tmp_path)
    assert {key >> 16 for key, _ in view.search(terms_of("pause"), WEIGHTS, 9)} == {3, 4}
    assert [key >> 16 for key, _ in view.search(terms_of("pause"), WEIGHTS, 1, only=[4])] == [4]
    assert view.search(terms_of("pause"), WEIGHTS, 1, only=[]) == []


@pytest.mark.parametrize("suffix", [".term", ".idx", ".fast", "meta.json"])
@pytest.mark.parametrize("damage", ["cut", "gone", "garbage"])
def test_a_damaged_segment_is_an_index_that_is_unavailable(suffix: str, damage: str, tmp_path: Path) -> None:
    built(tmp_path, FILES).close()
    victims = [path for path in tmp_path.iterdir() if path.name.endswith(suffix)]
    assert victims
    for path in victims:
        size = path.stat().st_size
        if damage == "gone":
            path.unlink()
        else:
            path.write_bytes(b"" if damage == "cut" else b"?" * size)

    def use() -> list[tuple[int, float]]:
        view = LexicalReader(tmp_path)
        view.reload()
        return view.search(terms_of("pause"), WEIGHTS, 9)

    with pytest.raises(IndexUnavailable):
        use()


def test_an_index_that_is_in_use_is_not_opened_by_a_second_writer(tmp_path: Path) -> None:
    writer = built(tmp_path, FILES)
    with pytest.raises(IndexUnavailable, match="in use"):
        LexicalWriter(tmp_path)
    writer.close()


def test_where_there_is_no_index_there_is_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable):
        LexicalReader(tmp_path / "lexical")
