"""The whole read path, over a real index of a few files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codectxd.errors import BadFilter, EmptyQuery
from codectxd.search.searcher import search
from codectxd.types import Query
from unit.search.worlds import World, embedder

POOL = '''"""Connections that are kept and used again."""


class Pool:
    """Keeps idle connections by host, until they are too old."""

    def acquire(self, host):
        """An idle connection to the host."""
        return self.idle[host].pop()
'''
CLIENT = '''def send(request, pool):
    """Send a request over an idle connection of the pool, and wait for its response."""
    connection = pool.acquire(request.host)
    return connection.send(request)
'''
RETRY = '''def send_again(request, attempts):
    """Repeat a failed request, each time after a longer pause."""
    for attempt in range(attempts):
        pause(2**attempt)
'''
FILES = {"net/pool.py": POOL, "net/client.py": CLIENT, "net/retry.py": RETRY}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, FILES)


def test_a_hit_shows_whole_lines_as_they_stand_in_the_file(world: World) -> None:
    for hit in world.search(Query("idle connection of a host")).hits:
        lines = FILES[hit.path].split("\n")
        assert hit.snippet == "\n".join(lines[hit.start_line : hit.end_line])


def test_a_query_without_a_word_is_refused(world: World) -> None:
    with pytest.raises(EmptyQuery):
        world.search(Query(" \t"))


def test_a_glob_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(BadFilter):
        world.search(Query("pool", globs=("!",)))


@pytest.mark.parametrize("text", ["pools are kept", '"kept for a minute" path:notes', "lang:md kept"])
def test_where_no_code_answers_everything_does(tmp_path: Path, text: str) -> None:
    world = World(
        tmp_path, {"docs/notes.md": "# Pools\n\nConnections are kept for a minute.\n", "x.toml": "[pool]\nsize = 1\n"}
    )
    assert world.search(Query(text.replace("lang:md ", ""))).hits == ()
    found = world.search(Query(text, widens=True))
    assert ("docs/notes.md" in {hit.path for hit in found.hits}) is True
    assert found.widened is ("lang:md" not in text), "a language without code answers as it always did"


def test_whoever_says_what_may_answer_gets_nothing_else(tmp_path: Path) -> None:
    world = World(tmp_path, {**FILES, "notes.md": "# Tea\n\nTea leaves.\n"})
    assert world.search(Query("tea path:notes", widens=True)).widened
    for query in (Query("tea path:notes content:code", widens=True), Query("tea path:notes")):
        assert world.search(query).hits == ()
    none = world.search(Query("tea path:nosuch", widens=True))
    assert (none.hits, none.widened, none.asked.filters[-1]) == ((), False, "content:code")
    in_code = world.search(Query("idle connection", widens=True))
    assert in_code.hits
    assert {hit.language for hit in in_code.hits} == {"python"}
    assert not in_code.widened


def test_no_more_hits_than_asked_for(world: World) -> None:
    assert len(world.search(Query("request", limit=2)).hits) == 2
    assert world.search(Query("request", limit=0)).hits == ()


def test_a_hit_says_which_signals_found_it(world: World) -> None:
    by_name = world.search(Query("Pool")).hits[0]
    assert (by_name.path, by_name.matched) == ("net/pool.py", ("lexical", "semantic", "symbol", "path"))
    by_meaning = world.search(Query("Pool", mode="semantic")).hits[0]
    assert "lexical" not in by_meaning.matched
    by_words = world.search(Query("longer pause", mode="lexical")).hits
    assert [(hit.path, hit.matched) for hit in by_words] == [("net/retry.py", ("lexical",))]


def test_without_a_model_words_answer_and_the_answer_says_so(world: World) -> None:
    for mode in ("hybrid", "semantic"):
        result = world.search_by_words(Query("repeat a failed request", mode=mode))
        assert result.hits[0].path == "net/retry.py"
        assert result.degraded == ("semantic",)


def test_without_vectors_words_answer_and_the_answer_says_so(tmp_path: Path) -> None:
    result = World(tmp_path, FILES, vectors=False).search(Query("repeat a failed request"))
    assert result.hits[0].path == "net/retry.py"
    assert result.degraded == ("semantic",)


def test_nothing_is_missing_where_only_words_were_asked_for(world: World) -> None:
    assert world.search_by_words(Query("repeat a failed request", mode="lexical")).degraded == ()


def test_words_answer_where_the_model_knows_none_of_the_question(tmp_path: Path) -> None:
    world = World(tmp_path, {**FILES, "queue.py": "def ᎠᎴᏂᏍᎬ():\n    return 1\n"})
    result = world.search(Query("ᎠᎴᏂᏍᎬ"))
    assert result.hits[0].path == "queue.py"
    assert result.degraded == ()


def test_a_hit_that_no_longer_stands_in_its_file_makes_room_for_the_next(world: World) -> None:
    first, second, *_ = (hit.path for hit in world.search(Query("idle connection of the pool")).hits)
    world.edit(first, "# rewritten\n" + FILES[first])
    result = world.search(Query("idle connection of the pool", limit=1))
    assert [hit.path for hit in result.hits] == [second]
    assert result.stale == ((first,),)


def test_a_file_that_vanished_is_named_as_stale(world: World) -> None:
    world.remove("net/retry.py")
    result = world.search(Query("repeat a failed request"))
    assert "net/retry.py" not in {hit.path for hit in result.hits}
    assert result.stale == (("net/retry.py",),)


def test_an_unsaved_text_answers_in_place_of_the_saved_one(world: World) -> None:
    world.type("net/retry.py", "def give_up(request):\n    '''Abandon a request that failed for good.'''\n")
    hit = world.search(Query("abandon a request that failed")).hits[0]
    assert (hit.path, hit.unsaved) == ("net/retry.py", True)
    assert "give_up" in hit.snippet
    assert all(h.unsaved for h in world.search(Query("repeat a failed request")).hits if h.path == "net/retry.py")


def test_what_is_at_hand_turns_a_near_tie_and_says_so(tmp_path: Path) -> None:
    text = "def steep(leaves, minutes):\n    return leaves.wait(minutes)\n"
    world = World(tmp_path, {"a.py": text, "b.py": text, "other.py": "def pour(water):\n    return water.boil()\n"})

    def paths(question: str, *at_hand: str) -> list[str]:
        found = search([world.reader()], [embedder()], Query(question, explain=True), at_hand=[at_hand])
        return [hit.path for hit in found.hits]

    assert paths("wait for the leaves to steep")[:2] == ["a.py", "b.py"]
    assert paths("wait for the leaves to steep", "b.py")[:2] == ["b.py", "a.py"]
    assert paths("wait for the leaves to steep", "other.py")[:2] == ["a.py", "b.py"], "no more than a near tie"
    for chosen in ("steep", '"leaves, minutes"', "a.py steep leaves"):
        assert paths(chosen, "b.py") == paths(chosen), "who names, quotes or points has said which is meant"
    hits = search([world.reader()], [embedder()], Query("wait for leaves", explain=True), at_hand=[["b.py"]]).hits
    assert hits[0].why is not None
    assert "open or edited lately" in {boost.name for boost in hits[0].why.boosts}
    assert sum(boost.value for boost in hits[0].why.boosts) == pytest.approx(hits[0].score, abs=1e-6)


def test_an_explanation_adds_up_to_the_score(world: World) -> None:
    for hit in world.search(Query("idle connection of the Pool", explain=True)).hits:
        assert hit.why is not None
        assert sum(boost.value for boost in hit.why.boosts) == pytest.approx(hit.score, abs=1e-6)
    assert all(hit.why is None for hit in world.search(Query("idle connection")).hits)


def test_an_explanation_names_the_words_and_the_ranks(world: World) -> None:
    why = world.search(Query("repeat a failed request", explain=True)).hits[0].why
    assert why is not None
    assert (why.lexical_rank, why.semantic_rank) == (1, 1)
    assert len(why.terms) == 3


def test_I15_the_answer_does_not_depend_on_the_order_of_indexing(tmp_path: Path) -> None:
    # The folders' names are one word to the model, so that nothing but the path's letters tells the twins apart.
    twins = {f"{name}/pool.py": POOL for name in ("p__", "_p", "p", "__p")}
    query = Query("idle connection of a host")
    one = World(tmp_path / "one", twins).search(query)
    other = World(tmp_path / "other", twins, backwards=True).search(query)
    assert one == other
    paths = [hit.path for hit in one.hits]
    assert paths == sorted(paths)


@pytest.fixture(scope="module")
def lasting_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("lasting"), FILES)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.text(max_size=60), st.sampled_from(["hybrid", "semantic", "lexical"]))
def test_I6_search_raises_on_no_question_that_holds_a_word(lasting_world: World, text: str, mode: str) -> None:
    result = lasting_world.search(Query(f"w {text}", mode=mode))  # type: ignore[arg-type]
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    assert all(hit.matched for hit in result.hits)
