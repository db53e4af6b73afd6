"""What is said of several workspaces together."""

from __future__ import annotations

import msgspec
import pytest

from codectxd.engine.asking import merged
from codectxd.types import Freshness

WHOLE = Freshness(generation=7, head="main", words=1.0, vectors=1.0, degraded=(), stale=(), pending=0)


def test_one_small_folder_that_failed_does_not_make_the_others_unsearchable() -> None:
    failed = msgspec.structs.replace(WHOLE, words=0.0, vectors=0.0, degraded=("indexing",), pending=1)
    found = merged([WHOLE, failed, WHOLE], [900, 10, 90])
    assert (found.words, found.vectors) == pytest.approx((0.99, 0.99))
    assert (found.degraded, found.pending) == (("indexing",), 1)


def test_what_is_whole_is_said_to_be_whole() -> None:
    assert merged([WHOLE, WHOLE, WHOLE], [3, 7, 1]) == WHOLE
