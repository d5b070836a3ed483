"""What every request passes first and every answer carries: hosts, methods, headers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aggregator.model.hostnames import answers_to

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")

_ABSOLUTE = re.compile(rb"https?://(?P<host>[^/]*)(?P<path>/.*)?", re.IGNORECASE)
_SECURITY = (
    (
        b"content-security-policy",
        (
            b"default-src 'none'; style-src 'self'; img-src 'self'; "
            b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


class Guard:
    """ASGI middleware. Refuses foreign Host headers (a DNS rebinding page sends one) and
    all methods but GET and HEAD, POST alone where forms are taken, GET and POST at
    callbacks; adds the security headers to every answer but a 304."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str],
        forms: Iterable[str] = (),
        callbacks: str | None = None,
    ) -> None:
        """``hosts``: names that are answered; ``*.example.org`` for all below it, ``*`` for
        any name, ``<address>`` for any IP address. ``forms``: paths that take POST.
        ``callbacks``: what paths begin with that take GET and POST."""
        self._app = app
        self._callbacks = callbacks
        self._forms = frozenset(forms)
        self._hosts = frozenset(host.lower().strip("[]") for host in (*LOOPBACK_NAMES, *hosts))
        self._known: dict[bytes, bool] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if not scope["raw_path"].startswith(b"/"):
            scope = _in_origin_form(scope)

        async def send_guarded(message: Message) -> None:
            # A 304 confirms what was sent before, these headers included (RFC 9110, 15.4.5).
            if message["type"] == "http.response.start" and message["status"] != 304:
                message["headers"] = [*message["headers"], *_SECURITY]
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1:
            return PlainTextResponse("One Host header is needed.\n", 400)
        if not self._answers(hosts[0]):
            return PlainTextResponse(
                "This server does not answer to that name. "
                "Its owner can allow it in server.allow_hosts.\n",
                421,
            )
        if scope["path"] in self._forms:
            if scope["method"] != "POST":
                return PlainTextResponse("Only POST.\n", 405, {"Allow": "POST"})
        elif self._callbacks and scope["path"].startswith(self._callbacks):
            if scope["method"] not in ("GET", "POST"):
                return PlainTextResponse("Only GET and POST.\n", 405, {"Allow": "GET, POST"})
        elif scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Only GET and HEAD.\n", 405, {"Allow": "GET, HEAD"})
        return None

    def _answers(self, header: bytes) -> bool:
        answer = self._known.get(header)
        if answer is None:
            answer = _allowed(header.decode("latin-1").lower(), self._hosts)
            if len(self._known) < 1000:
                self._known[header] = answer
        return answer


def _in_origin_form(scope: Scope) -> Scope:
    """The request as if its target was a path alone, where it is a whole address (RFC 9112, 3.2.2):
    that names the host then, whatever the Host header says."""
    target = _ABSOLUTE.fullmatch(scope["raw_path"])
    if target is None:
        return scope
    raw_path, headers = target["path"] or b"/", scope["headers"]
    return {
        **scope,
        "raw_path": raw_path,
        "path": unquote(raw_path.decode("ascii")),
        "headers": [(name, target["host"] if name == b"host" else old) for name, old in headers],
    }


def _allowed(header: str, hosts: frozenset[str]) -> bool:
    name, port = _split(header)
    if not name or not (port == "" or (port.isascii() and port.isdigit())):
        return False
    return answers_to(name, hosts)


def _split(header: str) -> tuple[str, str]:
    """Name and port of a Host header, brackets and a closing dot left out."""
    if header.startswith("["):
        name, _, rest = header[1:].partition("]")
        return (name, rest[1:]) if rest[:1] in ("", ":") else ("", "")
    name, _, port = header.partition(":")
    return name.removesuffix("."), port
