"""The second look: a cross-encoder has a say in the order of the first answers, and in nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from codectxd.embed.model import described
from codectxd.embed.reranker import Reranker
from codectxd.errors import Cancelled, ModelUnavailable
from codectxd.index.reader import Reader
from codectxd.search.rerank import Second, takes_long
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


def second(reranker: Reranker | None, within_s: float = 60.0, failed: Callable[[str], None] = lambda told: None) -> Second:
    return Second(lambda timeout_s: (reranker, False), within_s, failed)


def asked(world: World, query: Query, second: Second | None, reader: Reader | None = None) -> Result:
    return search([reader or world.reader()], [embedder()], query, second=second)


def gained(hit: Hit) -> float:
    assert hit.why is not None
    return sum(boost.value for boost in hit.why.boosts if boost.name == "reranker")


def test_what_it_likes_gains_and_the_score_says_so(world: World, reranker: Reranker) -> None:
    before, after = asked(world, QUESTION, None), asked(world, QUESTION, second(reranker))
    assert after.degraded == ()
    assert {hit.path for hit in after.hits} == {hit.path for hit in before.hits}
    likes = dict(
        zip(FILES, reranker.judged(QUESTION.text, [f"{path}\n{text}" for path, text in FILES.items()], 60.0), strict=True)
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


def test_what_takes_long_is_known_before() -> None:
    assert takes_long(QUESTION)
    assert not takes_long(Query("rounded"))
    assert not takes_long(Query("how is a price worked out", mode="lexical"))
    assert not takes_long(Query("  "))
    assert not takes_long(Query("path:"))


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
    assert asked(world, query, second(reranker)) == asked(world, query, None)
    assert asked(world, query, second(None)).degraded == ()


def test_without_time_for_all_the_order_stays_and_asked_again_it_goes_on(world: World) -> None:
    class Slow(Reranker):
        """Has the time for two passages of each question."""

        def judged(self, question: str, passages: Sequence[str], within_s: float) -> Iterator[float]:
            before = len(self._seen)
            for score in super().judged(question, passages, within_s):
                if len(self._seen) > before + 2:
                    return
                yield score

    slow, before = Slow(described(TINY)), asked(world, QUESTION, None)
    answers = [asked(world, QUESTION, second(slow)) for _ in range(len(FILES))]
    complete = [answer.degraded == () for answer in answers]
    assert complete == sorted(complete)
    assert not complete[0]
    assert complete[-1]
    for answer, is_complete in zip(answers, complete, strict=True):
        assert answer.degraded == (() if is_complete else ("reranker",))
        assert answer.hits == (answers[-1].hits if is_complete else before.hits)


def test_without_any_time_the_order_stays(world: World) -> None:
    after = asked(world, QUESTION, second(Reranker(described(TINY)), 0.0))
    assert after.hits == asked(world, QUESTION, None).hits
    assert after.degraded == ("reranker",)


def test_one_that_is_not_there_is_named(world: World) -> None:
    before, after = asked(world, QUESTION, None), asked(world, QUESTION, second(None))
    assert after.hits == before.hits
    assert after.degraded == ("reranker",)


def test_one_that_is_coming_is_waited_for(world: World, reranker: Reranker) -> None:
    looks: list[float] = []

    def comes(timeout_s: float) -> tuple[Reranker | None, bool]:
        looks.append(timeout_s)
        return (reranker, False) if len(looks) == 3 else (None, True)

    assert any(map(gained, asked(world, QUESTION, Second(comes, 60.0, lambda told: None)).hits))
    assert len(looks) == 3


def test_where_nothing_answers_nothing_is_waited_for(world: World) -> None:
    def comes(timeout_s: float) -> tuple[Reranker | None, bool]:
        raise AssertionError("it was asked for")

    query = Query("how is a price worked out", globs=("nowhere/**",))
    assert asked(world, query, Second(comes, 60.0, lambda told: None)).degraded == ()


def test_one_that_fails_costs_nothing_but_its_say(world: World) -> None:
    class Failing(Reranker):
        def judged(self, question: str, passages: Sequence[str], within_s: float) -> Iterator[float]:
            yield from super().judged(question, passages[:1], within_s)
            if len(passages) > 1:
                raise ModelUnavailable("it does not run")

    told: list[str] = []
    after = asked(world, QUESTION, second(Failing(described(TINY)), failed=told.append))
    assert after.hits == asked(world, QUESTION, None).hits
    assert after.degraded == ("reranker",)
    assert told == ["it does not run"]


def test_only_the_first_are_read_and_stay_before_the_others(tmp_path: Path, reranker: Reranker) -> None:
    files = {f"shop/p{number}.py": FILES["shop/total.py"].replace("total", f"total_{number}") for number in range(40)}
    world = World(tmp_path, files)
    query = Query("how is a price worked out", limit=40, explain=True)
    before, after = asked(world, query, None), asked(world, query, second(reranker))
    first = [hit.path for hit in before.hits[: DEFAULT.reranked]]
    assert {hit.path for hit in after.hits[: DEFAULT.reranked]} == set(first)
    assert [hit.path for hit in after.hits[DEFAULT.reranked :]] == [hit.path for hit in before.hits[DEFAULT.reranked :]]
    assert [hit.path for hit in after.hits] != [hit.path for hit in before.hits]


def test_what_no_longer_stands_is_not_read(tmp_path: Path, reranker: Reranker) -> None:
    world = World(tmp_path, FILES)
    world.edit("shop/total.py", "nothing of it is left\n")
    world.remove("shop/taxed.py")
    after = asked(world, QUESTION, second(reranker))
    assert not {"shop/total.py", "shop/taxed.py"}.intersection(hit.path for hit in after.hits)
    assert after.degraded == ()


def test_it_stops_where_nobody_waits(world: World, reranker: Reranker) -> None:
    read: list[float] = []

    class Noting(Reranker):
        def judged(self, question: str, passages: Sequence[str], within_s: float) -> Iterator[float]:
            for score in super().judged(question, passages, within_s):
                read.append(score)
                yield score

    noting = Noting(described(TINY))
    reader = Reader(world.snapshot, world.layer(), world.read, is_cancelled=lambda: len(read) == 2)
    with pytest.raises(Cancelled):
        asked(world, Query("how is a certain price worked out"), second(noting), reader)
    assert len(read) <= 3
