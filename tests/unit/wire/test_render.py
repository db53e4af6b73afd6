"""Answers as a person reads them."""

from __future__ import annotations

import msgspec
import pytest

from codectxd.wire import messages, render

FRESH = messages.Freshness(generation=1, head="abc", words=1.0, vectors=1.0, degraded=[], stale=[], pending=0)


def _range(line: int, column: int, end_line: int, end_column: int) -> messages.Range:
    return messages.Range(messages.Position(line, column), messages.Position(end_line, end_column))


HIT = messages.Hit(
    uri="file:///r/src/a.py",
    path="src/a.py",
    range=_range(8, 0, 9, 10),
    snippet="def f():\n\treturn 1\n",
    symbol="m.f",
    kind="function",
    language="python",
    score=1.0,
    matched=["lexical", "symbol"],
    unsaved=True,
)


def _answer(*hits: messages.Hit) -> messages.SearchAnswer:
    return messages.SearchAnswer(hits=list(hits), freshness=FRESH, took_ms=1.0)


def test_a_hit_is_a_place_that_a_terminal_can_open_and_numbered_lines() -> None:
    assert render.hits(_answer(HIT), colour=False) == (
        "src/a.py:9  function m.f  [lexical, symbol]  unsaved\n 9  def f():\n10      return 1\n"
    )


def test_hits_are_a_blank_line_apart() -> None:
    assert render.hits(_answer(HIT, HIT), colour=False).count("\n\n") == 1
    assert render.hits(_answer(), colour=False) == ""


def test_colours_are_only_there_when_asked_for() -> None:
    assert "\x1b[" in render.hits(_answer(HIT), colour=True)
    assert "\x1b" not in render.hits(_answer(HIT), colour=False)


def test_text_of_files_cannot_drive_the_terminal() -> None:
    hostile = msgspec.structs.replace(HIT, path="a\x1b]0;x\x07\n.py", snippet="\x1b[2J\x9b1m\r\n\x00", symbol="s\x08")
    shown = render.hits(_answer(hostile), colour=False)
    assert not set(shown) & set("\x1b\x07\x9b\x00\x08\r")
    assert len(shown.splitlines()) == 3


def test_an_explanation_is_the_sum_that_the_score_is_and_the_places_of_the_hit() -> None:
    boosts = [messages.Boost("words", 0.5), messages.Boost("test stands back", -0.25)]
    why = messages.Why(lexical_rank=2, semantic_rank=11, terms=["f", "g"], boosts=boosts)
    shown = render.hits(_answer(msgspec.structs.replace(HIT, why=why, score=0.25)), colour=False)
    assert shown.splitlines()[-2:] == [
        "  score 0.250 = +0.500 words -0.250 test stands back",
        "  2nd by words; 11th by meaning; holds: f, g",
    ]


def test_an_explained_answer_begins_with_how_the_question_was_understood() -> None:
    explained = messages.Explained(terms=["retri", "backoff"], names=["Foo.bar"], filters=["lang:py", "content:code"])
    shown = render.hits(msgspec.structs.replace(_answer(HIT), explained=explained), colour=False)
    assert shown.splitlines()[:4] == [
        "looked for: retri, backoff",
        "as names: Foo.bar",
        "filters: lang:py, content:code",
        "",
    ]


def test_symbols_are_one_line_each() -> None:
    symbol = messages.SymbolInformation("f", 12, messages.Location("file:///r/a.py", _range(2, 4, 2, 5)), "C")
    other = messages.SymbolInformation("g", 99, messages.Location("file:///r/b.py", _range(0, 0, 0, 1)), None)
    assert render.symbols([symbol, other], ["a.py", "b.py"], colour=False) == (
        "a.py:3:5  C.f  function\nb.py:1:1  g  symbol\n"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"words": 0.5, "vectors": 0.25}, "note: of the files, 50% are searchable by words and 25% by meaning"),
        ({"vectors": 0.999}, "note: of the files, 100% are searchable by words and 99% by meaning"),
        ({"pending": 3}, "note: 3 changed files are not searchable yet"),
        ({"degraded": ["semantic"]}, "note: degraded: semantic"),
        ({"stale": ["a", "b", "c", "d"]}, "note: changed since: a, b, c, ..."),
    ],
)
def test_a_note_says_what_an_answer_does_not_cover(changes: dict[str, object], said: str | None) -> None:
    assert render.freshness_note(msgspec.structs.replace(FRESH, **changes)) == said


def _workspace() -> messages.WorkspaceStatus:
    return messages.WorkspaceStatus(
        root="/r",
        phase="indexing",
        files=10,
        chunks=30,
        vectors=20,
        pending=1,
        skipped=3,
        model="static",
        branch="main",
        generation=7,
        watcher="ok",
        stage_seconds=messages.StageSeconds(),
        skipped_files=[
            messages.SkippedFiles("binary", 2, "It is not text.", ["a.png", "b.png"]),
            messages.SkippedFiles("empty", 1, "It has no content.", ["c.py"]),
        ],
        done=5,
        total=10,
    )


def test_a_status_says_the_daemon_and_each_workspace() -> None:
    about = messages.Status(
        version="1.2.3", pid=7, uptime_s=7200, rss_bytes=52_000_000, sessions=2, workspaces=[_workspace()]
    )
    assert render.status(about, colour=False) == (
        "codectxd 1.2.3, pid 7, up 2.0 h, 52 MB, 2 sessions\n"
        "\n"
        "/r  indexing 5/10  on main\n"
        "  10 files, 30 chunks, 20 vectors, 1 pending\n"
        "  model static, watcher ok, generation 7\n"
        "  skipped 2 binary: It is not text. a.png, b.png\n"
        "  skipped 1 empty: It has no content. c.py\n"
    )
    alone = msgspec.structs.replace(about, sessions=1, workspaces=[], uptime_s=3)
    assert render.status(alone, colour=False) == "codectxd 1.2.3, pid 7, up 3 s, 52 MB, 1 session\nNo workspace is open.\n"


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (("mine-1", 5, 20, 2.5, 6.0, None), "is to be searched by the model mine-1, 5 of 20 texts, 2/s, 6 s left"),
        (("mine-1", 0, 0, 0.0, None, None), "is to be searched by the model mine-1"),
        (("static", 1, 20, 0.0, None, None), "is being embedded by the model static, 1 of 20 texts"),
        (("mine-1", 5, 20, 0.0, None, "It is damaged."), "model mine-1 cannot take over, 5 of 20 texts: It is damaged."),
        (("", 0, 0, 0.0, None, "There is none."), "model of the settings cannot take over: There is none."),
    ],
)
def test_a_status_says_which_model_is_to_take_over(
    told: tuple[str, int, int, float, float | None, str | None], line: str
) -> None:
    one = msgspec.structs.replace(_workspace(), filling=messages.FillStatus(*told))
    about = messages.Status(version="1", pid=7, uptime_s=1, rss_bytes=1, sessions=1, workspaces=[one])
    assert f"  {line}\n" in render.status(about, colour=False)


def test_an_index_run_is_one_line() -> None:
    assert render.indexed([_workspace()], 2.04) == "10 files, 30 chunks in 2.0 s, 3 skipped (binary 2, empty 1)"
    clean = msgspec.structs.replace(_workspace(), skipped_files=[])
    assert render.indexed([clean], 0.5) == "10 files, 30 chunks in 0.5 s"
