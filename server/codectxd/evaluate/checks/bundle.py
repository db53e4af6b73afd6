"""`codectxd doctor --bundle FILE`: what somebody who is to find a mistake needs, and nothing that is nobody's business.

No source text and no query is ever logged, so none can be in it. The user's home is written `~`, folders that were indexed
elsewhere are numbered, and any other absolute path is cut down to its last name.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

import codectxd
from codectxd import config
from codectxd.errors import CodectxError, UsageError
from codectxd.evaluate.checks import daemon
from codectxd.evaluate.checks.findings import Patient
from codectxd.wire import messages

_LOG_LINES = 2_000
_PATH = re.compile(r"(?<![\w.~/<>-])/(?:[^\s/:'\"`,;()<>\]]+/)*([^\s/:'\"`,;()<>\]]+)")


def check_target(target: Path) -> None:
    """Raises UsageError where the bundle cannot be written to `target`: nothing is ever overwritten."""
    if os.path.lexists(target):
        raise UsageError(f"There is already something at {target}: name a new file for the bundle.")
    if not target.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {target.absolute().parent} to put the bundle into: make it first.")


def write(target: Path, patient: Patient, report: msgspec.Struct) -> list[str]:
    """Write the bundle; the names of the files in it. Raises UsageError where the disk refuses."""
    veil = Veil(patient)
    written = []
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, text in _contents(patient, report):
                bundle.writestr(name, veil(text))
                written.append(name)
    except OSError as failure:
        raise UsageError(f"The bundle cannot be written to {target}: {failure.strerror}.") from failure
    return written


def _contents(patient: Patient, report: msgspec.Struct) -> Iterator[tuple[str, str]]:
    yield "doctor.json", _json(report)
    yield "versions.json", _json(_versions())
    yield "settings.json", _json(_settings(patient))
    yield "status.json", _json(_status(patient))
    yield "daemon.log", _log(patient)


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode() + "\n"


def _versions() -> dict[str, object]:
    distributions = {one.metadata["Name"]: one.version for one in importlib.metadata.distributions()}
    return {
        "codectxd": codectxd.__version__,
        "python": f"{platform.python_implementation()} {sys.version}",
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "distributions": dict(sorted(distributions.items())),
    }


def _settings(patient: Patient) -> dict[str, object]:
    """The settings that hold, as they were understood: nothing else that may stand in those files."""
    settings: dict[str, object] = {}
    try:
        settings["user"] = config.load_user(patient.layout.config_file)
        settings["workspace"] = config.load_workspace(patient.root)
    except (UsageError, tomllib.TOMLDecodeError) as failure:
        settings["problem"] = str(failure)
    return settings


def _status(patient: Patient) -> object:
    try:
        about = daemon.ask(patient)
    except (CodectxError, TimeoutError) as failure:
        return {"running": True, "problem": str(failure) or "it does not answer"}
    return {"running": False} if about is None else {"running": True, **messages.to_builtins(about)}


def _log(patient: Patient) -> str:
    try:
        lines = patient.layout.log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
    except OSError as failure:
        return f"There is no log: {failure.strerror}.\n"
    return "\n".join(lines) + "\n"


class Veil:
    """Takes from a text what says where on this machine things lie, and who its user is."""

    def __init__(self, patient: Patient) -> None:
        layout = patient.layout
        package = str(Path(codectxd.__file__).parent)
        known = {package: "<codectxd>", sys.prefix: "<python>", sys.base_prefix: "<python>"}
        known |= {str(layout.state): "<state>", str(layout.runtime): "<runtime>", str(layout.config): "<config>"}
        known |= {patient.root: "<workspace>"}
        home = str(Path.home())
        self._names = {path: name for path, name in known.items() if path != "/" and not path.startswith(f"{home}/")}
        self._home = home if home != "/" else ""

    def __call__(self, text: str) -> str:
        if self._home:
            text = re.sub(rf"{re.escape(self._home)}(?![\w-])", "~", text)
        for path in sorted(self._names, key=len, reverse=True):
            text = re.sub(rf"{re.escape(path)}(?![\w-])", self._names[path], text)
        return _PATH.sub(r"<elsewhere>/\1", text)
