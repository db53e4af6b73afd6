"""Messages over a socket pair: whole, in order, and an end for whatever is no message."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from codectxd.engine.channel import Channel, Closed, open_child, open_child_by_pipes
from codectxd.engine.jobs import Began, Broke, Digest, Prepare, WorkerJob, WorkerReply
from codectxd.engine.pipes import Pipes


def pairs() -> tuple[Pipes, Pipes]:
    """What `socket.socketpair` gives, of pipes."""
    (reads, writes), (others_reads, others_writes) = os.pipe(), os.pipe()
    return Pipes(reads, others_writes), Pipes(others_reads, writes)


def pipe_and_peer() -> tuple[Pipes, socket.socket]:
    """Pipes whose other ends are spoken to as a socket is."""
    ours, theirs = socket.socketpair()
    with ours:
        return Pipes(os.dup(ours.fileno()), os.dup(ours.fileno())), theirs


@pytest.fixture(params=[socket.socketpair, pipe_and_peer], ids=["socket", "pipes"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[Channel[Began | Broke], socket.socket]]:
    ours, theirs = request.param()
    channel: Channel[Began | Broke] = Channel(ours, Began | Broke)
    yield channel, theirs
    channel.close()
    theirs.close()


def frame(body: bytes) -> bytes:
    return struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("pair", [socket.socketpair, pairs])
def test_messages_arrive_whole_and_in_order_however_large_and_from_several_threads(pair: Callable[[], Any]) -> None:
    ours, theirs = pair()
    sender: Channel[Began] = Channel(ours, Began)
    receiver: Channel[WorkerJob] = Channel(theirs, WorkerJob)
    texts = [bytes([name]) * 300_000 for name in range(4)]

    def send(name: int) -> None:
        for number in range(5):
            sender.send(Digest(str(name), str(number), texts[name]))

    threads = [threading.Thread(target=send, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    found = [receiver.receive() for _ in range(20)]
    for thread in threads:
        thread.join()
    for name in range(4):
        mine = [one for one in found if isinstance(one, Digest) and one.root == str(name)]
        assert [one.path for one in mine] == [str(number) for number in range(5)]
        assert all(one.text == texts[name] for one in mine)
    sender.close()
    receiver.close()


def test_waiting_ends_without_a_message_when_the_time_is_over(ends: tuple[Channel[Began], socket.socket]) -> None:
    channel, peer = ends
    assert channel.receive(0.01) is None
    peer.sendall(frame(msgspec.msgpack.encode(Began("a"))))
    assert channel.receive(5.0) == Began("a")


@pytest.mark.parametrize(
    "garbage",
    [
        frame(b"\xc1 is no MessagePack"),
        frame(b""),
        frame(msgspec.msgpack.encode({"type": "Unheard", "path": "a"})),
        frame(msgspec.msgpack.encode(Began("a"))[:-1]),
        frame(msgspec.msgpack.encode(Prepare("a", []))),
        struct.pack("<I", (1 << 30) + 1) + b"far too much",
        b"\x05",
        frame(b"12345")[:-2],
        b"",
    ],
)
def test_garbage_and_the_end_are_the_end(garbage: bytes, ends: tuple[Channel[Began], socket.socket]) -> None:
    channel, peer = ends
    peer.sendall(garbage)
    peer.shutdown(socket.SHUT_WR)
    with pytest.raises(Closed):
        channel.receive(5.0)


def test_sending_to_nobody_is_the_end(ends: tuple[Channel[Began], socket.socket]) -> None:
    channel, peer = ends
    peer.close()
    with pytest.raises(Closed):
        channel.send(Digest("r", "p", b"x" * 10_000_000))


def test_closing_ends_a_receive_in_another_thread() -> None:
    ours, theirs = socket.socketpair()
    channel: Channel[Began] = Channel(ours, Began)
    ended = threading.Event()

    def receive() -> None:
        with pytest.raises(Closed):
            channel.receive()
        ended.set()

    thread = threading.Thread(target=receive)
    thread.start()
    channel.close()
    assert ended.wait(10.0)
    thread.join()
    theirs.close()


def test_closing_pipes_ends_a_receive_with_the_other_side() -> None:
    ours, theirs = pairs()
    channel: Channel[Began] = Channel(ours, Began)
    other: Channel[Began] = Channel(theirs, Began)

    def receive() -> None:
        with pytest.raises(Closed):
            channel.receive()

    thread = threading.Thread(target=receive)
    thread.start()
    channel.close()
    with pytest.raises(Closed):
        other.receive(10.0)
    other.close()
    thread.join(10.0)
    assert not thread.is_alive()
    with pytest.raises(Closed):
        channel.send(Began("a"))


@pytest.mark.parametrize("start", [open_child, open_child_by_pipes])
def test_a_child_ends_when_its_parent_closes_the_channel(start: Callable[..., Any]) -> None:
    process, channel = start("codectxd.engine.worker", ["5"], WorkerReply)
    channel.close()
    assert process.wait(30.0) == 0
