"""Real git repositories for tests, shielded from the configuration of whoever runs them."""

from __future__ import annotations

import subprocess
from pathlib import Path

ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A. Author",
    "GIT_AUTHOR_EMAIL": "author@example.org",
    "GIT_COMMITTER_NAME": "A. Author",
    "GIT_COMMITTER_EMAIL": "author@example.org",
}
"""What tests add to the environment, and what they take out of it."""
FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "XDG_CONFIG_HOME")


def git(folder: Path | str, *arguments: str) -> str:
    """Run git in a folder; it must succeed."""
    command = ["git", "-C", str(folder), "-c", "protocol.file.allow=always", *arguments]
    ran = subprocess.run(command, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.decode("utf-8", "surrogateescape")


def new_repository(folder: Path, **files: str) -> Path:
    """An empty repository with a branch named main and these files, uncommitted; "__" in a name stands for "/"."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    write(folder, {name.replace("__", "/"): text for name, text in files.items()})
    return folder


def write(folder: Path, files: dict[str, str]) -> None:
    """Files by relative path."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def commit(folder: Path, message: str = "Change") -> str:
    """Commit everything there is; the commit's name."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD").strip()
