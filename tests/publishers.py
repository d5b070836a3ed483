"""Servers of many publishers, each a host of its own, that answer as a script says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import web
from loopback import Loopback


@dataclass(frozen=True)
class Request:
    """One request as a publisher sees it; ``headers`` by lower-case name, ``status`` answered."""

    host: str
    path: str
    headers: dict[str, str]
    status: int

    def __str__(self) -> str:
        """The path, and what it was made conditional on: ``/f "a" | Mon, 02 Nov …``."""
        named = (self.headers.get(one) for one in ("if-none-match", "if-modified-since"))
        held = " | ".join(one for one in named if one is not None)
        return f"{self.path} {held}".rstrip()


@dataclass(frozen=True)
class Reply:
    """What comes back. ``{port}`` and ``{host}`` in headers are filled in."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Script = Sequence[Reply] | Callable[[web.Request], Reply]
"""Replies in turn, the last one for ever; or a rule."""


class Publishers(Loopback):
    """127.0.0.1 and on, all at one port; ``scripts`` by (host, path with query)."""

    def __init__(self, hosts: int) -> None:
        super().__init__()
        self._hosts = hosts
        self.requests: list[Request] = []
        self.scripts: dict[tuple[str, str], Script] = {}
        self._given: dict[tuple[str, str], int] = {}

    def url(self, host: str, path: str) -> str:
        return f"http://{host}:{self.port}{path}"

    def asked(self, host: str) -> list[Request]:
        """The requests to a host, in order."""
        return [one for one in self.requests if one.host == host]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        host, path = request.host.rpartition(":")[0], request.raw_path
        reply = self._next(request, (host, path))
        self.requests.append(
            Request(
                host=host,
                path=path,
                headers={name.lower(): value for name, value in request.headers.items()},
                status=reply.status,
            )
        )
        filled = {
            name: value.format(port=self.port, host=host) for name, value in reply.headers.items()
        }
        return web.Response(status=reply.status, headers=filled, body=reply.body)

    def _next(self, request: web.Request, place: tuple[str, str]) -> Reply:
        script = self.scripts.get(place)
        if script is None:
            return Reply(status=404)
        if callable(script):
            return script(request)
        turn = self._given.get(place, 0)
        self._given[place] = turn + 1
        return script[min(turn, len(script) - 1)]
