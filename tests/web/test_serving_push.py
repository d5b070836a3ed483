"""``/push/TOKEN`` over real HTTP: questions, messages, and what comes to nothing."""

from __future__ import annotations

import asyncio
import hmac
import http.client
import socket
import threading

import pytest

from aggregator.model.errors import ArchiveError
from aggregator.model.settings import ServerSettings
from aggregator.push import Message
from aggregator.web import push as push_room
from aggregator.web import serving

BODY = b"<rss/>" * 1000


class OneToken:
    """Expects a hub at one token, and remembers what it told."""

    def __init__(self) -> None:
        self.asked, self.judged, self.broken = [], [], False
        self.door = self

    async def run(self) -> None:
        """Nothing to do."""

    async def confirm(self, token, asked):
        if self.broken:
            raise ArchiveError("the database is locked")
        self.asked.append(asked)
        return asked["hub.challenge"][0] if token == "right" else None

    async def admit(self, token, signatures):
        return Message(1, b"sesame", signatures, ("sha256",)) if token == "right" else None

    async def hear(self, message):
        self.judged.append(message.judge())


@pytest.fixture
def door(tmp_path):
    """A server with such a door, and its port."""
    held, end, ready = OneToken(), [], threading.Event()

    async def serve() -> None:
        end.extend((asyncio.get_running_loop(), asyncio.Event()))
        async with serving(ServerSettings(port=0), tmp_path, door=lambda: held.door) as address:
            end.append(int(address.rpartition(":")[2]))
            ready.set()
            await end[1].wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(20)
    yield end[2], held
    end[0].call_soon_threadsafe(end[1].set)
    thread.join(20)


def send(port: int, method: str, path: str, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, answer.headers, text


def test_a_challenge_comes_back_as_it_is_and_never_as_a_page(door):
    port, held = door
    status, headers, text = send(port, "GET", "/push/right?hub.challenge=%3Cb%3E&a=1&a=2")
    assert (status, text) == (200, b"<b>")
    assert headers["content-type"].startswith("text/plain")
    assert headers["x-content-type-options"] == "nosniff"
    assert held.asked == [{"hub.challenge": ["<b>"], "a": ["1", "2"]}]
    assert send(port, "GET", "/push/wrong?hub.challenge=x")[0] == 404
    assert send(port, "GET", "/push/right?" + "&".join(f"x{n}=1" for n in range(30)))[0] == 400


def test_a_message_is_heard_and_a_forged_one_answered_alike(door):
    port, held = door
    signature = hmac.new(b"sesame", BODY, "sha256").hexdigest()
    answers = [
        send(port, "POST", "/push/right", BODY, {"X-Hub-Signature": f"sha256={one}"})
        for one in (signature, signature[::-1])
    ]
    assert [(status, text) for status, _, text in answers] == [(202, b"Heard.\n")] * 2
    assert held.judged == ["", "the signature of a message was wrong"]
    assert send(port, "POST", "/push/wrong", BODY)[0] == 410


@pytest.mark.parametrize(("method", "token"), [("GET", "right"), ("POST", "right"), ("POST", "x")])
def test_without_a_door_a_hub_is_to_come_again(door, method, token):
    """A 410 would end its subscription for good (WebSub, section 7)."""
    port, held = door
    held.door = None
    status, headers, _ = send(port, method, f"/push/{token}?hub.challenge=x", BODY)
    assert (status, headers["retry-after"]) == (503, "60")
    assert (held.asked, held.judged) == ([], [])


def test_a_body_without_end_is_cut(door, monkeypatch):
    port, held = door
    monkeypatch.setattr(push_room, "_MOST_BYTES", 10_000)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        plain.sendall(
            b"POST /push/right HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for _ in range(3):
            plain.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 413")
    assert held.judged == []


def test_a_body_that_stops_is_given_up(door, monkeypatch):
    port, held = door
    monkeypatch.setattr(push_room, "_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        plain.sendall(b"POST /push/right HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx")
        assert plain.recv(100).startswith(b"HTTP/1.1 408")
    assert held.judged == []


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods(door, method):
    status, headers, _ = send(door[0], method, "/push/right")
    assert (status, headers["allow"]) == (405, "GET, POST")


def test_an_archive_that_fails_asks_for_patience(door):
    door[1].broken = True
    status, headers, text = send(door[0], "GET", "/push/right?hub.challenge=x")
    assert (status, headers["retry-after"]) == (503, "60")
    assert b"locked" not in text


def test_foreign_names_are_not_answered(door):
    assert send(door[0], "GET", "/push/right", headers={"Host": "evil.example"})[0] == 421
