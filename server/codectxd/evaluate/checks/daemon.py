"""What the running daemon says of itself, if one runs and answers."""

from __future__ import annotations

from collections.abc import Iterator

import codectxd
from codectxd.clients import spawn
from codectxd.errors import CodectxError
from codectxd.evaluate.checks.findings import Finding, Patient, ok, problem, warning
from codectxd.wire import messages

PATIENCE_S = 5.0
_LINES = 200


def daemon(patient: Patient) -> Iterator[Finding]:
    """Whether it answers, its version, and how each workspace is; and what its log complains about."""
    try:
        about = ask(patient)
    except TimeoutError:
        yield _hung(patient)
    except CodectxError as failure:
        yield problem("daemon", "answer", str(failure).rstrip("."), "run `codectxd stop`, and ask again")
    else:
        yield from (
            _told(about) if about is not None else [ok("daemon", "answer", "none is running; the next question starts one")]
        )
    yield _log(patient)


def ask(patient: Patient) -> messages.Status | None:
    """The status of the daemon that runs; None where none does. Raises TimeoutError, CodectxError."""
    connection = spawn.find_session(patient.layout, name="codectxd doctor", timeout_s=PATIENCE_S)
    if connection is None:
        return None
    with connection:
        return connection.request(messages.STATUS, {}, kind=messages.Status, timeout_s=PATIENCE_S)


def _hung(patient: Patient) -> Finding:
    found = spawn.running_daemon(patient.layout)
    pid = "PID" if found is None else str(found.pid)
    told = f"it does not answer within {PATIENCE_S:.0f} s (pid {pid})"
    return problem("daemon", "answer", told, f"run `kill -9 {pid}`: nothing is lost, and the next question starts another")


def _told(about: messages.Status) -> Iterator[Finding]:
    told = f"pid {about.pid}, {about.sessions - 1} other sessions, {len(about.workspaces)} workspaces"
    yield ok("daemon", "answer", told)
    if about.version != codectxd.__version__:
        different = f"it is version {about.version}, and this command is {codectxd.__version__}"
        yield warning("daemon", "version", different, "close the editors that use it, or run `codectxd stop`")
    for one in about.workspaces:
        yield from _workspace(one)


def _workspace(one: messages.WorkspaceStatus) -> Iterator[Finding]:
    told = f"{one.root}: {one.phase}, {one.files} files, {one.pending} pending"
    if one.phase == "failed":
        remedy = "see `codectxd logs`, and run `codectxd index --force` there"
        yield problem("daemon", "workspace", f"{one.root}: {one.message or 'it failed'}", remedy)
    else:
        yield ok("daemon", "workspace", told)
    if one.watcher not in ("ok", "starting"):
        remedy = "see what is said of the watcher; until then changes are found by looking again every now and then"
        yield warning("daemon", "watcher", f"{one.root}: {one.watcher}", remedy)


def _log(patient: Patient) -> Finding:
    try:
        lines = patient.layout.log.read_text(errors="replace").splitlines()[-_LINES:]
    except OSError:
        return ok("daemon", "log", "there is none yet")
    errors = [line for line in lines if " ERROR " in line]
    if errors:
        told = f"{len(errors)} errors among the last {len(lines)} lines, the last: {errors[-1].split(' ERROR ', 1)[1]}"
        return warning("daemon", "log", told, "see `codectxd logs`")
    return ok("daemon", "log", f"no error among the last {len(lines)} lines")
