"""What people call languages."""

from __future__ import annotations

import pytest

from codectxd.chunk.aliases import closest_to, languages_called
from codectxd.chunk.languages import NAMED, OUTLINED, PARSED


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("py", "python"),
        ("Python", "python"),
        ("python", "python"),
        (".py", "python"),
        ("js", "javascript"),
        ("node", "javascript"),
        ("cpp", "c++"),
        ("c++", "c++"),
        ("cs", "c#"),
        ("csharp", "c#"),
        ("golang", "go"),
        ("rs", "rust"),
        ("sh", "bash"),
        ("shell", "bash"),
        ("md", "markdown"),
        ("yml", "yaml"),
        ("vim-script", "vim script"),
        ("objective-c", "objective-c"),
        ("terraform", "hcl"),
        ("text", "text"),
    ],
)
def test_a_language_goes_by_the_names_that_people_give_it(name: str, language: str) -> None:
    assert languages_called(name) == {language}


def test_every_language_of_the_table_goes_by_its_own_name() -> None:
    assert [entry.name for entry in (*PARSED, *OUTLINED, *NAMED) if entry.name not in languages_called(entry.name)] == []


def test_who_asks_for_typescript_asks_for_its_dialect_too() -> None:
    assert languages_called("ts") == {"typescript", "tsx"}
    assert languages_called("tsx") == {"tsx"}


@pytest.mark.parametrize("name", ["", "klingon", "\x00", "py thon 3"])
def test_what_is_no_language_means_none(name: str) -> None:
    assert languages_called(name) == frozenset()


def test_the_closest_names_are_suggested() -> None:
    assert closest_to("pyton")[0] == "python"
    assert "typescript" in closest_to("typscript")
    assert len(closest_to("x")) <= 3
    assert closest_to("☃") == []
