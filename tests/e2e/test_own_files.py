"""A home within the folder that is indexed: codectxd does not follow itself."""

from __future__ import annotations

from pathlib import Path

import msgspec

from codectxd.wire import messages
from e2e.support import Home


def test_a_home_inside_the_workspace_is_not_followed(workspace: Path) -> None:
    (workspace / ".cx").mkdir()
    home = Home(workspace / ".cx")
    try:
        generations = []
        for _ in range(4):
            # Each question writes to the log, and waits until all that happened before it is indexed.
            assert home.run("search", "price", cwd=workspace).returncode == 0
            status = msgspec.json.decode(home.run("status", "--json", cwd=workspace).stdout)
            generations.append(status["workspaces"][0]["generation"])
        assert len(set(generations[1:])) == 1, generations
        listed = home.run("files", "--json", cwd=workspace).stdout
        assert not [one for one in msgspec.json.decode(listed, type=messages.ListPathsAnswer).paths if ".cx" in one.path]
        skipped = msgspec.json.decode(home.run("files", "--skipped", "--json", cwd=workspace).stdout)
        assert (".cx", "codectxd's own") in [(one["path"], one["reason"]) for one in skipped["paths"]]
    finally:
        home.end()
