"""Connections of the built-in server: how many are open at once, and how long each may take.

asyncio's own accept loop writes a traceback for each connection that finds no file
descriptor, thousands a second; and uvicorn waits for a request for as long as it takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import resource
import socket
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import structlog
import uvicorn

_log: Any = structlog.get_logger()

# Seconds until the head of a request has to be there, from the connection or the answer
# before; and until an answer has been taken, from its request or the answer's end.
_HEAD_SECONDS, _EXCHANGE_SECONDS = 10.0, 120.0
_LOOKS_EVERY = 1.0
# Of the files that a process may open, one in so many may be a connection to us: feeds, pages,
# the archive and the workers that parse need theirs.
_SHARE, _MOST, _FEWEST = 4, 1000, 8
# More than anything here needs; where a system allows a thousand million, some of its
# programs would count them all.
_OPEN_FILES = 65536
_LACKING = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
# Seconds of rest where the system has no room for another connection, and between two
# lines in the log that say the same.
_REST, _SAID_EVERY = 1.0, 60.0
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nConnection: close\r\n"
    b"Content-Length: 0\r\n\r\n"
)


def raise_open_files() -> None:
    """Let this process open as many files as it is allowed to ask for, as servers do."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # Some systems allow less than they say.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def most_connections() -> int:
    """How many connections may be open at once, by how many files this process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _MOST
    return max(_FEWEST, min(_MOST, soft // _SHARE))


@contextlib.asynccontextmanager
async def admitting(listener: socket.socket, server: uvicorn.Server) -> AsyncIterator[None]:
    """Hand connections to a server that has started, and end those that take too long, while the
    context lasts."""
    tasks = [
        asyncio.create_task(_admit(listener, server, most_connections()), name="web: admitting"),
        asyncio.create_task(_end_late(server), name="web: ending"),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _admit(listener: socket.socket, server: uvicorn.Server, most: int) -> None:
    loop, said = asyncio.get_running_loop(), _Saying()
    while True:
        try:
            connection, _ = await loop.sock_accept(listener)
        except OSError as error:
            lacking = error.errno in _LACKING
            if lacking:
                said.warn("no connection can be taken", why=str(error.strerror))
            # Otherwise who came had gone.
            await asyncio.sleep(_REST if lacking else 0)
            continue
        if len(server.server_state.connections) >= most:
            said.warn("a connection was refused", why=f"{most} are open already")
            _refuse(connection)
            await asyncio.sleep(0)
            continue
        try:
            await loop.connect_accepted_socket(lambda: _protocol(server), connection)
        except OSError:
            connection.close()


def _protocol(server: uvicorn.Server) -> asyncio.Protocol:
    made: asyncio.Protocol = server.config.http_protocol_class(  # type: ignore[call-arg]
        config=server.config,
        server_state=server.server_state,
        app_state=server.lifespan.state,
    )
    return made


def _refuse(connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        connection.setblocking(False)
        connection.send(_FULL)


async def _end_late(server: uvicorn.Server) -> None:
    """Look at all connections now and then, which costs a request nothing."""
    # Where each stands, and since when: a request that is under way, or None.
    standing: dict[Any, tuple[object, float]] = {}
    while True:
        await asyncio.sleep(_LOOKS_EVERY)
        at, before = monotonic(), standing
        standing = {}
        for connection in list(server.server_state.connections):
            stage = _stage(connection)
            known = before.get(connection)
            since = known[1] if known is not None and known[0] == stage else at
            standing[connection] = stage, since
            if at - since >= (_HEAD_SECONDS if stage[1] else _EXCHANGE_SECONDS):
                connection.transport.abort()


def _stage(connection: Any) -> tuple[object, bool]:
    """The request that came last, and whether it has been answered, so that another is waited for."""
    cycle = connection.cycle
    answered = cycle is None or cycle.response_complete
    return cycle, answered and connection.transport.get_write_buffer_size() == 0


class _Saying:
    """Says in the log that connections are not taken, but not each time."""

    def __init__(self) -> None:
        self._silent_until = 0.0

    def warn(self, what: str, *, why: str) -> None:
        if monotonic() >= self._silent_until:
            _log.warning(what, why=why)
            self._silent_until = monotonic() + _SAID_EVERY
