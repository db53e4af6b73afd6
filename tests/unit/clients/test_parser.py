"""The command line explains itself: every command has its page, every option its words, and every example can be typed."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys

import pytest

from codectxd.clients import cli, manual, parser
from codectxd.errors import UsageError
from codectxd.evaluate.bench import BENCHMARKS

COMMANDS = parser.subcommands(parser.build())


def spoken(command: str) -> list[list[str]]:
    """The arguments of each `codectxd` in a line for a shell."""
    lines: list[list[str]] = [[]]
    for word in shlex.split(command.split(" > ")[0], comments=True):
        if word in ("&&", "|", ";"):
            lines.append([])
        else:
            lines[-1].append(word)
    return [words[1:] for words in lines if words[0] == "codectxd"]


EXAMPLES = [(name, line) for name, page in manual.PAGES.items() for line, _ in page.examples]
EXAMPLES += [("codectxd", line) for line, _ in manual.EXAMPLES]


def options() -> list[tuple[str, argparse.Action]]:
    return [(name, action) for name, command in COMMANDS.items() for action in command._actions]


def test_every_command_has_a_page_and_every_page_is_a_command_s() -> None:
    assert set(COMMANDS) == set(manual.PAGES)
    assert {page.group for page in manual.PAGES.values()} <= set(manual.GROUPS)


@pytest.mark.parametrize(("name", "action"), options(), ids=lambda one: one if isinstance(one, str) else one.dest)
def test_every_option_says_what_it_does(name: str, action: argparse.Action) -> None:
    assert action.help
    assert action.metavar or action.choices or action.nargs == 0, f"{name} {action.dest} has a name for programs"


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_every_example_can_be_typed(name: str, example: str) -> None:
    calls = spoken(example)
    assert calls
    for arguments in calls:
        parser.parse(arguments)
    assert name == "codectxd" or any(arguments[0] == name for arguments in calls)


@pytest.mark.parametrize("name", manual.PAGES)
def test_a_page_tells_everything_in_a_fixed_width(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    wide = COMMANDS[name].format_help()
    monkeypatch.setenv("COLUMNS", "40")
    assert COMMANDS[name].format_help() == wide
    assert max(len(line) for line in wide.splitlines()) <= 96
    for part in ("usage: codectxd ", "\nexit status:\n", "\nexamples:\n"):
        assert part in wide
    assert manual.PAGES[name].summary[1:] in wide
    for action in COMMANDS[name]._actions:
        assert all(option in wide for option in action.option_strings)
        if action.option_strings and action.default and action.default != argparse.SUPPRESS:
            assert f"(default: {action.default})" in re.sub(r"\s+", " ", wide)


def test_the_first_page_lists_every_command_in_its_group() -> None:
    told = parser.page(parser.build(), None)
    for group, title in manual.GROUPS.items():
        listed = told.split(f"  {title}:\n")[1]
        mine = [name for name, page in manual.PAGES.items() if page.group == group]
        assert [line.split()[0] for line in listed.splitlines()[: len(mine)]] == mine


def test_help_is_the_page_of_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["help", "search"]) == 0
    assert capsys.readouterr().out == COMMANDS["search"].format_help()
    assert cli.run(["help"]) == 0
    assert capsys.readouterr().out.startswith("usage: codectxd COMMAND")
    assert cli.run(["help", "serch"]) == 2
    assert "codectxd --help" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["serch", "x"], ["search"], ["search", "x", "--mode", "magic"], ["index", "--no-such"], ["bench", "--x"]]
)
def test_what_makes_no_sense_is_one_line(arguments: list[str]) -> None:
    with pytest.raises(UsageError) as raised:
        parser.parse(arguments)
    assert "\n" not in str(raised.value)
    assert "--help" in str(raised.value)


def test_a_path_may_follow_an_option() -> None:
    assert parser.parse(["search", "x", "src", "-k", "3", "tests"]).paths == ["src", "tests"]
    assert parser.parse(["symbols", "x", "-k", "3", "src"]).path == "src"


def test_the_benchmarks_that_are_named_are_those_there_are() -> None:
    assert tuple(BENCHMARKS) == manual.BENCHMARKS


def test_the_command_line_starts_without_the_libraries_of_the_daemon() -> None:
    heavy = "{'pygls', 'onnxruntime', 'tantivy', 'usearch', 'git', 'numpy', 'tokenizers', 'shtab'}"
    program = f"import sys; import codectxd.clients.cli; print(sorted({heavy} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


@pytest.mark.parametrize("arguments", [["-path:test", "kill"], ["kill", "-lang:py"], ['-"x"'], ["x", '-"y"', "-k", "3"]])
def test_a_filter_that_looks_like_an_option_is_told_apart_from_one(arguments: list[str]) -> None:
    with pytest.raises(UsageError, match=r"looks like an option: put the whole question between single quotes"):
        parser.parse(["search", *arguments])
    with pytest.raises(UsageError, match="Unrecognized arguments: --nope"):
        parser.parse(["search", "kill", "--nope"])
    assert parser.parse(["search", "--", *arguments]).query == arguments[0]
