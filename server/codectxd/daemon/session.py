"""One connection: a pygls LanguageServer of its own, its folders, its open documents.

Lives on the daemon's loop. Whatever happens on the connection (exit, shutdown, garbage, half a message, a client that
never reads) ends or slows this session alone (I12): the next request is read only while there is room to answer it.
Knows no request's meaning (`handlers`).
"""

from __future__ import annotations

import asyncio
import logging
import select
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from typing import Protocol as Shape

import msgspec
from pygls.lsp.server import LanguageServer

import codectxd
from codectxd.daemon.buffers import Buffers
from codectxd.daemon.capabilities import Abilities
from codectxd.daemon.greeting import Incoming
from codectxd.daemon.notices import StatusNotices, Troubles
from codectxd.daemon.progress import IndexRuns, Works
from codectxd.daemon.protocol import Protocol
from codectxd.daemon.roots import Roots
from codectxd.errors import UsageError
from codectxd.wire import messages, positions
from codectxd.wire.framing import Failure, FrameError, Message, RpcError, decode
from codectxd.wire.positions import Encoding

if TYPE_CHECKING:
    from codectxd.daemon.hosting import Hosting
    from codectxd.engine.host import Host

logger = logging.getLogger(__name__)

MAX_IN_FLIGHT = 512
"""Requests of one session answered at a time; the next ones stay in the socket until there is room."""

LINGER_S = 10.0
"""How long requests may go on after their client's last word."""

FULL = 1024 * 1024
"""Bytes waiting to be sent from which on notices are held back."""


class Method(msgspec.Struct, frozen=True):
    """What a method takes, and the function that answers: a coroutine function, or one that returns at once."""

    params: type[Any]
    run: Callable[[Session, Any], Any]


class Server(Shape):
    """The process that a session is served by."""

    hosting: Hosting

    def about(self, workspaces: list[messages.WorkspaceStatus]) -> messages.Status: ...

    def stop(self) -> None: ...

    def belongs_to(self, pid: int) -> None: ...


class Session(LanguageServer):
    """One client's connection, from its greeting to its close."""

    protocol: Protocol

    def __init__(
        self,
        daemon: Server,
        methods: Mapping[str, Method],
        streams: tuple[Incoming, asyncio.StreamWriter],
        name: str,
    ) -> None:
        self.session_name = name
        self.initialized = False
        self.ended = False
        self.encoding: Encoding = positions.DEFAULT
        self.folders = Roots()
        self.roots = self.folders.open
        self.buffers = Buffers(name)
        self.work = Works(self)
        self._daemon = daemon
        self._methods = methods
        self._incoming, self._writer = streams
        self._notices: list[StatusNotices | IndexRuns | Troubles] = []
        self._forget: list[Callable[[], None]] = []
        self._attaching: set[asyncio.Task[None]] = set()
        super().__init__("codectxd", codectxd.__version__, protocol_cls=Protocol, converter_factory=_no_converter)

    async def run(self) -> None:
        """Serve until the client leaves, says exit, or sends what is not LSP."""
        try:
            while not self.ended and (body := await self._incoming.next()) is not None:
                self._receive(body)
                await self._writer.drain()
                await self._room()
            await self._linger()
        except FrameError as problem:
            logger.warning("%s ends: %s", self.session_name, problem)
            self.protocol.send(Message(id=None, error=Failure(messages.PARSE_ERROR, str(problem))))
        except (ConnectionError, asyncio.IncompleteReadError) as problem:
            logger.info("%s left: %s", self.session_name, type(problem).__name__)
        finally:
            self._clean_up()

    def end(self) -> None:
        """Close the connection once what is queued was sent; `run` then returns."""
        self.ended = True
        self._writer.close()

    def abort(self) -> None:
        """Close the connection now."""
        self._writer.transport.abort()

    def write(self, frame: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(frame)

    def notify(self, method: str, params: Any) -> None:
        self.protocol.notify(method, params)

    def crowded(self) -> bool:
        return self._writer.is_closing() or self._writer.transport.get_write_buffer_size() > FULL

    def handlers(self) -> Iterator[tuple[str, Callable[[Any], Any]]]:
        """The methods of this session, for pygls."""
        for name, method in self._methods.items():
            yield name, _bind(self, name, method)

    async def host(self) -> Host:
        return await self._daemon.hosting.get()

    def loaded_host(self) -> Host | None:
        """The host, where one was needed before."""
        return self._daemon.hosting.host

    def about(self, workspaces: list[messages.WorkspaceStatus]) -> messages.Status:
        """The daemon's status."""
        return self._daemon.about(workspaces)

    def belongs_to(self, pid: int) -> None:
        """The client is, or works for, this process."""
        self._daemon.belongs_to(pid)

    def stop_daemon(self) -> None:
        self._daemon.stop()

    def begin(self, folders: list[str], able: Abilities) -> None:
        """The client said who it is: open its folders, and tell it what it wants to hear."""
        self.initialized = True
        self.encoding = self.buffers.encoding = able.encoding
        self.add_roots(folders)
        self._notices += [Troubles(self, self.roots.__contains__)] if able.has_window else []
        if able.wants_status:
            self._notices.append(StatusNotices(self, self.roots.__contains__))
        elif able.shows_progress:
            # Who shows our status shows how far it is, too.
            self._notices.append(IndexRuns(self, lambda root: root in self.roots and not self.work.shows(root)))
        self.attach()

    def attach(self) -> None:
        """Open the session's folders and hand over its documents, in the background and as soon as can be."""
        task = asyncio.get_running_loop().create_task(self._attach())
        self._attaching.add(task)
        task.add_done_callback(self._attaching.discard)

    async def drain(self) -> None:
        """Wait until the client has read most of what was sent."""
        await self._writer.drain()

    async def ask(self, method: str, params: Any) -> bool:
        """Whether the client agreed."""
        return await self.protocol.ask(method, params)

    def add_roots(self, named: list[str]) -> None:
        """Folders the editor opened."""
        self.folders.add(named)

    def remove_roots(self, named: list[str]) -> None:
        for root in self.folders.remove(named):
            self.buffers.leave(root)

    def roots_of(self, named: list[str] | None) -> list[str]:
        """The folders that a request is about: those it names, or the session's. Raises UsageError."""
        return self.folders.of(named)

    async def _attach(self) -> None:
        host = await self.host()
        self.buffers.attach([host.open(root) for root in self.roots])
        if not self._forget:
            self._forget = [host.on_change(notices.changed) for notices in self._notices]

    def _receive(self, body: bytes) -> None:
        try:
            message = decode(body)
        except RpcError as problem:
            self.protocol.send(Message(id=None, error=Failure(problem.code, problem.message)))
        else:
            self.protocol.receive(message)

    async def _room(self) -> None:
        while len(running := self.protocol.in_flight()) >= MAX_IN_FLIGHT:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)

    async def _linger(self) -> None:
        """The client says no more. What it asked before is still answered where it only closed its own half."""
        deadline = asyncio.get_running_loop().time() + LINGER_S
        while (running := self.protocol.in_flight()) and not self.ended and not self._hung_up():
            await asyncio.wait(running, timeout=0.1)
            if asyncio.get_running_loop().time() > deadline:
                return

    def _hung_up(self) -> bool:
        """Whether nobody reads at the other end any more."""
        if not hasattr(select, "poll"):  # Windows: what is written then fails.
            return False
        poll = select.poll()
        poll.register(self._writer.get_extra_info("socket") or self._writer.get_extra_info("pipe"), 0)
        return any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))

    def _clean_up(self) -> None:
        self.protocol.cancel_all()
        for task in self._attaching:
            task.cancel()
        for forget in self._forget:
            forget()
        for notices in self._notices:
            notices.end()
        self.buffers.end()
        self.end()


def _no_converter() -> Any:
    """pygls makes one for each server, in milliseconds, to convert parameters; ours stay raw until msgspec has them."""


def _bind(session: Session, name: str, method: Method) -> Callable[[Any], Any]:
    """`method` as pygls calls it: with raw parameters."""

    def decode_params(params: Any) -> Any:
        try:
            return msgspec.convert({} if params is None else params, method.params)
        except msgspec.ValidationError as problem:
            raise UsageError(f"The parameters of {name} are wrong: {problem}.") from problem

    if not asyncio.iscoroutinefunction(method.run):
        return lambda params: method.run(session, decode_params(params))

    async def answer(params: Any) -> Any:
        return await method.run(session, decode_params(params))

    return answer
