"""`codectxd --stdio`: passes on what is said, knows who left, and puts another daemon in the place of one that died."""

from __future__ import annotations

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from codectxd.clients import spawn
from codectxd.wire import messages
from e2e.support import DEADLINE_S, Home, frame, until


class Relay:
    """A relay and its two pipes."""

    def __init__(self, home: Home) -> None:
        pipe = subprocess.PIPE
        self.process = home.start("--stdio", stdin=pipe, stdout=pipe, stderr=pipe)
        self.heard: list[Any] = []

    def ask(self, method: str, params: Any, number: int = 1) -> Any:
        self.send({"id": number, "method": method, "params": params})
        while (message := self.receive()).get("id") != number:
            assert message, "the relay closed its output instead of answering"
            if message.get("error", {}).get("code") != messages.CONTENT_MODIFIED:
                self.heard.append(message)
        return message

    def open(self, uri: str, text: str) -> None:
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": item}})

    def change(self, uri: str, line: int, columns: tuple[int, int], text: str) -> None:
        start, end = ({"line": line, "character": column} for column in columns)
        changes = [{"range": {"start": start, "end": end}, "text": text}]
        params = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": changes}
        self.send({"method": "textDocument/didChange", "params": params})

    def folders(self, *, added: list[Path]) -> None:
        event = {"added": [{"uri": folder.as_uri(), "name": folder.name} for folder in added], "removed": []}
        self.send({"method": "workspace/didChangeWorkspaceFolders", "params": {"event": event}})

    def daemon(self) -> int:
        """The pid of the daemon that answers, once one does."""
        pids: list[int] = []

        def there() -> bool:
            pids.extend(one["pid"] for one in [self.ask(messages.STATUS, {}).get("result")] if one)
            return bool(pids)

        until(there, "a daemon answers")
        return pids[0]

    def until_found(self, word: str) -> Any:
        """The first hit that shows `word`, as soon as there is one."""
        hits: list[Any] = []

        def there() -> bool:
            answer = self.ask(messages.SEARCH, {"query": word})
            hits[:] = [hit for hit in answer.get("result", {"hits": []})["hits"] if word in hit["snippet"]]
            return bool(hits)

        until(there, f"{word} is found")
        return hits[0]

    def send(self, *sent: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"".join(frame(one) for one in sent))
        self.process.stdin.flush()

    def receive(self) -> Any:
        assert self.process.stdout is not None
        length = 0
        while (line := self.process.stdout.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return msgspec.json.decode(self.process.stdout.read(length)) if line else {}

    def initialize(self, *folders: Path) -> Any:
        named = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders]
        return self.ask("initialize", {"capabilities": {}, "workspaceFolders": named})

    def end(self) -> tuple[int, str]:
        """Close its input; its exit status and what it said on stderr."""
        _, said = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, said.decode()


def test_it_leaves_with_its_editor(home: Home) -> None:
    polite = Relay(home)
    assert polite.initialize()["result"]["serverInfo"]["name"] == "codectxd"
    assert polite.ask("shutdown", None)["result"] is None
    polite.send({"method": "exit"})
    assert polite.process.wait(DEADLINE_S) == 0  # Though its input is still open.
    assert polite.end() == (0, "")
    abrupt = Relay(home)
    abrupt.initialize()
    assert abrupt.end() == (0, "")


def test_an_exit_without_a_shutdown_is_a_failure(home: Home) -> None:
    hasty = Relay(home)
    hasty.initialize()
    hasty.send({"method": "exit"})
    assert hasty.process.wait(DEADLINE_S) == 1
    assert hasty.end() == (1, "")


def test_an_editor_goes_on_when_its_daemon_is_killed(home: Home, workspace: Path) -> None:
    editor, other = Relay(home), Relay(home)
    editor.initialize(workspace)
    other.initialize()
    uri = (workspace / "shop/cart.py").as_uri()
    other.folders(added=[workspace])
    editor.open(uri, "def wrap_as_gift(ribbon):\n    return ribbon\n")
    editor.change(uri, 0, (4, 16), "tie_with_string")
    editor.until_found("tie_with_string")
    killed = home.daemon_pid()
    assert killed is not None
    os.kill(killed, signal.SIGSTOP)
    # Asked and never answered; typed and never taken.
    editor.send({"id": "lost", "method": messages.SEARCH, "params": {"query": "tie_with_string"}})
    editor.change(uri, 0, (4, 19), "tie_with_😀_wire")
    os.kill(killed, signal.SIGKILL)
    answer = editor.receive()
    assert (answer["id"], answer["error"]["code"]) == ("lost", messages.CONTENT_MODIFIED)
    editor.change(uri, 0, (13, 15), "golden")
    hit = editor.until_found("tie_with_golden_wire")
    assert (hit["path"], hit["unsaved"]) == ("shop/cart.py", True)
    assert other.until_found("tie_with_golden_wire")["unsaved"]
    pids = [one.ask(messages.STATUS, {})["result"]["pid"] for one in (editor, other)]
    assert pids == [home.daemon_pid()] * 2
    assert killed not in pids
    assert editor.heard == other.heard == []  # Nobody was told anything but answers.
    assert [one.end() for one in (editor, other)] == [(0, "")] * 2


def test_progress_that_a_killed_daemon_began_is_ended(home: Home, tmp_path: Path) -> None:
    for number in range(900):
        text = "\n\n".join(f"def shelf_{number}_{at}(box):\n    return box.lid_{at}({number})\n" for at in range(40))
        (tmp_path / f"shelf_{number}.py").write_text(text)
    editor = Relay(home)
    editor.initialize(tmp_path)
    editor.send({"id": 5, "method": messages.REINDEX, "params": {"workDoneToken": "bar"}})
    assert editor.receive()["params"]["value"]["kind"] == "begin"
    killed = home.daemon_pid()
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    kinds = []
    while (message := editor.receive()).get("id") != 5:
        kinds.append(message["params"]["value"]["kind"])
    assert message["error"]["code"] == messages.CONTENT_MODIFIED
    assert (kinds[-1], kinds.count("end")) == ("end", 1)
    assert editor.end() == (0, "")


def test_a_daemon_that_was_stopped_comes_back_when_the_editor_wants_something(home: Home, workspace: Path) -> None:
    editor = Relay(home)
    editor.initialize(workspace)
    editor.open((workspace / "shop/cart.py").as_uri(), "def wrap_as_gift():\n    pass\n")
    editor.until_found("wrap_as_gift")
    assert home.run("stop").returncode == 0
    until(lambda: [one.pid for one in home.processes()] == [editor.process.pid], "only the editor's relay is left")
    assert home.daemon_pid() is None
    assert editor.until_found("wrap_as_gift")["unsaved"]
    assert home.daemon_pid() is not None
    assert home.run("stop").returncode == 0
    assert editor.end() == (0, "")


def test_a_daemon_that_cannot_be_had_again_ends_the_relay(home: Home, workspace: Path) -> None:
    editor = Relay(home)
    editor.initialize(workspace)
    (home.folder / "config.toml").write_text("workers = 'many'\n")
    pid = home.daemon_pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    editor.send({"id": 3, "method": messages.STATUS, "params": {}})
    os.kill(pid, signal.SIGKILL)
    editor.send({"id": 4, "method": messages.STATUS, "params": {}})
    # Either may be passed on before the relay sees that the daemon is gone, or wait for another daemon in vain.
    told = {message["id"]: message["error"]["code"] for message in (editor.receive(), editor.receive())}
    assert told == dict.fromkeys((3, 4), messages.CONTENT_MODIFIED)
    assert editor.process.wait(DEADLINE_S) == 3
    status, said = editor.end()
    assert (status, len(said.splitlines())) == (3, 1)
    assert "config.toml" in said
    assert str(home.layout.log) in said


def test_a_daemon_that_dies_again_and_again_is_given_up(home: Home, workspace: Path) -> None:
    editor = Relay(home)
    editor.initialize(workspace)
    pids = []
    for _ in range(5):
        pids.append(editor.daemon())
        os.kill(pids[-1], signal.SIGKILL)
    assert editor.process.wait(DEADLINE_S) == 3
    assert len(set(pids)) == 5
    status, said = editor.end()
    assert (status, len(said.splitlines())) == (3, 1)
    assert str(home.layout.log) in said


def test_what_is_not_lsp_ends_the_relay(home: Home) -> None:
    garbler = Relay(home)
    garbler.initialize()
    assert garbler.process.stdin is not None
    garbler.process.stdin.write(b"no header at all\r\n\r\n")
    garbler.process.stdin.flush()
    assert garbler.receive()["error"]["code"] == messages.PARSE_ERROR
    assert garbler.process.wait(DEADLINE_S) == 0
    assert garbler.end() == (0, "")


def test_a_new_editor_starts_a_new_daemon_after_a_kill(home: Home, workspace: Path) -> None:
    first = Relay(home)
    first.initialize(workspace)
    killed = home.daemon_pid()
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    first.end()
    second = Relay(home)
    second.initialize(workspace)
    assert home.daemon_pid() not in (None, killed)
    answer = second.ask(messages.WAIT_FRESH, {"timeoutMs": int(1000 * DEADLINE_S)})
    assert answer["result"]["fresh"]
    assert second.ask(messages.SEARCH, {"query": "total price"})["result"]["hits"]
    assert second.end()[0] == 0


def test_long_messages_pass_whole(home: Home, workspace: Path) -> None:
    relay = Relay(home)
    relay.initialize(workspace)
    lines = [f"def padding_{number}():\n    return '{'x' * 60}'\n" for number in range(40_000)]
    uri = (workspace / "shop/long.py").as_uri()
    document = {"uri": uri, "languageId": "python", "version": 1, "text": "".join(lines)}
    relay.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
    assert relay.ask(messages.STATUS, {})["result"]["pid"] == home.daemon_pid()
    assert relay.end()[0] == 0


def test_I12_sixteen_clients_at_once_start_one_daemon(home: Home) -> None:
    with ThreadPoolExecutor(16) as pool:
        relays = list(pool.map(lambda _: Relay(home), range(16)))
        list(pool.map(Relay.initialize, relays))
        pids = set(pool.map(lambda relay: relay.ask(messages.STATUS, {})["result"]["pid"], relays))
        assert pids == {home.daemon_pid()}
        assert home.layout.log.read_text().count(" serves on ") == 1
        assert [status for status, _ in pool.map(Relay.end, relays)] == [0] * 16


def test_a_stale_socket_is_replaced(home: Home) -> None:
    Relay(home).end()
    pid = home.daemon_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: not home.processes(), "the daemon is gone")
    assert home.layout.socket.exists()
    relay = Relay(home)
    assert "result" in relay.initialize()
    assert relay.end()[0] == 0


def test_a_socket_that_others_can_replace_is_not_used(home: Home) -> None:
    Relay(home).end()
    home.layout.runtime.chmod(0o777)
    try:
        done = home.run("search", "x")
        assert done.returncode == 3
        assert str(home.layout.runtime) in done.stderr
        assert len(done.stderr.splitlines()) == 1
    finally:
        home.layout.runtime.chmod(0o700)


def test_a_daemon_that_cannot_start_says_why(home: Home) -> None:
    (home.folder / "config.toml").write_text("workers = 'many'\n")
    done = home.run("--stdio", input="")
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert "config.toml" in done.stderr
    assert str(home.layout.log) in done.stderr


def test_the_daemon_leaves_when_nobody_needs_it(home: Home) -> None:
    (home.folder / "config.toml").write_text("idle_exit_s = 0.2\n")
    relay = Relay(home)
    relay.initialize()
    pid = home.daemon_pid()
    assert relay.ask(messages.STATUS, {})["result"]["pid"] == pid
    relay.end()
    until(lambda: not home.processes(), "the daemon has left")
    assert not home.layout.socket.exists()
    assert spawn.running_daemon(home.layout) is None


def test_a_second_daemon_leaves_quietly(home: Home) -> None:
    Relay(home).end()
    pid = home.daemon_pid()
    done = home.run("serve")
    assert done.returncode == 0
    assert home.daemon_pid() == pid
    assert "Another daemon" in home.layout.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_daemon_cleanly(home: Home, workspace: Path, number: signal.Signals) -> None:
    daemon = home.start("serve", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    until(lambda: home.daemon_pid() == daemon.pid, "the daemon serves")
    with home.raw(initialized=(workspace,)) as peer:
        assert peer.ask(messages.WAIT_FRESH, {"timeoutMs": int(1000 * DEADLINE_S)})["result"]["fresh"]
        daemon.send_signal(number)
        said, _ = daemon.communicate(timeout=DEADLINE_S)
        assert peer.receive() == {}
    assert daemon.returncode == 0, said
    assert b"Traceback" not in said
    assert not home.layout.socket.exists()
    until(lambda: not home.processes(), "its children have ended")


def test_the_log_holds_no_text_of_the_user(home: Home, workspace: Path) -> None:
    relay = Relay(home)
    relay.initialize(workspace)
    text = "secret_word_of_the_user = 1\n"
    document = {"uri": (workspace / "a.py").as_uri(), "languageId": "python", "version": 1, "text": text}
    relay.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
    relay.ask(messages.SEARCH, {"query": "secret_word_of_the_user"})
    relay.ask(messages.SEARCH, {"query": "secret_word_of_the_user", "limit": "secret_word_of_the_user"})
    relay.ask("secret/method", {"query": "secret_word_of_the_user"})
    relay.end()
    assert "secret_word_of_the_user" not in home.layout.log.read_text()
