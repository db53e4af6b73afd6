"""Columns and lines mean the same to the client and to the daemon, in whatever unit the client counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codectxd.wire import messages
from codectxd.wire.positions import Encoding
from e2e.support import DEADLINE_S, Home, Raw, until

LINES = [
    "/* Page\x0c one, and a line \u2028 that goes on \x85 here */\r\n",
    "/* 😀😀 漢é */ function sélection_naïve() { return '😀' }\r\n",
    "\r\n",
    "function after_the_form_feed() {\r",  # A lone carriage return ends a line, too.
    "    return '😀'\r",
    "}\n",
    "\n",
    "/* 𝔘𝔫𝔦 */ function the_last_one() { return '𝔘𝔫𝔦' } // no line end",
]
TEXT = "".join(LINES)


def width(text: str, encoding: Encoding) -> int:
    codec, size = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[encoding]
    return len(text.encode(codec)) // size


@pytest.mark.parametrize(
    ("offered", "encoding"),
    [(["utf-8", "utf-16"], "utf-8"), (None, "utf-16"), (["utf-32", "utf-16"], "utf-32"), (["utf-7"], "utf-16")],
)
def test_everything_is_counted_in_the_negotiated_unit(
    home: Home, tmp_path: Path, offered: list[str] | None, encoding: Encoding
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "saved.ts").write_bytes(TEXT.encode())
    home.run("serve", "--detach")
    with home.raw() as peer:
        general = {} if offered is None else {"general": {"positionEncodings": offered}}
        answer = peer.initialize(root, **general)
        assert answer["result"]["capabilities"]["positionEncoding"] == encoding
        assert peer.ask(messages.WAIT_FRESH, {"timeoutMs": int(DEADLINE_S * 1000)})["result"]["fresh"]
        check_symbols(peer, root / "saved.ts", encoding)
        check_hits(peer, "saved.ts", encoding)
        # The same text, typed: every letter of it is replaced where the client says that it stands.
        uri = (root / "typed.ts").as_uri()
        crossed = TEXT.replace("😀", "x😀x").replace("é", "é_")
        item = {"uri": uri, "languageId": "typescript", "version": 1, "text": crossed}
        peer.send({"method": "textDocument/didOpen", "params": {"textDocument": item}})
        changes = list(back_to_text(crossed, encoding))
        (root / "saved.ts").unlink()
        params = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": changes}
        peer.send({"method": "textDocument/didChange", "params": params})
        until(lambda: names(peer, "the_last_one") == [uri], "the typed text is all there is")
        check_symbols(peer, root / "typed.ts", encoding)
        check_hits(peer, "typed.ts", encoding)


def back_to_text(crossed: str, encoding: Encoding) -> Any:
    """Changes that take out again, from the last to the first, what was put between the letters."""
    for number, line in reversed(list(enumerate(split(crossed)))):
        for at in reversed(range(len(line))):
            extra = (line[at] == "x" and "😀" in line[max(at - 1, 0) : at + 2]) or (line[at] == "_" and line[at - 1] == "é")
            if extra:
                columns = width(line[:at], encoding), width(line[: at + 1], encoding)
                start, end = ({"line": number, "character": column} for column in columns)
                yield {"range": {"start": start, "end": end}, "text": ""}


def split(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def check_symbols(peer: Raw, path: Path, encoding: Encoding) -> None:
    for name in ("sélection_naïve", "after_the_form_feed", "the_last_one"):
        number = next(at for at, line in enumerate(split(TEXT)) if name in line)
        column = width(split(TEXT)[number].partition(name)[0], encoding)
        start, end = ({"line": number, "character": at} for at in (column, column + width(name, encoding)))
        found = peer.ask(messages.WORKSPACE_SYMBOL, {"query": name})["result"]
        assert [one["location"] for one in found if one["name"] == name] == [
            {"uri": path.as_uri(), "range": {"start": start, "end": end}}
        ]


def check_hits(peer: Raw, path: str, encoding: Encoding) -> None:
    answer = peer.ask(messages.SEARCH, {"query": "the_last_one after_the_form_feed sélection_naïve"})
    hits = [hit for hit in answer["result"]["hits"] if hit["path"] == path]
    assert hits
    for hit in hits:
        start, end = hit["range"]["start"], hit["range"]["end"]
        lines = split(TEXT)[start["line"] : end["line"] + 1]
        assert split(hit["snippet"]) == lines
        assert (start["character"], end["character"]) == (0, width(lines[-1], encoding))


def names(peer: Raw, word: str) -> list[str]:
    return [one["location"]["uri"] for one in peer.ask(messages.WORKSPACE_SYMBOL, {"query": word})["result"]]
