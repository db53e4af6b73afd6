"""Benchmarks of much: many chunks at once, several folders built or open at a time, a second core, a tree that is as it was.

Run when asked for by name: over the standard library they say little, over a hundred thousand chunks they take long.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from codectxd.evaluate import answering, corpus
from codectxd.evaluate.laboratory import Laboratory, executable
from codectxd.evaluate.processes import family, memory_mb
from codectxd.evaluate.report import Row, quantile
from codectxd.evaluate.resting import SETTLE_S
from codectxd.evaluate.session import DEADLINE_S, NeverCame, Session, until

_ARRIVING = 1_000
"""Chunks, about."""
_LARGEST = 64 * 1024
_TIMES = 3
_FOLDERS = 5
_AT_ONCE = 3


def arrivals(laboratory: Laboratory) -> list[Row]:
    """A thousand chunks that arrive at once, as a pull brings them, until the last is found, and until all is on disk."""
    searchable, durable, chunks, files = [], [], 0, 0
    with laboratory.built.session(laboratory.root) as session:
        session.wait_fresh(durable=True)
        for number in range(_TIMES):
            before = session.workspace()
            elsewhere, folder = laboratory.folder / f"arriving{number}", laboratory.root / f"arrived{number}"
            _copy_some(laboratory.root, elsewhere, before.chunks, number)
            began = time.perf_counter()
            elsewhere.rename(folder)
            _wait_for_all(session, folder)
            searchable.append((time.perf_counter() - began) * 1000)
            session.wait_fresh(durable=True)
            durable.append(time.perf_counter() - began)
            after = session.workspace()
            chunks, files = after.chunks - before.chunks, after.files - before.files
    details = {"chunks": chunks, "files": files, "worst": max(searchable)}
    return [
        Row("arrivals.searchable", "1,000 new chunks until searchable", quantile(searchable, 0.5), "ms", 400, details),
        Row("arrivals.durable", "1,000 new chunks until on disk", quantile(durable, 0.5), "s", 1, {}),
    ]


def _copy_some(root: Path, target: Path, chunks: int, number: int) -> None:
    """Copy files of `root`, which has `chunks` chunks, that have some thousand together, and make their content unknown."""
    every = [path for path in corpus.files(root, at_most=_LARGEST) if path.suffix and "arrived" not in path.parts[-2]]
    random.Random(number).shuffle(every)
    left = _ARRIVING / chunks * sum(path.stat().st_size for path in corpus.files(root, at_most=1_000_000))
    target.mkdir()
    for place, path in enumerate(every):
        if left <= 0:
            break
        shutil.copyfile(path, target / f"{place}_{path.name}")
        left -= path.stat().st_size
    answering.make_unknown(target, 10 + number)


def _wait_for_all(session: Session, folder: Path) -> None:
    """Until all of `folder` is searchable: a file of it is, so that it was noticed, and then nothing waits."""
    first = min(path for path in folder.rglob("*") if path.is_file())
    until(lambda: session.search(first.stem, limit=1, files=[str(first)]), what=first.name)
    session.wait_fresh(durable=False)


def three_builds(laboratory: Laboratory) -> list[Row]:
    """Search while three folders, of content never seen before, are indexed by the same daemon."""
    home, busy = laboratory.built, [laboratory.copy() for _ in range(_AT_ONCE)]
    for number, folder in enumerate(busy):
        answering.make_unknown(folder, number)
    with home.session(laboratory.root) as session:
        session.wait_fresh(durable=True)
        command = [*executable(), "index"]
        builds = [subprocess.Popen([*command, str(one)], env=home.environment, stdout=subprocess.DEVNULL) for one in busy]
        times: list[float] = []
        while any([build.poll() is None for build in builds]):
            times += answering.times_of(lambda question: session.search(question), answering.QUESTIONS)
        for build in builds:
            build.wait(DEADLINE_S)
        chunks = session.workspace().chunks
    what = "search while three workspaces are built, p95"
    details = {"p50": quantile(times, 0.5), "p99": quantile(times, 0.99), "asked": len(times), "chunks": chunks}
    return [Row("three-builds", what, quantile(times, 0.95), "ms", 50, details)]


def five_open(laboratory: Laboratory) -> list[Row]:
    """What the daemon and its children hold with five workspaces open, all of them indexed."""
    home, roots = laboratory.home(), [laboratory.copy() for _ in range(_FOLDERS)]
    for number, root in enumerate(roots):
        answering.make_unknown(root, number)
        home.command("index", str(root))
    with home.session(*roots) as session:
        session.wait_fresh(durable=True)
        chunks = session.workspace().chunks
        session.search("where is the configuration read")
        time.sleep(SETTLE_S)
        daemon = home.daemon()
        if daemon is None:
            raise NeverCame("the daemon ended")
        memory = memory_mb(family(daemon))
    home.stop()
    what = "daemon and resident children, five workspaces"
    return [Row("five-open", what, memory, "MB", 600, {"chunks of each": chunks})]


def unchanged(laboratory: Laboratory) -> list[Row]:
    """A tree that did not change, until the running daemon has looked at all of it and knows."""
    took = []
    with laboratory.built.session(laboratory.root) as session:
        session.wait_fresh(durable=True)
        for _ in range(_TIMES):
            began = time.perf_counter()
            session.reindex()
            took.append(time.perf_counter() - began)
        status = session.workspace()
    details = {"files": status.files, "chunks": status.chunks}
    return [Row("unchanged", "an unchanged tree, until it is known to be", quantile(took, 0.5), "s", 2, details)]


def second_core(laboratory: Laboratory) -> list[Row]:
    """Hashing, parsing and embedding by one process and by two, the files shared between them; the gain is the inverse."""
    root = laboratory.copy()
    alone, together = [], []
    for _ in range(_TIMES):
        alone.append(_share(root, 1))
        together.append(_share(root, 2))
    one, two = quantile(alone, 0.5), quantile(together, 0.5)
    details = {"gain": one / two, "one s": one, "two s": two}
    return [Row("second-core", "time of two processes, against one", two / one, "x", 1 / 1.8, details)]


def _share(root: Path, processes: int) -> float:
    """Seconds from a sign to the end of `processes` workers, of which each prepares its share of the files."""
    command = [sys.executable, "-m", "codectxd.evaluate.sharing", str(root), str(processes)]
    workers = [
        subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for number in range(processes)
    ]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()
    began = time.perf_counter()
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.close()
    for worker in workers:
        worker.wait(DEADLINE_S)
        assert worker.stdout is not None
        worker.stdout.close()
    return time.perf_counter() - began
