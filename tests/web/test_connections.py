"""Connections that ask for nothing, read nothing or are too many: the server outlasts them."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import http.client
import resource
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from aggregator.model.settings import ServerSettings
from aggregator.web import connections, serving

BIG = b"<feed>" + bytes(range(32, 127)) * 100_000 + b"</feed>"
HEAD = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A server in a thread of its own, whose patience is short; gives its port."""
    monkeypatch.setattr(connections, "_HEAD_SECONDS", 1.0)
    monkeypatch.setattr(connections, "_EXCHANGE_SECONDS", 3.0)
    monkeypatch.setattr(connections, "_LOOKS_EVERY", 0.1)
    monkeypatch.setattr(connections, "_MOST", 20)
    (tmp_path / "topics").mkdir()
    (tmp_path / "topics/big.html").write_bytes(BIG)
    with serving_in_a_thread(tmp_path) as port:
        yield port


@contextlib.contextmanager
def serving_in_a_thread(folder: Path):
    found, end, ready = [], [], threading.Event()

    async def serve() -> None:
        stop = asyncio.Event()
        end.append((asyncio.get_running_loop(), stop))
        async with serving(ServerSettings(port=0), folder) as address:
            found.append(int(address.rpartition(":")[2]))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(20)
    try:
        yield found[0]
    finally:
        end[0][0].call_soon_threadsafe(end[0][1].set)
        thread.join(20)


def opened(port: int, said: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(said)
    return connection


def health(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", "/health")
        return connection.getresponse().status


def seconds_until_closed(connection: socket.socket) -> float:
    began = time.monotonic()
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(65536):
            pass
    return time.monotonic() - began


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(HEAD + b"X-A: ", id="half a head"),
        pytest.param(HEAD + b"\r\n" + HEAD, id="half a head after an answer"),
    ],
)
def test_a_request_that_does_not_come_ends_its_connection(served, said):
    with opened(served, said) as connection:
        assert seconds_until_closed(connection) < 4


def test_a_head_that_comes_a_letter_at_a_time_has_no_more_time(served):
    with opened(served, HEAD + b"X-A: ") as connection:
        began = time.monotonic()
        with pytest.raises(OSError, match=r".") as ended:
            while time.monotonic() < began + 8:
                connection.sendall(b"a")
                time.sleep(0.05)
        assert ended.value.errno in (errno.EPIPE, errno.ECONNRESET)


def test_a_connection_that_asks_again_and_again_stays(served):
    connection = http.client.HTTPConnection("127.0.0.1", served, timeout=10)
    with contextlib.closing(connection):
        for _ in range(10):
            connection.request("GET", "/health")
            assert connection.getresponse().read()
            port = connection.sock.getsockname()[1]
            time.sleep(0.3)
        assert connection.sock.getsockname()[1] == port


def test_more_connections_than_there_is_room_for_are_refused_until_some_end(served):
    with contextlib.ExitStack() as stack, capture_logs() as logged:
        for _ in range(20):
            stack.enter_context(opened(served, HEAD))
        time.sleep(0.3)
        refused = [stack.enter_context(opened(served)) for _ in range(30)]
        assert {one.recv(12) for one in refused} == {b"HTTP/1.1 503"}
        time.sleep(2)
        assert health(served) == 200
    assert [line["event"] for line in logged] == ["a connection was refused"]


def test_who_reads_nothing_is_cut_off_and_held_little_for(served):
    request = b"GET /topics/big.html HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with opened(served, request) as slow:
        time.sleep(5)
        received = 0
        with contextlib.suppress(ConnectionResetError):
            while piece := slow.recv(65536):
                received += len(piece)
        assert received < len(BIG)
    with opened(served, request) as quick:
        received = 0
        while received < len(BIG):
            received += len(quick.recv(1 << 20))
        assert health(served) == 200


LACKING = """
import asyncio, contextlib, http.client, os, resource, sys, time
from pathlib import Path
from aggregator.model.settings import ServerSettings
from aggregator.web import serving

async def main(folder):
    async with serving(ServerSettings(port=0), Path(folder)) as address:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        held = []
        with contextlib.suppress(OSError):
            while True:
                held.append(os.open("/dev/null", os.O_RDONLY))
        os.close(held.pop())
        print(address.rpartition(":")[2], flush=True)
        await asyncio.sleep(4)
        for one in held:
            os.close(one)
        await asyncio.sleep(60)

asyncio.run(main(sys.argv[1]))
"""


def test_a_process_that_can_open_nothing_more_says_so_once_and_waits(tmp_path):
    command = [sys.executable, "-c", LACKING, str(tmp_path)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process,
        contextlib.ExitStack() as stack,
    ):
        stack.callback(process.kill)
        port = int(process.stdout.readline())
        waiting = [stack.enter_context(opened(port)) for _ in range(10)]
        time.sleep(3)
        before = cpu(process.pid)
        time.sleep(0.8)
        assert cpu(process.pid) - before < 0.4
        time.sleep(1.5)
        assert health(port) == 200
        assert waiting
        process.kill()
        told = process.stdout.read().decode()
    assert told.count("no connection can be taken") == 1
    assert len(told) < 1000


def cpu(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


@pytest.mark.parametrize(
    ("files", "most"), [(64, 16), (256, 64), (1024, 256), (1 << 20, 1000), (-1, 1000)]
)
def test_connections_take_a_share_of_the_files_that_may_be_open(monkeypatch, files, most):
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (files, files))
    assert connections.most_connections() == most


def test_the_soft_limit_of_open_files_is_raised_to_the_hard_one():
    program = (
        "import resource; from aggregator.web import raise_open_files; raise_open_files();"
        "print(*resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    limited = f"ulimit -Sn 100; ulimit -Hn 200; exec {sys.executable} -c '{program}'"
    done = subprocess.run(["sh", "-c", limited], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["200", "200"]
