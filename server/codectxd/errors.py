"""Every error codectxd raises on purpose, each with the sentence the user sees and what to do about it.

CodectxError
├── UsageError          the request makes no sense as asked            (exit 2, JSON-RPC InvalidParams)
│   ├── EmptyQuery
│   ├── NoSuchPath
│   └── BadFilter
├── ServiceError        the daemon, the index or the model failed      (exit 3, JSON-RPC RequestFailed)
│   ├── DaemonUnreachable
│   ├── DaemonOutdated
│   ├── IndexUnavailable
│   ├── ModelUnavailable
│   └── GitUnavailable
└── Cancelled           nobody waits for the answer any more           (JSON-RPC RequestCancelled)

A file that cannot be indexed is no error: it is a `types.Skipped` and shows up in `status`.
"""

from __future__ import annotations


class CodectxError(Exception):
    """The root: its message is one sentence for a person that says what to do."""


class UsageError(CodectxError):
    """The request makes no sense as asked; asking again unchanged fails again."""


class EmptyQuery(UsageError):
    """The query holds no word to search for."""

    def __init__(self) -> None:
        super().__init__("The query is empty: say in a few words what you are looking for.")


class NoSuchPath(UsageError):
    """A path of the request does not exist."""

    def __init__(self, path: str) -> None:
        told = f"There is no such file or folder: {path}. Check the spelling, or give an absolute path."
        super().__init__(told if path else "The name of a file or folder is empty: give it a name, or leave it out.")


class BadFilter(UsageError):
    """A filter of the request names something unknown."""


class ServiceError(CodectxError):
    """The daemon, the index or the model failed; asking again later may succeed."""


class DaemonUnreachable(ServiceError):
    """No daemon answers, and none could be started."""


class DaemonOutdated(ServiceError):
    """The running daemon is older than this client and still has other clients."""


class IndexUnavailable(ServiceError):
    """A workspace's index cannot be opened or written."""


class ModelUnavailable(ServiceError):
    """The embedding model cannot be loaded; search goes on with words and symbols."""


class GitUnavailable(ServiceError):
    """git is not installed, or refuses to work in this folder."""


class Cancelled(CodectxError):
    """Nobody waits for the answer any more: the work ends at its next checkpoint."""

    def __init__(self) -> None:
        super().__init__("The request was cancelled.")
