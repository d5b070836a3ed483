"""The application: published documents, ``/health``, ``/metrics``, ``/hub`` and ``/push/``.

Addresses are matched against the shapes that ``publish`` writes; nothing else below
the folder can be asked for, whatever a path spells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from email.utils import formatdate, parsedate_to_datetime
from functools import partial
from pathlib import Path
from time import time

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from aggregator.publish import HUB_PATH, PRIVATE, TOKEN_SIGNS, is_told, retired
from aggregator.push import PUSH_PATH, Door
from aggregator.web.guard import Guard
from aggregator.web.hub import Ask, answer_hub
from aggregator.web.negotiation import preferred_coding, preferred_type, wants_page
from aggregator.web.push import answer_push
from aggregator.web.shelf import MEDIA_TYPES, Document, Shelf

Health = Callable[[], Mapping[str, object]]
Metrics = Callable[[], bytes]
Links = Callable[[str], str]
"""The Link header of a feed by its path below the folder; "" for none."""

_PLAIN = {
    "": "index.html",
    **{
        name: name
        for name in (
            "index.html",
            "topics.html",
            "topics.opml",
            "style.css",
            "feed.css",
            "icon.svg",
        )
    },
    "topics": "topics.html",
}
_TOPIC = re.compile(
    rf"(?P<stem>(topics/_?[a-z0-9][a-z0-9-]*|(?P<private>{PRIVATE}/[0-9a-f]{{{TOKEN_SIGNS}}}))"
    r"(\.(digest|corrections))?)"
    r"(?P<page>/[1-9][0-9]{0,8})?(?P<state>(?<=[0-9])-[1-9][0-9]{0,17})?"
    r"(\.(?P<extension>atom|rss|json|html))?",
    re.ASCII,
)
_HEEDED = frozenset((b"accept", b"accept-encoding", b"if-none-match", b"if-modified-since"))
_FORMATS = ("html", "atom", "rss", "json")
_OFFERED = (*(MEDIA_TYPES[extension] for extension in _FORMATS), "application/json")
# Always asked for again: an unchanged document costs a 304, a changed one is seen at once.
_CACHING = "public, no-cache"
# Of a private topic nothing is kept by what stands between, or by a search engine.
_UNLISTED = {"Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex, nofollow"}
# Until then a file may get another change in the same second; its clock is a little late.
_SETTLED_SECONDS = 2
# Bytes of a document that a connection holds at once.
_PIECE = 64 * 1024
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def create_app(
    directory: Path,
    *,
    health: Health | None = None,
    metrics: Metrics | None = None,
    links: Links | None = None,
    ask: Ask | None = None,
    door: Callable[[], Door | None] | None = None,
    allow_hosts: Iterable[str] = (),
) -> Starlette:
    """The application that serves a published folder.

    ``health`` gives the details of ``/health`` (empty by default), ``metrics`` the
    Prometheus text of ``/metrics`` (404 without). Both may block: they run in a
    thread. ``links`` gives the Link header of a feed by its path, ``ask`` the answers
    of the hub (404 without), ``door`` those to the hubs of feeds. ``allow_hosts`` as in :class:`Guard`, besides the loopback
    names.
    """

    async def answer_health(_request: Request) -> Response:
        details = dict(await run_in_threadpool(health)) if health else {}
        return JSONResponse({"status": "ok", **details}, headers={"Cache-Control": "no-store"})

    async def answer_metrics(_request: Request) -> Response:
        if metrics is None:
            return _problem(404)
        text = await run_in_threadpool(metrics)
        return Response(text, 200, {"Cache-Control": "no-store"}, _METRICS_TYPE)

    routes = [Route("/health", answer_health), Route("/metrics", answer_metrics)]
    if ask is not None:
        routes.append(Route(HUB_PATH, partial(answer_hub, ask=ask), methods=["POST"]))
    if door is not None:
        answer = partial(answer_push, door=door)
        routes.append(Route(f"{PUSH_PATH}{{token}}", answer, methods=["GET", "POST"]))
    forms = () if ask is None else (HUB_PATH,)
    callbacks = None if door is None else PUSH_PATH
    guarded = Middleware(Guard, hosts=tuple(allow_hosts), forms=forms, callbacks=callbacks)
    app = Starlette(
        routes=routes,
        middleware=[guarded],
    )
    # What is at no other address. As a route it would have to be found first.
    app.router.default = _Published(directory, links)
    app.router.redirect_slashes = False
    return app


class _Published:
    def __init__(self, directory: Path, links: Links | None) -> None:
        self._directory = directory
        self._links = links
        self._shelf = Shelf(directory)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _heeded(scope["headers"])
        path = scope["path"].removeprefix("/")
        if path == "topics/":
            # Links of the page that names them all would lead astray from here.
            await RedirectResponse("../topics", 308)(scope, receive, send)
            return
        topic = _TOPIC.fullmatch(path)
        if topic:
            path, negotiated = _wanted(topic, headers.get(b"accept"))
        else:
            path, negotiated = _PLAIN.get(path, ""), False
        document = await self._shelf.find(path) if path else None
        if document is None and topic and topic["state"]:
            # An older state of a page that has grown since.
            document = await self._shelf.find(path.replace(topic["state"], "", 1))
        if document:
            response = _answer(document, headers, negotiated=negotiated)
            if topic and topic["private"]:
                response.headers.update(_UNLISTED)
            if link := self._link(path, response.status_code):
                response.headers["Link"] = link
        else:
            gone = topic is not None and retired(self._directory, topic["stem"])
            response = _problem(
                410 if gone else 404,
                root=_root(scope),
                front=path == "index.html",
            )
        if scope["method"] == "HEAD":
            response.body = b""
        await response(scope, receive, send)

    def _link(self, path: str, status: int) -> str:
        """Where a feed's changes are to be had (WebSub, section 4), or "". A 304 has told it before."""
        return self._links(path) if self._links and status == 200 and is_told(path) else ""


def _heeded(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, str]:
    """The headers that decide the answer; lines of the same name are one list (RFC 9110, 5.3)."""
    found: dict[bytes, str] = {}
    for name, value in headers:
        if name in _HEEDED:
            line = value.decode("latin-1")
            found[name] = f"{found[name]}, {line}" if name in found else line
    return found


def _wanted(topic: re.Match[str], accept: str | None) -> tuple[str, bool]:
    """The file for a topic's address, and whether the Accept header had a say."""
    extension, negotiated = topic["extension"], topic["extension"] != "html"
    if extension is None:
        best = _OFFERED.index(preferred_type(accept, _OFFERED))
        extension = (*_FORMATS, "json")[best]
    elif negotiated and wants_page(accept, MEDIA_TYPES[extension]):
        extension = "html"
    # A page for people has no older states.
    state = "" if extension == "html" else topic["state"] or ""
    return f"{topic['stem']}{topic['page'] or ''}{state}.{extension}", negotiated


def _answer(document: Document, headers: Mapping[bytes, str], *, negotiated: bool) -> Response:
    coding = preferred_coding(headers.get(b"accept-encoding"), document.codings)
    etag = document.etag(coding)
    fields = {
        "ETag": etag,
        "Last-Modified": _last_modified(document),
        "Cache-Control": _CACHING,
        "Vary": "Accept, Accept-Encoding" if negotiated else "Accept-Encoding",
    }
    if held := _held(document, headers):
        return Response(status_code=304, headers=fields | {"ETag": held if held != "*" else etag})
    body = document.bodies[coding]
    if coding != "identity":
        fields["Content-Encoding"] = coding
    kind = Response if len(body) <= _PIECE else _InPieces
    return kind(body, headers=fields | {"Content-Type": document.media_type})


class _InPieces(Response):
    """Hands on a little of its body at a time, each when the client has taken the last: one that
    reads slowly holds no copy of all of it in memory."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        body = memoryview(self.body)
        for start in range(0, max(len(body), 1), _PIECE):
            piece = {"body": bytes(body[start : start + _PIECE])}
            more = start + _PIECE < len(body)
            await send({"type": "http.response.body", "more_body": more, **piece})


def _last_modified(document: Document) -> str:
    """The date by which a client may ask whether what it holds is this still.

    It has no parts of a second: a document that may change again in the second of its last change
    is dated one before, so that whoever took it then takes it once more, rather than never again
    what came after (RFC 9110, 8.8.2.2).
    """
    if time() >= document.modified + _SETTLED_SECONDS:
        return document.last_modified
    return formatdate(document.modified - 1, usegmt=True)


def _held(document: Document, headers: Mapping[bytes, str]) -> str | None:
    """The ETag of what the client holds, where that is this document still (RFC 9110, 13.2.2).

    If-None-Match decides alone where it is given. Any coding of the same content
    counts, so that a proxy that changes Accept-Encoding costs no transfer.
    """
    none_match = headers.get(b"if-none-match")
    if none_match is not None:
        if none_match.strip() == "*":
            return "*"
        ours = {document.etag(coding) for coding in document.bodies}
        given = (tag.strip().removeprefix("W/") for tag in none_match.split(","))
        return next((tag for tag in given if tag in ours), None)
    since = headers.get(b"if-modified-since")
    if since is None:
        return None
    if since == document.last_modified:
        return "*"
    try:
        fresh = document.modified <= parsedate_to_datetime(since).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
    return "*" if fresh else None


_PROBLEMS = {
    404: ("Not found", "There is nothing at this address."),
    410: ("Gone", "This topic is published no longer. Please unsubscribe from it."),
}


def _root(scope: Scope) -> str:
    """The way up from the address that was asked for. An absolute one would lead elsewhere where a
    proxy serves us below a path of its own."""
    asked: bytes = scope["raw_path"]
    return "../" * (asked.count(b"/") - 1)


def _problem(status: int, *, root: str = "", front: bool = False) -> HTMLResponse:
    title, text = _PROBLEMS[status]
    onward = f'<p><a href="{root}topics.html">All topics</a></p>'
    if front:
        text = "Nothing is published yet. It is as soon as the first round of collecting has ended."
        onward = ""
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="icon" href="{root}icon.svg">'
        f'<link rel="stylesheet" href="{root}style.css"></head><body><main class="column">'
        f'<header class="masthead"><p class="kicker">{status}</p><h1>{title}</h1>'
        f'<p class="lead">{text}</p></header>{onward}</main></body></html>\n'
    )
    return HTMLResponse(page, status, {"Cache-Control": "no-cache"})
