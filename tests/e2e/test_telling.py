"""What a client is told without waiting for an answer: progress, partial results, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codectxd.wire import messages
from e2e.support import DEADLINE_S, Home, Raw

N_FILES = 900
CREATE = "window/workDoneProgress/create"


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A folder that takes a while to be indexed."""
    root = tmp_path / "large"
    root.mkdir()
    for number in range(N_FILES):
        functions = (f"def shelf_{number}_{at}(box):\n    return box.open_lid_{at}({number}) + {at}\n" for at in range(40))
        (root / f"shelves_{number}.py").write_text("\n\n".join(functions))
    return root


def until_answered(peer: Raw, number: int) -> Iterator[Any]:
    """What comes before the response to a request, and that response."""
    while (message := peer.receive()).get("id") != number or "method" in message:
        assert message, "the daemon hung up"
        yield message
    yield message


def wait_fresh(number: int) -> dict[str, Any]:
    return {"id": number, "method": messages.WAIT_FRESH, "params": {"timeoutMs": int(1000 * DEADLINE_S)}}


def test_an_index_run_is_shown_to_who_can_show_it(home: Home, large: Path) -> None:
    home.run("serve", "--detach")
    with home.raw() as able, home.raw() as unable, home.raw() as curious:
        able.initialize(large, window={"workDoneProgress": True})
        unable.initialize(large, window={"workDoneProgress": False})
        curious.initialize(large, window={"workDoneProgress": True}, experimental={"codectxStatus": True})
        able.send(wait_fresh(1))
        told = []
        for message in until_answered(able, 1):
            told.append(message)
            if message.get("method") == CREATE:
                able.send({"id": message["id"], "result": None})
        *told, answer = told
        assert answer["result"]["fresh"]
        while told[-1].get("method") != "$/progress" or told[-1]["params"]["value"]["kind"] != "end":
            told.append(able.receive())
        assert told[0]["method"] == CREATE
        values = [message["params"]["value"] for message in told[1:]]
        assert {message["params"]["token"] for message in told[1:]} == {told[0]["params"]["token"]}
        assert [value["kind"] for value in values] == ["begin", *["report"] * (len(values) - 2), "end"]
        assert "large" in values[0]["title"]
        shares = [value["percentage"] for value in values[1:-1]]
        assert shares == sorted(shares)
        assert all(0 <= share <= 100 for share in shares)
        unable.send(wait_fresh(1))
        assert [message["id"] for message in until_answered(unable, 1)] == [1]
        curious.send(wait_fresh(1))
        assert {message.get("method") for message in until_answered(curious, 1)} == {messages.STATUS_CHANGED, None}


def test_results_come_in_parts_to_who_gives_a_token(home: Home, large: Path) -> None:
    home.run("serve", "--detach")
    with home.raw(initialized=(large,)) as peer:
        assert peer.ask(messages.WAIT_FRESH, {"timeoutMs": int(1000 * DEADLINE_S)})["result"]["fresh"]
        symbols = {"query": "shelf_", "limit": 120}
        whole = peer.ask(messages.WORKSPACE_SYMBOL, symbols)["result"]
        assert len(whole) == 120
        *parts, last = in_parts(peer, messages.WORKSPACE_SYMBOL, symbols)
        assert last["result"] == []
        assert [one for part in parts for one in part["params"]["value"]] == whole
        question = {"query": "open the lid of a box", "limit": 70}
        hits = peer.ask(messages.SEARCH, question)["result"]["hits"]
        *parts, last = in_parts(peer, messages.SEARCH, question)
        assert last["result"]["hits"] == []
        assert last["result"]["freshness"]["words"] == 1.0
        assert [hit for part in parts for hit in part["params"]["value"]["hits"]] == hits
        *parts, last = in_parts(peer, messages.WORKSPACE_SYMBOL, {"query": "no_such_name_anywhere"})
        assert (parts, last["result"]) == ([], [])
        error = list(in_parts(peer, messages.SEARCH, {"query": ""}))
        assert [message["error"]["code"] for message in error] == [messages.INVALID_PARAMS]


def in_parts(peer: Raw, method: str, params: dict[str, Any]) -> Iterator[Any]:
    peer.send({"id": 9, "method": method, "params": {**params, "partialResultToken": 7, "workDoneToken": "bar"}})
    for message in until_answered(peer, 9):
        # Progress of the work itself only begins where it takes a while, and then ends.
        if message.get("params", {}).get("token") != "bar":
            assert message.get("params", {"token": 7})["token"] == 7
            yield message


def test_an_editor_finds_in_its_log_what_keeps_a_folder_from_being_indexed(home: Home, workspace: Path) -> None:
    home.run("serve", "--detach")
    (home.folder / "workspaces").write_text("in the way")
    with home.raw() as editor, home.raw(initialized=(workspace,)) as script:
        editor.initialize(workspace, window={})
        message = editor.receive()
        assert message["method"] == "window/logMessage"
        assert message["params"]["type"] == 1
        assert message["params"]["message"].startswith(str(workspace))
        script.send({"id": 1, "method": messages.STATUS})
        assert [message["id"] for message in until_answered(script, 1)] == [1]
    (home.folder / "workspaces").unlink()
