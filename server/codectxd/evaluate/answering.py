"""Benchmarks of answers: search through the socket and as a command, while idle and while an index is built; symbols."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from codectxd.evaluate import corpus
from codectxd.evaluate.laboratory import Laboratory, executable
from codectxd.evaluate.report import Row, quantile
from codectxd.evaluate.session import DEADLINE_S

QUESTIONS = [
    "how is the configuration file loaded",
    "retry after a failed request",
    "parse command line arguments",
    "numerically stable sum of floats",
    "remove a folder with everything in it",
    "decode a percent-encoded address",
    "where are log records written to disk",
    "wait until a child process ends",
    "ThreadPoolExecutor",
    "json.dumps",
    "class Template",
    "getaddrinfo",
    "timeout",
    "write a zip archive",
    "compare two versions of a text line by line",
    "a cache that drops what was used least recently",
    "convert a time zone",
    "open a file in a text editor's encoding",
    "event loop that watches file descriptors",
    "raise an error when a value has the wrong type",
]
NAMES = ["", "x", "re", "op", "zip", "open", "read", "iter", "Error", "dumps", "Thread", "TestCase", "parse_args"]
ROUNDS = 10

_NAMES = re.compile(rb"\b(self|[a-z]+_[a-z]+)\b")
"""No keyword of a language has an underscore, but for a few that hardly anybody uses."""


def search(laboratory: Laboratory) -> list[Row]:
    """Hybrid search through the socket, every signal on, nothing else going on."""
    with laboratory.built.session(laboratory.root) as session:
        session.wait_fresh(durable=True)
        times = times_of(lambda question: session.search(question), QUESTIONS * ROUNDS)
        chunks = session.workspace().chunks
    return [Row("search", "search through the socket, p95", quantile(times, 0.95), "ms", 12, _details(times, chunks=chunks))]


def search_while_building(laboratory: Laboratory) -> list[Row]:
    """The same while another folder, of content never seen before, is indexed by the same daemon."""
    home, busy = laboratory.built, laboratory.copy()
    make_unknown(busy)
    with home.session(laboratory.root) as session:
        session.wait_fresh(durable=True)
        build = subprocess.Popen([*executable(), "index", str(busy)], env=home.environment, stdout=subprocess.DEVNULL)
        times: list[float] = []
        while build.poll() is None:
            times += times_of(lambda question: session.search(question), QUESTIONS)
        build.wait(DEADLINE_S)
    return [
        Row("search.building", "search while a workspace is built, p95", quantile(times, 0.95), "ms", 30, _details(times))
    ]


def command(laboratory: Laboratory) -> list[Row]:
    """`codectxd search` as a command, with the daemon warm."""
    home, root = laboratory.built, str(laboratory.root)
    times = times_of(lambda question: home.command("search", question, root), QUESTIONS * 2)
    return [Row("command", "codectxd search as a command, p95", quantile(times, 0.95), "ms", 150, _details(times))]


def symbols(laboratory: Laboratory) -> list[Row]:
    """`workspace/symbol`, for the empty and for very short queries too."""
    with laboratory.built.session(laboratory.root) as session:
        session.wait_fresh(durable=True)
        times = times_of(session.symbols, NAMES * ROUNDS)
    return [Row("symbols", "workspace/symbol, p95", quantile(times, 0.95), "ms", 30, _details(times))]


def times_of(ask: Callable[[str], object], questions: Iterable[str]) -> list[float]:
    """Milliseconds of each question, after one that nobody counts."""
    times = []
    for question in questions:
        began = time.perf_counter()
        ask(question)
        times.append((time.perf_counter() - began) * 1000)
    return times


def _details(times: list[float], **more: float) -> dict[str, float]:
    return {"p50": quantile(times, 0.5), "p99": quantile(times, 0.99), "asked": len(times), **more}


def make_unknown(folder: Path, number: int = 0) -> None:
    """Rename what is in nearly every chunk of `folder`, so that the vault knows few of them; for each `number` otherwise."""
    for path in corpus.files(folder, at_most=10_000_000):
        path.write_bytes(_NAMES.sub(rb"\g<1>%d" % number, path.read_bytes()))
