"""A subscriber's server on loopback: it confirms, takes what is brought, or does as a test tells it."""

from __future__ import annotations

import asyncio
import hmac
import threading
from dataclasses import dataclass, field
from time import monotonic, sleep

from aiohttp import web


@dataclass
class Callback:
    """One callback and what came to it. ``confirms`` makes the answer to a question of its challenge."""

    url: str
    confirms: object = lambda challenge: challenge
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    asked: list[dict[str, str]] = field(default_factory=list)
    brought: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0

    def bodies(self) -> list[bytes]:
        return [body for _, body in self.brought]

    def signed(self, secret: str) -> bool:
        """Whether the last body carries the signature that this secret makes."""
        headers, body = self.brought[-1]
        own = hmac.new(secret.encode(), body, "sha256").hexdigest()
        return hmac.compare_digest(headers.get("x-hub-signature", ""), f"sha256={own}")


class Callbacks:
    """Serves callbacks on 127.0.0.1 and a free port, in a thread of its own, while the context lasts."""

    def __init__(self) -> None:
        self._held: dict[str, Callback] = {}
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> Callbacks:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(20)

    def at(self, path: str, **behaviour: object) -> Callback:
        """A callback at this path, a query string included."""
        made = Callback(url=f"http://127.0.0.1:{self.port}{path}", **behaviour)
        self._held[path.partition("?")[0]] = made
        return made

    async def _run(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, auto_decompress=False)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._end.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        held = self._held.get(request.path)
        if held is None:
            return web.Response(status=404)
        if request.method == "GET":
            held.asked.append(dict(request.query))
            said = held.confirms(request.query.get("hub.challenge", ""))
            return web.Response(text=said) if said is not None else web.Response(status=404)
        held.under_way += 1
        held.most_under_way = max(held.most_under_way, held.under_way)
        try:
            body = await request.read()
            headers = {name.lower(): value for name, value in request.headers.items()}
            held.brought.append((headers, body))
            await asyncio.sleep(held.delay)
        finally:
            held.under_way -= 1
        return web.Response(status=held.status, headers=held.headers)


def until(condition, seconds: float = 20.0) -> None:
    """Wait for a condition, in a test that waits anyway."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not come about"
        sleep(0.02)
