"""A model from a hub, by its name there: fetched when somebody asks for exactly that, and never otherwise.

Speaks the plain HTTP of hubs in the manner of Hugging Face: `ENDPOINT/OWNER/NAME/resolve/REVISION/FILE`. `HF_ENDPOINT` names
a mirror, the usual variables a proxy; with `HF_HUB_OFFLINE`, or without a network, it is said which files to put where. What
another program has in its cache already is taken from there. Files with a published checksum are compared with it.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from email.message import Message
from pathlib import Path
from typing import IO, Any, Final

from codectxd.embed.layouts import GRAPHS, NEEDED, SMALL
from codectxd.errors import ModelUnavailable, UsageError

ENDPOINT: Final = "https://huggingface.co"

Progress = Callable[[int, int], None]
"""Hears of bytes done, of how many."""

_NAME: Final = re.compile(r"[\w.-]+/[\w.-]+")
_TIMEOUT_S: Final = 30.0
_BLOCK: Final = 1 << 18
_MOST_BYTES: Final = 20 << 30
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_ABSENT: Final = (403, 404)
_HINTS: Final = "x-linked-etag", "x-linked-size"


def is_name(text: str) -> bool:
    """Whether this may be the name of a model on a hub: an owner and a name."""
    return bool(_NAME.fullmatch(text)) and ".." not in text


def fetch(name: str, revision: str, target: Path, progress: Progress, environment: Mapping[str, str] = os.environ) -> None:
    """Put the files of the model `name` into the folder `target`. Raises UsageError where there is no such model,
    ModelUnavailable where it cannot be had."""
    cached = _cached(name, revision, environment)
    if cached is not None:
        _take(cached, target)
        return
    if environment.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        raise ModelUnavailable(f"{name} is not downloaded, since HF_HUB_OFFLINE is set: {_by_hand(name)}")
    hub = _Hub(name, revision, environment, target, progress)
    try:
        if not hub.get(NEEDED[0]):
            told = "check its name, and that it has a tokenizer.json"
            raise UsageError(f"There is no model {name} at {hub.endpoint}, or none for everybody: {told}.")
        for file in SMALL:
            if file != NEEDED[0]:
                hub.get(file)
        graph = next((file for file in GRAPHS if hub.get(file)), None)
        if graph is None:
            told = "export it, for example by `optimum-cli export onnx`, and add that folder"
            raise UsageError(f"{name} has no ONNX graph at {hub.endpoint} ({' or '.join(GRAPHS[:2])}): {told}.")
        for part in (f"{graph}_data", f"{graph}.data"):
            hub.get(part)
    except (OSError, http.client.HTTPException) as problem:
        reason = getattr(problem, "reason", None) or problem
        raise ModelUnavailable(f"{name} cannot be downloaded from {hub.endpoint} ({reason}): {_by_hand(name)}") from problem


def _by_hand(name: str) -> str:
    files = ", ".join((*NEEDED, GRAPHS[0]))
    return (
        f"put its files {files}, and 1_Pooling/config.json and the other small .json files where it has them, into a folder"
        f" {name.rpartition('/')[2]} and add that folder, or name a mirror by HF_ENDPOINT or a proxy by HTTPS_PROXY."
    )


class _Hub:
    """One download."""

    def __init__(self, name: str, revision: str, environment: Mapping[str, str], target: Path, progress: Progress) -> None:
        self.endpoint = (environment.get("HF_ENDPOINT") or ENDPOINT).rstrip("/")
        if not self.endpoint.startswith(("https://", "http://")):
            raise UsageError(f"HF_ENDPOINT is {self.endpoint!r}: it must begin with https:// or http://.")
        self._base = f"{self.endpoint}/{name}/resolve/{urllib.parse.quote(revision, safe='')}"
        self._target = target
        self._progress = progress

    def get(self, file: str) -> bool:
        """Download a file; whether there is one. Raises OSError, ModelUnavailable where it is not what was announced."""
        hints = _Hints()
        opener = urllib.request.build_opener(hints)
        request = urllib.request.Request(f"{self._base}/{file}", headers={"User-Agent": "codectxd"})
        try:
            with opener.open(request, timeout=_TIMEOUT_S) as answer:
                hints.note(answer.headers)
                self._save(file, answer, hints.found)
        except urllib.error.HTTPError as problem:
            problem.close()
            if problem.code in _ABSENT or problem.code == 401:
                return False
            raise
        return True

    def _save(self, file: str, answer: Any, hints: Mapping[str, str]) -> None:
        path = self._target / file
        path.parent.mkdir(parents=True, exist_ok=True)
        length = int(answer.headers.get("Content-Length") or hints.get("x-linked-size") or 0)
        digest, done = hashlib.sha256(), 0
        with open(path, "wb") as target:
            while block := answer.read(_BLOCK):
                target.write(block)
                digest.update(block)
                done += len(block)
                self._progress(done, length)
                if done > _MOST_BYTES:
                    raise ModelUnavailable(f"{file} is larger than {_MOST_BYTES >> 30} GiB: no model for this program.")
        told = hints.get("x-linked-etag", "").strip('W/"')
        if length and done != length:
            raise ModelUnavailable(f"Of {file}, {done} of {length} bytes came: try again.")
        if _SHA256.fullmatch(told) and told != digest.hexdigest():
            raise ModelUnavailable(f"{file} is not what the hub says that it is (its SHA-256 differs): try again.")


class _Hints(urllib.request.HTTPRedirectHandler):
    """Follows redirections, and keeps what was said of the file on the way: who sends it in the end does not know."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def note(self, headers: Message) -> None:
        """Keep what headers say."""
        for name in _HINTS:
            if headers.get(name):
                self.found.setdefault(name, str(headers[name]))

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        self.note(headers)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _cached(name: str, revision: str, environment: Mapping[str, str]) -> Path | None:
    """The folder in which another program keeps this very revision, if it has all that is needed."""
    home = environment.get("HF_HOME") or os.path.join(os.path.expanduser("~"), ".cache", "huggingface")
    hub = Path(environment.get("HF_HUB_CACHE") or os.path.join(home, "hub")) / f"models--{name.replace('/', '--')}"
    try:
        commit = (hub / "refs" / revision).read_text().strip()
    except OSError:
        commit = revision
    folder = hub / "snapshots" / commit
    is_whole = all((folder / file).is_file() for file in NEEDED) and any((folder / file).is_file() for file in GRAPHS)
    return folder if is_whole else None


def _take(folder: Path, target: Path) -> None:
    """Have `target` stand for `folder`, whose files may be links."""
    graph = next(file for file in GRAPHS if (folder / file).is_file())
    for file in (*SMALL, graph, f"{graph}_data", f"{graph}.data"):
        if (folder / file).is_file():
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            (target / file).symlink_to((folder / file).resolve())
