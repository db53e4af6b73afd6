"""What may be said on the command line: commands, their options, and the pages that `--help` prints.

The pages look the same whatever the width of the terminal, so that they can be searched, compared and quoted. Knows what
each command is called and takes; what it says of itself is in `manual`, what it does in `commands`.
"""

from __future__ import annotations

import argparse
import functools
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import NoReturn

import codectxd
from codectxd.clients import commands, completion, logs, manual, terminal
from codectxd.errors import UsageError
from codectxd.wire.messages import MAX_LIMIT, MAX_PATHS

_WIDTH = 96
_INDENT = "  "


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """What is asked for. Raises UsageError."""
    try:
        return _parse(arguments)
    except UsageError:
        if loose := next((word for word in arguments if _LOOSE_FILTER.match(word)), None):
            told = "looks like an option: put the whole question between single quotes, or `--` before it."
            raise UsageError(f"{loose} {told}") from None
        raise


_LOOSE_FILTER = re.compile(r'-(?:(?:path|lang):|")')


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Options and paths in any order: argparse leaves behind a PATH that follows an option."""
    options, rest = build().parse_known_args(arguments)
    if any(word.startswith("-") for word in rest):
        left = rest
    elif hasattr(options, "paths"):
        options.paths, left = [*options.paths, *rest], []
    elif getattr(options, "path", "") is None and rest:
        options.path, *left = rest
    else:
        left = rest
    if left:
        raise UsageError(f"Unrecognized arguments: {' '.join(left)}; see `codectxd --help`.")
    return options


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and makes its page of `told` when somebody asks for it."""

    told: manual.Page | None = None

    def format_help(self) -> str:
        if self.told is not None:
            self.description = f"{self.told.summary[:1].upper()}{self.told.summary[1:]}.\n\n{_prose(self.told.about)}"
            self.epilog = _epilog(self.told.statuses, self.told.examples)
        return super().format_help()

    def _print_message(self, message: str, file: object = None) -> None:
        """argparse would say nothing of what could not be written."""
        terminal.say(message)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}; see `{self.prog} --help`.")


class _Main(Parser):
    """Lists its commands in their groups, which argparse cannot."""

    def format_help(self) -> str:
        usage = f"usage: {self.prog} COMMAND [options]\n       {self.prog} --stdio [--in-process]\n"
        listed = "".join(
            f"{_INDENT}{title}:\n" + _table(_summaries(group), 2 * _INDENT, 11) for group, title in manual.GROUPS.items()
        )
        options = _table(
            [("--stdio", _STDIO), ("--in-process", _IN_PROCESS), ("--version", _VERSION), ("-h, --help", _HELP)], _INDENT, 13
        )
        parts = [
            usage,
            manual.ABOUT + "\n",
            f"commands:\n{listed}",
            f"options:\n{options}",
            _epilog(manual.STATUSES, manual.EXAMPLES),
        ]
        return "\n".join(parts)


class _Page(argparse.RawDescriptionHelpFormatter):
    """One width for every terminal, and a default wherever there is one."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24, width=_WIDTH)

    def _get_help_string(self, action: argparse.Action) -> str | None:
        told = action.help
        if (
            told
            and action.option_strings
            and action.default not in (None, False, argparse.SUPPRESS)
            and action.default != []
        ):
            return f"{told} (default: %(default)s)"
        return told


_STDIO = "be a language server for an editor, on stdin and stdout"
_IN_PROCESS = "do without the daemon: nothing listens, and nothing stays"
_VERSION = "print the version"
_HELP = "print this page, or a command's"


def build() -> argparse.ArgumentParser:
    """The parser of the whole command line; `run` of what it parses is the command's function."""
    parser = _Main(prog="codectxd", formatter_class=_Page, allow_abbrev=False, add_help=False)
    parser.add_argument("-h", "--help", action="help", help=_HELP)
    parser.add_argument("--version", action="version", version=f"codectxd {codectxd.__version__}", help=_VERSION)
    parser.add_argument("--stdio", action="store_true", help=_STDIO)
    parser.add_argument("--in-process", action="store_true", default=sys.platform == "win32", help=_IN_PROCESS)
    # vscode-languageclient adds this to every server's command; the relay ends with its editor anyway.
    parser.add_argument("--clientProcessId", type=int, help=argparse.SUPPRESS)
    parser.set_defaults(command=None)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    _add_search(subparsers)
    _add_similar(subparsers)
    _add_symbols(subparsers)
    _add_files(subparsers)
    _add_index(subparsers)
    _add_daemon_commands(subparsers)
    _add_model(subparsers)
    _add_doctor(subparsers)
    _add_logs(subparsers)
    _add_bench(subparsers)
    _add_eval(subparsers)
    _add_completion(subparsers)
    _add_help(subparsers)
    return parser


def page(parser: argparse.ArgumentParser, command: str | None) -> str:
    """What `codectxd COMMAND --help` prints, or, for None, `codectxd --help`. Raises UsageError."""
    if command is None:
        return parser.format_help()
    found = subcommands(parser).get(command)
    if found is None:
        raise UsageError(f"There is no command {command!r}; `codectxd --help` lists them all.")
    return found.format_help()


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each command."""
    (action,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return dict(action.choices)


Commands = argparse._SubParsersAction


def _add_search(subparsers: Commands[Parser]) -> None:
    parser = _add(subparsers, "search")
    parser.add_argument("query", metavar="QUERY", help="a question in plain words, an identifier, or an error message")
    parser.add_argument("paths", metavar="PATH", nargs="*", default=[], help="folders, or files, to search")
    _add_answer(parser, "without it, code, and all where no code answers or files are named")
    parser.set_defaults(run=commands.search)


def _add_similar(subparsers: Commands[Parser]) -> None:
    parser = _add(subparsers, "similar")
    told = "FILE:LINE, FILE:START-END, FILE for all of it, or - for the text on stdin"
    parser.add_argument("what", metavar="FILE:LINE", help=told)
    searched = "folders, or files, to search; else the one FILE lies in"
    parser.add_argument("paths", metavar="PATH", nargs="*", default=[], help=searched)
    _add_answer(parser, "all, unless said otherwise")
    parser.set_defaults(run=commands.similar)


def _add_answer(parser: Parser, content: str) -> None:
    """What every command takes that answers with hits."""
    _add_limit(parser, 10, "hits")
    modes = ("hybrid", "semantic", "lexical")
    parser.add_argument("--mode", choices=modes, default="hybrid", help="how to look: both ways, by meaning, or by words")
    parser.add_argument("--lang", metavar="L", action="append", default=[], help="only this language; may be repeated")
    parser.add_argument("--glob", metavar="G", action="append", default=[], help="only such files; may be repeated")
    kinds = ("code", "docs", "config", "all")
    parser.add_argument("--content", choices=kinds, help=f"which kind of file answers: {content}")
    parser.add_argument("--explain", action="store_true", help="say why each hit stands where it does")
    _add_wait(parser)
    _add_in_process(parser)
    _add_json(parser, "SearchAnswer")


def _add_symbols(subparsers: Commands[Parser]) -> None:
    parser = _add(subparsers, "symbols")
    parser.add_argument("query", metavar="QUERY", help="a name, or letters of it in order")
    parser.add_argument("path", metavar="PATH", nargs="?", help="the folder to search")
    _add_limit(parser, 50, "symbols")
    _add_wait(parser)
    _add_in_process(parser)
    _add_json(parser, "a list of SymbolInformation")
    parser.set_defaults(run=commands.symbols)


def _add_files(subparsers: Commands[Parser]) -> None:
    parser = _add(subparsers, "files")
    told = "a glob, a name, a part of a path, or letters of it in order; without it, all files"
    parser.add_argument("glob", metavar="GLOB", nargs="?", help=told)
    parser.add_argument("path", metavar="PATH", nargs="?", help="the folder to list")
    _add_limit(parser, MAX_PATHS, "files", MAX_PATHS)
    parser.add_argument("--skipped", action="store_true", help="list what is left out instead, each with the reason")
    _add_wait(parser)
    _add_in_process(parser)
    _add_json(parser, "ListPathsAnswer")
    parser.set_defaults(run=commands.files)


def _add_index(subparsers: Commands[Parser]) -> None:
    parser = _add(subparsers, "index")
    parser.add_argument("path", metavar="PATH", nargs="?", help="the folder to index")
    parser.add_argument("--force", action="store_true", help="forget what is on disk for it first")
    modes = ("auto", "sequential", "parallel", "pipeline")
    parser.add_argument("--mode", choices=modes, help="how to build it; else as `mode` in the settings says")
    parser.add_argument("--merge", action="store_true", help="write words and vectors anew, without what was deleted")
    _add_in_process(parser)
    _add_json(parser, "ReindexAnswer")
    parser.set_defaults(run=commands.index)


def _add_daemon_commands(subparsers: Commands[Parser]) -> None:
    status = _add(subparsers, "status")
    status.add_argument("path", metavar="PATH", nargs="?", help="only the workspace at this folder")
    _add_in_process(status)
    _add_json(status, 'Status with "running": true, or {"running": false}')
    status.set_defaults(run=commands.status)
    _add(subparsers, "stop").set_defaults(run=commands.stop)
    serve = _add(subparsers, "serve")
    serve.add_argument("--detach", action="store_true", help="return once it serves, and leave it running")
    serve.set_defaults(run=commands.serve)


def _add_model(subparsers: Commands[Parser]) -> None:
    parser = _add(subparsers, "model")
    parser.add_argument("action", choices=("list", "add", "use", "rerank", "remove"), help="what to do")
    told = "to add: a folder, or OWNER/NAME on a hub; else the name of one that was added, or embedded, or off"
    parser.add_argument("model", metavar="MODEL", nargs="?", help=told)
    parser.add_argument("--name", metavar="N", help="add it under this name; else the last part of MODEL")
    parser.add_argument("--int8", action="store_true", help="make its weights a quarter as large, and faster")
    parser.add_argument("--dimension", metavar="D", type=_count, help="keep the first D numbers of its vectors")
    parser.add_argument("--max-tokens", metavar="T", type=_count, help="look at the first T tokens of a text")
    poolings = ("mean", "cls", "last")
    parser.add_argument("--pooling", choices=poolings, help="how it makes one vector of its tokens'")
    parser.add_argument("--query-prefix", metavar="TEXT", help="what comes before a question")
    parser.add_argument("--passage-prefix", metavar="TEXT", help="what comes before any other text")
    parser.add_argument("--revision", metavar="R", default="main", help="of a hub's model: branch, tag or commit")
    _add_json(parser, "the model that was added, a list of them, or what was done")


def _add_doctor(subparsers: Commands[Parser]) -> None:
    parser = _add(subparsers, "doctor")
    parser.add_argument("path", metavar="PATH", nargs="?", help="the workspace to examine")
    parser.add_argument("--bundle", metavar="FILE", help="write what a bug report needs to FILE, a new zip file")
    _add_json(parser, '{"version", "root", "worst", "findings": [{"area", "what", "level", "told", "remedy"}]}')


def _add_logs(subparsers: Commands[Parser]) -> None:
    parser = _add(subparsers, "logs")
    parser.add_argument("-n", dest="lines", metavar="N", type=_count, default=50, help="begin with the last N lines")
    parser.add_argument("--follow", action="store_true", help="go on with what is added, until Ctrl-C")
    parser.set_defaults(run=logs.logs)


def _add_bench(subparsers: Commands[Parser]) -> None:
    parser = _add(subparsers, "bench")
    parser.add_argument("names", metavar="NAME", nargs="*", help="what to measure; without it, everything")
    parser.add_argument("--against", metavar="FILE", help="compare with an earlier --json, and fail past 10 %%")
    code = parser.add_mutually_exclusive_group()
    code.add_argument("--folder", metavar="PATH", help="measure with this code instead of Python's library")
    code.add_argument("--generate", metavar="N", type=_count, help="measure with N files that are made up for it")
    _add_json(parser, "the report")


def _add_eval(subparsers: Commands[Parser]) -> None:
    parser = _add(subparsers, "eval")
    told = "questions, one JSON object a line; without it, the repository's own"
    parser.add_argument("dataset", metavar="DATASET", nargs="?", help=told)
    told = "the code to ask about, or the folder of its repositories; python: Python's library"
    parser.add_argument("--folder", metavar="PATH", help=told)
    parser.add_argument("--half", metavar="H", help="only the questions of DATASET whose half is H")
    parser.add_argument("--questions", metavar="N", type=_count, default=60, help="without DATASET, at most N of a kind")
    told = "a folder, or a model that was added, instead of the one that comes with codectxd"
    parser.add_argument("--model", metavar="MODEL", help=told)
    parser.add_argument("--reranker", metavar="MODEL", help="a reranker, a folder or one that was added, reads along")
    parser.add_argument("--fail-under", metavar="X", type=float, help="fail where NDCG@10 is less than X")
    parser.add_argument("--against", metavar="FILE", help="compare with an earlier --json, question by question")
    _add_json(parser, "the run")


def _add_completion(subparsers: Commands[Parser]) -> None:
    parser = _add(subparsers, "completion")
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="whose script to print")
    parser.set_defaults(run=completion.completion)


def _add_help(subparsers: Commands[Parser]) -> None:
    parser = _add(subparsers, "help")
    parser.add_argument("about", metavar="COMMAND", nargs="?", help="which command; without it, all are listed")


def _add(subparsers: Commands[Parser], name: str) -> Parser:
    parser = subparsers.add_parser(name, help=manual.PAGES[name].summary, formatter_class=_Page, allow_abbrev=False)
    parser.told = manual.PAGES[name]
    return parser


def _add_limit(parser: Parser, default: int, what: str, most: int = MAX_LIMIT) -> None:
    told = f"at most N {what}; N is {most} at most"
    parser.add_argument("-k", dest="limit", metavar="N", type=int, default=default, help=told)


def _add_wait(parser: Parser) -> None:
    told = "wait so long for what is still being indexed, then answer with what there is"
    parser.add_argument("--wait", metavar="SECONDS", type=_seconds, default=30, help=told)


def _add_in_process(parser: Parser) -> None:
    # Not said here, it is what was said before the command.
    parser.add_argument("--in-process", action="store_true", default=argparse.SUPPRESS, help=_IN_PROCESS)


def _add_json(parser: Parser, kind: str) -> None:
    parser.add_argument("--json", action="store_true", help=f"print JSON: {kind}")


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than nothing")
    return count


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return seconds


def _summaries(group: str) -> Iterator[tuple[str, str]]:
    return ((name, told.summary) for name, told in manual.PAGES.items() if told.group == group)


def _prose(text: str) -> str:
    import textwrap  # Late: only a page needs it.

    fill = functools.partial(textwrap.fill, width=_WIDTH, break_on_hyphens=False)
    return "\n\n".join(fill(paragraph) for paragraph in text.split("\n\n"))


def _epilog(statuses: Iterable[tuple[int, str]], examples: Iterable[tuple[str, str]]) -> str:
    """The end of a page."""
    ends = _table(((str(status), meaning) for status, meaning in statuses), _INDENT, 4)
    shown = "".join(f"{_INDENT}{command}\n{3 * _INDENT}{what}\n" for command, what in examples)
    return f"exit status:\n{ends}\nexamples:\n{shown}"


def _table(rows: Iterable[tuple[str, str]], indent: str, width: int) -> str:
    return "".join(f"{indent}{name:<{width}} {meaning}\n" for name, meaning in rows)
