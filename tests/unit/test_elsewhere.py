"""Without what only Linux has, everything can still be imported, and what stands in for it does something.

As near as Linux comes to another system: a process in which names are taken away before codectxd is imported. The libraries
that codectxd stands on are imported first, since they bring what this system needs.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PREPARE = """
import asyncio, asyncio.subprocess, ctypes, concurrent.futures, importlib, importlib.abc, logging.handlers, multiprocessing
import os, pkgutil, select, shutil, signal, socket, sqlite3, subprocess, sys, tempfile, urllib.request, uuid, zipfile
import git, msgspec, numkong, numpy, onnxruntime, platformdirs, pygls.lsp.server, tantivy, tokenizers, tqdm
import tree_sitter, usearch.index, usearch.io
import watchdog.events, watchdog.observers, watchdog.observers.polling

MISSING = {"darwin": {"watchdog.observers.inotify_c"}, "win32": {"watchdog.observers.inotify_c", "fcntl", "resource", "pwd"}}
LACKS = {
    "darwin": {os: "fdatasync"},
    "win32": {
        os: "fdatasync fork getuid nice setsid sysconf O_CLOEXEC O_NOCTTY O_NOFOLLOW O_NONBLOCK",
        signal: "SIGALRM SIGKILL setitimer ITIMER_REAL",
        socket: "AF_UNIX",
        select: "poll POLLHUP POLLERR POLLIN",
    },
}
system = sys.argv[1]

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in MISSING[system]:
            raise ModuleNotFoundError(f"{system} has no {name}", name=name)

for name in MISSING[system]:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Refuse())
for module, names in LACKS[system].items():
    for name in names.split():
        delattr(module, name)
sys.platform = system
"""

IMPORT_ALL = """
import codectxd
names = [found.name for found in pkgutil.walk_packages(codectxd.__path__, "codectxd.")]
assert len(names) > 90, names
for name in names:
    if name != "codectxd.workspace.watch" and not name.startswith("codectxd.evaluate"):
        importlib.import_module(name)
assert "codectxd.workspace.watch" not in sys.modules, "only Linux has what it stands on"
"""

USE = """
from pathlib import Path
from codectxd import paths, system as ours
from codectxd.daemon.memory import resident_bytes
from codectxd.index.vectors import VectorState, VectorWriter
from codectxd.types import Source
from codectxd.workspace.filters import Limits
from codectxd.workspace.peek import peek
from codectxd.workspace.source import read_source

folder = Path(sys.argv[2])
paths.make_private(folder / "private")
(folder / "a.py").write_bytes(b"x = 1\\r\\n")
found = read_source(str(folder), "a.py", lambda path, text: "python", Limits())
assert isinstance(found, Source), found
assert found.text == peek(str(folder), "a.py", 100) == b"x = 1\\r\\n"
assert paths.layout().runtime
assert resident_bytes(os.getpid()) >= 0
ours.be_nice()
ours.bound_memory(1 << 40)
ours.prepare_alarm()
ours.set_alarm(100)
ours.set_alarm(0)
assert not ours.ended_by_alarm(1)
ours.sync(folder / "a.py")
ours.sync(folder)
VectorWriter(folder / "vectors", VectorState("model", 8)).close()
ours.remove(folder / "a.py")
ours.remove(folder / "a.py")
"""


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_everything_is_imported_and_used_without_what_only_linux_has(system: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PREPARE + IMPORT_ALL + USE, system, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
