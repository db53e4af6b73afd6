"""What the daemon answers: every method decodes, calls, converts, and holds no logic.

Coroutines answer requests that wait for something; plain functions act at once, which keeps changes of a document in
order with the requests around them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from codectxd.daemon import capabilities
from codectxd.daemon.capabilities import Abilities, Folder, InitializeParams
from codectxd.daemon.session import Method, Session
from codectxd.errors import BadFilter, EmptyQuery
from codectxd.types import Answer
from codectxd.wire import convert, messages
from codectxd.wire.documents import DidChangeParams, DidOpenParams, DocumentParams

_T = TypeVar("_T")

GROUP = 50
"""Hits or symbols of one partial result."""


class FoldersEvent(messages.Wire, frozen=True):
    added: tuple[Folder, ...] = ()
    removed: tuple[Folder, ...] = ()


class DidChangeFoldersParams(messages.Wire, frozen=True):
    event: FoldersEvent


class FileEvent(messages.Wire, frozen=True):
    """A file that changed, was created or deleted (`uri`), or renamed."""

    uri: str = ""
    old_uri: str = ""
    new_uri: str = ""


class DidChangeFilesParams(messages.Wire, frozen=True):
    changes: list[FileEvent]


class FilesParams(messages.Wire, frozen=True):
    """What didCreateFiles, didRenameFiles and didDeleteFiles have in common."""

    files: list[FileEvent]


class CancelProgressParams(messages.Wire, frozen=True):
    token: str | int


class Nothing(messages.Wire, frozen=True):
    """Parameters that are not looked at."""


def initialize(session: Session, params: InitializeParams) -> dict[str, Any]:
    """Where it was not the first message of a daemon's connection, which `greeting` answers."""
    able = capabilities.abilities(params.capabilities)
    welcome(session, params, able)
    return capabilities.answer(able)


def welcome(session: Session, params: InitializeParams, able: Abilities) -> None:
    """What follows from what a client said of itself: its folders are opened, in the background."""
    session.begin(params.folders(), able)
    if isinstance(params.process_id, int):
        session.belongs_to(params.process_id)


def ignore(session: Session, params: Nothing) -> None:
    """`initialized`, `$/setTrace` and the like."""


def shutdown(session: Session, params: Nothing) -> None:
    session.protocol.shut_down()


def leave(session: Session, params: Nothing) -> None:
    """`exit` ends this session, never the daemon."""
    session.end()


def did_open(session: Session, params: DidOpenParams) -> None:
    document = params.text_document
    session.buffers.open(document.uri, document.text, document.version)


def did_change(session: Session, params: DidChangeParams) -> None:
    document = params.text_document
    session.buffers.change(document.uri, document.version, params.content_changes)


def did_close(session: Session, params: DocumentParams) -> None:
    session.buffers.close(params.text_document.uri)


def did_save(session: Session, params: DocumentParams) -> None:
    session.buffers.touched([params.text_document.uri])


def did_change_files(session: Session, params: DidChangeFilesParams) -> None:
    session.buffers.touched(change.uri for change in params.changes)


def did_change_names(session: Session, params: FilesParams) -> None:
    """Of an open document that was renamed the editor says didClose and didOpen besides."""
    session.buffers.touched(uri for file in params.files for uri in (file.uri, file.old_uri, file.new_uri))


def did_change_folders(session: Session, params: DidChangeFoldersParams) -> None:
    session.remove_roots([folder.uri for folder in params.event.removed])
    session.add_roots([folder.uri for folder in params.event.added])
    session.attach()


async def search(session: Session, params: messages.SearchParams) -> messages.SearchAnswer:
    if not params.query.strip():
        raise EmptyQuery
    _check_limit(params.limit)
    roots = session.roots_of(params.roots)
    query = msgspec.structs.replace(convert.query(params), at_hand=session.buffers.at_hand())
    with session.work.searching(params.work_done_token, "Searching"):
        found = await (await session.host()).search(roots, query)
        return await _told(session, params, found)


async def similar(session: Session, params: messages.SimilarParams) -> messages.SearchAnswer:
    _check_limit(params.limit)
    roots = session.roots_of(params.roots)
    host = await session.host()
    from codectxd.engine.samples import Target  # Loaded by now; at the top it would delay `initialize`.

    held = session.buffers.text_of(params.uri) if params.uri is not None and params.include_unsaved else None
    text = params.text.encode("utf-8", "replace") if params.text is not None else held
    path = convert.from_uri_or_path(params.uri) if params.uri is not None and params.text is None else None
    target = Target(path, text, convert.lines(params.range) if params.range is not None else None)
    with session.work.searching(params.work_done_token, "Searching"):
        return await _told(session, params, await host.similar(roots, target, convert.query(params)))


async def _told(
    session: Session, params: messages.SearchParams | messages.SimilarParams, found: Answer
) -> messages.SearchAnswer:
    """The answer, its hits sent before it where the client named a token for that."""
    hits = tuple((session.folders.spelled(root), hit) for root, hit in found.hits)
    answer = convert.answer(msgspec.structs.replace(found, hits=hits), session.encoding, explain=params.explain)
    if params.partial_result_token is None:
        return answer
    await session.work.stream(params.partial_result_token, ({"hits": group} for group in _groups(answer.hits)))
    return msgspec.structs.replace(answer, hits=[])


async def symbols(session: Session, params: messages.SymbolParams) -> list[messages.SymbolInformation]:
    _check_limit(params.limit)
    if params.roots is None and not session.roots:
        return []  # An editor without a folder asks all the same, and expects no error.
    roots = session.roots_of(params.roots)
    with session.work.searching(params.work_done_token, "Looking for names"):
        found = await (await session.host()).symbols(roots, params.query, params.limit)
        names = [convert.symbol(session.folders.spelled(root), one, session.encoding) for root, one in found]
        if params.partial_result_token is None:
            return names
        await session.work.stream(params.partial_result_token, _groups(names))
    return []


async def list_paths(session: Session, params: messages.ListPathsParams) -> messages.ListPathsAnswer:
    _check_limit(params.limit, messages.MAX_PATHS)
    host = await session.host()
    from codectxd.engine.asking import Listed  # Loaded by now; at the top it would delay `initialize`.

    listed = Listed(params.query, params.limit, params.skipped, params.include_unsaved)
    found, total, as_of, took_ms = await host.paths(session.roots_of(params.roots), listed)
    return convert.listing([(session.folders.spelled(root), file) for root, file in found], total, as_of, took_ms)


def status(session: Session, params: messages.StatusParams) -> messages.Status:
    roots = None if params.roots is None else session.roots_of(params.roots)
    host = session.loaded_host()
    engines = [] if host is None else host.engines()
    shown = [engine.status() for engine in engines if roots is None or engine.root in roots]
    return session.about([convert.workspace_status(one) for one in shown])


async def reindex(session: Session, params: messages.ReindexParams) -> messages.ReindexAnswer:
    host = await session.host()
    engines = [host.open(root) for root in session.roots_of(params.roots)]
    begun = asyncio.get_running_loop().time()
    with session.work.indexing(params.work_done_token, [engine.root for engine in engines]) as work:
        for engine in engines:
            await engine.reindex(
                force=params.force,
                merge=params.merge,
                mode=params.mode,
                on_progress=work.report,
                session=session.session_name,
            )
    took_ms = 1000 * (asyncio.get_running_loop().time() - begun)
    return messages.ReindexAnswer([convert.workspace_status(engine.status()) for engine in engines], round(took_ms, 3))


def cancel_progress(session: Session, params: CancelProgressParams) -> None:
    session.work.cancel(params.token)


async def wait_fresh(session: Session, params: messages.WaitFreshParams) -> messages.WaitFreshAnswer:
    host = await session.host()
    from codectxd.engine.asking import freshness_of  # Loaded by now; at the top it would delay `initialize`.

    engines = [host.open(root) for root in session.roots_of(params.roots)]
    waits = [engine.wait_fresh(params.timeout_ms / 1000, durable=params.durable) for engine in engines]
    fresh = all(await asyncio.gather(*waits))
    return messages.WaitFreshAnswer(fresh, convert.freshness(freshness_of(engines)))


def stop(session: Session, params: Nothing) -> messages.StopAnswer:
    """Answered at once and acted upon after, since the answer is queued before anything else runs."""
    session.stop_daemon()
    return messages.StopAnswer(os.getpid())


def _groups(found: list[_T]) -> Iterator[list[_T]]:
    for at in range(0, len(found), GROUP):
        yield found[at : at + GROUP]


def _check_limit(limit: int, most: int = messages.MAX_LIMIT) -> None:
    if not 1 <= limit <= most:
        raise BadFilter(f"The limit must lie between 1 and {most}, and is {limit}.")


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "initialize": Method(InitializeParams, initialize),
        "initialized": Method(Nothing, ignore),
        "shutdown": Method(Nothing, shutdown),
        "exit": Method(Nothing, leave),
        "$/setTrace": Method(Nothing, ignore),
        "textDocument/didOpen": Method(DidOpenParams, did_open),
        "textDocument/didChange": Method(DidChangeParams, did_change),
        "textDocument/didClose": Method(DocumentParams, did_close),
        "textDocument/didSave": Method(DocumentParams, did_save),
        "workspace/didChangeWatchedFiles": Method(DidChangeFilesParams, did_change_files),
        "workspace/didChangeWorkspaceFolders": Method(DidChangeFoldersParams, did_change_folders),
        "workspace/didCreateFiles": Method(FilesParams, did_change_names),
        "workspace/didRenameFiles": Method(FilesParams, did_change_names),
        "workspace/didDeleteFiles": Method(FilesParams, did_change_names),
        "workspace/didChangeConfiguration": Method(Nothing, ignore),
        "window/workDoneProgress/cancel": Method(CancelProgressParams, cancel_progress),
        messages.WORKSPACE_SYMBOL: Method(messages.SymbolParams, symbols),
        messages.SEARCH: Method(messages.SearchParams, search),
        messages.SIMILAR: Method(messages.SimilarParams, similar),
        messages.LIST_PATHS: Method(messages.ListPathsParams, list_paths),
        messages.STATUS: Method(messages.StatusParams, status),
        messages.REINDEX: Method(messages.ReindexParams, reindex),
        messages.WAIT_FRESH: Method(messages.WaitFreshParams, wait_fresh),
        messages.SHUTDOWN_DAEMON: Method(Nothing, stop),
    }
)
"""Every method of the protocol."""
