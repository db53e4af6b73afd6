"""The command line: what it prints, and with which status it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

import codectxd
from codectxd.wire import messages
from e2e.support import DEADLINE_S, Home, executable, until


def test_search_answers_in_a_folder_it_never_saw(home: Home, workspace: Path) -> None:
    done = home.run("search", "call again after a failure", cwd=workspace)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("shop/retry.py:")
    assert "def call_with_backoff" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_search_prints_the_wire_type_as_json(home: Home, workspace: Path) -> None:
    done = home.run("search", "total price", "-k", "1", "--explain", "--json", cwd=workspace)
    assert done.returncode == 0, done.stderr
    answer = msgspec.json.decode(done.stdout, type=messages.SearchAnswer)
    assert [hit.path for hit in answer.hits] == ["shop/cart.py"]
    assert isinstance(answer.hits[0].why, messages.Why)
    assert answer.freshness.words == 1.0


def test_search_takes_the_repository_around_the_current_folder(home: Home, workspace: Path) -> None:
    done = home.run("search", "sells tea", "--content", "all", "--json", cwd=workspace / "shop")
    assert '"path":"README.md"' in done.stdout


def test_search_takes_folders_and_files_in_any_place(home: Home, workspace: Path) -> None:
    in_folder = home.run("search", "price", "--json", str(workspace / "shop"))
    assert '"path":"cart.py"' in in_folder.stdout, in_folder.stderr
    in_file = home.run("search", "attempts", "--json", str(workspace / "shop/cart.py"))
    paths = {hit.path for hit in msgspec.json.decode(in_file.stdout, type=messages.SearchAnswer).hits}
    assert paths <= {"shop/cart.py"}


def test_naming_files_searches_these_and_no_other(home: Home, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder / ".git").mkdir(parents=True)
        (tmp_path / folder / "src").mkdir()
        for name in ("a.py", "b.py", "src/a.py", "!bang.py", "#hash.py", "a\\b.py", "blank.py "):
            (tmp_path / folder / name).write_text(f"def kettle_{folder}():\n    return 'tea'\n")

    def found(*named: str) -> set[str]:
        done = home.run("search", "kettle", "--json", *named, cwd=tmp_path)
        return {hit.uri for hit in msgspec.json.decode(done.stdout, type=messages.SearchAnswer).hits}

    assert found("one/a.py") == {(tmp_path / "one/a.py").as_uri()}
    assert found("one/a.py", "two/b.py") == {(tmp_path / name).as_uri() for name in ("one/a.py", "two/b.py")}
    for name in ("!bang.py", "#hash.py", "a\\b.py", "blank.py "):
        assert found(f"one/{name}") == {(tmp_path / "one" / name).as_uri()}


def test_several_folders_answer_together(home: Home, workspace: Path, tmp_path: Path) -> None:
    garden = tmp_path / "garden"
    garden.mkdir()
    (garden / "roses.py").write_text("def water(roses):\n    return [rose.drink() for rose in roses]\n")
    done = home.run("search", "call again after a failure", str(garden), str(workspace), cwd=workspace)
    assert done.returncode == 0, done.stderr
    shown = [line.split("  ")[0] for line in done.stdout.splitlines() if line[:1].strip() and ".py:" in line]
    assert shown[0] == "shop/retry.py:1"
    assert f"{garden.resolve()}/roses.py:1" in shown[1:]
    nested = home.run("search", "price", "--json", str(workspace), str(workspace / "shop"))
    hits = msgspec.json.decode(nested.stdout, type=messages.SearchAnswer).hits
    assert {hit.path for hit in hits} == {"cart.py", "retry.py"}, "the inner folder answers for its files"


def test_filters_reach_the_search(home: Home, workspace: Path) -> None:
    assert home.run("search", "price", "--lang", "rust", cwd=workspace).returncode == 1
    assert home.run("search", "price", "--glob", "*.rs", cwd=workspace).returncode == 1
    assert home.run("search", "price", "--mode", "lexical", "--lang", "python", cwd=workspace).returncode == 0


def test_similar_finds_what_is_like_some_lines(home: Home, workspace: Path, tmp_path: Path) -> None:
    text = (workspace / "shop/retry.py").read_text()
    (workspace / "shop/copied.py").write_text(f"# A copy.\n\n{text}")
    by_line = home.run("similar", "shop/retry.py:6", "-k", "2", cwd=workspace)
    assert by_line.returncode == 0, by_line.stderr
    assert by_line.stdout.startswith("shop/copied.py:")
    assert "shop/retry.py:" not in by_line.stdout
    assert by_line.stdout.splitlines()[0].endswith("  duplicate")
    whole = home.run("similar", "shop/retry.py", "-k", "1", cwd=workspace)
    assert whole.stdout.startswith("shop/copied.py:"), whole
    found = home.run("similar", "retry.py:4-10", "-k", "1", "--explain", "--json", cwd=workspace / "shop").stdout
    answer = msgspec.json.decode(found, type=messages.SearchAnswer)
    assert [(hit.path, hit.likeness) for hit in answer.hits] == [("shop/copied.py", "duplicate")]
    assert isinstance(answer.explained, messages.Explained)
    (tmp_path / "elsewhere.py").write_text(text)
    outside = home.run("similar", str(tmp_path / "elsewhere.py:5"), "--lang", "py", cwd=workspace)
    assert outside.stdout.startswith(("shop/copied.py:", "shop/retry.py:")), outside
    piped = home.run("similar", "-", str(workspace), "--explain", input=text)
    assert piped.stdout.startswith("looked for: "), piped
    assert "\n  score " in piped.stdout


def test_what_cannot_be_compared_gets_one_line_and_status_2(home: Home, workspace: Path) -> None:
    (workspace / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    for arguments, word, given in (
        (("shop/cart.py:400",), "has 12 lines", ""),
        (("shop/cart.py:10-400",), "no line 400", ""),
        (("picture.png:1",), "not text", ""),
        (("shop:1",), "is a folder", ""),
        (("shop/cart.py:1", "--lang", "pyton"), "python", ""),
        (("-",), "nothing on stdin", " "),
        (("-",), "binary", "a\0b"),
    ):
        done = home.run("similar", *arguments, cwd=workspace, input=given)
        assert (done.returncode, done.stdout) == (2, ""), (arguments, done)
        assert len(done.stderr.splitlines()) == 1, (arguments, done)
        assert word in done.stderr, (arguments, done)


def test_symbols_prints_where_names_are_defined(home: Home, workspace: Path) -> None:
    done = home.run("symbols", "call_with", str(workspace))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["shop/retry.py:4:5  call_with_backoff  function"]
    found = msgspec.json.decode(home.run("symbols", "Cart", "--json", cwd=workspace).stdout)
    assert found[0]["name"] == "Cart"
    assert home.run("symbols", "NoSuchNameAtAll", cwd=workspace).returncode == 1


def test_files_lists_what_is_indexed_and_what_is_not(home: Home, workspace: Path) -> None:
    (workspace / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    assert home.run("files", cwd=workspace).stdout.splitlines() == ["README.md", "shop/cart.py", "shop/retry.py"]
    assert home.run("files", "shop/*.py", "-k", "1", cwd=workspace).stdout == "shop/cart.py\n"
    assert home.run("files", "crt", str(workspace)).stdout == "shop/cart.py\n"
    skipped = home.run("files", "--skipped", cwd=workspace)
    assert skipped.stdout.splitlines() == ["picture.png  binary", "shop/__init__.py  empty"]
    found = home.run("files", "lang:md", "--json", cwd=workspace).stdout
    answer = msgspec.json.decode(found, type=messages.ListPathsAnswer)
    assert [(one.path, one.language, one.role) for one in answer.paths] == [("README.md", "markdown", "docs")]
    assert answer.total == 1
    below = home.run("files", "--skipped", "shop", cwd=workspace)
    assert below.stdout == "__init__.py  empty\n", "a folder that is there is the one to list"
    nothing = home.run("files", "no-such-file", cwd=workspace)
    assert (nothing.returncode, len(nothing.stderr.splitlines())) == (1, 1)


def test_index_says_what_it_did(home: Home, workspace: Path) -> None:
    (workspace / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    done = home.run("index", cwd=workspace)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 files, ")
    assert "binary 1" in done.stdout
    assert done.stderr == ""
    again = home.run("index", "--force", "--json", str(workspace))
    [status] = msgspec.json.decode(again.stdout, type=messages.ReindexAnswer).workspaces
    assert (status.files, status.phase) == (3, "ready")


def test_status_and_stop_start_no_daemon(home: Home, workspace: Path) -> None:
    assert home.run("status").stdout == "No daemon is running.\n"
    assert msgspec.json.decode(home.run("status", "--json").stdout) == {"running": False}
    assert home.run("stop").returncode == 0
    assert not home.processes()
    home.run("index", cwd=workspace)
    assert str(workspace) in home.run("status").stdout
    about = msgspec.json.decode(home.run("status", "--json", str(workspace)).stdout)
    assert about["running"] is True
    assert [one["root"] for one in about["workspaces"]] == [str(workspace)]
    assert home.run("stop").returncode == 0
    assert home.daemon_pid() is None
    until(lambda: not home.processes(), "what worked for the daemon has ended with it")


MISTAKES = [
    ((), "Say what to do"),
    (("bogus",), "bogus"),
    (("search",), "QUERY"),
    (("search", ""), "empty"),
    (("search", "  "), "empty"),
    (("search", "x", "--bogus"), "--bogus"),
    (("search", "x", "-k", "many"), "-k"),
    (("search", "x", "-k", "0"), "limit"),
    (("search", "x", "--mode", "psychic"), "--mode"),
    (("search", "x", "--wait", "-1"), "--wait"),
    (("search", "x", "no/such/place"), "no/such/place"),
    (("symbols", ""), "empty"),
    (("symbols", "x", "no/such/place"), "no/such/place"),
    (("index", "no/such/place"), "no/such/place"),
    (("files", "x", "-k", "0"), "limit"),
    (("similar",), "FILE:LINE"),
    (("similar", "x"), "FILE:START-END"),
    (("similar", "no/such/file.py:3"), "no/such/file.py"),
    (("similar", "x:0"), "x"),
    (("index", "a", "b"), "b"),
    (("status", "no/such/place"), "no/such/place"),
    (("--bogus",), "--bogus"),
]


def test_mistakes_get_one_line_and_status_2(home: Home) -> None:
    for arguments, word in MISTAKES:
        done = home.run(*arguments)
        assert done.returncode == 2, (arguments, done)
        assert done.stdout == "", (arguments, done)
        assert len(done.stderr.splitlines()) == 1, (arguments, done)
        assert word in done.stderr, (arguments, done)


def test_nothing_found_is_status_1(home: Home, tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    for command in ("index", "search"):
        arguments = [command, "anything", str(tmp_path)] if command == "search" else [command, str(tmp_path)]
        done = home.run(*arguments)
        assert done.returncode == 1, done
        assert len(done.stderr.splitlines()) == 1, done


def test_a_home_that_cannot_be_used_is_status_3(home: Home, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    home.environment["CODECTX_HOME"] = str(tmp_path / "file" / "home")
    done = home.run("search", "x", str(tmp_path))
    home.environment["CODECTX_HOME"] = str(home.folder)
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_an_index_that_cannot_be_written_is_status_3(home: Home, workspace: Path) -> None:
    (home.folder / "workspaces").write_text("A file where a folder should be.")
    for command in (["index"], ["search", "price"], ["search", "price", "--wait", "0"], ["symbols", "Cart"]):
        done = home.run(*command, cwd=workspace)
        assert done.returncode == 3, (command, done)
        assert "index" in done.stderr.splitlines()[-1], (command, done)


def test_an_interrupt_is_quiet(home: Home, workspace: Path) -> None:
    home.run("index", cwd=workspace)
    pid = home.daemon_pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # So that the command has something to wait for.
    try:
        asking = home.start("search", "x", str(workspace), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        until(lambda: connected(asking.pid), "the command waits for its answer")
        asking.send_signal(signal.SIGINT)
        assert asking.communicate(timeout=DEADLINE_S) == (b"", b"")
        assert asking.returncode == 130
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_reader_that_had_enough_is_no_error(home: Home, workspace: Path) -> None:
    home.run("index", cwd=workspace)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        asking = home.start("search", "price", str(workspace), stdout=pipe, stderr=subprocess.PIPE)
    assert asking.communicate(timeout=DEADLINE_S)[1] == b""
    assert asking.returncode == 0


def test_version_and_help() -> None:
    version = subprocess.run([*executable(), "--version"], capture_output=True, text=True, check=True)
    assert version.stdout == f"codectxd {codectxd.__version__}\n"
    for command in ("search", "similar", "files", "symbols", "index", "status", "stop", "serve"):
        said = subprocess.run([*executable(), command, "--help"], capture_output=True, text=True, check=True)
        assert said.stdout.startswith(f"usage: codectxd {command}")


HEAVY = (
    *("pygls", "lsprotocol", "onnxruntime", "tokenizers", "tantivy", "usearch", "numkong", "numpy", "git", "watchdog"),
    *("tree_sitter", "sqlite3", "tqdm", "asyncio", "subprocess", "platformdirs"),
)


@pytest.mark.parametrize("module", ["cli", "commands", "relay", "connection", "spawn"])
def test_the_command_line_starts_without_the_daemons_libraries(module: str) -> None:
    code = f"import sys, codectxd.clients.{module} as m; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def connected(pid: int) -> bool:
    """Whether a process holds a connected Unix socket."""
    return any(one.status == psutil.CONN_NONE for one in psutil.Process(pid).net_connections("unix"))


def test_a_question_may_hold_filters_and_exact_words(home: Home, workspace: Path) -> None:
    for query, path in (
        ('"price * count" lang:py', "shop/cart.py"),
        ("-path:cart what happens after a failure", "shop/retry.py"),
        ('content:docs "small shop"', "README.md"),
    ):
        done = home.run("search", query, "--json", cwd=workspace)
        answer = msgspec.json.decode(done.stdout, type=messages.SearchAnswer)
        assert [hit.path for hit in answer.hits] == [path], done
    named = home.run("search", "tea", "README.md", cwd=workspace)
    assert named.stdout.startswith("README.md:"), named
    assert home.run("symbols", "Cart path:retry", cwd=workspace).returncode == 1


def test_filters_that_make_no_sense_get_one_line_and_status_2(home: Home, workspace: Path) -> None:
    for arguments, word in (
        (("search", "x lang:pythn"), "python"),
        (("search", "x", "--lang", "pythn"), "python"),
        (("search", "lang:python"), "codectxd files"),
        (("symbols", "x lang:pythn"), "python"),
    ):
        done = home.run(*arguments, cwd=workspace)
        assert (done.returncode, done.stdout) == (2, ""), done
        assert len(done.stderr.splitlines()) == 1, done
        assert word in done.stderr, done


def test_where_nothing_is_found_a_line_says_what_may_help(home: Home, workspace: Path) -> None:
    assert "without them" in home.run("search", '"no such words"', cwd=workspace).stderr
    assert "--content all" in home.run("search", "tea path:readme", "--content", "code", cwd=workspace).stderr
    for arguments in (("tea path:nosuch",), ("tea", "--lang", "rust"), ("tea", "--glob", "nosuch"), ("tea -path:/",)):
        told = home.run("search", *arguments, cwd=workspace).stderr
        assert "No indexed file passes" in told, arguments
        assert len(told.splitlines()) == 1, told


def test_where_no_code_answers_everything_does_and_says_so(home: Home, workspace: Path) -> None:
    widened = home.run("search", "tea path:readme", "--json", cwd=workspace)
    answer = msgspec.json.decode(widened.stdout, type=messages.SearchAnswer)
    assert ([hit.path for hit in answer.hits], answer.widened) == (["README.md"], True)
    assert widened.stderr.startswith("note: no code answers this"), widened
    in_code = home.run("search", "price", "--json", cwd=workspace)
    assert "widened" not in in_code.stdout
    assert in_code.stderr == ""
    assert home.run("search", "tea path:readme content:code", cwd=workspace).returncode == 1
