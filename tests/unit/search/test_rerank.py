"""The second look: a cross-encoder has a say in the order of the first answers, and in nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from codectxd.embed.model import described
from codectxd.embed.reranker import Reranker
from codectxd.errors import Cancelled, ModelUnavailable
from codectxd.index.reader import Reader
from codectxd.search.rerank import Second
from codectxd.search.searcher import Result, search
from codectxd.search.weights import DEFAULT
from codectxd.types import Hit, Query
from unit.search.worlds import World, embedder

TINY = Path(__file__).parents[3] / "fixtures" / "models" / "tiny-reranker"
FILES = {
    f"shop/{name}.py": f"def {name}(cart):\n    # how a price is worked out, {number}\n    return cart.price * {number}\n"
    for number, name in enumerate(["total", "taxed", "reduced", "rounded", "shown", "summed", "shipped", "split"])
} | {"tests/test_total.py": "def test_total():\n    assert total(cart) == 0  # how a price is worked out\n"}
QUESTION = Query("how is a price worked out", explain=True)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"), FILES)


@pytest.fixture(scope="module")
def reranker() -> Reranker:
    return Reranker(described(TINY))


def asked(world: World, query: Query, second: Second | None, reader: Reader | None = None) -> Result:
    return search([reader or world.reader()], [embedder()], query, second=second)


def gained(hit: Hit) -> float:
    assert hit.why is not None
    return sum(boost.value for boost in hit.why.boosts if boost.name == "reranker")


def test_what_it_likes_gains_and_the_score_says_so(world: World, reranker: Reranker) -> None:
    before, after = asked(world, QUESTION, None), asked(world, QUESTION, Second(lambda _: reranker, 60.0))
    assert after.degraded == ()
    assert {hit.path for hit in after.hits} == {hit.path for hit in before.hits}
    likes = dict(
        zip(FILES, reranker.judged(QUESTION.text, [f"{path}\n{text}" for path, text in FILES.items()]), strict=True)
    )
    best, worst = max(likes, key=lambda path: likes[path]), min(likes, key=lambda path: likes[path])
    by_path = {hit.path: hit for hit in after.hits}
    assert gained(by_path[best]) == pytest.approx(DEFAULT.reranker)
    assert gained(by_path[worst]) == 0.0
    width = likes[best] - likes[worst]
    for hit in before.hits:
        share = DEFAULT.reranker * (likes[hit.path] - likes[worst]) / width
        assert by_path[hit.path].score == pytest.approx(hit.score + share)
    assert [hit.score for hit in after.hits] == sorted((hit.score for hit in after.hits), reverse=True)


@pytest.mark.parametrize(
    "query",
    [
        Query("rounded"),
        Query('a price "cart.price * 3"'),
        Query("shop/taxed.py price"),
        Query("ValueError: a price is worked out"),
        Query("how is a price worked out", mode="lexical"),
        Query("how is a price worked out", mode="semantic"),
    ],
)
def test_who_says_what_is_meant_is_not_second_guessed(world: World, reranker: Reranker, query: Query) -> None:
    assert asked(world, query, Second(lambda _: reranker, 60.0)) == asked(world, query, None)
    assert asked(world, query, Second(lambda _: None, 60.0)).degraded == ()


def test_without_time_what_was_read_gains_and_the_rest_stays(world: World, reranker: Reranker) -> None:
    before, after = asked(world, QUESTION, None), asked(world, QUESTION, Second(lambda _: reranker, 0.0))
    assert after.degraded == ("reranker",)
    assert [hit.path for hit in after.hits] == [hit.path for hit in before.hits]


def test_one_that_is_not_there_yet_is_named(world: World) -> None:
    before, after = asked(world, QUESTION, None), asked(world, QUESTION, Second(lambda _: None, 60.0))
    assert after.hits == before.hits
    assert after.degraded == ("reranker",)


def test_it_is_waited_for_as_long_as_a_question_may_be(world: World, reranker: Reranker) -> None:
    waited: list[float] = []
    second = Second(lambda timeout_s: waited.append(timeout_s) or reranker, 0.75)  # type: ignore[func-returns-value]
    assert any(map(gained, asked(world, QUESTION, second).hits))
    assert waited == [0.75]


def test_one_that_fails_costs_nothing_but_its_say(world: World, reranker: Reranker, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(question: str, passage: str) -> float:
        raise ModelUnavailable("it does not run")

    monkeypatch.setattr(reranker, "_run", fail)
    query = Query("how is some price worked out")
    after = asked(world, query, Second(lambda _: reranker, 60.0))
    assert after.hits == asked(world, query, None).hits
    assert after.degraded == ("reranker",)


def test_only_the_first_are_read_and_stay_before_the_others(tmp_path: Path, reranker: Reranker) -> None:
    files = {f"shop/p{number}.py": FILES["shop/total.py"].replace("total", f"total_{number}") for number in range(40)}
    world = World(tmp_path, files)
    query = Query("how is a price worked out", limit=40, explain=True)
    before, after = asked(world, query, None), asked(world, query, Second(lambda _: reranker, 60.0))
    first = [hit.path for hit in before.hits[: DEFAULT.reranked]]
    assert {hit.path for hit in after.hits[: DEFAULT.reranked]} == set(first)
    assert [hit.path for hit in after.hits[DEFAULT.reranked :]] == [hit.path for hit in before.hits[DEFAULT.reranked :]]
    assert [hit.path for hit in after.hits] != [hit.path for hit in before.hits]


def test_what_no_longer_stands_is_not_read(tmp_path: Path, reranker: Reranker) -> None:
    world = World(tmp_path, FILES)
    world.edit("shop/total.py", "nothing of it is left\n")
    world.remove("shop/taxed.py")
    after = asked(world, QUESTION, Second(lambda _: reranker, 60.0))
    assert not {"shop/total.py", "shop/taxed.py"}.intersection(hit.path for hit in after.hits)
    assert after.degraded == ()


def test_it_stops_where_nobody_waits(world: World, reranker: Reranker) -> None:
    read: list[str] = []

    class Noting(Reranker):
        def _run(self, question: str, passage: str) -> float:
            read.append(passage)
            return super()._run(question, passage)

    noting = Noting(described(TINY))
    reader = Reader(world.snapshot, world.layer(), world.read, is_cancelled=lambda: len(read) == 2)
    with pytest.raises(Cancelled):
        asked(world, Query("how is a certain price worked out"), Second(lambda _: noting, 60.0), reader)
    assert len(read) <= 3
