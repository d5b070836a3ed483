"""A loopback server that says what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from dataclasses import dataclass, field
from time import monotonic

from aiohttp import web
from loopback import Loopback


@dataclass(frozen=True)
class Asked:
    """One request: ``headers`` by lower-case name, ``at`` on the monotonic clock, ``status`` answered."""

    path: str
    headers: dict[str, str]
    at: float
    status: int


@dataclass
class Answer:
    """What a path answers. ``etag`` None: made of the body; "": none at all."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/xml"
    etag: str | None = None
    gzipped: bool = False
    delay: float = 0.0
    drip: float = 0.0
    """Seconds between bytes: a server that never ends."""
    cut: int = 0
    """Promise so many bytes more than come."""


class FeedServer(Loopback):
    """Serves on 127.0.0.1 and a free port, in a thread of its own, while the context lasts."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Asked] = []
        self._answers: dict[str, Answer] = {}

    def forget(self) -> None:
        """Have no answers, and never have been asked."""
        self._answers.clear()
        self.requests.clear()

    def serve(self, path: str, body: bytes = b"", **answer: object) -> str:
        """Answer ``path`` so from now on; returns its address."""
        self._answers[path] = Answer(body=body, **answer)
        return self.url(path)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def asked(self, path: str) -> list[Asked]:
        """The requests for a path, in order."""
        return [one for one in self.requests if one.path == path]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.raw_path
        answer = self._answers.get(path, Answer(body=b"nothing here", status=404, etag=""))
        headers = dict(answer.headers)
        etag = answer.etag
        if etag is None:
            etag = f'"{hashlib.blake2b(answer.body, digest_size=8).hexdigest()}"'
        if etag:
            headers.setdefault("ETag", etag)
        same = bool(etag) and answer.status == 200 and request.headers.get("If-None-Match") == etag
        status = 304 if same else answer.status
        asked = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Asked(path=path, headers=asked, at=monotonic(), status=status))
        if answer.delay:
            await asyncio.sleep(answer.delay)
        if same:
            return web.Response(status=304, headers=headers)
        headers.setdefault("Content-Type", answer.content_type)
        body = answer.body
        if answer.gzipped:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, mtime=0)
        if answer.drip or answer.cut:
            return await self._broken(request, answer, headers, body)
        return web.Response(status=status, headers=headers, body=body)

    async def _broken(
        self, request: web.Request, answer: Answer, headers: dict[str, str], body: bytes
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers=headers)
        if answer.cut:
            response.content_length = len(body) + answer.cut
        await response.prepare(request)
        if answer.cut:
            await response.write(body)
            assert request.transport is not None
            request.transport.close()
            return response
        for at in range(len(body)):
            await response.write(body[at : at + 1])
            await asyncio.sleep(answer.drip)
        return response
