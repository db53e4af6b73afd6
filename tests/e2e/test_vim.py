"""Vim, the real one, with the file for it, and with ALE as the language client."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from e2e.support import DEADLINE_S, Home, path_with_command

CONFIGURATION = Path(__file__).parents[2] / "server" / "editors" / "vim.vim"
ALE = Path("/usr/share/vim-ale")
"""Where Debian's package puts it."""

SCRIPT = """
set nocompatible noswapfile
set runtimepath+={ale}
runtime plugin/ale.vim
source {configuration}
doautocmd VimEnter
edit {file}
set filetype=python
function! Listed() abort
  return map(getqflist(), {{_, item -> bufname(item.bufnr) .. ':' .. item.lnum .. ' ' .. item.text}})
endfunction
{program}
call writefile([json_encode(g:answer)], '{answer}')
qall!
"""

Vim = Callable[[str], Any]


@pytest.fixture
def vim(home: Home, workspace: Path, tmp_path: Path) -> Vim:
    """Runs a program in a Vim that is in a file of the workspace; gives what it leaves in `g:answer`."""
    program = shutil.which("vim")
    if program is None or not ALE.is_dir():
        pytest.fail(
            "Vim or its plugin ALE is not installed: the packages vim and vim-ale bring them; .ci/run installs them."
        )
    environment = {**home.environment, "HOME": str(tmp_path), "PATH": path_with_command(tmp_path / "bin")}

    def run(body: str) -> Any:
        script, answer = tmp_path / "test.vim", tmp_path / "answer.json"
        file = str(workspace / "shop" / "cart.py").replace(" ", "\\ ")
        script.write_text(SCRIPT.format(ale=ALE, configuration=CONFIGURATION, file=file, answer=answer, program=body))
        subprocess.run(
            [program, "-E", "-s", "-N", "-u", "NONE", "-S", str(script)],
            env=environment,
            cwd=workspace,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=2 * DEADLINE_S,
        )
        assert answer.exists(), "the script ended early"
        return json.loads(answer.read_text())

    return run


def test_a_question_fills_the_quickfix_list(vim: Vim) -> None:
    found = vim("Codectx where is a failed call tried again\nlet g:answer = Listed()")
    assert found[0].startswith("shop/retry.py:1 call_with_backoff: ")


def test_definitions_are_found_by_name(vim: Vim) -> None:
    assert vim("CodectxSymbols total_price\nlet g:answer = Listed()") == ["shop/cart.py:10 total_price"]


def test_what_is_typed_is_found_before_it_is_saved_where_ale_is_the_client(vim: Vim, workspace: Path) -> None:
    found = vim("""
let b:ale_linters = ['codectxd']
call append('$', ['', 'def weigh_parcel(parcel):', '    return parcel.grams'])
let s:tries = 0
while s:tries < 100 && (s:tries == 0 || empty(filter(copy(g:answer), 'v:val =~# "weigh_parcel"')))
  ALELint
  sleep 200m
  CodectxSymbols weigh_parcel
  let g:answer = Listed()
  cclose
  let s:tries += 1
endwhile
""")
    assert found == ["shop/cart.py:14 weigh_parcel"]
    assert "weigh_parcel" not in (workspace / "shop" / "cart.py").read_text()


def test_helix_is_told_the_same_command() -> None:
    told = tomllib.loads((CONFIGURATION.parent / "helix.toml").read_text())
    assert told["language-server"]["codectxd"] == {"command": "codectxd", "args": ["--stdio"]}
    assert all("codectxd" in language["language-servers"] for language in told["language"])
