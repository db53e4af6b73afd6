"""Downloads from a hub, against a server on this machine that speaks as hubs do; and what is said where nothing can be
had."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from codectxd.embed.model import described
from codectxd.errors import ModelUnavailable, UsageError
from codectxd.models import hub

TINY = Path(__file__).parents[3] / "fixtures" / "models" / "tiny"
FILES = {str(path.relative_to(TINY)): path.read_bytes() for path in TINY.rglob("*") if path.is_file()}
GRAPH = "onnx/model.onnx"


class Handler(BaseHTTPRequestHandler):
    """`/owner/tiny/resolve/main/FILE`; the graph is elsewhere, as large files are, and its checksum is told on the way."""

    checksum: ClassVar[str]
    asked: ClassVar[list[str]]
    files: ClassVar[dict[str, bytes]]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        path = self.path.removeprefix("http://hub.example")
        if path.startswith("/store/"):
            self._send(self.files.get(path.removeprefix("/store/")))
            return
        file = path.removeprefix("/owner/tiny/resolve/main/")
        if file == GRAPH and file in self.files:
            self.send_response(302)
            self.send_header("Location", f"/store/{file}" if path == self.path else f"http://hub.example/store/{file}")
            self.send_header("X-Linked-ETag", f'"{self.checksum}"')
            self.send_header("X-Linked-Size", str(len(self.files[file])))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._send(self.files.get(file) if path != file else None)

    def _send(self, data: bytes | None) -> None:
        self.send_response(404 if data is None else 200)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Handler.checksum = hashlib.sha256(FILES[GRAPH]).hexdigest()
    Handler.asked, Handler.files = [], dict(FILES)
    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{found.server_port}"
    found.shutdown()
    thread.join()
    found.server_close()


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def fetch(target: Path, environment: dict[str, str], name: str = "owner/tiny") -> list[tuple[int, int]]:
    """Download; how far it said it was."""
    target.mkdir()
    said: list[tuple[int, int]] = []
    home = {"HF_HOME": str(target.parent / "hf"), **environment}
    hub.fetch(name, "main", target, lambda done, of: said.append((done, of)), home)
    return said


def test_a_model_comes_whole_from_a_mirror(server: str, tmp_path: Path) -> None:
    said = fetch(tmp_path / "tiny", {"HF_ENDPOINT": f"{server}/"})
    assert described(tmp_path / "tiny").id == described(TINY).id
    assert said[-1] == (len(FILES[GRAPH]), len(FILES[GRAPH]))


def test_a_proxy_is_asked_where_one_is_set(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server)
    monkeypatch.setenv("no_proxy", "")
    fetch(tmp_path / "tiny", {"HF_ENDPOINT": "http://hub.example"})
    assert described(tmp_path / "tiny").id == described(TINY).id
    assert all(path.startswith("http://hub.example/") for path in Handler.asked)


def test_what_is_not_what_was_announced_is_refused(server: str, tmp_path: Path) -> None:
    Handler.checksum = "0" * 64
    with pytest.raises(ModelUnavailable, match=r"model\.onnx is not what the hub says"):
        fetch(tmp_path / "tiny", {"HF_ENDPOINT": server})


@pytest.mark.parametrize(("lacking", "told"), [("tokenizer.json", "There is no model owner/tiny"), (GRAPH, "no ONNX graph")])
def test_what_the_hub_does_not_have_is_named(server: str, tmp_path: Path, lacking: str, told: str) -> None:
    del Handler.files[lacking]
    with pytest.raises(UsageError, match=told):
        fetch(tmp_path / "tiny", {"HF_ENDPOINT": server})


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, r"cannot be downloaded from http://127\.0\.0\.1:9"),
        ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set"),
    ],
)
def test_without_a_network_it_is_said_which_files_to_put_where(
    tmp_path: Path, environment: dict[str, str], told: str
) -> None:
    with pytest.raises(ModelUnavailable, match=told) as caught:
        fetch(tmp_path / "tiny", environment)
    assert "put its files tokenizer.json, config.json, onnx/model.onnx" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_another_program_has_already_is_not_downloaded(tmp_path: Path) -> None:
    kept = tmp_path / "hf" / "hub" / "models--owner--tiny"
    for name, data in FILES.items():
        (kept / "snapshots" / "abc" / name).parent.mkdir(parents=True, exist_ok=True)
        (kept / "snapshots" / "abc" / name).write_bytes(data)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("abc")
    fetch(tmp_path / "tiny", {"HF_HUB_OFFLINE": "1"})
    assert described(tmp_path / "tiny").id == described(TINY).id


@pytest.mark.parametrize(
    ("name", "is_one"), [("a/b", True), ("a/b.c-d_e", True), ("a", False), ("../b", False), ("a/b/c", False)]
)
def test_what_may_be_a_name_on_a_hub(name: str, is_one: bool) -> None:
    assert hub.is_name(name) == is_one


def test_an_endpoint_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="HF_ENDPOINT is 'file:///etc'"):
        fetch(tmp_path / "tiny", {"HF_ENDPOINT": "file:///etc"})
