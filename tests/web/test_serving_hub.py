"""``/hub`` over real HTTP: what is taken, and what is refused before the hub hears of it."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading

import pytest

from aggregator.hub import Reply
from aggregator.model.settings import ServerSettings
from aggregator.web import serving

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def hub(tmp_path):
    """A server whose hub remembers what it was asked, and gives every form the same answer."""
    (tmp_path / "topics" / "a").mkdir(parents=True)
    for name in ("a.atom", "a.rss", "a.json", "a.html", "a/1.atom"):
        (tmp_path / "topics" / name).write_bytes(b"document")
    asked, end, ready = [], [], threading.Event()

    async def ask(fields):
        asked.append(fields)
        return Reply(status=202, text="Accepted.", retry_after=7)

    async def serve() -> None:
        end.extend((asyncio.get_running_loop(), asyncio.Event()))
        links = '<http://n.example/hub>; rel="hub", <http://n.example/{}>; rel="self"'.format
        async with serving(ServerSettings(port=0), tmp_path, ask=ask, links=links) as address:
            end.append(int(address.rpartition(":")[2]))
            ready.set()
            await end[1].wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(20)
    yield end[2], asked
    end[0].call_soon_threadsafe(end[1].set)
    thread.join(20)


def send(port: int, method: str, path: str, body=None, **headers: str):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(
        method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text


def test_a_form_is_handed_on(hub):
    port, asked = hub
    status, headers, text = send(
        port, "POST", "/hub", "hub.mode=subscribe&hub.secret=s%C3%A9&x=", **FORM
    )
    assert (status, text, headers["retry-after"]) == (202, b"Accepted.\n", "7")
    assert headers["content-type"].startswith("text/plain")
    assert headers["x-content-type-options"] == "nosniff"
    assert asked == [{"hub.mode": ["subscribe"], "hub.secret": ["sé"], "x": [""]}]


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (415, "{}", {"Content-Type": "application/json"}),
        (415, "hub.mode=subscribe", {}),
        (413, "x=" + "y" * 16384, FORM),
        (400, "hub.secret=%FF", FORM),
        (400, b"hub.secret=\xc3\xa9", FORM),
        (400, "&".join(f"x{n}=1" for n in range(60)), FORM),
        # A page in a browser, wherever it came from.
        (403, "hub.mode=subscribe", {**FORM, "Origin": "http://evil.example"}),
        (403, "hub.mode=subscribe", {**FORM, "Origin": "null"}),
        (403, "hub.mode=subscribe", {**FORM, "Origin": "http://127.0.0.1"}),
        (403, "hub.mode=subscribe", {**FORM, "Sec-Fetch-Site": "cross-site"}),
        # A name that was bound to this address.
        (421, "hub.mode=subscribe", {**FORM, "Host": "evil.example"}),
    ],
)
def test_what_the_hub_never_hears_of(hub, status, body, headers):
    port, asked = hub
    assert send(port, "POST", "/hub", body, **headers)[0] == status
    assert asked == []


def test_a_body_without_end_is_cut(hub):
    port, asked = hub
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        plain.sendall(
            b"POST /hub HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        for _ in range(5):
            plain.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 413")
    assert asked == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_other_methods(hub, method):
    status, headers, _ = send(hub[0], method, "/hub")
    assert (status, headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/", "/hub/", "/topics/a.atom", "/health"])
def test_nothing_else_takes_post(hub, path):
    status, headers, _ = send(hub[0], "POST", path, "x=1", **FORM)
    assert (status, headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "accept", "own"),
    [
        ("/topics/a.atom", "*/*", "topics/a.atom"),
        ("/topics/a.rss", "*/*", "topics/a.rss"),
        ("/topics/a.json", "*/*", "topics/a.json"),
        ("/topics/a", "application/feed+json", "topics/a.json"),
        ("/topics/a", "text/html", None),
        ("/topics/a.atom", "text/html,*/*;q=0.5", None),
        ("/topics/a/1.atom", "*/*", None),
        ("/topics/a.html", "*/*", None),
    ],
)
def test_feeds_say_where_their_changes_are_to_be_had(hub, method, path, accept, own):
    _, headers, _ = send(hub[0], method, path, Accept=accept)
    links = own and f'<http://n.example/hub>; rel="hub", <http://n.example/{own}>; rel="self"'
    assert headers.get("link") == links
