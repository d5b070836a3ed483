"""A loopback server that misbehaves, each way by its name and on a host of its own.

Sockets are written to as they are: no HTTP library would send most of this. What was asked
is remembered by name.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

NETWORK = "127.77.0.0/16"
"""Where all its hosts are."""
CANARY = "the canary"
"""The name of the host that nobody may reach; what is counted there are connections."""

_TLS = b"\x16"


@dataclass
class Exchange:
    """One request and the way back. ``port`` is that of all hosts, ``canary`` an address on a host
    that nobody may reach."""

    path: str
    host: str
    port: int
    canary: str
    times: int
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def drip(self, data: bytes, pause: float = 0.05) -> None:
        """A byte now and then."""
        for at in range(len(data)):
            await self.send(data[at : at + 1])
            await asyncio.sleep(pause)

    async def flood(self, data: bytes) -> None:
        """For ever, as fast as it is taken."""
        while True:
            await self.send(data)
            await asyncio.sleep(0.002)

    async def hang(self) -> None:
        """Nothing more, for ever."""
        await asyncio.sleep(3600)

    def reset(self) -> None:
        """End the connection as if the machine had lost it."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


Play = Callable[[Exchange], Awaitable[None]]


class HostileServer:
    """Plays all of ``misbehaviours.PLAYS``, in a process of its own while the context lasts, so
    that what it costs is its own cost."""

    def __init__(self) -> None:
        self._command = [sys.executable, str(Path(__file__))]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port, names = json.loads(self._process.stdout.readline())
        self._hosts = {name: _host(at) for at, name in enumerate(names)}
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def url(self, name: str, path: str = "/feed", scheme: str = "http") -> str:
        return f"{scheme}://{self._hosts[name]}:{self.port}{path}"

    def asked(self) -> dict[str, list[tuple[str, dict[str, str]]]]:
        """What was asked of each host so far, by name: path and headers."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


class _Server:
    def __init__(self, plays: dict[str, Play]) -> None:
        self._plays = plays
        self._names = list(plays)
        self._asked: dict[str, list[tuple[str, dict[str, str]]]] = {name: [] for name in plays}
        self._asked[CANARY] = []

    async def run(self) -> None:
        first = await asyncio.start_server(self._canary, "127.0.0.1", 0)
        self._port = first.sockets[0].getsockname()[1]
        for at in range(len(self._names)):
            await asyncio.start_server(self._serve, _host(at), self._port)
        print(json.dumps([self._port, self._names]), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(self._asked), flush=True)
        os._exit(0)

    async def _canary(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._asked[CANARY].append((str(writer.get_extra_info("peername")), {}))
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        name = self._names[_place(host)]
        try:
            first = await reader.readexactly(1)
            if first == _TLS:
                # As servers do that speak none.
                writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return
            while head := first + await reader.readuntil(b"\r\n\r\n"):
                first = b""
                line, *rest = head.decode("latin-1").split("\r\n")
                headers = dict(one.lower().split(": ", 1) for one in rest if ": " in one)
                exchange = Exchange(
                    path=line.split(" ")[1],
                    host=host,
                    port=self._port,
                    canary=f"127.0.0.1:{self._port}",
                    times=len(self._asked[name]),
                    writer=writer,
                )
                self._asked[name].append((exchange.path, headers))
                await self._plays[name](exchange)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            # It went away.
            pass
        finally:
            writer.close()


def _host(at: int) -> str:
    return f"127.77.{at // 250}.{at % 250 + 1}"


def _place(host: str) -> int:
    third, fourth = host.split(".")[2:]
    return int(third) * 250 + int(fourth) - 1


if __name__ == "__main__":
    from misbehaviours import PLAYS

    asyncio.run(_Server(PLAYS).run())
