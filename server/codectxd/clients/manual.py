"""What `codectxd --help` says of each command beside its options: what it is for, how it ends, how it is used.

Data and nothing else: `parser` sets it beside the options, and a test parses every example.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

FAILED = "the daemon or the index failed; the line on stderr says what to do"
BAD_USAGE = "bad usage"


class Page(msgspec.Struct, frozen=True):
    """One command. `summary` is a line without a full stop, `about` is prose, `examples` are commands with what they do.

    `done`, `nothing` and `failed` say what exit status 0, 1 and 3 mean; a status without a meaning does not occur.
    """

    group: str
    summary: str
    about: str
    examples: tuple[tuple[str, str], ...]
    done: str = "done"
    nothing: str = ""
    failed: str = FAILED

    @property
    def statuses(self) -> tuple[tuple[int, str], ...]:
        """Exit statuses that occur, each with its meaning."""
        told = ((0, self.done), (1, self.nothing), (2, BAD_USAGE), (3, self.failed))
        return tuple((status, meaning) for status, meaning in told if meaning)


GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "ask": "to ask",
        "keep": "to look after the index and the daemon",
        "mend": "when something is wrong",
        "more": "and",
    }
)
"""The groups of commands, in the order of `codectxd --help`."""

BENCHMARKS = (
    "initialize", "cold-index", "last-definition", "restart", "unsaved", "saved", "search", "command", "symbols", "rest",
    "search-while-building", "branch-switch", "modes", "bulk", "second-core", "five-open", "unchanged", "arrivals",
    "three-builds",
)  # fmt: skip
"""What `codectxd bench` can measure; here, since the command line does not import what measures."""

_FOLDER = "PATH is a folder; without it, the git repository around the current folder is meant, or the current folder."

_QUERY = (
    "QUERY may hold filters: lang:python (or py, c++, golang, ...), path:src/ (a part of the path, or a glob), -lang: and"
    ' -path: for what to leave out, content:docs. Of several of a kind one must fit. "Words in quotes" must stand so in'
    ' what is found, in any mixture of capitals and small letters if they have no capital, and -"words" must not.'
)

PAGES: Mapping[str, Page] = MappingProxyType(
    {
        "search": Page(
            "ask",
            "find the lines that answer a question",
            "Finds code by what it means, by the words in it, by the names of its definitions and by its path, all at once,"
            " in files as they are now and in what editors hold unsaved. The first question to a folder indexes it. Where"
            " the answer does not cover everything yet, a line on stderr says so. Where no code answers and nobody said"
            " which kind of file is meant, everything else answers, which a line says too.\n\n" + _FOLDER + "\n\n" + _QUERY,
            (
                ('codectxd search "where are retries with backoff done"', "a question, in any words"),
                ('codectxd search "parse a date" src tests --lang python -k 5', "in two folders, in one language"),
                ("codectxd search 'lang:py -path:tests \"foo(bar\" retries'", "only where these very words stand"),
                ('codectxd search "max_connections" --mode lexical --content all --json', "by words alone, for a program"),
            ),
            done="something was found",
            nothing="nothing was found",
        ),
        "similar": Page(
            "ask",
            "find what is like some lines, copies first",
            "Compares the definition at a line of a file, some lines of it, all of it, or the text on stdin, with everything"
            " that is indexed, by meaning and by words. Where the lines themselves stand is left out. Copies come first and"
            " are called duplicates, whatever blanks are in them; then near duplicates, with other names or values, or a"
            " few other lines. Without PATH, the repository around the current folder is searched, or another that FILE lies"
            " in, where that was indexed before. FILE need not be indexed: of it, the lines around LINE are compared.",
            (
                ("codectxd similar src/retry.py:42", "what is like the definition at this line"),
                ("codectxd similar src/retry.py:40-58 -k 5 --lang python", "like these lines, in one language"),
                ("codectxd similar src/retry.py", "like a whole file, piece by piece"),
                ("git diff | codectxd similar - --explain", "like a text from elsewhere, and why"),
            ),
            done="something was found",
            nothing="nothing was found",
        ),
        "symbols": Page(
            "ask",
            "find definitions by name",
            "Lists functions, classes and other definitions whose name is QUERY, begins with it, holds it, or has its"
            " letters in order, the closest first. QUERY may hold filters, as for search.\n\n" + _FOLDER,
            (
                ("codectxd symbols Scheduler", "definitions of that name, or a longer one"),
                ("codectxd symbols wrkproc server -k 5 --json", "by some of its letters, in one folder, for a program"),
            ),
            done="something was found",
            nothing="nothing was found",
        ),
        "files": Page(
            "ask",
            "list indexed files by name",
            "A GLOB with one of *?[ is one in gitignore's manner; any other text is a name, a part of a path, or letters of"
            " it in order, and the closest come first. It may hold filters, as for search: lang:py, -path:tests. Files that"
            " editors hold and nobody saved yet are listed too. A folder that is there, named by itself, is the PATH.\n\n"
            + _FOLDER,
            (
                ("codectxd files", "everything that is indexed"),
                ("codectxd files 'src/**/*_test.go'", "by a glob"),
                ("codectxd files wrkrs.py -k 3", "by some of its letters"),
                ("codectxd files --skipped", "what is left out, and why"),
            ),
            done="something was found",
            nothing="no such file is indexed",
        ),
        "index": Page(
            "keep",
            "index a folder, and wait until it is done and on disk",
            "Nobody needs to: a question indexes its folder, and the daemon follows every change. It is for filling an index"
            " ahead of time, and, with --force, for making it anew from the files alone.\n\nAll modes give the same index:"
            " sequential has one worker and needs the least memory, parallel gives whole files to a worker for each core,"
            " pipeline has processes for each stage, of which one holds the model, and auto chooses, and says why in"
            " `codectxd status`.\n\n" + _FOLDER,
            (
                ("codectxd index && codectxd status", "index this repository, and say what came of it"),
                ("codectxd index --force src", "forget what is on disk for this folder first"),
                ("codectxd index --mode sequential", "with little memory"),
            ),
            nothing="there is no file to index",
        ),
        "status": Page(
            "keep",
            "say how the daemon and its workspaces are",
            "Says what is indexed, what is being indexed, and which files are left out and why. It never starts a daemon.",
            (
                ("codectxd status", "the daemon, and all folders that are open"),
                ("codectxd status . --json", "this folder alone, for a program"),
            ),
        ),
        "stop": Page(
            "keep",
            "end the daemon, and wait until it has ended",
            "Editors start it again by themselves, and so does the next question. It is no error where none runs.",
            (("codectxd stop", "end it"),),
        ),
        "serve": Page(
            "keep",
            "be the daemon, in the foreground",
            "For a supervisor of services, or to see what it logs. Nobody needs it: whoever needs the daemon starts it.",
            (
                ("codectxd serve", "until Ctrl-C, with its log on the terminal"),
                ("codectxd serve --detach", "return once it serves, and leave it running"),
            ),
            done="it ended as it was asked to, or another daemon serves already",
        ),
        "model": Page(
            "keep",
            "have models of your own embed texts, or read answers",
            "The model that comes with codectxd is small and fast. Any sentence transformer can take its place that is there"
            " as an ONNX graph with its tokenizer.json: one in a folder, in the layout that sentence-transformers and its"
            " exports write, or one on a hub, which is downloaded when you add it, and never otherwise. HF_ENDPOINT names a"
            " mirror, HTTPS_PROXY a proxy; with HF_HUB_OFFLINE nothing is fetched. What a folder says of pooling, length and"
            " prefixes is overruled by the options.\n\n"
            "use has a model take over: texts are embedded by it in the background while the one before goes on to answer,"
            " and then it answers, all at once. `codectxd status` says how far it is. Vectors of both are kept, so that"
            " going back embeds nothing. --int8 needs the library onnx: pip install 'codectxd[models]'.\n\n"
            "rerank is for another kind of model, a cross-encoder with one output, which is added in the same way: it reads"
            " a question in plain words with each of the first twenty answers, and has a say in their order. None does"
            " unless you say so. It takes time that a question waits for, at most reranker_ms of the settings.",
            (
                ("codectxd model add sentence-transformers/all-MiniLM-L6-v2 --int8", "from the hub, with small weights"),
                ("codectxd model add ~/models/mine --query-prefix 'query: '", "from a folder"),
                ("codectxd model use all-MiniLM-L6-v2", "embed everything anew, in the background"),
                ("codectxd model use embedded", "go back to the model that comes with codectxd"),
                ("codectxd model rerank NAME", "have a cross-encoder read the first answers; off ends that"),
                ("codectxd model list --json", "what there is, for a program"),
            ),
            failed="the model cannot be had or used; the line on stderr says what to do",
        ),
        "doctor": Page(
            "mend",
            "say what is wrong, and what to do about it",
            "Examines the installation, this user's folders and settings, the daemon, the embedded model, every index, the"
            " limits for watching files, and one workspace. Each check is a line: ok, a warning (it costs, or will), or a"
            " problem (why something does not work), the last two with what to do. It changes nothing, starts no daemon, and"
            " needs none.\n\n"
            "With --bundle it also writes a zip file for a bug report: versions, settings, the daemon's log and status, and"
            " what was found. That holds no source text and no path outside your home.\n\n" + _FOLDER,
            (
                ("codectxd doctor", "examine, with the workspace that one is in"),
                ("codectxd doctor --bundle report.zip", "and write what a bug report needs"),
                ("codectxd doctor --json src", "for a program"),
            ),
            done="there is no problem, though there may be warnings",
            failed="there is a problem",
        ),
        "logs": Page(
            "mend",
            "show the end of the daemon's log",
            "The log says what the daemon did and what failed; no source text and no question is ever written to it. It is"
            " kept below a few megabytes.",
            (
                ("codectxd logs -n 200", "the last 200 lines"),
                ("codectxd logs --follow", "and what is added, until Ctrl-C"),
            ),
            nothing="there is no log yet",
            failed="the log cannot be read",
        ),
        "bench": Page(
            "more",
            "measure the numbers that codectxd promises",
            f"Measures this machine with copies of a folder, in a home of its own. NAME is one of: {', '.join(BENCHMARKS)};"
            " those from modes on, which compare ways of doing the same or take long, only run when they are named.",
            (
                ("codectxd bench", "everything, which takes some minutes"),
                ("codectxd bench search symbols --json", "two of them, for a program"),
                ("codectxd bench modes --generate 10000", "the ways to build, on 10,000 files made up for it"),
                ("codectxd bench --against before.json", "and compare with what an earlier --json printed"),
            ),
            failed="something could not be measured, or got worse than in the run it was compared with",
        ),
        "eval": Page(
            "more",
            "measure how well questions are answered",
            "Asks `codectxd search QUERY -k 10 --json`, in a home of its own, and says how far up the answers stood:"
            " NDCG@10, the mean reciprocal rank and recall@10, each with the interval that holds 95 % of what chance would"
            " make of it, by category and language, and how long it took.\n\n"
            'A line of DATASET is {"query": "...", "targets": [{"path": "..."}]}. A target may also have a start_line and an'
            " end_line, or a symbol, the dotted name of a definition; a question may have a category, a language, a half,"
            " and a repo, a folder in PATH, of which only its root is asked. What is the same for all questions about a repo"
            " may stand in repos.json beside DATASET: a list of {name, language, root}. Without DATASET, the repository asks"
            " itself: doc comments ask for what they describe, subjects of commits for what was changed, names of tests for"
            " what is tested, error messages for where they are from."
            " That is done in a copy, which lacks these comments and tests.\n\n"
            "PATH is a folder; without it, the git repository around the current folder is meant, or the current folder. The"
            " word python means the standard library of the Python that runs codectxd.",
            (
                ("codectxd eval", "this repository, by what it says of itself"),
                ("codectxd eval questions.jsonl --fail-under 0.8", "by a set of questions, for continuous integration"),
                ("codectxd eval questions.jsonl --model all-MiniLM-L6-v2", "with a model that was added"),
                ("codectxd eval questions.jsonl --against before.json --json", "and whether it got better than it was"),
            ),
            failed="it scored less than X, got worse than in the earlier run, or could not be measured",
        ),
        "completion": Page(
            "more",
            "print what a shell needs to complete this command line",
            "Commands, options, the values that an option may have, and paths. Put what it prints where your shell looks.",
            (
                (
                    "codectxd completion bash > ~/.local/share/bash-completion/completions/codectxd",
                    "bash, with the package bash-completion, from the next shell on",
                ),
                ("codectxd completion zsh > ~/.zfunc/_codectxd", "zsh, where ~/.zfunc is on fpath before compinit"),
                ("codectxd completion fish > ~/.config/fish/completions/codectxd.fish", "fish"),
            ),
            failed="",
        ),
        "help": Page(
            "more",
            "say what a command does, and how it is used",
            "The same as COMMAND --help.",
            (("codectxd help search", "the page of `codectxd search`"),),
            failed="",
        ),
    }
)
"""Every command, in the order in which its group lists it."""

ABOUT = "Ask a codebase a question, and get the right lines as they are right now."

EXAMPLES = (
    ('codectxd search "where are retries with backoff done"', "a question, in any words"),
    ("codectxd symbols Scheduler", "definitions by name"),
    ("codectxd --stdio", "what an editor starts"),
)

STATUSES = ((0, "done"), (1, "nothing was found"), (2, BAD_USAGE), (3, FAILED), (130, "interrupted"))
