"""`python -m codectxd.evaluate.sources REPOS FOLDER [--from WHERE]`: the code that a set of questions is about.

REPOS is a `repos.json`: repositories by `name`, with `github` (owner/name), `revision`, and `root`, the only folder that is
wanted. Each is fetched by git, without its history, and its plain files are written to FOLDER/NAME, as `codectxd eval
DATASET --folder FOLDER` wants them; what is there already stays. WHERE says where from; `{github}` and `{name}` are filled
in. Knows nothing of questions.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from codectxd.clients import ending, terminal
from codectxd.errors import UsageError
from codectxd.evaluate import dataset
from codectxd.evaluate.dataset import Repository

_WHERE: Final = "https://github.com/{github}.git"


def main(arguments: Sequence[str]) -> int:
    """Fetch what is missing; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m codectxd.evaluate.sources", description=__doc__)
    parser.add_argument("repos", type=Path, metavar="REPOS")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--from", dest="where", default=_WHERE, metavar="WHERE", help=f"(default: {_WHERE})")
    asked = parser.parse_args(arguments)
    return ending.ended(lambda: _fetch_all(asked.repos, asked.folder, asked.where))


def _fetch_all(repos: Path, folder: Path, where: str) -> int:
    for repository in dataset.repositories(repos):
        target = folder / repository.name
        if not target.exists():
            terminal.note(f"{repository.name}: {fetch(repository, target, where)} files")
    return 0


def fetch(repository: Repository, target: Path, where: str = _WHERE) -> int:
    """Write the files of `repository` below the new folder `target`; how many. Raises UsageError where git has none."""
    origin = where.format(github=repository.github, name=repository.name)
    with tempfile.TemporaryDirectory(prefix="cx-sources-") as room:
        _git(room, "init", "-q", "--bare")
        _git(room, "fetch", "-q", "--depth", "1", origin, repository.revision or "HEAD")
        packed = _git(room, "archive", "--format=tar", "FETCH_HEAD", *([repository.root] if repository.root else []))
    # Beside it first, so that a folder of this name is a whole one.
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    count = _unpack(packed, unfinished)
    unfinished.rename(target)
    return count


def _unpack(packed: bytes, target: Path) -> int:
    """The plain files of an archive by git: no links, which would lead out of it."""
    count = 0
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                path = target / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())
                count += 1
    return count


def _git(folder: str, *arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"git {arguments[0]} failed: {said[-1] if said else 'it said nothing'}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
