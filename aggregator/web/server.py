"""Bind a port and serve in the running loop. Signals stay with whoever owns the process."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import uvicorn

from aggregator.model.errors import PublishError
from aggregator.model.hostnames import shown_host
from aggregator.model.settings import ServerSettings
from aggregator.push import Door
from aggregator.web.app import Health, Links, Metrics, create_app
from aggregator.web.connections import admitting
from aggregator.web.hub import Ask

_BACKLOG = 1024
# Seconds that requests under way get when the server stops; then they are cut.
_PATIENCE = 1


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Installs nothing: the daemon's own handlers stay."""
        yield


@contextlib.asynccontextmanager
async def serving(
    settings: ServerSettings,
    directory: Path,
    *,
    health: Health | None = None,
    metrics: Metrics | None = None,
    links: Links | None = None,
    ask: Ask | None = None,
    door: Callable[[], Door | None] | None = None,
) -> AsyncIterator[str]:
    """Serve a published folder while the context lasts; yields its address, ``http://host:port``.
    What is handed in is as in :func:`create_app`.

    Raises PublishError where the address cannot be had. Port 0 takes a free one.
    Ends within two seconds.
    """
    hosts = (*settings.allow_hosts, *_own_names(settings.host))
    app = create_app(
        directory,
        health=health,
        metrics=metrics,
        links=links,
        ask=ask,
        door=door,
        allow_hosts=hosts,
    )
    with contextlib.closing(_bind(settings.host, settings.port)) as listener:
        port = listener.getsockname()[1]
        server = _Server(
            uvicorn.Config(
                app,
                access_log=False,
                # What stands in a connection's attributes differs with what reads its requests.
                http="h11",
                lifespan="off",
                log_config=None,
                # Below, it has a line for each request that is none.
                log_level="error",
                server_header=False,
                timeout_graceful_shutdown=_PATIENCE,
                ws="none",
            )
        )
        # No sockets: connections are handed to it.
        task = asyncio.create_task(server.serve(sockets=[]), name="web")
        try:
            while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event
                await asyncio.sleep(0.005)
            if task.done():
                task.result()
            async with admitting(listener, server):
                yield f"http://{shown_host(settings.host)}:{port}"
        finally:
            server.should_exit = True
            await asyncio.gather(task, return_exceptions=True)


def _own_names(host: str) -> tuple[str, ...]:
    """Names this server answers to because of where it is bound.

    A page that rebinds its name to us sends that name, never an address, so
    addresses are answered wherever others than this machine are meant to come.
    """
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        return (host,)
    return (host,) if loopback else (host, "<address>")


def _bind(host: str, port: int) -> socket.socket:
    """A listening socket; ours from here on, so that a busy port is told in our words."""
    where = f"{host}:{port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError, OverflowError) as error:
        raise PublishError(
            f"cannot serve: {host!r} is no address of this machine",
            where=where,
            hint="set server.host, for example to 127.0.0.1",
        ) from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _refused(error, where, port) from error
    return listener


def _refused(error: OSError, where: str, port: int) -> PublishError:
    if error.errno == errno.EADDRINUSE:
        what = f"cannot serve: port {port} is taken"
        hint = (
            "end the program that holds it, or set server.port (AGGREGATOR_SERVER__PORT) to another"
        )
    elif error.errno in (errno.EACCES, errno.EPERM):
        what = f"cannot serve: port {port} is not allowed for this user"
        hint = "set server.port to one above 1023"
    elif error.errno == errno.EADDRNOTAVAIL:
        what, hint = "cannot serve: no such address on this machine", "set server.host"
    else:
        what, hint = f"cannot serve: {error.strerror or error}", "see server.host and server.port"
    return PublishError(what, where=where, hint=hint)
