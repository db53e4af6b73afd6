"""pygls made to serve one connection of many: raw parameters, msgspec for bytes, and no way out of the process.

Of pygls this keeps the dispatch of requests and notifications, the running of handlers as tasks, and their
cancellation. What it replaces, and why: `exit` ends pygls' whole process; its converter renames the keys of our own
parameters and takes milliseconds per answer; its logs hold the bodies of messages, which are people's source text; its
error popups bring one feature's mistake before the user of another. Private methods are overridden, so pygls is pinned.
Knows nothing of searching.
"""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import logging
import os
from collections.abc import Iterable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol

from codectxd.errors import Cancelled, ServiceError, UsageError
from codectxd.wire import convert, framing, messages
from codectxd.wire.framing import Failure, Message

if TYPE_CHECKING:
    from lsprotocol.types import ResponseError

    from codectxd.daemon.session import Session

logger = logging.getLogger(__name__)

MessageId: TypeAlias = str | int | None

_INITIALIZE = "initialize"
_EXIT = "exit"
_CANCEL = "$/cancelRequest"


class Protocol(LanguageServerProtocol):
    """One connection's JSON-RPC. Lives on the daemon's loop; no method blocks or raises on what a client sends."""

    _server: Session

    def __init__(self, server: Session, converter: Any) -> None:
        super().__init__(server, converter)
        self._numbers = itertools.count(1)
        self._asked: dict[str, asyncio.Future[bool]] = {}

    def receive(self, message: Message) -> None:
        """Answer, obey or ignore one message."""
        method, params = message.method, None if message.params is msgspec.UNSET else message.params
        if isinstance(method, msgspec.UnsetType):
            self._receive_response(message)
        elif not isinstance(message.id, str | int):
            self._receive_notification(method, params)
        elif refusal := self._refusal(method):
            self.send(Message(id=message.id, error=refusal))
        else:
            contextvars.copy_context().run(self._handle_request, message.id, method, params)

    def send(self, message: Message) -> None:
        """Queue one message; what cannot be encoded is a bug, and answered as one."""
        try:
            frame = framing.encode(message)
        except UnicodeEncodeError:
            logger.exception("An answer holds text that is not Unicode")
            frame = framing.encode(Message(id=message.id, error=_internal_error()))
        self._server.write(frame)

    def notify(self, method: str, params: Any | None = None) -> None:
        self.send(Message(method=method, params=params))

    async def ask(self, method: str, params: Any) -> bool:
        """Ask the client something; whether it agreed."""
        # No other daemon's ids: one before this one may still be answered to.
        number = f"codectxd-{os.getpid()}-{next(self._numbers)}"
        self._asked[number] = asyncio.get_running_loop().create_future()
        self.send(Message(id=number, method=method, params=params))
        try:
            return await self._asked[number]
        finally:
            del self._asked[number]

    def in_flight(self) -> list[asyncio.Future[Any]]:
        """The requests whose handlers are running."""
        futures: Iterable[object] = self._request_futures.values()
        return [future for future in futures if isinstance(future, asyncio.Future)]

    def cancel_all(self) -> None:
        for future in self.in_flight():
            future.cancel()

    def shut_down(self) -> None:
        """Cancel what is running and refuse everything from now on but `exit`."""
        self._shutdown = True
        self.cancel_all()

    def _receive_response(self, message: Message) -> None:
        asked = self._asked.get(message.id) if isinstance(message.id, str) else None
        if asked is not None and not asked.done():
            asked.set_result(not isinstance(message.error, Failure))

    def _receive_notification(self, method: str, params: Any) -> None:
        if method == _CANCEL:
            self._cancel(params)
        elif method in self.fm.builtin_features and (self._server.initialized or method == _EXIT):
            contextvars.copy_context().run(self._handle_notification, method, params)

    def _cancel(self, params: Any) -> None:
        target = params.get("id") if isinstance(params, dict) else None
        future = self._request_futures.get(target) if isinstance(target, str | int) else None
        if future is not None:
            future.cancel()

    def _refusal(self, method: str) -> Failure | None:
        if self._shutdown:
            return Failure(messages.INVALID_REQUEST, "The session was shut down.")
        if self._server.initialized == (method == _INITIALIZE):
            if method == _INITIALIZE:
                return Failure(messages.INVALID_REQUEST, "The session is initialized already.")
            return Failure(messages.NOT_INITIALIZED, "Send `initialize` first.")
        return None

    # What follows overrides pygls.

    def _register_builtin_features(self) -> None:
        for method, handler in self._server.handlers():
            self.fm.add_builtin_feature(method, handler)

    def _send_handler_result(self, future: Future[Any] | asyncio.Future[Any], *, msg_id: MessageId) -> None:
        self._request_futures.pop(msg_id, None)  # type: ignore[arg-type]
        if future.cancelled():
            self.send(Message(id=msg_id, error=_failure(Cancelled())))
        elif problem := future.exception():
            self.send(Message(id=msg_id, error=_failure(problem)))
        else:
            self.send(Message(id=msg_id, result=future.result()))

    def _check_handler_result(self, future: Future[Any]) -> None:
        if not future.cancelled() and (problem := future.exception()) is not None:
            _failure(problem)  # A notification has no answer; this logs what is a bug.

    def _send_response(self, msg_id: MessageId, result: Any = None, error: ResponseError | None = None) -> None:
        if error is None:
            self.send(Message(id=msg_id, result=result))
        else:
            self.send(Message(id=msg_id, error=Failure(error.code, error.message)))


def _failure(problem: BaseException) -> Failure:
    """The error that a client gets for what a handler raised."""
    if isinstance(problem, UsageError):
        return Failure(messages.INVALID_PARAMS, convert.printable(str(problem)))
    if isinstance(problem, ServiceError):
        return Failure(messages.REQUEST_FAILED, convert.printable(str(problem)))
    if isinstance(problem, Cancelled):
        return Failure(messages.REQUEST_CANCELLED, str(problem))
    if isinstance(problem, JsonRpcException):
        return Failure(problem.code, problem.message)
    logger.error("A handler failed", exc_info=problem)
    return _internal_error()


def _internal_error() -> Failure:
    return Failure(messages.INTERNAL_ERROR, "codectxd made a mistake; the daemon's log says which.")
