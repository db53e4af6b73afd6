"""LSP's framing, fed with what is and what is not LSP."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd.wire import framing, messages
from codectxd.wire.framing import FrameError, Headers, Message, RpcError


def _headers(*lines: bytes) -> int | None:
    headers = Headers()
    found = None
    for line in lines:
        found = headers.feed(line)
    return found


@pytest.mark.parametrize(
    "lines",
    [
        (b"Content-Length: 12\r\n", b"\r\n"),
        (b"content-length:12\r\n", b"\r\n"),
        (b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n", b"Content-Length:  12 \r\n", b"\r\n"),
        (b"Content-Length: 12\n", b"\n"),
    ],
)
def test_headers_say_how_long_the_body_is(lines: tuple[bytes, ...]) -> None:
    assert _headers(*lines) == 12


@pytest.mark.parametrize(
    "lines",
    [
        (b"\r\n",),
        (b"Content-Type: x\r\n", b"\r\n"),
        (b"Content-Length: twelve\r\n",),
        (b"Content-Length: -1\r\n",),
        (b"Content-Length: 99999999999\r\n",),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n",),
        (b'{"jsonrpc":"2.0"}\n'.replace(b":", b""),),
        (b"\x00\xff\x13\n",),
        (b"x: y\r\n",) * 40,
    ],
)
def test_what_is_not_lsp_ends_the_connection(lines: tuple[bytes, ...]) -> None:
    with pytest.raises(FrameError):
        _headers(*lines)


@pytest.mark.parametrize("body", [b"", b"{", b"nul", b"\xff\xfe", b"[" * 100_000, b'{"a":1} x'])
def test_what_is_not_json_is_a_parse_error(body: bytes) -> None:
    with pytest.raises(RpcError) as caught:
        framing.decode(body)
    assert caught.value.code == messages.PARSE_ERROR


@pytest.mark.parametrize(
    "body",
    [
        b"1",
        b"[]",
        b"{}",
        b'{"jsonrpc":"2.0"}',
        b'{"jsonrpc":"1.0","id":1,"method":"x"}',
        b'{"jsonrpc":"2.0","id":[1],"method":"x"}',
        b'{"jsonrpc":"2.0","id":null,"method":"x"}',
        b'{"jsonrpc":"2.0","id":1,"method":7}',
        b'[{"jsonrpc":"2.0","id":1,"method":"x"}]',
    ],
)
def test_what_is_no_message_is_an_invalid_request(body: bytes) -> None:
    with pytest.raises(RpcError) as caught:
        framing.decode(body)
    assert caught.value.code == messages.INVALID_REQUEST


def test_half_an_emoji_is_taken() -> None:
    message = framing.decode(b'{"jsonrpc":"2.0","method":"m","params":{"text":["\\ud83d"]}}')
    assert message.params == {"text": ["\ufffd"]}


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_an_error(body: bytes) -> None:
    with pytest.raises(RpcError) as caught:
        framing.decode(body)
    assert caught.value.code in (messages.PARSE_ERROR, messages.INVALID_REQUEST)


@pytest.mark.parametrize(
    ("message", "body"),
    [
        (Message(id=1, result=None), b'{"id":1,"result":null}'),
        (Message(id=1, method="m", params={"a": 1}), b'{"id":1,"method":"m","params":{"a":1}}'),
        (Message(method="m"), b'{"method":"m"}'),
        (
            Message(id=None, error=framing.Failure(-32700, "no")),
            b'{"id":null,"error":{"code":-32700,"message":"no","data":null}}',
        ),
    ],
)
def test_a_message_survives_its_frame(message: Message, body: bytes) -> None:
    head, sent = framing.encode(message).split(b"\r\n\r\n")
    assert head == b"Content-Length: %d" % len(sent)
    assert msgspec.json.decode(sent) == {"jsonrpc": "2.0", **msgspec.json.decode(body)}
    assert framing.decode(sent) == message
