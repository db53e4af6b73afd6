"""Wildcards mean what they mean written out naively, and take no longer the more of them there are."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from types import FrameType

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from codectxd.errors import BadFilter
from codectxd.gitignore import MOST_CHARACTERS, parse
from codectxd.index.filters import Filters, is_glob, path_glob
from codectxd.wildmatch import Wild, escaped, joined, parts_of, regex_of

NAIVELY = {Wild.STAR: "[^/]*", Wild.FOLDERS: "(?:.*/)?", Wild.ANYTHING: ".*"}

patterns = st.lists(
    st.sampled_from(["a", "b", "/", "*", "?", "**", "**/", "/**/", "*a", "*b*", "[ab]", "[!a]", "a/*b", "\\/"]), max_size=8
).map("".join)
texts = st.text(st.sampled_from("ab/"), max_size=14)


@settings(max_examples=1000, deadline=None)
@given(patterns, texts)
@example("*a*b", "aab")
@example("**/a/**/b/*c", "x/a/a/b/b/bc")
@example("**/*a*b/a", "aa/ab/aab/a")
@example("**\\/a/**/b", "b/a/b/a/b")
def test_a_pattern_matches_what_it_matches_written_out_naively(pattern: str, text: str) -> None:
    parts = parts_of(pattern)
    assert parts is not None
    naive = "".join(NAIVELY[part] if isinstance(part, Wild) else part for part in parts)
    ours = joined(parts)
    assert ours is not None
    assert bool(re.match(ours, text)) == bool(re.fullmatch(naive, text, re.DOTALL)), (ours, naive)


@given(st.text(max_size=20))
def test_an_escaped_text_is_matched_by_nothing_else(text: str) -> None:
    regex = regex_of(escaped(text))
    assert regex is not None
    assert re.match(regex, text)
    assert not re.match(regex, text + "x")


@pytest.fixture
def soon() -> Iterator[None]:
    """Ends a match that takes for ever; whoever waits for one cannot, since it lets no thread run."""

    def give_up(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


LONG = "a" * 200
DEEP = "/".join(["a"] * 200)
MANY = [
    "*a" * 12 + "*b",
    "*" * 300 + "x",
    "*?" * 40 + "x",
    "**/" * 100 + "x",
    "**/a/" * 40 + "x",
    "**/a*/" * 40 + "*x",
    "*a*/" * 40 + "b",
    "a" + "**/" * 40 + "**\\/" * 40 + "b",
    "*[a-c]" * 60 + "z",
]


@pytest.mark.parametrize("pattern", MANY)
@pytest.mark.usefixtures("soon")
def test_I12_no_pattern_holds_up_everybody(pattern: str) -> None:
    for name in (LONG, DEEP, f"{DEEP}/{LONG}"):
        for line in (pattern, f"/{pattern}", f"!/{pattern}"):
            rules = parse(line.encode())
            assert rules.verdict(name.encode(), name.rpartition("/")[2].encode(), is_folder=False) is None
            rules.reaches(name.encode())
        assert not path_glob((pattern,))(name)
        assert not Filters(paths=(pattern,)).test()(name, "python", "source")


@pytest.mark.usefixtures("soon")
def test_I12_no_ignore_file_holds_up_everybody() -> None:
    for line in (b"*a" * 400_000, b"!" + b"a/" * 400_000, b"!" + b"*/" * 2_000 + b"b", b"**/" * 300_000 + b"x"):
        rules = parse(line + b"\nseen\n")
        assert rules.verdict(DEEP.encode(), b"a", is_folder=False) is None
        assert rules.verdict(b"seen", b"seen", is_folder=False) is True
        rules.reaches(DEEP.encode())


@pytest.mark.parametrize("glob", ["", "[", "!", "/", "src/[", "a[z-", "   "])
def test_a_glob_that_can_match_nothing_is_refused(glob: str) -> None:
    with pytest.raises(BadFilter, match="can match nothing"):
        path_glob((glob,))
    assert not is_glob(glob)


def test_a_glob_longer_than_any_path_is_refused() -> None:
    path_glob(("*" * MOST_CHARACTERS,))
    with pytest.raises(BadFilter, match="1,000 characters at most"):
        path_glob(("*" * (MOST_CHARACTERS + 1),))


@pytest.mark.parametrize(
    ("globs", "path", "is_meant"),
    [
        (["*.py"], "a/b.py", True),
        (["/*.py"], "a/b.py", False),
        (["a/*.py"], "a/b.py", True),
        (["b.py/"], "a/b.py", False),
        (["a/"], "a/b.py", True),
        (["a"], "x/a/c/b.py", True),
        (["*.py", "!a/"], "a/b.py", False),
        (["*.py", "!a/", "b.py"], "a/b.py", True),
        (["!a/"], "a/b.py", False),
        (["!a/"], "b.py", True),
        (["?.py"], "é.py", True),
        (["[à-ü].py"], "é.py", True),
        (["#b.py"], "#b.py", True),
        (["A.py"], "a.py", False),
    ],
)
def test_globs_mean_paths_by_the_last_one_that_matches(globs: list[str], path: str, is_meant: bool) -> None:
    assert path_glob(globs)(path) is is_meant
