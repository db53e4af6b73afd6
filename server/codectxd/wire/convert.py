"""Between the vocabulary and the wire: file URIs, and domain types as wire types.

The only module that knows that LSP names files by URI; how it counts columns is for `positions` to know. It knows nothing
of sessions, of the engine's classes (their status is taken by its fields) or of pygls. Everything here is pure and total
on bad input: what is no file URI is None, bytes that are not UTF-8 become replacement characters.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from urllib.parse import quote, unquote_to_bytes

import msgspec

from codectxd import types
from codectxd.errors import UsageError
from codectxd.wire import messages, positions
from codectxd.wire.positions import Encoding

_SYMBOL_KINDS = {
    "file": 1,
    "module": 2,
    "namespace": 3,
    "schema": 3,
    "package": 4,
    "extension": 4,
    "stage": 2,
    "class": 5,
    "selector": 5,
    "record": 5,
    "method": 6,
    "property": 7,
    "field": 8,
    "constructor": 9,
    "enum": 10,
    "interface": 11,
    "trait": 11,
    "annotation": 11,
    "function": 12,
    "macro": 12,
    "target": 12,
    "procedure": 12,
    "test": 12,
    "variable": 13,
    "sequence": 13,
    "role": 13,
    "constant": 14,
    "section": 15,
    "key": 20,
    "index": 20,
    "enumerator": 22,
    "variant": 22,
    "struct": 23,
    "union": 23,
    "table": 23,
    "view": 23,
    "trigger": 24,
    "policy": 24,
    "type": 26,
}
"""LSP's SymbolKind numbers; a heading is a String, as other Markdown servers have it, and a selector a
Class, as those for CSS; a table of a database is a Struct, its trigger and its policy an Event."""

_UNKNOWN_KIND = 13


def to_uri(root: str, path: str) -> str:
    """The file URI of `path`, relative to the absolute folder `root`."""
    absolute = os.path.join(root, path)
    if sys.platform == "win32":  # C:\\a\\b is file:///C:/a/b.
        return "file:///" + quote(absolute.replace("\\", "/"), safe="/~:")
    return "file://" + quote(os.fsencode(absolute), safe="/~")


def from_uri(uri: str) -> str | None:
    """The absolute path that a file URI names, normalised; None for another scheme, another host or a relative path."""
    scheme, _, rest = uri.partition(":")
    host, slash, path = rest[2:].partition("/") if rest.startswith("//") else ("", rest[:1], rest[1:])
    if scheme.lower() != "file" or host.lower() not in ("", "localhost") or slash != "/":
        return None
    # Whatever an editor left unescaped ('?', '#', a space) belongs to the name: files have no queries.
    raw = unquote_to_bytes(path.encode("utf-8", "surrogatepass"))
    return None if b"\0" in raw else _absolute(os.fsdecode(raw).lstrip("/"))


def from_uri_or_path(text: str) -> str | None:
    """The absolute path of a folder that a client named by URI or by path; None where it is neither."""
    if os.path.isabs(text):
        return None if "\0" in text else os.path.normpath(text)
    return from_uri(text)


def _absolute(path: str) -> str:
    """The path of a URI without its first slash, normalised."""
    if sys.platform == "win32":
        return os.path.normpath(path[:1].upper() + path[1:])  # Editors write drives in either case.
    return os.path.normpath("/" + path)


def replace_surrogates(text: str) -> str:
    """`text` with every lone surrogate replaced by U+FFFD, one UTF-16 unit for one, so that columns stay true."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def printable(path: str) -> str:
    """A path as text that JSON can carry: bytes that are not UTF-8 become U+FFFD (the URI still names the file)."""
    return os.fsencode(path).decode("utf-8", "replace")


def query(params: messages.SearchParams | messages.SimilarParams) -> types.Query:
    """The question of a search request, or the filters of one for what is alike."""
    return types.Query(
        text=params.query if isinstance(params, messages.SearchParams) else "",
        limit=params.limit,
        mode=params.mode,
        languages=tuple(params.languages or ()),
        globs=tuple(params.globs or ()),
        files=None if params.files is None else tuple(_file(name) for name in params.files),
        content=params.content or "code",
        widens=params.content is None,
        include_unsaved=params.include_unsaved,
        explain=params.explain,
    )


def _file(name: str) -> str:
    path = from_uri_or_path(name)
    if path is None:
        raise UsageError(f"{name!r} in `files` is neither an absolute path nor a file URI.")
    return path


def lines(range_: messages.Range) -> tuple[int, int]:
    """The lines `[first, last)` that a range touches; none where it is empty."""
    first, end = range_.start.line, range_.end
    if range_.start == end:
        return first, first
    return first, max(end.line + (end.character > 0), first + 1)


def hit(root: str, found: types.Hit, encoding: Encoding) -> messages.Hit:
    """A hit in the workspace at `root`."""
    return messages.Hit(
        uri=to_uri(root, found.path),
        path=printable(found.path),
        range=_lines_range(found, encoding),
        snippet=found.snippet,
        symbol=found.symbol or None,
        kind=found.kind if found.symbol else None,
        language=found.language,
        score=found.score,
        matched=list(found.matched),
        unsaved=found.unsaved,
        why=msgspec.UNSET if found.why is None else _why(found.why),
        likeness=found.likeness or msgspec.UNSET,
    )


def symbol(root: str, found: types.SymbolHit, encoding: Encoding) -> messages.SymbolInformation:
    """A definition in the workspace at `root`, its range that of the name."""
    name = found.symbol
    line, ends = found.line_text, (name.column, name.end_column)
    # Without its text the line is ASCII, where all encodings count alike.
    columns = ends if line is None else tuple(positions.column(line, end, encoding) for end in ends)
    start, end = (messages.Position(name.line, column) for column in columns)
    return messages.SymbolInformation(
        name=name.name,
        kind=_SYMBOL_KINDS.get(name.kind, _UNKNOWN_KIND),
        location=messages.Location(uri=to_uri(root, found.path), range=messages.Range(start, end)),
        container_name=name.container or None,
    )


def freshness(as_of: types.Freshness) -> messages.Freshness:
    """As of what an answer speaks."""
    return messages.Freshness(
        generation=as_of.generation,
        head=as_of.head,
        words=as_of.words,
        vectors=as_of.vectors,
        degraded=list(as_of.degraded),
        stale=[printable(path) for path in as_of.stale[: messages.MAX_STALE]],
        pending=as_of.pending,
    )


def answer(found: types.Answer, encoding: Encoding, *, explain: bool) -> messages.SearchAnswer:
    """What a search, or a search for what is alike, answers."""
    asked = found.asked
    explained = messages.Explained(list(asked.terms), list(asked.names), list(asked.filters))
    return messages.SearchAnswer(
        hits=[hit(root, one, encoding) for root, one in found.hits],
        freshness=freshness(found.freshness),
        took_ms=round(found.took_ms, 3),
        explained=explained if explain else msgspec.UNSET,
        widened=True if found.widened else msgspec.UNSET,
    )


def listing(
    found: Iterable[tuple[str, types.ListedFile]], total: int, as_of: types.Freshness, took_ms: float
) -> messages.ListPathsAnswer:
    """A list of files, each with its workspace root."""
    paths = [
        messages.ListedPath(
            uri=to_uri(root, file.path),
            path=printable(file.path),
            language=file.language or None,
            role=file.role or None,
            unsaved=file.unsaved,
            reason=file.reason or None,
        )
        for root, file in found
    ]
    return messages.ListPathsAnswer(paths, total, freshness(as_of), round(took_ms, 3))


def workspace_status(status: object) -> messages.WorkspaceStatus:
    """A workspace's status, of any record whose fields are named as WorkspaceStatus's."""
    plain = msgspec.convert(status, messages.WorkspaceStatus, from_attributes=True)
    groups = [
        msgspec.structs.replace(group, examples=[printable(path) for path in group.examples])
        for group in plain.skipped_files
    ]
    return msgspec.structs.replace(plain, root=printable(plain.root), skipped_files=groups)


def reranker_status(model: str, problem: str | None, *, ready: bool) -> messages.RerankerStatus:
    """What is said of the reranker that the settings name."""
    return messages.RerankerStatus(printable(model), ready, problem and printable(problem))


def _lines_range(found: types.Hit, encoding: Encoding) -> messages.Range:
    """From the first column of the hit's first line to the end of its last, which need not end in a newline."""
    start = messages.Position(found.start_line, 0)
    lines = found.snippet.removesuffix("\n").split("\n")
    if len(lines) != found.end_line - found.start_line:
        return messages.Range(start, messages.Position(found.end_line, 0))
    last = positions.width(lines[-1].removesuffix("\r"), encoding)
    return messages.Range(start, messages.Position(found.end_line - 1, last))


def _why(why: types.Why) -> messages.Why:
    return messages.Why(
        lexical_rank=why.lexical_rank,
        semantic_rank=why.semantic_rank,
        terms=list(why.terms),
        boosts=[messages.Boost(boost.name, boost.value) for boost in why.boosts],
    )
