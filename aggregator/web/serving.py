"""uvicorn in the running loop: the port is taken first, and the signals stay with the daemon."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from aggregator.model.errors import PublishError
from aggregator.model.settings import ServerSettings
from aggregator.web.application import create_app

_ENDING_SECONDS = 2


class _Server(uvicorn.Server):
    """A server that leaves signals alone."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


@asynccontextmanager
async def serving(
    server: ServerSettings,
    directory: Path,
    *,
    health: Callable[[], dict[str, object]],
    metrics: Callable[[], bytes],
    base_url: str = "",
    deleted: Callable[[], Sequence[str]] = tuple,
) -> AsyncIterator[str]:
    """Serve the published folder while the context lasts; yields the address.

    Raises PublishError where the port is taken or not ours to take.
    """
    bound = _bind(server.host, server.port)
    names = [*server.allow_hosts, server.host]
    if base_url and (name := urlsplit(base_url).hostname):
        names.append(name)
    app = create_app(directory, health=health, metrics=metrics, allow_hosts=names, deleted=deleted)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=_ENDING_SECONDS,
    )
    running = _Server(config)
    task = asyncio.create_task(running.serve(sockets=[bound]))
    try:
        while not running.started and not task.done():
            await asyncio.sleep(0.01)
        port = bound.getsockname()[1]
        host = f"[{server.host}]" if ":" in server.host else server.host
        yield f"http://{host}:{port}"
    finally:
        running.should_exit = True
        with contextlib.suppress(TimeoutError, asyncio.CancelledError):
            await asyncio.wait_for(task, _ENDING_SECONDS + 2)
        bound.close()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        bound.close()
        number = getattr(error, "errno", None)
        what, hint = f"{host}:{port} cannot be served: {error}", "set server.host and server.port"
        if number == errno.EADDRINUSE:
            what, hint = f"port {port} is taken by another program", "set server.port to a free one"
        elif number == errno.EACCES:
            what, hint = f"port {port} is not ours to take", "set server.port to 1024 or more"
        raise PublishError(what, hint=hint) from None
    bound.set_inheritable(False)
    return bound
