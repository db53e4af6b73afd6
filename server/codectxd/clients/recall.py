"""What a new daemon must be told when the one that an editor used is gone, and what the editor must be told for it.

Remembers of the messages that pass: who the editor is, its folders, its documents with their text as it is now, which
requests wait for an answer, which progress was begun. Bodies of messages in, bodies out; no input or output, one thread at
a time. Whatever it cannot read it lets pass.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

from codectxd.wire import framing, messages, positions
from codectxd.wire.documents import (
    Change,
    DidChangeParams,
    DidOpenParams,
    Document,
    DocumentId,
    DocumentParams,
    TextDocumentItem,
)
from codectxd.wire.framing import Failure, Message, RpcError
from codectxd.wire.positions import Encoding

_T = TypeVar("_T")

Said: TypeAlias = Literal["request", "state", "other"]
"""What an editor's message is: one that must reach a daemon, one that is remembered until there is one, neither."""

_AGAIN = "codectxd-relay-initialize"
"""The id of the `initialize` that is said for the editor; its answer is nobody's."""

_GONE = "The daemon ended while it was asked, and another one has taken its place: ask again."


class _Envelope(msgspec.Struct, frozen=True):
    """A message whose contents are not looked at yet."""

    id: str | int | msgspec.UnsetType | None = msgspec.UNSET
    method: str | msgspec.UnsetType = msgspec.UNSET
    params: msgspec.Raw = msgspec.Raw(b"{}")
    result: msgspec.Raw = msgspec.Raw(b"{}")


class _Capabilities(messages.Wire, frozen=True):
    position_encoding: Encoding = positions.DEFAULT


class _Initialized(messages.Wire, frozen=True):
    capabilities: _Capabilities = _Capabilities()


class _Value(messages.Wire, frozen=True):
    kind: str = ""


class _Progress(messages.Wire, frozen=True):
    token: str | int
    value: _Value


class _Open(msgspec.Struct):
    """A document as it is now, and whether it was changed since it was opened."""

    document: Document
    language_id: str
    changed: bool = False


class Recall:
    """See the module. `shut_down` and `left` say how far the editor is with leaving."""

    def __init__(self) -> None:
        self.shut_down = False
        self.left = False
        self._encoding: Encoding = positions.DEFAULT
        self._initialize: tuple[str | int, bytes] | None = None
        self._is_answered = False
        self._initialized: bytes | None = None
        self._folders: list[bytes] = []
        self._open: dict[str, _Open] = {}
        self._waiting: dict[str | int, str] = {}
        self._progress: dict[str | int, None] = {}

    # -- what passes ------------------------------------------------------------------------------------------------------

    def said(self, body: bytes) -> Said:
        """The editor says `body`."""
        envelope = _envelope(body)
        if envelope is None or isinstance(envelope.method, msgspec.UnsetType):
            return "other"
        if isinstance(envelope.id, str | int):
            self._asked(envelope.id, envelope.method, body)
            return "request"
        if envelope.method in _CANCELS:
            return "request"
        return self._told(envelope.method, envelope.params, body)

    def heard(self, body: bytes) -> bool:
        """The daemon says `body`; whether that is for the editor."""
        envelope = _envelope(body)
        if envelope is None:
            return True
        if envelope.method == "$/progress":
            self._went_on(envelope.params)
        if isinstance(envelope.method, msgspec.UnsetType) and isinstance(envelope.id, str | int):
            self._waiting.pop(envelope.id, None)
            if self._initialize is not None and envelope.id == self._initialize[0] and not self._is_answered:
                self._answered(envelope.result)
        return envelope.id != _AGAIN

    def _asked(self, number: str | int, method: str, body: bytes) -> None:
        if method == "initialize" and self._initialize is None:
            self._initialize = number, body
            return
        self.shut_down = self.shut_down or method == "shutdown"
        self._waiting[number] = method

    def _told(self, method: str, params: msgspec.Raw, body: bytes) -> Said:
        match method:
            case "exit":
                self.left = True
            case "initialized":
                self._initialized = body
            case "workspace/didChangeWorkspaceFolders":
                self._folders.append(body)
            case "textDocument/didOpen" if opened := _as(params, DidOpenParams):
                item = opened.text_document
                self._open[item.uri] = _Open(Document(item.text, item.version, self._encoding), item.language_id)
            case "textDocument/didChange" if changed := _as(params, DidChangeParams):
                self._change(changed)
            case "textDocument/didClose" if closed := _as(params, DocumentParams):
                self._open.pop(closed.text_document.uri, None)
            case _:
                return "other"
        return "state"

    def _change(self, params: DidChangeParams) -> None:
        found = self._open.get(params.text_document.uri)
        if found is None:
            return
        for change in params.content_changes:
            found.document.apply(change)
        found.changed = True
        version = params.text_document.version
        found.document.version = found.document.version + 1 if version is None else version

    def _answered(self, result: msgspec.Raw) -> None:
        self._is_answered = True
        if found := _as(result, _Initialized):
            self._encoding = found.capabilities.position_encoding

    def _went_on(self, params: msgspec.Raw) -> None:
        progress = _as(params, _Progress)
        if progress is not None and progress.value.kind == "begin":
            self._progress[progress.token] = None
        elif progress is not None and progress.value.kind == "end":
            self._progress.pop(progress.token, None)

    # -- after a loss -----------------------------------------------------------------------------------------------------

    def lost(self) -> Iterator[bytes]:
        """The daemon is gone: what the editor is told, so that it waits for nothing any more."""
        waiting, self._waiting = self._waiting, {}
        progress, self._progress = self._progress, {}
        for token in progress:
            yield _encoded(Message(method="$/progress", params={"token": token, "value": {"kind": "end"}}))
        for number, method in waiting.items():
            if method == "shutdown":
                yield _encoded(Message(id=number, result=None))
            else:
                yield _encoded(Message(id=number, error=Failure(messages.CONTENT_MODIFIED, _GONE)))

    def again(self) -> Iterator[bytes]:
        """What a new daemon is told, so that it knows what the old one did."""
        if self._initialize is None:
            return
        body = self._initialize[1]
        yield _renumbered(body) if self._is_answered else body
        if self._initialized is not None:
            yield self._initialized
        yield from self._folders
        for uri, found in self._open.items():
            item = TextDocumentItem(uri, found.document.text().decode(), found.document.version, found.language_id)
            yield _notification("textDocument/didOpen", DidOpenParams(item))
            if found.changed:
                # No change of the text, but of what the daemon makes of it: between sessions the latest edit counts.
                unchanged: list[Change] = []
                changed = DidChangeParams(DocumentId(uri, found.document.version), unchanged)
                yield _notification("textDocument/didChange", changed)


_CANCELS = frozenset(("$/cancelRequest", "window/workDoneProgress/cancel"))

_decoder = msgspec.json.Decoder(_Envelope)


def _envelope(body: bytes) -> _Envelope | None:
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _lenient(body)


def _lenient(body: bytes) -> _Envelope | None:
    """Of what holds lone surrogates, as editors send."""
    try:
        message = framing.decode(body)
    except RpcError:
        return None
    params = msgspec.Raw(msgspec.json.encode(None if message.params is msgspec.UNSET else message.params))
    return _Envelope(message.id, message.method, params)


def _as(raw: msgspec.Raw, kind: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _renumbered(body: bytes) -> bytes:
    plain: dict[str, Any] = json.loads(body)
    return json.dumps({**plain, "id": _AGAIN}).encode()


def _notification(method: str, params: object) -> bytes:
    return _encoded(Message(method=method, params=params))


def _encoded(message: Message) -> bytes:
    return msgspec.json.encode(message)
