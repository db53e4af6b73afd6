"""What a check found, and what a person does about it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

import msgspec

from codectxd.paths import Layout

Level: TypeAlias = Literal["ok", "warning", "problem"]


class Finding(msgspec.Struct, frozen=True, rename="camel"):
    """One line of the doctor's. `remedy` says what to do, and is empty where all is well.

    A warning is something that costs, or will; a problem is why something does not work.
    """

    area: str
    what: str
    level: Level
    told: str
    remedy: str = ""


class Patient(msgspec.Struct, frozen=True):
    """What is examined: one user's installation and state, and the workspace at the absolute folder `root`."""

    layout: Layout
    root: str


Check: TypeAlias = Callable[[Patient], Iterator[Finding]]


def ok(area: str, what: str, told: str) -> Finding:
    return Finding(area, what, "ok", told)


def warning(area: str, what: str, told: str, remedy: str) -> Finding:
    return Finding(area, what, "warning", told, remedy)


def problem(area: str, what: str, told: str, remedy: str) -> Finding:
    return Finding(area, what, "problem", told, remedy)


def size(count: float) -> str:
    """Bytes, for people."""
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= limit:
            return f"{count / limit:.3g} {unit}"
    return f"{count:.0f} bytes"
