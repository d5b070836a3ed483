"""An HTTP proxy that opens tunnels, and a server that speaks TLS, each on this machine alone."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from programs import program

HOST = "feeds.example"
"""Whose certificate it is; nobody has this name."""
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def certificate(folder: Path, host: str) -> Path:
    """A file with a key and a certificate for the host and for 127.0.0.1, signed by nobody else."""
    key, signed, both = (folder / name for name in ("key.pem", "signed.pem", "both.pem"))
    command = f"{program('openssl')} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={host}"
    more = [
        "-addext",
        f"subjectAltName=DNS:{host},IP:127.0.0.1",
        "-keyout",
        str(key),
        "-out",
        str(signed),
    ]
    subprocess.run([*command.split(), *more], check=True, capture_output=True)
    both.write_text(key.read_text() + signed.read_text())
    return both


@asynccontextmanager
async def tls_server(
    pem: Path, body: bytes, heads: list[str], *, at: str = "127.0.0.1"
) -> AsyncIterator[int]:
    """Answers all with the body; yields its port. ``heads``: what it was asked."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    async with _listening(answer, context, at) as port:
        yield port


@asynccontextmanager
async def proxy(heads: list[str], *, to: int = 0, says: bytes = b"") -> AsyncIterator[int]:
    """Opens tunnels (CONNECT) to a port of this machine, whatever host was asked for; yields its
    own. ``says`` is what it answers instead; ``heads``: what it was asked."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        if says:
            writer.write(says)
            await writer.drain()
            return
        far, near = await asyncio.open_connection("127.0.0.1", to)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pass_on(reader, near), _pass_on(far, writer))

    async with _listening(serve) as port:
        yield port


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def _listening(
    serve: Serve, context: ssl.SSLContext | None = None, at: str = "127.0.0.1"
) -> AsyncIterator[int]:
    serving = set[asyncio.Task[None]]()

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError, OSError):
            await serve(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(begin, at, 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*serving)
