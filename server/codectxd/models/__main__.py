"""`python -m codectxd.models model ACTION ...`: what `codectxd model` runs.

A process of its own, so that the command line imports nothing of models. Exit status as everywhere.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from codectxd import paths
from codectxd.clients import ending, parser, spawn, terminal
from codectxd.config import load_user
from codectxd.embed.model import EMBEDDED, OFF, found_in, located, name_of, setting_of
from codectxd.embed.reranker import tried
from codectxd.errors import UsageError
from codectxd.models import hub, setting, shelf
from codectxd.models.shelf import Added
from codectxd.search.weights import DEFAULT
from codectxd.wire import messages

_PATIENCE_S = 10.0
_ANSWER_S = 60.0
_MB = 1_000_000


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` name; the exit status."""
    return ending.ended(lambda: _run(parser.parse(arguments)))


def _run(options: argparse.Namespace) -> int:
    if options.action != "list" and not options.model:
        raise UsageError(f"Say which model: `codectxd model {options.action} MODEL`; `codectxd help model` says more.")
    match options.action:
        case "add":
            return _add(options)
        case "use":
            return _use(options)
        case "rerank":
            return _rerank(options)
        case "remove":
            return _remove(options)
        case _:
            return _list(options)


def _add(options: argparse.Namespace) -> int:
    models, folder = paths.layout().models, Path(os.path.expanduser(options.model))
    name = shelf.checked_name(options.name or name_of(os.path.abspath(folder) if folder.is_dir() else options.model))
    settings = {field: value for field in _SETTINGS if (value := getattr(options, field)) is not None}
    if folder.is_dir():
        return _say_added(options, shelf.add(models, folder, name, settings, int8=options.int8))
    if not hub.is_name(options.model):
        raise UsageError(f"There is no folder {options.model}, and a model on a hub is named OWNER/NAME.")
    with shelf.making(models) as room, terminal.Bar("downloading", unit="MB") as bar:
        downloaded = room / name_of(options.model)
        downloaded.mkdir()
        hub.fetch(options.model, options.revision, downloaded, lambda done, of: bar.update(done // _MB, of // _MB))
        return _say_added(options, shelf.add(models, downloaded, name, settings, int8=options.int8))


_SETTINGS = ("dimension", "pooling", "max_tokens", "query_prefix", "passage_prefix")


def _say_added(options: argparse.Namespace, added: Added) -> int:
    if options.json:
        terminal.say_json(msgspec.json.encode(added))
    else:
        then = (
            f"rerank {added.name}` has it read the first"
            if added.kind == "reranker"
            else f"use {added.name}` has it take over"
        )
        end = " answers" if added.kind == "reranker" else ""
        terminal.say(f"{_line(added)}, {added.text_ms:.0f} ms a text\n`codectxd model {then}{end}.\n")
    return 0


def _list(options: argparse.Namespace) -> int:
    layout = paths.layout()
    found = [shelf.packaged(), *shelf.listed(layout.models)]
    chosen = [setting.current(layout.config_file) or EMBEDDED, setting.current(layout.config_file, "reranker")]
    used = {_name(one): one for one in chosen if one}
    if options.json:
        told = [{**msgspec.to_builtins(one), "used": one.name in used} for one in found]
        terminal.say_json(msgspec.json.encode(told))
        return 0
    lines = [f"{'*' if one.name in used else ' '} {_line(one)}" for one in found]
    lines += [f"* {used[name]}, as the settings say" for name in used if name not in {one.name for one in found}]
    terminal.say("\n".join(lines) + "\n")
    return 0


def _name(chosen: str) -> str:
    """What a setting is listed as."""
    return chosen if os.path.isabs(os.path.expanduser(chosen)) else name_of(chosen)


def _line(one: Added) -> str:
    makes = "reranker" if one.kind == "reranker" else f"{one.dimension} numbers"
    return f"{one.name}  {makes}, {one.max_tokens} tokens, {one.bytes / _MB:.0f} MB"


def _use(options: argparse.Namespace) -> int:
    layout = paths.layout()
    wanted = setting_of(options.model)
    spec = found_in(located(wanted, layout.models))
    if spec.kind == "reranker":
        told = f"it reads the first answers: `codectxd model rerank {options.model}`"
        raise UsageError(f"{options.model} is a reranker and embeds no texts; {told}.")
    setting.change(layout.config_file, wanted)
    begun = _begin()
    if options.json:
        terminal.say_json(msgspec.json.encode({"model": spec.id, "setting": wanted, "workspaces": begun}))
    else:
        when = (
            "once it has embedded a folder's texts" if begun else "once it has embedded the texts of a folder that is opened"
        )
        terminal.say(f"{spec.id} answers {when}; until then all goes on as before. `codectxd status` says how far it is.\n")
    return 0


def _rerank(options: argparse.Namespace) -> int:
    """Have a reranker read the first answers, or none. The daemon looks at the settings with each question."""
    layout = paths.layout()
    wanted = "" if options.model.lower() == OFF else setting_of(options.model)
    spec = found_in(located(wanted, layout.models)) if options.model.lower() != OFF else None
    if spec is not None and spec.kind != "reranker":
        told = f"it embeds texts: `codectxd model use {options.model}`"
        raise UsageError(f"{options.model} is no reranker; {told}.")
    text_ms = None if spec is None else tried(spec)  # Here, so that what breaks on it is not the daemon.
    setting.change(layout.config_file, wanted, "reranker")
    if options.json:
        terminal.say_json(msgspec.json.encode({"reranker": None if spec is None else spec.id, "setting": wanted}))
    elif spec is None:
        terminal.say("Answers stand as words, meaning and names have them.\n")
    else:
        terminal.say(f"{spec.id} reads the first answers to each question. `codectxd model rerank {OFF}` ends that.\n")
    waits_ms = load_user(layout.config_file).reranker_ms
    if text_ms is not None and text_ms * DEFAULT.reranked > waits_ms:
        told = f"for {DEFAULT.reranked} answers it needs about {text_ms * DEFAULT.reranked:.0f} ms here"
        terminal.note(f"{told}, and a question waits for {waits_ms:.0f} ms (reranker_ms): it will often have no say.")
    return 0


def _begin() -> int:
    """Have the daemon look at what it has open, if one runs: that is when it sees the settings. How many folders that
    are."""
    connection = spawn.find_session(paths.layout(), name="codectxd model", timeout_s=_PATIENCE_S)
    if connection is None:
        return 0
    with connection:
        status = connection.request(messages.STATUS, messages.StatusParams(), kind=messages.Status, timeout_s=_ANSWER_S)
        roots = [Path(one.root).as_uri() for one in status.workspaces]
        if roots:
            connection.request(messages.REINDEX, messages.ReindexParams(roots=roots), kind=messages.ReindexAnswer)
    return len(roots)


def _remove(options: argparse.Namespace) -> int:
    layout = paths.layout()
    chosen, reranker = setting.current(layout.config_file), setting.current(layout.config_file, "reranker")
    shelf.remove(layout.models, options.model)
    more = ""
    if chosen == options.model:
        setting.change(layout.config_file, "")
        _begin()
        more = "; the model in the package takes its place"
    if reranker == options.model:
        setting.change(layout.config_file, "", "reranker")
        more = "; no reranker reads answers any more"
    told: dict[str, Any] = {"removed": options.model, "wasSet": bool(more)}
    if options.json:
        terminal.say_json(msgspec.json.encode(told))
    else:
        terminal.say(f"{options.model} is removed{more}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
