"""`--in-process`: one session on this process' own standard input and output, and the engines it needs, with no daemon.

For machines on which nothing may listen or stay behind, and for Windows. It ends with its editor: at the end of the input,
at `exit`, when nobody reads the output any more, or when the process that the editor named in `initialize` is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys

from codectxd.config import UserConfig
from codectxd.daemon.greeting import Incoming
from codectxd.daemon.handlers import METHODS
from codectxd.daemon.hosting import Hosting
from codectxd.daemon.listener import GRACE_S, STREAM_LIMIT
from codectxd.daemon.pipes import open_streams
from codectxd.daemon.session import Session
from codectxd.paths import Layout
from codectxd.wire import messages

logger = logging.getLogger(__name__)

_LOOK_S = 2.0


class Alone:
    """A daemon of one session. Everything happens on the loop that runs `run`."""

    def __init__(self, layout: Layout, config: UserConfig) -> None:
        self.hosting = Hosting(layout, config, alone=True)
        self._session: Session | None = None
        self._watching: asyncio.TimerHandle | None = None

    async def run(self, source: int, target: int) -> None:
        """Serve whoever holds the other ends of these descriptors until they leave."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):  # Windows: there the end of the input must do.
                loop.add_signal_handler(number, self.stop)
        reader, writer = open_streams(source, target, STREAM_LIMIT)
        self._session = Session(self, METHODS, (Incoming(reader), writer), "session-1")
        try:
            await self._session.run()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(GRACE_S):
                    await writer.wait_closed()
        finally:
            if self._watching is not None:
                self._watching.cancel()
            await self.hosting.close()

    def stop(self) -> None:
        """End soon."""
        if self._session is not None:
            self._session.end()

    def belongs_to(self, pid: int) -> None:
        """End when the process `pid` does; one that cannot be seen from here (in another container) does not count."""
        if sys.platform != "win32" and self._watching is None and _is_alive(pid):
            self._look_after(pid)

    def about(self, workspaces: list[messages.WorkspaceStatus]) -> messages.Status:
        """This process' status, around those of its workspaces."""
        return self.hosting.about(1, workspaces)

    def _look_after(self, pid: int) -> None:
        if _is_alive(pid):
            self._watching = asyncio.get_running_loop().call_later(_LOOK_S, self._look_after, pid)
        else:
            logger.info("The editor's process %d is gone", pid)
            self.stop()


def _is_alive(pid: int) -> bool:
    # Not on Windows, where a signal of 0 is no question.
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True
