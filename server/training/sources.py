"""What the model learns from: repositories at fixed revisions, and the Python standard library.

`sources.tsv` names them. `texts` yields a source's files as they were at that revision, without what is generated,
vendored, or a copy of a repository that quality is measured on.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

STANDARD_LIBRARY = "python/standard-library"

LANGUAGES = {
    ".bash": "bash", ".c": "c", ".cc": "cpp", ".cpp": "cpp", ".cs": "csharp", ".cxx": "cpp", ".ex": "elixir",
    ".exs": "elixir", ".go": "go", ".h": "c", ".hpp": "cpp", ".hs": "haskell", ".java": "java", ".js": "javascript",
    ".jsx": "javascript", ".kt": "kotlin", ".lua": "lua", ".md": "markdown", ".mjs": "javascript", ".php": "php",
    ".py": "python", ".rb": "ruby", ".rs": "rust", ".rst": "markdown", ".scala": "scala", ".sh": "bash",
    ".swift": "swift", ".ts": "typescript", ".tsx": "typescript", ".zig": "zig", ".zsh": "bash",
}  # fmt: skip

_MEASURED = """
abseil absl aeson aiohttp alamofire axios axum bash-it bats bats-core burn cats chi circe click cobra commons-lang
commons-lang3 curl dapper django ecto exposed express fastapi flask fmt fmtlib gin gson guzzle http4s httpx
jackson-databind kotlinx-coroutines ktor kubernetes laravel lazy libuv messagepack messagepack-csharp mini mini.nvim
model2vec monolog newtonsoft newtonsoft-json newtonsoft.json nlohmann nlohmann-json nvm octocode ollama pandoc phoenix
plug pydantic rack rails redis redux requests rxswift semble serde sinatra snapkit starlette telescope telescope.nvim
tokio trpc vapor vitest wordpress xmonad zig-clap zls zod
"""
_COPIES = re.compile(r"(?:^|/)(?:" + "|".join(map(re.escape, _MEASURED.split())) + r")(?:/|\.[a-z]+$)", re.IGNORECASE)
_NOT_OWN = re.compile(
    r"(?:^|/)(?:\.[^/]*|_?vendor(?:ed)?|third[-_]?party|3rdparty|node_modules|deps?|external|extern|extlib|bundled|contrib"
    r"|dist|build|generated|gen|testdata|fixtures?|__snapshots__|snapshots|site-packages|locales?|po)/"
    r"|\.min\.|\.pb\.|\.d\.ts$|_pb2|\.generated\.|change(?:s|log)|history\.md|news\.md|release[-_]?notes",
    re.IGNORECASE,
)
_QUESTIONS = {"asyncio/tasks.py", "email/utils.py", "difflib.py", "graphlib.py", "shlex.py", "bisect.py"}
"""Modules that questions of the acceptance test are about."""

_LARGEST, _LONGEST_LINE = 200_000, 1_000


class Source(NamedTuple):
    """One line of `sources.tsv`. `use` is "train" or "measure"."""

    repository: str
    revision: str
    licence: str
    use: str


class File(NamedTuple):
    repository: str
    path: str
    language: str
    text: str


def read(listing: Path, use: str) -> list[Source]:
    lines = listing.read_text(encoding="utf-8").splitlines()[1:]
    return [source for line in lines if (source := Source(*line.split("\t"))).use == use]


def git_folder(data: Path, source: Source) -> Path:
    """A repository `owner/name` is expected as a clone (bare or not) in `DATA/owner+name`."""
    return data / source.repository.replace("/", "+")


def files(data: Path, source: Source) -> Iterator[File]:
    members = (
        _installed() if source.repository == STANDARD_LIBRARY else _committed(git_folder(data, source), source.revision)
    )
    for path, content in members:
        text = content.decode("utf-8", errors="replace")
        if content and max(map(len, text.splitlines()), default=0) <= _LONGEST_LINE:
            yield File(source.repository, path, LANGUAGES[Path(path).suffix], text)


def wanted(path: str) -> bool:
    return Path(path).suffix in LANGUAGES and not _NOT_OWN.search(path) and not _COPIES.search(path)


def _committed(folder: Path, revision: str) -> Iterator[tuple[str, bytes]]:
    """Files of a revision through `git cat-file`, which passes over what a partial clone lacks."""
    listing = _git(folder, "ls-tree", "-r", "-z", revision)
    entries = [entry.split("\t", 1) for entry in listing.decode("utf-8", errors="replace").split("\0") if entry]
    blobs = [(path, meta.split()[2]) for meta, path in entries if meta.startswith("100") and wanted(path)]
    stream = io.BytesIO(_git(folder, "cat-file", "--batch", given="\n".join(blob for _, blob in blobs).encode()))
    for path, _ in blobs:
        header = stream.readline().split()
        if header[-1] != b"missing":
            content = stream.read(int(header[2]))
            stream.read(1)
            if len(content) <= _LARGEST:
                yield path, content


def _git(folder: Path, *command: str, given: bytes = b"") -> bytes:
    environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1"}
    return subprocess.run(
        ["git", "-C", folder, *command], input=given, check=True, stdout=subprocess.PIPE, env=environment
    ).stdout


def _installed() -> Iterator[tuple[str, bytes]]:
    root = Path(sysconfig.get_paths()["stdlib"])
    for file in sorted(root.rglob("*.py")):
        path = file.relative_to(root).as_posix()
        if wanted(path) and "test" not in path and path not in _QUESTIONS and file.stat().st_size <= _LARGEST:
            yield path, file.read_bytes()
