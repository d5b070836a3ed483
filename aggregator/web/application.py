"""The built-in server's answers. Only GET and HEAD; nothing here changes anything."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from aggregator.web.files import PublishedFiles

_LOOPBACK = {"localhost", "127.0.0.1", "[::1]", "::1"}
_SAFE = {
    # Pages are text and one stylesheet; what a publisher wrote can never run.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_BY_TYPE = (
    ("application/atom+xml", ".atom"),
    ("application/rss+xml", ".rss"),
    ("application/feed+json", ".json"),
    ("application/json", ".json"),
    ("text/html", ".html"),
)


def create_app(
    directory: Path,
    *,
    health: Callable[[], dict[str, object]],
    metrics: Callable[[], bytes],
    allow_hosts: Sequence[str] = (),
    deleted: Callable[[], Sequence[str]] = tuple,
) -> Starlette:
    """The application over the published folder.

    ``allow_hosts`` are the names it answers to, besides the loopback names and
    numbers (others could be a web page that had our address put under its name).
    ``deleted`` gives the slugs of topics that are gone for good: they answer 410.
    """
    files = PublishedFiles(directory)

    async def index(request: Request) -> Response:
        return files.answer(request, "index.html") or _nothing_yet()

    async def topic(request: Request) -> Response:
        slug = request.path_params["slug"]
        suffix = _wanted(request.headers.get("accept", ""))
        found = files.answer(request, f"topics/{slug}{suffix}", vary="Accept, Accept-Encoding")
        return found or _missing(slug)

    async def published(request: Request) -> Response:
        path = request.path_params["path"]
        found = files.answer(request, path)
        return found or _missing(path.removeprefix("topics/").partition("/")[0].partition(".")[0])

    def _missing(slug: str) -> Response:
        if slug in deleted():
            return PlainTextResponse("This topic has ended.\n", status_code=410)
        return PlainTextResponse("There is no such page.\n", status_code=404)

    async def tell_health(_request: Request) -> Response:
        body = json.dumps(health(), ensure_ascii=False)
        return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})

    async def tell_metrics(_request: Request) -> Response:
        return Response(metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return Starlette(
        routes=[
            Route("/", index),
            Route("/health", tell_health),
            Route("/metrics", tell_metrics),
            Route("/topics/{slug}", _by_suffix(topic, published)),
            Route("/{path:path}", published),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_guarding(allow_hosts))],
    )


def _by_suffix(
    topic: Callable[[Request], Awaitable[Response]],
    published: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """``topics/SLUG`` answers by Accept, ``topics/SLUG.atom`` by its name."""

    async def answer(request: Request) -> Response:
        slug = request.path_params["slug"]
        if "." in slug:
            request.path_params["path"] = f"topics/{slug}"
            return await published(request)
        return await topic(request)

    return answer


def _wanted(accept: str) -> str:
    """The extension for an Accept header; the page for people where nothing is named."""
    weights: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept.split(",")):
        kind, _, rest = part.strip().partition(";")
        weight = 1.0
        if "q=" in rest:
            try:
                weight = float(rest.partition("q=")[2].split(";")[0])
            except ValueError:
                weight = 0.0
        weights += [
            (-weight, place, suffix)
            for name, suffix in _BY_TYPE
            if name == kind.strip().lower() and weight
        ]
    return min(weights)[2] if weights else ".html"


def _guarding(
    allow_hosts: Sequence[str],
) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    allowed = _LOOPBACK | {host.lower() for host in allow_hosts}

    async def guard(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        host = _host(request.headers.get("host", ""))
        if host not in allowed and "*" not in allowed:
            answer: Response = PlainTextResponse(
                "This server does not answer to that name; server.allow_hosts lists the names it does.\n",
                status_code=421,
            )
        else:
            answer = await go_on(request)
        for name, value in _SAFE.items():
            answer.headers.setdefault(name, value)
        return answer

    return guard


def _host(header: str) -> str:
    """The name in a Host header, without its port."""
    if header.startswith("["):
        return header.partition("]")[0].lower() + "]"
    return header.partition(":")[0].lower()


def _nothing_yet() -> Response:
    return PlainTextResponse("Nothing is published yet; look again in a moment.\n", status_code=503)
