"""The sample feeds, served on loopback in three editions."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files

from aggregator.model.time import iso

EDITIONS = 3

_TYPES = {
    "xml": "application/xml",
    "json": "application/feed+json",
    "html": "text/html; charset=utf-8",
}
# This one is down when the first round comes, so that a recovery is seen too.
_DOWN_AT_FIRST = "courtside.xml"

_BLOCK = re.compile(r"\{\{(from|until|only) (\d)\}\}(.*?)\{\{end\}\}", re.DOTALL)
_TIME = re.compile(r"\{\{(rfc822|iso) (\d+)([mhd])\}\}")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_ENCODING = re.compile(r'<\?xml version="1\.0" encoding="([A-Za-z0-9-]+)"')


def sample(name: str) -> str:
    """The text of a sample file as it ships. Raises FileNotFoundError."""
    return files("aggregator.cli.demo.samples").joinpath(name).read_text("utf-8")


def sample_feeds() -> tuple[str, ...]:
    """The names of all sample feeds, sorted."""
    names = (entry.name for entry in files("aggregator.cli.demo.samples").iterdir())
    return tuple(sorted(name for name in names if name.rpartition(".")[2] in _TYPES))


def render(template: str, *, edition: int, start: datetime, base: str) -> bytes:
    """One edition of a sample feed, in the encoding that it declares.

    ``start`` is when the demo began: with it, edition after edition keeps the
    dates it gave.
    """

    def choose(match: re.Match[str]) -> str:
        rule, number, text = match.group(1), int(match.group(2)), match.group(3)
        wanted = {"from": edition >= number, "until": edition <= number, "only": edition == number}
        return text if wanted[rule] else ""

    def date(match: re.Match[str]) -> str:
        ago = timedelta(**{_UNITS[match.group(3)]: int(match.group(2))})
        moment = (start - ago).replace(microsecond=0)
        return format_datetime(moment) if match.group(1) == "rfc822" else iso(moment) or ""

    text = _TIME.sub(date, _BLOCK.sub(choose, template)).replace("{{base}}", base)
    declared = _ENCODING.match(text)
    return text.encode(declared.group(1) if declared else "utf-8")


class Newsstand:
    """The server while it runs: its address, and the edition it gives."""

    def __init__(self, server: ThreadingHTTPServer, start: datetime) -> None:
        self.base = f"http://127.0.0.1:{server.server_address[1]}"
        self.edition = 1
        self._start = start
        self._templates = {name: sample(name) for name in sample_feeds()}

    def answer(self, name: str) -> bytes | None:
        """The document of this name in the present edition; None where there is none."""
        template = self._templates.get(name)
        if template is None:
            return None
        return render(template, edition=self.edition, start=self._start, base=self.base)

    def is_down(self, name: str) -> bool:
        """Whether this feed's server has trouble just now."""
        return name == _DOWN_AT_FIRST and self.edition == 1


@contextmanager
def open_newsstand(start: datetime) -> Iterator[Newsstand]:
    """Serve the sample feeds on a free port of 127.0.0.1 while the context lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    stand = Newsstand(server, start)
    server.stand = stand  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield stand
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the edition of the day, or 304 where the asker has it."""
        stand: Newsstand = self.server.stand  # type: ignore[attr-defined]
        name = self.path.partition("?")[0].strip("/")
        body = stand.answer(name)
        if body is None:
            self._send(404, b"", {})
        elif stand.is_down(name):
            self._send(503, b"back in a minute", {"Content-Type": "text/plain"})
        else:
            tag = f'"{blake2b(body, digest_size=8).hexdigest()}"'
            fresh = self.headers.get("If-None-Match") == tag
            kind = _TYPES[name.rpartition(".")[2]]
            self._send(304 if fresh else 200, body, {"ETag": tag, "Content-Type": kind})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 304:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
        """Say nothing: the demo tells what happened."""
