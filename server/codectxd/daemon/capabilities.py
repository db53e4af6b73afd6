"""What a client says of itself in `initialize`, as far as it is of use here, and what the daemon answers.

Lenient: whatever is not as LSP has it counts as not said, since an editor that cannot be initialized is of no use to
anybody.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

import codectxd
from codectxd.wire import messages, positions
from codectxd.wire.positions import Encoding

_T = TypeVar("_T", bound=messages.Wire)


class Folder(messages.Wire, frozen=True):
    uri: str
    name: str = ""


class InitializeParams(messages.Wire, frozen=True):
    """What we read of LSP's; anything else an editor says is ignored."""

    process_id: Any = None
    root_uri: Any = None
    root_path: Any = None
    workspace_folders: Any = None
    capabilities: Any = None

    def folders(self) -> list[str]:
        """URIs or paths of the folders to open; none where the editor has none open, or says nothing that makes sense."""
        try:
            found = [one.uri for one in msgspec.convert(self.workspace_folders or [], list[Folder])]
        except msgspec.ValidationError:
            found = []
        single = self.root_uri or self.root_path
        return found or ([single] if isinstance(single, str) and single else [])


class _General(messages.Wire, frozen=True):
    position_encodings: tuple[Any, ...] = ()


class _Experimental(messages.Wire, frozen=True):
    codectx_status: bool = False


class _Window(messages.Wire, frozen=True):
    work_done_progress: bool = False


class Abilities(messages.Wire, frozen=True):
    """`wants_status`: it asked for `codectx/statusChanged`; `shows_progress`: a progress may be begun without its asking;
    `has_window`: it is an editor, with a log to show."""

    encoding: Encoding = positions.DEFAULT
    wants_status: bool = False
    shows_progress: bool = False
    has_window: bool = False


def abilities(capabilities: object) -> Abilities:
    """What the client can."""
    return Abilities(
        encoding=positions.negotiate(_part(capabilities, "general", _General()).position_encodings),
        wants_status=_part(capabilities, "experimental", _Experimental()).codectx_status,
        shows_progress=_part(capabilities, "window", _Window()).work_done_progress,
        has_window=isinstance(capabilities, dict) and isinstance(capabilities.get("window"), dict),
    )


def _part(capabilities: object, name: str, unsaid: _T) -> _T:
    found = capabilities.get(name) if isinstance(capabilities, dict) else None
    try:
        return msgspec.convert(found, type(unsaid))
    except msgspec.ValidationError:
        return unsaid


_ASK = (messages.SEARCH, messages.SIMILAR, messages.LIST_PATHS)
_KEEP = (messages.STATUS, messages.REINDEX, messages.WAIT_FRESH)


def answer(able: Abilities) -> dict[str, Any]:
    """The result of `initialize`. File operations are hints like any other; watching files is not asked of the editor."""
    every_file = {"filters": [{"scheme": "file", "pattern": {"glob": "**"}}]}
    operations = dict.fromkeys(("didCreate", "didRename", "didDelete"), every_file)
    return {
        "serverInfo": {"name": "codectxd", "version": codectxd.__version__},
        "capabilities": {
            "positionEncoding": able.encoding,
            "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
            "workspaceSymbolProvider": True,
            "workspace": {
                "workspaceFolders": {"supported": True, "changeNotifications": True},
                "fileOperations": operations,
            },
            "experimental": {"codectx": [*_ASK, *_KEEP]},
        },
    }
