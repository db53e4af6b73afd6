"""The client's end of a socket, with a scripted peer at the other end of a real one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from codectxd.clients.connection import Connection
from codectxd.errors import DaemonOutdated, DaemonUnreachable, ServiceError, UsageError
from codectxd.wire import messages
from codectxd.wire.framing import Failure, Message, encode

Peer = Callable[[bytes], None]


@pytest.fixture
def peer() -> Iterator[tuple[Connection, Peer]]:
    """A connection, and what its peer sends (from a thread, since a long answer fills the socket)."""
    ours, theirs = socket.socketpair()
    threads: list[threading.Thread] = []

    def send(data: bytes) -> None:
        threads.append(threading.Thread(target=theirs.sendall, args=(data,)))
        threads[-1].start()

    with theirs, Connection(ours) as connection:
        yield connection, send
        for thread in threads:
            thread.join()


def _ask(connection: Connection, kind: type[Any] = dict, **options: Any) -> Any:
    return connection.request("some/method", {}, kind=kind, timeout_s=5, **options)


def test_an_answer_is_converted(peer: tuple[Connection, Peer]) -> None:
    connection, send = peer
    send(encode(Message(id=1, result={"pid": 7})))
    assert _ask(connection, messages.StopAnswer).pid == 7


def test_an_answer_may_come_in_pieces_and_be_long(peer: tuple[Connection, Peer]) -> None:
    connection, send = peer
    frame = encode(Message(id=1, result={"text": "x" * 3_000_000}))
    send(frame)
    assert len(_ask(connection)["text"]) == 3_000_000


def test_notifications_and_other_answers_come_before(peer: tuple[Connection, Peer]) -> None:
    connection, send = peer
    told: list[tuple[str, Any]] = []
    send(encode(Message(method="a", params=1)) + encode(Message(id=0, result=2)) + encode(Message(id=1, result={})))
    _ask(connection, on_notification=lambda method, params: told.append((method, params)))
    assert told == [("a", 1)]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (messages.INVALID_PARAMS, UsageError),
        (messages.REQUEST_FAILED, ServiceError),
        (messages.INTERNAL_ERROR, ServiceError),
        (messages.METHOD_NOT_FOUND, DaemonOutdated),
    ],
)
def test_an_error_comes_out_as_what_it_was(peer: tuple[Connection, Peer], code: int, kind: type[Exception]) -> None:
    connection, send = peer
    send(encode(Message(id=1, error=Failure(code, "The reason."))))
    with pytest.raises(kind):
        _ask(connection)


def test_silence_ends_in_a_timeout(peer: tuple[Connection, Peer]) -> None:
    connection, _ = peer
    with pytest.raises(TimeoutError):
        connection.request("some/method", {}, kind=dict, timeout_s=0.05)


def test_a_peer_that_leaves_is_unreachable() -> None:
    ours, theirs = socket.socketpair()
    with Connection(ours) as connection:
        theirs.close()
        with pytest.raises(DaemonUnreachable):
            _ask(connection)


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"Content-Length: 2\r\n\r\n{]"])
def test_a_peer_that_is_no_daemon_is_named_as_such(peer: tuple[Connection, Peer], said: bytes) -> None:
    connection, send = peer
    send(said)
    with pytest.raises(ServiceError, match="no codectxd"):
        _ask(connection)


def test_an_answer_of_another_shape_is_an_error(peer: tuple[Connection, Peer]) -> None:
    connection, send = peer
    send(encode(Message(id=1, result={"pid": "seven"})))
    with pytest.raises(ServiceError, match="cannot be read"):
        _ask(connection, messages.StopAnswer)


def test_what_a_newer_daemon_adds_is_ignored(peer: tuple[Connection, Peer]) -> None:
    connection, send = peer
    send(encode(Message(id=1, result={"pid": 7, "invented": [1]})))
    assert msgspec.to_builtins(_ask(connection, messages.StopAnswer)) == {"pid": 7}
