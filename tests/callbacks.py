"""A subscriber's server on loopback: it confirms, takes what is brought, or does as a test tells it."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass, field
from time import monotonic, sleep

from aiohttp import web
from loopback import Loopback


@dataclass
class Callback:
    """One callback and what came to it. ``confirms`` makes the answer to a question of its challenge;
    what is brought is answered ``delay`` seconds later, and not before it is ``ready``."""

    url: str
    confirms: object = lambda challenge: challenge
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    ready: object = lambda: True
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


class Callbacks(Loopback):
    """Serves callbacks on 127.0.0.1 and a free port, in a thread of its own, while the context lasts."""

    def __init__(self) -> None:
        super().__init__()
        self._held: dict[str, Callback] = {}

    def at(self, path: str, **behaviour: object) -> Callback:
        """A callback at this path, a query string included."""
        made = Callback(url=f"http://127.0.0.1:{self.port}{path}", **behaviour)
        self._held[path.partition("?")[0]] = made
        return made

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
            if not held.ready():
                await asyncio.to_thread(until, held.ready)
        finally:
            held.under_way -= 1
        return web.Response(status=held.status, headers=held.headers)


def until(condition, seconds: float = 20.0) -> None:
    """Wait for a condition, in a test that waits anyway."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not come about"
        sleep(0.02)
