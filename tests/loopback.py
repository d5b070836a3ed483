"""A server on this machine alone, as tests of what goes out over HTTP need one."""

from __future__ import annotations

import asyncio
import threading
from typing import Self

from aiohttp import web


class Loopback:
    """Serves on 127.0.0.1 and a free port, in a thread of its own, while the context lasts.

    Subclasses answer in ``_answer``, at all paths or those of ``_paths``; ``_hosts`` are so
    many addresses from 127.0.0.1 on, all at one port.
    """

    _paths = "/{path:.*}"
    _hosts = 1

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(20)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        raise NotImplementedError

    async def _run(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", self._paths, self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, auto_decompress=False)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        for last in range(2, self._hosts + 1):
            await web.TCPSite(runner, f"127.0.0.{last}", self.port).start()
        self._ready.set()
        await self._end.wait()
        await runner.cleanup()
