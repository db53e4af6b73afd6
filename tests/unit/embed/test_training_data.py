"""What the packaged model may have learned from, and how questions and answers are drawn from a file."""

from __future__ import annotations

import importlib
import random
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PERMISSIVE = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "ISC", "MIT", "PSF-2.0", "Unlicense"}

sys.path.append(str(ROOT / "server"))  # Last: training is in no installed package, and codectxd may well be.
sources = importlib.import_module("training.sources")
pairs = importlib.import_module("training.pairs")

LISTED = [s for use in ("train", "measure") for s in sources.read(ROOT / "server/training/sources.tsv", use)]


def test_every_source_is_under_a_permissive_licence() -> None:
    for source in LISTED:
        licences = source.licence.removesuffix(" WITH LLVM-exception").split(" OR ")
        assert PERMISSIVE.issuperset(licences), source


def test_no_source_is_a_repository_that_quality_is_measured_on() -> None:
    assert [source.repository for source in LISTED if not sources.wanted(f"{source.repository.lower()}/a.py")] == []


def test_every_source_is_credited() -> None:
    notice = " ".join((ROOT / "NOTICE").read_text(encoding="utf-8").split())
    for source in sources.read(ROOT / "server/training/sources.tsv", "train"):
        assert f"{source.repository} {source.revision} {source.licence}" in notice


@pytest.mark.parametrize(
    "path", ["vendor/x/a.go", "a/node_modules/b.js", "src/app.min.js", "pip/_vendor/requests/api.py", "include/fmt/core.h"]
)
def test_copies_and_generated_files_are_left_out(path: str) -> None:
    assert not sources.wanted(path)


def test_a_documented_function_is_a_question_and_an_answer() -> None:
    text = "// Close stops the listener and waits for it.\nfunc (s *Server) Close() error {\n\treturn s.wait()\n}\n\n"
    found = _pairs("net/server.go", "go", text)
    assert pairs.Pair("sentence", "Close stops the listener and waits for it.", text.split("\n", 1)[1]) in found


def test_a_docstring_is_a_question_about_its_function() -> None:
    head, body = "def load(path):\n", "    return parse(path)\n"
    text = head + '    """Read a table of numbers from disk.\n\n    Args:\n        path: where\n    """\n' + body
    found = [pair for pair in _pairs("io/table.py", "python", text) if pair.kind == "sentence"]
    assert [(p.question, p.answer) for p in found] == [("Read a table of numbers from disk.", head + body)]


def test_a_licence_is_no_question() -> None:
    text = "/* Copyright the authors. All rights reserved. */\n/* Reads lines of a file. */\nint lines(int a);\n"
    asked = {pair.question for pair in _pairs("lines.c", "c", text)}
    assert "Reads lines of a file." in asked
    assert not any("Copyright" in question for question in asked)


def test_a_heading_is_a_question_about_its_section() -> None:
    found = _pairs("doc.md", "markdown", "# How retries are spaced\n\nThey wait twice as long each time.\n")
    assert pairs.Pair("heading", "How retries are spaced", "They wait twice as long each time.") in found


def _pairs(path: str, language: str, text: str) -> list[object]:
    return list(pairs.of_file(sources.File("a/b", path, language, text), random.Random(1)))
