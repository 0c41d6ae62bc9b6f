"""A server's life, from the socket to the last answer: signals, draining, reloading.

SIGTERM: not ready at once; new requests are taken for the drain delay, each answered with `Connection: close`; then the
socket is closed, what was accepted is answered, and the exit code is 0. SIGINT is the same without the delay, and the
second one does not wait. SIGHUP loads every run anew.
"""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Final, final

import uvicorn

from alexnet.errors import RunError
from alexnet.serving.health import Health
from alexnet.serving.http.app import application
from alexnet.serving.http.deadlines import protocol
from alexnet.serving.http.settings import HttpSettings
from alexnet.serving.metrics import Metrics
from alexnet.serving.reloading import Reloader
from alexnet.serving.service import Index, Service, Settings

HEAD_BYTES: Final = 32 * 1024
KEEP_ALIVE_SECONDS: Final = 5


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that is bound, and listens to nobody yet.

    Raises:
        RunError: the address is taken, or none of this machine's.
    """
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, number)
    except (OSError, UnicodeError) as error:
        raise RunError(f"{host} is no address to listen on: {error}") from None
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            raise RunError(
                f"port {port} of {host} is taken: choose another, --port {port + 1 if port < 65535 else 8000}, "
                "or end what listens there"
            ) from None
        if error.errno == errno.EACCES:
            raise RunError(
                f"port {port} may not be listened on without rights: choose one from 1024"
            ) from None
        raise RunError(f"{host} cannot be listened on: {error.strerror}") from None
    return found


def serve(
    settings: Settings,
    http: HttpSettings,
    listener: socket.socket,
    *,
    metrics: Metrics | None = None,
    index: Index | None = None,
    on_ready: Callable[[Service], None] = lambda service: None,
) -> None:
    """Serve until a signal says to end.

    Args:
        settings: what is served.
        http: how.
        listener: a socket that is bound.
        metrics: where it counts.
        index: pictures to find similar ones among.
        on_ready: called when the first picture has been answered, before anybody can ask.
    Raises:
        AlexNetError: a network cannot be loaded.
    """
    asyncio.run(_serve(Service(settings, metrics, index), http, listener, on_ready))


async def _serve(
    service: Service, http: HttpSettings, listener: socket.socket, on_ready: Callable[[Service], None]
) -> None:
    async with service.running():
        health = Health(service)
        await health.probe()
        reloader = Reloader(service, health, http.reload_seconds)
        tasks = [asyncio.create_task(health.watch()), asyncio.create_task(reloader.watch())]
        config = uvicorn.Config(
            application(service, health, http),
            http=protocol(service.limits),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=round(service.limits.request_seconds + service.limits.body_seconds),
            limit_concurrency=service.limits.connections,
            h11_max_incomplete_event_size=HEAD_BYTES,
        )
        listener.listen(config.backlog)  # from here on nobody is refused, and uvicorn will soon accept
        server = Server(config, health, reloader, http.drain_seconds, lambda: on_ready(service))
        await server.serve(sockets=[listener])
        for task in tasks:
            task.cancel()


@final
class Server(uvicorn.Server):
    """uvicorn's server, which drains, reloads, and resets no connection that was accepted."""

    def __init__(
        self,
        config: uvicorn.Config,
        health: Health,
        reloader: Reloader,
        drain_seconds: float,
        on_ready: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._health, self._reloader, self._drain_seconds = health, reloader, drain_seconds
        self._on_ready = on_ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals while serving; uvicorn's own would raise them again at the end."""
        loop = asyncio.get_running_loop()
        handlers: dict[int, Callable[[], None]] = {
            signal.SIGTERM: lambda: self._drain(self._drain_seconds),
            signal.SIGINT: self._interrupt,
            signal.SIGHUP: self._reloader.ask,
        }
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        self._on_ready()  # not before: a signal in between would end the process and reset who has connected
        try:
            yield
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take in who has connected already, close the socket, and wait for the answers.

        The system resets whoever waits in the queue of a socket that is closed.
        """
        loop, waiting = asyncio.get_running_loop(), []
        for each in sockets or []:
            with contextlib.suppress(BlockingIOError):
                while True:
                    waiting.append(each.accept()[0])
        for server in self.servers:
            server.close()
        for connection in waiting:
            connection.setblocking(False)
            with contextlib.suppress(OSError):  # it has gone meanwhile
                await loop.connect_accepted_socket(self._protocol, connection)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]  # uvicorn calls it so
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    def _drain(self, seconds: float) -> None:
        if self._health.draining:
            return
        self._health.draining = True
        asyncio.get_running_loop().call_later(seconds, self._end)

    def _interrupt(self) -> None:
        if self._health.draining:
            self.force_exit = True
        self._health.draining = True
        self._end()

    def _end(self) -> None:
        self.should_exit = True
