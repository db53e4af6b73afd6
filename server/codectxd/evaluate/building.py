"""Benchmarks of building: a whole index from nothing, its first useful second, and content that was seen before."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from codectxd.evaluate import corpus
from codectxd.evaluate.laboratory import Laboratory
from codectxd.evaluate.report import Row, quantile
from codectxd.evaluate.session import Session, until
from codectxd.wire import messages

BUILDS = 3
_PLANTED = "def reticulate_marmalade(spline):\n    '''Preserve the citrus ledger of a spline.'''\n    return spline\n"
_IN_WORDS = "where is the citrus ledger of a spline preserved"
_ALTERED = "\n# One more line, so that this file is another on the other branch.\n"


def cold_index(laboratory: Laboratory) -> list[Row]:
    """`codectxd index` with nothing there before: the daemon's start counted, an empty vault, everything kept on disk."""
    root = laboratory.copy()
    floors, times = [laboratory.floor(root)], []
    for _ in range(BUILDS):
        home = laboratory.home()
        began = time.perf_counter()
        printed = home.command("index", str(root), "--json")
        times.append(time.perf_counter() - began)
        home.stop()
        floors.append(laboratory.floor(root))
    floor = quantile([one.seconds for one in floors], 0.5)
    took = quantile(times, 0.5)
    done = msgspec.json.decode(printed, type=messages.ReindexAnswer).workspaces[0]
    details = {"seconds": took, "floor": floor, "files": done.files, "chunks": done.chunks, "vectors": done.vectors}
    return [Row("cold-index", "full index, against read + parse + tokenise", took / floor, "x", 2.5, details)]


def last_definition(laboratory: Laboratory) -> list[Row]:
    """A definition in the last file of a cold tree, found by its name and by the words around it, from spawn on."""
    root = laboratory.copy()
    (root / "zzz").mkdir()
    planted = root / "zzz" / "zzz_last.py"
    planted.write_text(_PLANTED)
    floor = laboratory.floor(root)
    home = laboratory.home()
    began = time.perf_counter()
    with home.editor(root) as session:
        started = time.perf_counter() - began
        until(lambda: _first_is(session, "reticulate_marmalade", planted), what="the planted definition by name")
        until(lambda: _first_is(session, _IN_WORDS, planted), what="the planted definition by words")
        found = time.perf_counter() - began
    home.stop()
    least = started + floor.read + floor.parse
    details = {"seconds": found, "start": started, "read": floor.read, "parse": floor.parse}
    return [Row("last-definition", "definition in the last file of a cold tree", found / least, "x", 1.5, details)]


def branch_switch(laboratory: Laboratory) -> list[Row]:
    """A branch on which every file differs, and back to the first: nothing is parsed or embedded for the way back."""
    root = laboratory.copy()
    altered = _another_branch(root)
    home = laboratory.home()
    home.command("index", str(root))
    with home.session(root) as session:
        corpus.git(root, "switch", "-q", "other")
        session.wait_fresh(durable=True)
        there = session.workspace()
        began = time.perf_counter()
        corpus.git(root, "switch", "-q", "main")
        switched = time.perf_counter()
        session.wait_fresh(durable=False)
        took = time.perf_counter() - switched
        back = session.workspace()
    home.stop()
    details = {"files": altered, "git": switched - began}
    return [
        Row("switch.seconds", "branch switch back, from git's end to fresh", took, "s", 2, details),
        Row("switch.embedded", "texts embedded by it", back.embedded, "count", 0, {"on the way there": there.embedded}),
        Row("switch.parsed", "files parsed by it", back.parsed, "count", 0, {"on the way there": there.parsed}),
    ]


def _another_branch(root: Path) -> int:
    """Make the branch `other`, on which every source file has a line more, and go back to main; how many files differ."""
    paths = corpus.sources(root, at_most=10_000_000)
    corpus.git(root, "switch", "-q", "-c", "other")
    for path in paths:
        with path.open("ab") as file:
            file.write(_ALTERED.encode())
    corpus.commit(root, "Another version")
    corpus.git(root, "switch", "-q", "main")
    return len(paths)


def _first_is(session: Session, query: str, path: Path) -> bool:
    return any(hit.path.endswith(path.name) for hit in session.search(query, limit=3))
