"""What may not be read is a named skip, costs nothing else, and is noticed when it may be read again.

Root may read everything, so that where the tests run as root a child without that privilege does the work.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

WORK = r"""
import os, subprocess, sys, threading
from pathlib import Path
from codectxd.errors import ServiceError
from codectxd.vcs.repo import Repo, list_repository
from codectxd.workspace.filters import Limits
from codectxd.workspace.tree import GitView, Tree
from codectxd.workspace.watch import Watcher

root, state, kind = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
for path in ("a", "closed/in", "closed/deep/er", "d/unlisted/in", "d/listed/in", "d/file", "d/kept"):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text("1")
repo = None
if kind != "plain":
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    if kind == "tracked":
        subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    repo = Repo.find(str(root))
tree = Tree(str(root), lambda path, text: "text", Limits(), GitView(repo.list_files if repo else None, list_repository))

changed = threading.Condition()
paths = set()

def on_paths(found):
    with changed:
        paths.update(found)
        changed.notify_all()

watcher = Watcher(str(root), on_paths, lambda reason: None, tree.is_ignored_dir, state=state)
watcher.start()

def chmod(path, mode):
    (root / path).chmod(mode)
    with changed:
        assert changed.wait_for(lambda: path in paths, 20), (path, paths)
        found = tree.probe(sorted(paths))
        paths.clear()
    return set(found.stamps), {skip.path: skip.reason for skip in found.skipped}

def all_of_it():
    found = tree.probe()
    return set(found.stamps), {skip.path: skip.reason for skip in found.skipped}

def named(*known):
    # Git knows what it tracks also where it may not look; elsewhere nobody knows what there is.
    return {path: "unreadable" for path in known} if kind == "tracked" else {}

everything = {"a", "closed/in", "closed/deep/er", "d/unlisted/in", "d/listed/in", "d/file", "d/kept"}
assert all_of_it() == (everything, {})
assert chmod("closed", 0) == (set(), {"closed": "unreadable folder", **named("closed/in", "closed/deep/er")})
assert chmod("d/unlisted", 0o300) == ({"d/unlisted/in"} if kind == "tracked" else set(), {"d/unlisted": "unreadable folder"})
assert chmod("d/listed", 0o400)[1] == {"d/listed/in": "unreadable"}
assert chmod("d/file", 0) == ({"d/file"}, {}), "only who reads it finds out"
assert tree.read("d/file").reason == "unreadable"
found, skipped = all_of_it()
assert {"a", "d/kept"} <= found <= {"a", "d/kept", "d/file", "d/unlisted/in"}, found
assert {"closed", "d/unlisted", "d/listed/in"} <= skipped.keys(), skipped
assert chmod("closed", 0o700) == ({"closed/in", "closed/deep/er"}, {})
assert chmod("d/unlisted", 0o700) == ({"d/unlisted/in"}, {})
assert chmod("d/listed", 0o700) == ({"d/listed/in"}, {})
assert chmod("d/file", 0o600) == ({"d/file"}, {})
assert all_of_it() == (everything, {})
(root / "closed" / "deep" / "new").write_text("1")
with changed:
    assert changed.wait_for(lambda: "closed/deep/new" in paths, 20), paths
watcher.stop()

root.chmod(0o300)
try:
    tree.probe()
except ServiceError as error:
    assert "may not be read" in str(error)
else:
    raise AssertionError("a root that may not be listed is no empty tree")
root.chmod(0o700)

if kind == "tracked":
    (root / ".git").chmod(0)
    probe = Tree(str(root), tree._language_of, Limits(), GitView(repo.list_files, list_repository)).probe()
    assert set(probe.stamps) == everything | {"closed/deep/new"}
    assert "git" in probe.problem
    (root / ".git").chmod(0o700)
"""


@pytest.mark.parametrize("kind", ["plain", "untracked", "tracked"])
def test_what_may_not_be_read_is_named_and_found_again(root: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "state").mkdir()
    command = [sys.executable, "-W", "error", "-c", WORK, str(root), str(tmp_path / "state"), kind]
    if os.getuid() == 0:
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
