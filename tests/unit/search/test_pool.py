"""Several workspaces asked one question: judged together, whatever each of them would say by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from codectxd.index.reader import Reader
from codectxd.index.symbols import best_of, find_symbols
from codectxd.search.searcher import search
from codectxd.types import Query
from unit.search.worlds import World, embedder

NET = {
    "retry.py": "def send_again(request):\n    '''Repeat a failed request after a longer pause.'''\n    pause(request)\n",
    "attempts.py": "def repeat(request):\n    '''Try a request that failed again, after a pause.'''\n    again(request)\n",
    "pool.py": "class Pool:\n    '''Idle ones by host.'''\n\n    def acquire(self, host):\n        return self.idle[host]\n",
}
TEA = {
    "leaves.py": "def steep(leaves, minutes):\n    '''Pour hot water over tea leaves.'''\n    return leaves\n",
    "order.py": "def place_order(customer):\n    '''Write down what a customer requests.'''\n    return customer\n",
    "shelf.py": "def fill(shelf, pots):\n    '''Put pots on a shelf, one after the other.'''\n    shelf.extend(pots)\n",
    "sweep.py": "def sweep(floor):\n    '''Sweep the floor once more when the shop has closed.'''\n    return floor\n",
}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, World]:
    folder = tmp_path_factory.mktemp("pool")
    files = {
        "net": NET,
        "tea": TEA,
        "both": {**NET, **TEA},
        "even": dict(sorted({**NET, **TEA}.items())[::2]),
        "odd": dict(sorted({**NET, **TEA}.items())[1::2]),
    }
    return {name: World(folder / name, held) for name, held in files.items()}


def answers(worlds: dict[str, World], names: str, query: Query) -> list[tuple[str, str]]:
    asked = names.split()
    result = search([worlds[name].reader() for name in asked], [embedder()], query)
    return [(asked[origin], hit.path) for hit, origin in zip(result.hits, result.origins, strict=True)]


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "lexical"])
@pytest.mark.parametrize("names", ["net tea", "tea net"])
def test_a_workspace_that_knows_nothing_does_not_displace_one_that_does(
    worlds: dict[str, World], names: str, mode: str
) -> None:
    found = answers(worlds, names, Query("try a failed request again", mode=mode))  # type: ignore[arg-type]
    assert {path for _, path in found[:2]} == {"retry.py", "attempts.py"}


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "lexical"])
@pytest.mark.parametrize("text", ["repeat a failed request", "pour water over leaves", "what a customer requests", "pots"])
def test_the_parts_of_a_workspace_answer_as_the_whole_does(worlds: dict[str, World], text: str, mode: str) -> None:
    query = Query(text, mode=mode, limit=3)  # type: ignore[arg-type]
    whole = [path for _, path in answers(worlds, "both", query)]
    assert [path for _, path in answers(worlds, "even odd", query)] == whole
    assert [path for _, path in answers(worlds, "odd even", query)] == whole


def test_what_one_workspace_has_in_its_buffers_is_judged_with_the_rest(tmp_path: Path) -> None:
    one, other = World(tmp_path / "one", dict(TEA)), World(tmp_path / "other", {"pool.py": NET["pool.py"]})
    other.type("retry.py", NET["retry.py"])
    query = Query("repeat a failed request", limit=1)
    for readers in ([one.reader(), other.reader()], [other.reader(), one.reader()]):
        assert [(hit.path, hit.unsaved) for hit in search(readers, [embedder()], query).hits] == [("retry.py", True)]


def test_the_one_definition_of_a_name_comes_first_wherever_it_is(worlds: dict[str, World]) -> None:
    assert answers(worlds, "tea net", Query("Pool"))[0] == ("net", "pool.py")
    assert answers(worlds, "tea net", Query('"idle[" pots'))[:1] == [("net", "pool.py")]


def test_a_name_that_two_workspaces_define_has_no_one_definition(worlds: dict[str, World]) -> None:
    result = search([worlds["net"].reader(), worlds["both"].reader()], [embedder()], Query("Pool", explain=True))
    assert [hit.path for hit in result.hits[:2]] == ["pool.py", "pool.py"]
    assert result.origins[:2] == (0, 1)
    steps = {boost.name for hit in result.hits if hit.why for boost in hit.why.boosts}
    assert "definition" in steps
    assert "only definition" not in steps


def test_an_explanation_adds_up_across_workspaces(worlds: dict[str, World]) -> None:
    readers = [worlds["net"].reader(), worlds["tea"].reader()]
    for hit in search(readers, [embedder()], Query("request once more", explain=True)).hits:
        assert hit.why is not None
        assert sum(boost.value for boost in hit.why.boosts) == pytest.approx(hit.score, abs=1e-6)


def test_what_another_reader_answers_for_is_left_to_it(tmp_path: Path) -> None:
    outer = World(tmp_path, {"lib/retry.py": NET["retry.py"], "library.py": NET["attempts.py"]})
    reader = Reader(outer.snapshot, outer.layer(), outer.read, not_under=("lib/",))
    assert [hit.path for hit in search([reader], [embedder()], Query("repeat a failed request")).hits] == ["library.py"]


def test_each_reader_names_what_was_stale_in_its_own(tmp_path: Path) -> None:
    one, other = World(tmp_path / "one", NET), World(tmp_path / "other", NET)
    other.remove("retry.py")
    result = search([one.reader(), other.reader()], [embedder()], Query("repeat a failed request"))
    assert result.stale == ((), ("retry.py",))


def test_names_of_several_workspaces_are_merged_by_how_well_they_match(worlds: dict[str, World]) -> None:
    found = [find_symbols(worlds[name].reader(), "s", 3) for name in ("net", "tea")]
    assert [(at, hit.symbol.name) for at, hit in best_of(found, "s", 3)] == [(1, "steep"), (1, "sweep"), (0, "send_again")]
