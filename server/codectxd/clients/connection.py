"""A client's end of the daemon's socket: a small synchronous JSON-RPC peer.

Imports the standard library and msgspec alone, for the command line must start at once. One request is in flight at a
time; notifications that arrive meanwhile go to a callback. Errors of the daemon come out as the exceptions that the
daemon raised them for. Knows no method but `initialize`; starting a daemon is `spawn`'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec

import codectxd
from codectxd.errors import CodectxError, DaemonOutdated, DaemonUnreachable, ServiceError, UsageError
from codectxd.wire import framing, messages
from codectxd.wire.framing import Failure, Headers, Message

_T = TypeVar("_T")

OnNotification = Callable[[str, Any], None]

_CHUNK = 256 * 1024


class Stream(Protocol):
    """What a connection needs of a socket."""

    def settimeout(self, seconds: float | None, /) -> None: ...

    def recv(self, size: int, /) -> bytes: ...

    def sendall(self, data: bytes, /) -> None: ...

    def close(self) -> None: ...


class Connection:
    """An initialized session with the daemon. Not for use from several threads."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._received = bytearray()
        self._next_id = 0
        self.daemon_version = ""

    def initialize(
        self, *, name: str, folders: list[str] | None = None, status: bool = False, timeout_s: float | None = None
    ) -> None:
        """Open the session for `folders` (file URIs); `status` asks for `codectx/statusChanged`. Raises TimeoutError."""
        capabilities = {"experimental": {"codectxStatus": True}} if status else {}
        answer = self.request(
            "initialize",
            {
                "processId": None,
                "clientInfo": {"name": name, "version": codectxd.__version__},
                "rootUri": None,
                "workspaceFolders": [{"uri": uri, "name": uri} for uri in folders or ()],
                "capabilities": capabilities,
            },
            kind=_InitializeAnswer,
            timeout_s=timeout_s,
        )
        self.daemon_version = answer.server_info.version
        self.notify("initialized", {})

    def request(
        self,
        method: str,
        params: object,
        *,
        kind: type[_T],
        timeout_s: float | None = None,
        on_notification: OnNotification | None = None,
    ) -> _T:
        """The answer to a request, as `kind`. Raises UsageError or ServiceError as the daemon said, TimeoutError."""
        self._next_id += 1
        self._send(Message(id=self._next_id, method=method, params=params))
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            message = self._receive(deadline)
            if isinstance(message.method, str):
                if on_notification is not None:
                    on_notification(message.method, message.params)
            elif message.id == self._next_id:
                return _result(message, method, kind)

    def notify(self, method: str, params: object) -> None:
        self._send(Message(method=method, params=params))

    def close(self) -> None:
        """Leave; the daemon ends the session."""
        self._stream.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, message: Message) -> None:
        try:
            self._stream.sendall(framing.encode(message))
        except OSError as problem:
            raise _lost(problem) from problem

    def _receive(self, deadline: float | None) -> Message:
        headers = Headers()
        try:
            while (length := headers.feed(self._line(deadline))) is None:
                pass
            return framing.decode(self._take(length, deadline))
        except (framing.FrameError, framing.RpcError) as problem:
            raise ServiceError(f"What listens on the daemon's socket is no codectxd: {problem}") from problem

    def _line(self, deadline: float | None) -> bytes:
        while (end := self._received.find(b"\n")) < 0:
            self._fill(deadline)
        return self._take(end + 1, deadline)

    def _take(self, length: int, deadline: float | None) -> bytes:
        while len(self._received) < length:
            self._fill(deadline)
        taken = bytes(self._received[:length])
        del self._received[:length]
        return taken

    def _fill(self, deadline: float | None) -> None:
        self._stream.settimeout(None if deadline is None else max(0.001, deadline - time.monotonic()))
        try:
            chunk = self._stream.recv(_CHUNK)
        except TimeoutError:
            raise
        except OSError as problem:
            raise _lost(problem) from problem
        if not chunk:
            raise _lost(None)
        self._received += chunk


class _ServerInfo(msgspec.Struct, frozen=True):
    version: str = "0"


class _InitializeAnswer(messages.Wire, frozen=True):
    server_info: _ServerInfo = _ServerInfo()


def _result(message: Message, method: str, kind: type[_T]) -> _T:
    if isinstance(message.error, Failure):
        raise _error(message.error)
    try:
        return msgspec.convert(message.result, kind)
    except msgspec.ValidationError as problem:
        raise ServiceError(
            f"The daemon's answer to {method} cannot be read ({problem}): run `codectxd stop` and ask again."
        ) from problem


def _error(failure: Failure) -> CodectxError:
    if failure.code == messages.INVALID_PARAMS:
        return UsageError(failure.message)
    if failure.code == messages.METHOD_NOT_FOUND:
        return DaemonOutdated(
            "The running daemon is older than this client and does not know this yet: "
            "close the editors that use it, or run `codectxd stop`, and ask again."
        )
    return ServiceError(failure.message)


def _lost(problem: OSError | None) -> DaemonUnreachable:
    reason = f" ({problem.strerror})" if problem is not None and problem.strerror else ""
    return DaemonUnreachable(f"The daemon ended while it was asked{reason}: ask again, or see its log.")
