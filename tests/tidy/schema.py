"""The schema of the protocol, made from `wire/messages`: what `server/docs/protocol.schema.json` holds."""

from __future__ import annotations

import inspect
import json
from typing import Any

import msgspec

from codectxd.wire import messages

REQUESTS: dict[str, tuple[type, Any]] = {
    messages.SEARCH: (messages.SearchParams, messages.SearchAnswer),
    messages.SIMILAR: (messages.SimilarParams, messages.SearchAnswer),
    messages.LIST_PATHS: (messages.ListPathsParams, messages.ListPathsAnswer),
    messages.STATUS: (messages.StatusParams, messages.Status),
    messages.REINDEX: (messages.ReindexParams, messages.ReindexAnswer),
    messages.WAIT_FRESH: (messages.WaitFreshParams, messages.WaitFreshAnswer),
    messages.SHUTDOWN_DAEMON: (type(None), messages.StopAnswer),
    messages.WORKSPACE_SYMBOL: (messages.SymbolParams, list[messages.SymbolInformation]),
}
NOTIFICATIONS: dict[str, Any] = {messages.STATUS_CHANGED: messages.WorkspaceStatus}

BASES = {messages.Wire, messages.Full}


def wire_types() -> list[type[msgspec.Struct]]:
    """Every type that is sent or received."""
    kinds = [kind for _, kind in inspect.getmembers(messages, inspect.isclass) if issubclass(kind, msgspec.Struct)]
    return [kind for kind in kinds if kind.__module__ == messages.__name__ and kind not in BASES]


def methods() -> set[str]:
    """Every method that `wire/messages` names."""
    return {value for name, value in vars(messages).items() if name.isupper() and isinstance(value, str)}


def rendered() -> str:
    """The whole schema as JSON text."""
    params, results = zip(*REQUESTS.values(), strict=True)
    kinds = [*wire_types(), *params, *results, *NOTIFICATIONS.values()]
    shapes, components = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    at = len(wire_types())
    n = len(REQUESTS)
    requests = {method: {"params": shapes[at + i], "result": shapes[at + n + i]} for i, method in enumerate(REQUESTS)}
    notifications = {method: {"params": shapes[at + 2 * n + i]} for i, method in enumerate(NOTIFICATIONS)}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "codectxd: requests and notifications beside LSP's own",
        "requests": requests,
        "notifications": notifications,
        "$defs": components,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
