"""Search over the case files of `fixtures/search`: real chunks, a real index, the model that ships.

A case file is prose, then `-- path --` sections with files, then `-- ? query --` sections with the hits expected first,
one `path:symbol` a line. A section may open with settings (`mode: lexical`, `content: docs`, `globs: *.py`,
`languages: go`, `limit: 3`); `-- ~ path:line --` asks for what is like the chunk at that line; a line `.` at the end says
that there are no further hits. `UPDATE_GOLDEN=1` writes what search answers now in place of what was expected, to be
reviewed as a diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec
import pytest

from codectxd.types import Query
from unit.search.worlds import World

CASES = sorted((Path(__file__).parents[2] / "fixtures" / "search").glob("*.case"))
HEADING = re.compile(r"^-- (.+) --\n", re.MULTILINE)
QUESTIONS = ("? ", "~ ")
SETTING = re.compile(r"^(mode|content|globs|languages|limit): (.+)$")


class Section(msgspec.Struct, frozen=True):
    """What follows a heading."""

    heading: str
    body: str


def sections(text: str) -> tuple[str, list[Section]]:
    """The prose, and the sections after it."""
    prose, *rest = HEADING.split(text)
    return prose, [Section(heading, body) for heading, body in zip(rest[::2], rest[1::2], strict=True)]


def query_of(section: Section) -> tuple[Query, list[str], list[str]]:
    """The query, its settings as they are written, and the lines expected."""
    lines = [line for line in section.body.splitlines() if line]
    settings = [line for line in lines if SETTING.match(line)]
    values: dict[str, object] = {"text": section.heading.removeprefix("? ")}
    for setting in settings:
        name, _, value = setting.partition(": ")
        values[name] = value.split() if name in ("globs", "languages") else int(value) if name == "limit" else value
    return msgspec.convert(values, Query), settings, [line for line in lines if line not in settings]


def answered(world: World, query: Query, expected: list[str]) -> list[str]:
    """What search answers, or, for `~ path:line`, what is like that, as far as `expected` goes."""
    if query.text.startswith("~ "):
        path, _, line = query.text.removeprefix("~ ").rpartition(":")
        result = world.similar(path, int(line), msgspec.structs.replace(query, text=""))
    else:
        result = world.search(query)
    found = [f"{hit.path}:{hit.symbol}" for hit in result.hits]
    if not expected or expected[-1] == ".":
        return [*found, "."]
    return found[: len(expected)]


def check_search(case: Path, folder: Path) -> None:
    """Index the files of a case and compare the answer to each of its queries."""
    prose, parts = sections(case.read_text("utf-8"))
    world = World(folder, {part.heading: part.body for part in parts if not part.heading.startswith(QUESTIONS)})
    wrong: list[str] = []
    written = [prose]
    for part in parts:
        body = part.body
        if part.heading.startswith(QUESTIONS):
            query, settings, expected = query_of(part)
            found = answered(world, query, expected)
            if found != expected:
                wrong.append(f"{part.heading}\n  expected {expected}\n  found    {found}")
            body = "".join(f"{line}\n" for line in [*settings, *found]) + "\n"
        written.append(f"-- {part.heading} --\n{body}")
    if wrong and os.environ.get("UPDATE_GOLDEN"):
        case.write_text("".join(written), "utf-8")
    elif wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_search_answers_each_case_in_the_expected_order(case: Path, tmp_path: Path) -> None:
    check_search(case, tmp_path)


def test_there_are_cases() -> None:
    assert CASES
