"""What to do about a tree, from what it is and what the index has of it. Pure: no file is touched, nothing raises.

Events say only which paths to look at; the difference of states says the rest (invariant I4), so the same plan comes of
any order of events, and of none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from codectxd.engine.jobs import Known
from codectxd.types import Skipped, Stamp

YOUNG_NS = 2_000_000_000
"""A file changed this shortly before it was seen may have changed again within the clock's grain: its text decides."""

_PASSING = ("unreadable", "unreachable")
"""Reasons that are none of the text's: the same file with the same stamp may be read tomorrow."""


class Plan(msgspec.Struct, frozen=True):
    """`read`: paths whose text must be looked at. `gone`: known paths that are no more. `skipped`: named skips that are
    new. `clear_skips`: names of skips that no longer hold."""

    read: list[str]
    gone: list[str]
    skipped: list[Skipped]
    clear_skips: list[str]


def plan(
    known: Mapping[str, Known],
    known_skips: Mapping[str, Skipped],
    stamps: Mapping[str, Stamp],
    skipped: Collection[Skipped],
    model: str | None,
) -> Plan:
    """Compare what the index has (`known`, `known_skips` by path) with what is there (`stamps`, `skipped`).

    A document without the vectors of `model` is due again; with `model` None, no document is for that reason.
    """
    skips = {skip.path: skip for skip in skipped}
    read = [path for path, stamp in stamps.items() if _is_due(known.get(path), known_skips.get(path), stamp, model)]
    gone = [path for path in known if path not in stamps and path not in skips]
    fresh = [skip for path, skip in skips.items() if path in known or _reason(known_skips.get(path)) != skip.reason]
    clear = [path for path in known_skips if path not in stamps and path not in skips]
    return Plan(read, gone, fresh, clear)


def _is_due(known: Known | None, skip: Skipped | None, stamp: Stamp, model: str | None) -> bool:
    if known is None:
        return skip is None or skip.stamp != stamp
    if known.stamp != stamp or (model is not None and known.model != model):
        return True
    return stamp.mtime_ns > known.seen_ns - YOUNG_NS


def with_stamps(skipped: Collection[Skipped], stamps: Mapping[str, Stamp]) -> list[Skipped]:
    """Skips of files that were looked into, with the stamps that they had; without, where only another look can tell."""
    return [Skipped(skip.path, skip.reason, None if skip.reason in _PASSING else stamps.get(skip.path)) for skip in skipped]


def _reason(skip: Skipped | None) -> str | None:
    return None if skip is None else skip.reason
