"""Bytes that no parser expects, through the real daemon: nobody dies, nothing is lost, and every skip has a name.

A few hundred mutations of the case files, and one of everything that is known to hurt. `python -m codectxd.evaluate.fuzz`
does the same with real code for as long as one likes.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from codectxd.chunk.languages import OUTLINED, PARSED
from codectxd.engine.workers import REASONS as WORKER_REASONS
from codectxd.evaluate.fuzz import fuzz
from codectxd.workspace.filters import REASONS
from e2e.home import Home, find, fresh, status
from golden.test_chunks import CASE, CASES

N_FILES = 900

BRACKETS = {
    "round": b"(" * 100_000,
    "square": b"[" * 100_000,
    "curly": b"{" * 100_000,
    "angle": b"<" * 100_000,
    "pairs": b"({[" * 33_000 + b"]})" * 33_000,
    "calls": b"f(" * 50_000,
    "tags": b"<a>" * 33_000,
    "blocks": b"if x {" * 14_000,
}
"""Deep nesting; written in lines of a hundred bytes, since very long lines are not even read."""
ODD = {
    "bom": b"\xef\xbb\xbfmarker_bom = 1\n",
    "crlf": b"first = 1\r\nmarker_crlf = 2\r\n",
    "cr": b"first = 1\rmarker_cr = 2\r",
    "surrogate": b"x = 1\n" * 200 + b"marker_surrogate = '\xed\xa0\x80'\n",
    "utf16": "marker_utf16 = 'ä'\n".encode("utf-16"),
    "latin1": b"x = 1\n" * 200 + "marker_latin1 = 'ä'\n".encode("latin-1"),
}
"""Texts that are to be found all the same, each by its marker."""
HOPELESS = {
    "nul.py": (b"x = 1\n\0\0\0\n" * 50, "binary"),
    "line.js": (b"var a=1;" * 650_000, "too large"),
    "short_line.js": (b"var a=1;" * 110_000, "minified"),
    "mixed.py": (b"a = '\xff\xfe\xe4'\n" * 300, "not utf-8"),
}


@pytest.fixture
def home() -> Iterator[Home]:
    # A short path: a socket's may only have about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    found = Home(folder, "file_deadline_s = 10.0\nindexer_idle_s = 600.0\n")
    yield found
    found.close()
    shutil.rmtree(folder, ignore_errors=True)


def seeds() -> dict[str, list[bytes]]:
    """The files of the case files by suffix."""
    found: dict[str, list[bytes]] = {}
    for case in CASES:
        match = CASE.fullmatch(case.read_text("utf-8"))
        assert match is not None
        name = match[2].rpartition("/")[2]
        found.setdefault(name.rpartition(".")[2], []).append(match[3].encode())
    return found


def wrapped(text: bytes) -> bytes:
    return b"\n".join(text[at : at + 100] for at in range(0, len(text), 100)) + b"\n"


def test_I12_mutated_files_end_no_process_and_are_all_accounted_for(tmp_path: Path) -> None:
    report = fuzz(seeds(), N_FILES, seed=4, keep=tmp_path / "kept")
    assert (report.deaths, report.wrong) == ([], [])
    assert report.files == N_FILES == report.indexed + sum(report.skipped.values())
    assert report.indexed > N_FILES / 2
    assert set(report.skipped) <= {*REASONS, *WORKER_REASONS}


def test_I12_what_is_known_to_hurt_a_parser_hurts_nobody_else(tmp_path: Path, home: Home) -> None:
    for language in (*PARSED, *OUTLINED):
        suffix = language.suffixes[0] if language.suffixes else language.names[0]
        for name, text in BRACKETS.items():
            (tmp_path / f"{name}.{suffix}").write_bytes(wrapped(text))
    for name, text in ODD.items():
        (tmp_path / f"{name}.py").write_bytes(text)
    for name, (text, _) in HOPELESS.items():
        (tmp_path / name).write_bytes(text)
    code, _, said = home.run("index", str(tmp_path), timeout_s=300.0)
    assert (code, said) == (0, "")
    daemon, indexer = home.daemon(), home.children("engine.indexer")
    with home.session(tmp_path) as connection:
        assert fresh(connection, tmp_path)
        for name in ODD:
            hits = find(connection, tmp_path, f"marker_{name}", mode="lexical", content="all").hits
            assert [hit.path for hit in hits][:1] == [f"{name}.py"]
        about = status(connection, tmp_path)
    assert about is not None
    reasons = {path: group.reason for group in about.skipped_files for path in group.examples}
    assert {name: reasons.get(name) for name in HOPELESS} == {name: reason for name, (_, reason) in HOPELESS.items()}
    assert about.files + about.skipped == len(list(tmp_path.iterdir()))
    assert (home.daemon(), home.children("engine.indexer")) == (daemon, indexer)
