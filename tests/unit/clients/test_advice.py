"""What is said where nothing was found: which files were asked for, and what may help."""

from __future__ import annotations

import pytest

from codectxd.clients import advice
from codectxd.wire.messages import SearchParams


@pytest.mark.parametrize(
    ("params", "listed"),
    [
        (SearchParams("retry"), None),
        (SearchParams("retry path:src/ -lang:py"), "path:src/ -lang:py"),
        (SearchParams('retry path:"my files/" content:docs'), 'path:"my files/"'),
        (SearchParams("retry", languages=["rust", "common lisp"]), 'lang:rust lang:"common lisp"'),
        (SearchParams("retry", globs=["Makefile", "*.c", "a b/c"]), 'path:**/Makefile path:*.c path:"a b/c"'),
        (SearchParams("x lang:py", globs=["*.c"]), "lang:py path:*.c"),
    ],
)
def test_the_files_asked_for_are_told_in_filters(params: SearchParams, listed: str | None) -> None:
    found = advice.files_asked_for(params)
    assert (found.query if found is not None else None) == listed


@pytest.mark.parametrize(
    ("params", "word"),
    [
        (SearchParams('"so it stands"'), "without them"),
        (SearchParams("retry", content="code"), "--content all"),
        (SearchParams("retry"), ""),
        (SearchParams("retry content:docs", content="code"), ""),
    ],
)
def test_what_may_help_follows_from_the_question(params: SearchParams, word: str) -> None:
    told = advice.for_question(params)
    assert word in told
    assert bool(word) is bool(told)
