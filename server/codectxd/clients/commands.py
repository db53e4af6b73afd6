"""The commands that ask the daemon: each asks one question and prints the answer. What they return is the exit status."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from codectxd import locks, paths
from codectxd.clients import advice, places, spawn, terminal
from codectxd.clients.connection import Connection
from codectxd.errors import DaemonUnreachable, EmptyQuery, ServiceError
from codectxd.wire import convert, messages, render

DONE = 0
NO_RESULT = 1

_NAME = "codectxd command line"

_ANSWER_S = 60.0
"""How long an answer may take; a search takes milliseconds."""

_STOP_S = 20.0

_PATIENCE_S = 10.0
"""How long the daemon may take to say that it is there."""


def search(options: argparse.Namespace) -> int:
    query = convert.printable(options.query)
    if not query.strip():
        raise EmptyQuery
    place = places.place(options.paths)
    params = messages.SearchParams(
        query=query,
        limit=options.limit,
        mode=options.mode,
        languages=options.lang or None,
        globs=options.glob or None,
        files=place.file_uris,
        # Whoever names a file means that file, whatever kind it is of.
        content=options.content or ("all" if place.files else None),
        roots=place.uris,
        explain=options.explain,
    )
    with _session(place.uris, options.in_process) as connection:
        _wait(connection, place.uris, options.wait)
        answer = connection.request(messages.SEARCH, params, kind=messages.SearchAnswer, timeout_s=_ANSWER_S)
        told = ""
        if not answer.hits:
            _raise_failure(connection, place.uris)
            told = _advice(connection, params)
    if answer.widened is True:
        terminal.note(advice.WIDENED)
    return _show(options, answer, place, told)


def similar(options: argparse.Namespace) -> int:
    compared = places.compared(options.what)
    place = places.place(options.paths) if options.paths else places.around(compared.file)
    params = messages.SimilarParams(
        uri=convert.to_uri("/", compared.file) if compared.file is not None else None,
        range=compared.range,
        text=terminal.whole_input() if compared.file is None else None,
        limit=options.limit,
        mode=options.mode,
        languages=options.lang or None,
        globs=options.glob or None,
        files=place.file_uris,
        content=options.content or "all",
        roots=place.uris,
        explain=options.explain,
    )
    with _session(place.uris, options.in_process) as connection:
        _wait(connection, place.uris, options.wait)
        answer = connection.request(messages.SIMILAR, params, kind=messages.SearchAnswer, timeout_s=_ANSWER_S)
        if not answer.hits:
            _raise_failure(connection, place.uris)
    return _show(options, answer, place)


def _show(options: argparse.Namespace, answer: messages.SearchAnswer, place: places.Place, told: str = "") -> int:
    if options.json:
        terminal.say_json(messages.encode(answer))
    else:
        terminal.say(render.hits(places.named(answer, place.roots), colour=terminal.colour()))
    _note_freshness(answer.freshness)
    return _found(len(answer.hits), told)


def symbols(options: argparse.Namespace) -> int:
    query = convert.printable(options.query)
    if not query.strip():
        raise EmptyQuery
    place = places.Place((places.folder(options.path),))
    params = messages.SymbolParams(query=query, roots=place.uris, limit=options.limit)
    with _session(place.uris, options.in_process) as connection:
        fresh = _wait(connection, place.uris, options.wait)
        found = connection.request(
            messages.WORKSPACE_SYMBOL, params, kind=list[messages.SymbolInformation], timeout_s=_ANSWER_S
        )
        if not found:
            _raise_failure(connection, place.uris)
    if options.json:
        terminal.say_json(messages.encode(found))
    else:
        shown = [places.shown(convert.from_uri(one.location.uri) or "", place.roots) for one in found]
        terminal.say(render.symbols(found, shown, colour=terminal.colour()))
    if fresh is not None:
        _note_freshness(fresh.freshness)
    return _found(len(found))


def files(options: argparse.Namespace) -> int:
    # A folder that is there is no part of a name, where it is all that was said.
    is_folder = options.path is None and os.path.isdir(options.glob or "")
    glob, path = (None, options.glob) if is_folder else (options.glob, options.path)
    place = places.Place((places.folder(path),))
    params = messages.ListPathsParams(
        query=convert.printable(glob or ""), limit=options.limit, roots=place.uris, skipped=options.skipped
    )
    with _session(place.uris, options.in_process) as connection:
        _wait(connection, place.uris, options.wait)
        answer = connection.request(messages.LIST_PATHS, params, kind=messages.ListPathsAnswer, timeout_s=_ANSWER_S)
        if not answer.paths:
            _raise_failure(connection, place.uris)
    if options.json:
        terminal.say_json(messages.encode(answer))
    else:
        terminal.say(render.paths(answer, colour=terminal.colour()))
    _note_freshness(answer.freshness)
    return _found(len(answer.paths))


def index(options: argparse.Namespace) -> int:
    place = places.Place((places.folder(options.path),))
    params = messages.ReindexParams(
        roots=place.uris, force=options.force, merge=options.merge, mode=options.mode, work_done_token="index"
    )
    begun = time.monotonic()
    with _session(place.uris, options.in_process) as connection, terminal.Bar("indexing") as bar:
        answer = connection.request(messages.REINDEX, params, kind=messages.ReindexAnswer, on_notification=_on_progress(bar))
    if options.json:
        terminal.say_json(messages.encode(answer))
    else:
        terminal.say(render.indexed(answer.workspaces, time.monotonic() - begun) + "\n")
    _raise_failed(answer.workspaces)
    if not any(one.files for one in answer.workspaces):
        terminal.note("codectxd: there is no file to index here; `codectxd status` names what was skipped and why.")
        return NO_RESULT
    return DONE


def status(options: argparse.Namespace) -> int:
    if options.in_process:
        return _status_alone(options)
    root = None if options.path is None else convert.to_uri("/", places.folder(options.path))
    connection = _running()
    if connection is None:
        terminal.say('{"running": false}\n' if options.json else "No daemon is running.\n")
        return DONE
    with connection:
        about = connection.request(
            messages.STATUS,
            messages.StatusParams(roots=None if root is None else [root]),
            kind=messages.Status,
            timeout_s=_ANSWER_S,
        )
    _say_status(about, as_json=options.json)
    return DONE


def _status_alone(options: argparse.Namespace) -> int:
    """How one folder is, looked at for this question."""
    place = places.Place((places.folder(options.path),))
    with _session(place.uris, options.in_process) as connection:
        _wait(connection, place.uris, _ANSWER_S)
        params = messages.StatusParams(roots=place.uris)
        about = connection.request(messages.STATUS, params, kind=messages.Status, timeout_s=_ANSWER_S)
    _say_status(about, as_json=options.json)
    _raise_failed(about.workspaces)
    return DONE


def _say_status(about: messages.Status, *, as_json: bool) -> None:
    if as_json:
        terminal.say_json(messages.encode({"running": True, **messages.to_builtins(about)}))
    else:
        terminal.say(render.status(about, colour=terminal.colour()))


def stop(options: argparse.Namespace) -> int:
    connection = _running()
    if connection is None:
        terminal.say("No daemon is running.\n")
        return DONE
    with connection:
        pid = connection.request(messages.SHUTDOWN_DAEMON, {}, kind=messages.StopAnswer, timeout_s=_STOP_S).pid
    _wait_until_ended(pid)
    terminal.say(f"The daemon (pid {pid}) has stopped.\n")
    return DONE


def serve(options: argparse.Namespace) -> int:
    return become("codectxd.daemon", ["--detach"] if options.detach else [])


def become(module: str, arguments: Sequence[str]) -> NoReturn:
    """Replace this process by that of `module`, which the command line itself never imports."""
    terminal.flush()
    # -P: the current folder, in which somebody happens to work, must not become a place to import from.
    command = [sys.executable, "-P", "-m", module, *arguments]
    if sys.platform == "win32":
        # There, whoever waits for this process would not wait for the one that takes its place.
        import subprocess

        sys.exit(subprocess.call(command))
    os.execv(sys.executable, command)


def stdio(options: argparse.Namespace) -> int:
    if options.in_process:
        from codectxd.clients import hosted

        return become(hosted.MODULE, hosted.ARGUMENTS)
    from codectxd.clients import relay

    return relay.relay(paths.layout())


@contextlib.contextmanager
def _session(folders: list[str], in_process: bool) -> Iterator[Connection]:
    """A session that opens `folders`; a daemon that takes too long is a failure, not a traceback."""
    told: dict[str, Any] = {"name": _NAME, "folders": folders, "status": sys.stderr.isatty()}
    connection = _open_alone(**told) if in_process else spawn.open_session(paths.layout(), **told)
    try:
        with connection:
            yield connection
    except TimeoutError as problem:
        raise ServiceError("The daemon does not answer: run `codectxd stop` and ask again.") from problem


def _open_alone(**told: Any) -> Connection:
    from codectxd.clients import hosted  # Late: few need it, and every command starts with this module.

    return hosted.open_session(**told)


def _running() -> Connection | None:
    """A session with the daemon that runs, if one does; one that hangs is a failure."""
    layout = paths.layout()
    try:
        return spawn.find_session(layout, name=_NAME, timeout_s=_PATIENCE_S)
    except TimeoutError as problem:
        found = spawn.running_daemon(layout)
        remedy = f"`kill -9 {found.pid}` ends it, and loses nothing" if found else "`codectxd doctor` says more"
        raise DaemonUnreachable(f"The daemon does not answer within {_PATIENCE_S:.0f} s: {remedy}.") from problem


def _wait(connection: Connection, roots: list[str], seconds: float) -> messages.WaitFreshAnswer | None:
    """Wait until the workspaces are searchable as they are now, `seconds` at most."""
    if seconds <= 0:
        return None
    params = messages.WaitFreshParams(roots=roots, timeout_ms=round(1000 * seconds))
    with terminal.Bar("indexing") as bar:
        return connection.request(
            messages.WAIT_FRESH,
            params,
            kind=messages.WaitFreshAnswer,
            timeout_s=seconds + _ANSWER_S,
            on_notification=_on_progress(bar),
        )


def _raise_failure(connection: Connection, roots: list[str]) -> None:
    """Nothing was found: tell apart that there is nothing from that the index failed."""
    params = messages.StatusParams(roots=roots)
    _raise_failed(connection.request(messages.STATUS, params, kind=messages.Status, timeout_s=_ANSWER_S).workspaces)


def _raise_failed(workspaces: Sequence[messages.WorkspaceStatus]) -> None:
    for one in workspaces:
        if one.phase == "failed":
            raise ServiceError(one.message or f"{one.root} could not be indexed: the daemon's log says why.")


def _on_progress(bar: terminal.Bar) -> Any:
    """Shows `$/progress` and `codectx/statusChanged` on `bar`."""

    def show(method: str, params: Any) -> None:
        told = params.get("value", {}) if method == "$/progress" else params
        bar.update(told.get("done", 0), told.get("total", 0))

    return show


def _note_freshness(freshness: messages.Freshness) -> None:
    note = render.freshness_note(freshness)
    if note is not None:
        terminal.note(note)


def _found(count: int, told: str = "") -> int:
    if count == 0:
        terminal.note(f"codectxd: nothing was found.{told}")
        return NO_RESULT
    return DONE


def _advice(connection: Connection, params: messages.SearchParams) -> str:
    """What may help where nothing was found: whether any file is searched at all is asked first."""
    listed = advice.files_asked_for(params)
    if listed is not None:
        found = connection.request(messages.LIST_PATHS, listed, kind=messages.ListPathsAnswer, timeout_s=_ANSWER_S)
        if not found.paths:
            return advice.NO_FILE.format(listed.query)
    return advice.for_question(params)


def _wait_until_ended(pid: int) -> None:
    """Wait for the daemon's lock, which its process holds to its end."""
    deadline, lock = time.monotonic() + _STOP_S, paths.layout().daemon_lock
    while time.monotonic() < deadline:
        if not locks.is_held(lock):
            return
        time.sleep(0.01)
    raise DaemonUnreachable(f"The daemon (pid {pid}) was told to stop and still runs: `kill {pid}` ends it.")
