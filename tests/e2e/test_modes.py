"""Every way to build gives the same index, says how it went, and gives way to a simpler one where workers fail."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.home import Home, fresh, same, world
from e2e.test_kills import QUESTIONS, WORDS, planted

MODES = ["sequential", "parallel", "pipeline"]

CROWDED = """
import os, sys
if "codectxd.engine.worker" in sys.orig_argv and b"engine.indexer" in open(f"/proc/{{os.getppid()}}/cmdline", "rb").read():
    for name in os.listdir({folder!r}):
        try:
            os.kill(int(name), 0)
        except OSError:
            os.unlink(os.path.join({folder!r}, name))
    if os.listdir({folder!r}):
        os._exit(9)
    open(os.path.join({folder!r}, str(os.getpid())), "w").close()
    import time
    from codectxd.engine.prepare import Preparer
    prepare = Preparer.prepare
    def slowly(self, *arguments, **options):
        time.sleep(0.03)
        return prepare(self, *arguments, **options)
    Preparer.prepare = slowly
"""
"""Put where every process imports it: a machine that can carry one worker of a build and not one more, and that one is not
done before the others were tried."""

NO_STAGES = """
import os, sys
if "codectxd.engine.worker" in sys.orig_argv:
    from codectxd.engine.prepare import Preparer
    embed = Preparer.embed
    def guarded(self, strings):
        if sys._getframe(1).f_code.co_name == "_embed":
            os._exit(9)
        return embed(self, strings)
    Preparer.embed = guarded
"""
"""The same: whatever only embeds dies of it."""


@pytest.fixture
def home() -> Iterator[Home]:
    # A short path: a socket's may only have about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    found = Home(folder, "workers = 2\n")
    yield found
    found.close()
    shutil.rmtree(folder, ignore_errors=True)


def built(home: Home, root: Path, *options: str) -> dict[str, Any]:
    found = home.json("index", str(root), *options)["workspaces"][0]
    about: dict[str, Any] = found["build"]
    return about


def test_I4_every_mode_gives_the_same_index(home: Home, tmp_path: Path) -> None:
    root = planted(tmp_path / "tree")
    (root / "odd.py").write_bytes(b"x = '\xff\xfe'\n" * 300)
    (root / "empty.py").write_text("")
    worlds = []
    for mode in MODES:
        about = built(home, root, "--force", "--mode", mode)
        assert (about["mode"], about["files"], about["why"]) == (mode, 200, "asked for")
        assert about["cpuS"] > 0
        assert about["peakBytes"] > 50_000_000
        assert about["filesPerS"] > 0
        with home.session(root) as connection:
            assert fresh(connection, root)
            worlds.append(world(connection, root, WORDS, QUESTIONS))
    same(worlds[1], worlds[0])
    same(worlds[2], worlds[0])


@pytest.mark.parametrize("mode", MODES)
def test_what_the_vault_has_is_neither_parsed_nor_embedded_in_any_mode(home: Home, tmp_path: Path, mode: str) -> None:
    root = planted(tmp_path / "tree")
    assert built(home, root)["parsed"] == 200
    about = built(home, root, "--force", "--mode", mode)
    assert (about["parsed"], about["embedded"]) == (0, 0)


def test_the_setting_holds_where_the_request_does_not_say(home: Home, tmp_path: Path) -> None:
    (home.layout.config / "config.toml").write_text('workers = 2\nmode = "pipeline"\n')
    root = planted(tmp_path / "tree")
    assert built(home, root)["mode"] == "pipeline"
    assert built(home, root, "--force", "--mode", "parallel")["mode"] == "parallel"
    assert home.run("index", str(root), "--mode", "fast")[0] == 2


def test_little_memory_is_for_one_worker_which_status_says(home: Home, tmp_path: Path) -> None:
    (home.layout.config / "config.toml").write_text("workers = 2\nmemory_mb = 450\n")
    root = planted(tmp_path / "tree")
    about = built(home, root)
    assert (about["mode"], about["workers"]) == ("sequential", 1)
    assert "memory" in about["why"]
    code, out, _ = home.run("status")
    assert (code, "built last sequential, 1 worker" in out) == (0, True)


@pytest.mark.parametrize(
    ("machine", "asked", "mode"), [(NO_STAGES, "pipeline", "parallel"), (CROWDED, "parallel", "sequential")]
)
def test_where_workers_fail_a_simpler_mode_goes_on(machine: str, asked: str, mode: str, tmp_path: Path, home: Home) -> None:
    root = planted(tmp_path / "tree")
    for name in ("alive", "broken"):
        (tmp_path / name).mkdir()
    (tmp_path / "broken" / "sitecustomize.py").write_text(machine.format(folder=str(tmp_path / "alive")))
    home.environment["PYTHONPATH"] = f"{tmp_path / 'broken'}{os.pathsep}{home.environment['PYTHONPATH']}"
    about = built(home, root, "--mode", asked)
    assert (about["mode"], about["files"]) == (mode, 200)
    assert "failed" in about["why"]
    with home.session(root) as connection:
        assert fresh(connection, root)
    found = home.json("status")["workspaces"][0]
    assert (found["files"], found["phase"], found["vectors"]) == (200, "ready", found["chunks"])
