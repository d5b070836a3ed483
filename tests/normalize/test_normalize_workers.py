"""Worker processes: limits cost one document, and none outlives its parent."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.model.entry import Document
from aggregator.model.errors import FeedError, NotAFeed, NoWorkers
from aggregator.model.feed import FailureKind, Feed, FeedIdentity, FeedKey, Response
from aggregator.model.settings import MIB, NormalizeSettings
from aggregator.normalize import Workers
from aggregator.normalize.forking import SERVER, context

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = "https://feeds.example/harbour"
FEED = Feed(key=FeedKey(1), identity=FeedIdentity("feeds.example/harbour"), url=URL, fetch_url=URL)
linux = pytest.mark.skipif(
    sys.platform != "linux", reason="/proc, and pipes of any size, are Linux's"
)


def response(items: int = 1, size: int = 10) -> Response:
    one = "<item><title>Ferry {0}</title><guid>{0}</guid><description>{1}</description></item>"
    body = "".join(one.format(number, "word " * size) for number in range(items))
    whole = f"<rss version='2.0'><channel><language>en</language>{body}</channel></rss>".encode()
    return answer(whole)


def answer(body: bytes) -> Response:
    headers = (("Content-Type", "application/rss+xml"),)
    return Response(
        requested=URL, url=URL, status=200, headers=headers, wire=body, body=body, started=NOW, seconds=0.1,
    )  # fmt: skip


def children(parent: int) -> set[int]:
    """Live child processes, as /proc tells them."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, of = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(of) == parent and state != "Z":
            found.add(int(stat.parent.name))
    return found


def servers_of(parent: int) -> set[int]:
    """What a process forks its workers from."""
    return {pid for pid in children(parent) if b"forkserver" in command(pid)}


def workers_of(parent: int) -> set[int]:
    return {pid for server in servers_of(parent) for pid in children(server)}


def command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def come(count: int, seconds: float = 10) -> set[int]:
    """The workers of this process, once there are so many."""
    until = time.monotonic() + seconds
    while len(found := workers_of(os.getpid())) < count and time.monotonic() < until:
        time.sleep(0.05)
    return found


def gone(pids: set[int], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(alive, pids))


@linux
def test_reading_in_workers_from_first_to_last() -> None:
    async def walk() -> None:
        async with Workers(NormalizeSettings(workers=2), 3) as workers:
            assert not workers_of(os.getpid()), "no worker before there is something to read"
            read = await asyncio.gather(
                *(workers.read(FEED, response(items), now=NOW) for items in (1, 2, 5))
            )
            assert [len(one.entries) for one in read if isinstance(one, Document)] == [1, 2, 3]
            page = await workers.read(FEED, answer(b"<html><body>"), now=NOW)
            assert isinstance(page, NotAFeed)
            assert page.url == URL
            started = workers_of(os.getpid())
            assert started
        assert gone(started)

    asyncio.run(walk())


@linux
def test_started_early_they_wait_and_end_unasked_too() -> None:
    async def walk() -> None:
        async with Workers(NormalizeSettings(workers=2), 3) as workers:
            workers.start()
            started = await asyncio.to_thread(come, 2)
            assert len(started) == 2
        assert gone(started)

    asyncio.run(walk())


@linux
def test_a_document_over_its_limits_costs_only_itself() -> None:
    async def walk() -> None:
        slow = NormalizeSettings(workers=1, document_seconds=1.5)
        async with Workers(slow, 100_000) as workers:
            assert isinstance(await workers.read(FEED, response(), now=NOW), Document)
            failure = await workers.read(FEED, response(40_000, 40), now=NOW)
            assert isinstance(failure, FeedError)
            assert failure.kind is FailureKind.PARSE
            assert failure.what == "reading the document took longer than 1.5 s"
            assert failure.hint
            assert isinstance(await workers.read(FEED, response(), now=NOW), Document)
        small = NormalizeSettings(workers=1, document_bytes=96 * MIB)
        async with Workers(small, 100_000) as workers:
            failure = await workers.read(FEED, response(2_000, 10_000), now=NOW)
            assert isinstance(failure, FeedError)
            assert failure.what == "reading the document took too much memory"
            assert isinstance(await workers.read(FEED, response(), now=NOW), Document)

    asyncio.run(walk())


@linux
def test_a_worker_that_dies_costs_the_document_it_was_at() -> None:
    async def walk() -> None:
        async with Workers(NormalizeSettings(workers=1), 100_000) as workers:
            await workers.read(FEED, response(), now=NOW)
            (worker,) = workers_of(os.getpid())
            reading = asyncio.create_task(workers.read(FEED, response(40_000, 40), now=NOW))
            await asyncio.sleep(0.5)
            os.kill(worker, signal.SIGKILL)
            failure = await reading
            assert isinstance(failure, FeedError)
            assert failure.what == "the process that read the document died of it"
            assert isinstance(await workers.read(FEED, response(), now=NOW), Document)

    asyncio.run(walk())


@linux
def test_many_that_wait_are_handed_over_together_and_answered_each() -> None:
    async def walk() -> None:
        async with Workers(NormalizeSettings(workers=2), 100) as workers:
            await workers.read(FEED, response(), now=NOW)
            handed = []
            schedule = workers._pool.schedule

            def spy(task: object, args: list[list[object]], **more: object) -> object:
                handed.append(len(args[0]))
                return schedule(task, args=args, **more)

            workers._pool.schedule = spy
            read = await asyncio.gather(
                *(workers.read(FEED, response(items), now=NOW) for items in range(1, 41))
            )
            counts = [len(one.entries) for one in read if isinstance(one, Document)]
            assert counts == list(range(1, 41))
            assert sum(handed) == 40
            assert 1 < max(handed) <= 8
            # A large one is no company for others.
            handed.clear()
            large = response(1, 300_000)
            read = await asyncio.gather(*(workers.read(FEED, large, now=NOW) for _ in range(12)))
            assert all(isinstance(one, Document) for one in read)
            assert set(handed) == {1}

    asyncio.run(walk())


@linux
@pytest.mark.parametrize("death", [False, True], ids=["too slow", "killed"])
def test_what_was_handed_over_with_a_bad_one_is_read_all_the_same(death: bool) -> None:
    async def walk() -> None:
        slow = NormalizeSettings(workers=1, document_seconds=30 if death else 0.5)
        async with Workers(slow, 100_000) as workers:
            await workers.read(FEED, response(), now=NOW)
            (first,) = workers_of(os.getpid())
            others = [workers.read(FEED, response(), now=NOW) for _ in range(32)]
            bad = workers.read(FEED, response(5_000, 1), now=NOW)
            # The first of all are handed over one by one: it comes after them.
            reading = asyncio.gather(*others[:16], bad, *others[16:])
            if death:
                await asyncio.sleep(0.3)
                os.kill(first, signal.SIGKILL)
            read = await reading
            *rest, last = [*read[:16], *read[17:], read[16]]
            assert all(isinstance(one, Document) for one in rest)
            if death:
                # It was at others, or with others, when its worker died.
                assert isinstance(last, Document)
            else:
                assert isinstance(last, FeedError)
                assert last.what == "reading the document took longer than 0.5 s"

    asyncio.run(walk())


@linux
def test_one_that_nobody_waits_for_any_more_takes_no_other_with_it() -> None:
    async def walk() -> None:
        async with Workers(NormalizeSettings(workers=1), 100) as workers:
            await workers.read(FEED, response(), now=NOW)
            reading = [
                asyncio.create_task(workers.read(FEED, response(), now=NOW)) for _ in range(20)
            ]
            await asyncio.sleep(0)
            for one in reading[::3]:
                one.cancel()
            read = await asyncio.gather(*reading, return_exceptions=True)
            for number, one in enumerate(read):
                wanted = asyncio.CancelledError if number % 3 == 0 else Document
                assert isinstance(one, wanted), number

    asyncio.run(walk())


def break_pool(workers: Workers, joined_after: float) -> None:
    """Let the pool be one that takes nothing more, and whose end takes a while."""
    pool = workers._pool
    join = pool.join

    def refuse(*_args: object, **_more: object) -> None:
        raise BrokenProcessPool("made to break")

    def wait(seconds: float) -> None:
        time.sleep(joined_after)
        join(seconds)

    pool.schedule, pool.join = refuse, wait


@pytest.mark.parametrize("given_up", [(0,), (0, 3), ()], ids=str)
def test_who_gives_up_while_a_pool_ends_leaves_the_others_theirs(given_up: tuple[int, ...]) -> None:
    async def walk() -> None:
        async with Workers(NormalizeSettings(workers=1), 100) as workers:
            await workers.read(FEED, response(), now=NOW)
            break_pool(workers, 0.5)
            reading = [
                asyncio.create_task(workers.read(FEED, response(), now=NOW)) for _ in range(8)
            ]
            await asyncio.sleep(0.1)
            for number in given_up:
                reading[number].cancel()
            async with asyncio.timeout(20):
                read = await asyncio.gather(*reading, return_exceptions=True)
            for number, one in enumerate(read):
                assert isinstance(
                    one, asyncio.CancelledError if number in given_up else Document
                ), number

    asyncio.run(walk())


def test_closing_waits_for_a_pool_that_ends_already_and_forgets_nobody() -> None:
    async def walk() -> None:
        workers = Workers(NormalizeSettings(workers=1), 100)
        await workers.read(FEED, response(), now=NOW)
        broken = workers._pool
        break_pool(workers, 0.8)
        reading = [asyncio.create_task(workers.read(FEED, response(), now=NOW)) for _ in range(6)]
        await asyncio.sleep(0.1)
        # The next pool.
        assert isinstance(await workers.read(FEED, response(), now=NOW), Document)
        async with asyncio.timeout(20):
            await workers.close()
            assert not broken.active
            read = await asyncio.gather(*reading, return_exceptions=True)
        assert all(isinstance(one, Document | asyncio.CancelledError) for one in read)

    asyncio.run(walk())


@pytest.mark.parametrize("what", ["Pipe", "RLock"])
def test_where_no_worker_can_be_started_no_document_is_to_blame(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise OSError(24, "too many open files")

    monkeypatch.setattr(type(context()), what, refuse)

    async def walk() -> None:
        async with Workers(NormalizeSettings(workers=1), 100) as workers, asyncio.timeout(20):
            reading = (workers.read(FEED, response(), now=NOW) for _ in range(4))
            read = await asyncio.gather(*reading, return_exceptions=True)
            assert all(isinstance(one, NoWorkers) and "open files" in one.what for one in read)

    asyncio.run(walk())


@linux
def test_a_worker_that_dies_waiting_costs_no_document() -> None:
    async def walk() -> None:
        quick = NormalizeSettings(workers=2, document_seconds=1)
        async with Workers(quick, 100) as workers:
            await workers.read(FEED, response(), now=NOW)
            for worker in workers_of(os.getpid()):
                os.kill(worker, signal.SIGKILL)
            read = await asyncio.gather(
                *(workers.read(FEED, response(), now=NOW) for _ in range(6))
            )
            assert all(isinstance(one, Document) for one in read)

    asyncio.run(walk())


@linux
def test_a_server_that_dies_costs_no_document() -> None:
    async def walk() -> None:
        quick = NormalizeSettings(workers=2, document_seconds=1)
        async with Workers(quick, 100) as workers:
            await workers.read(FEED, response(), now=NOW)
            before = workers_of(os.getpid())
            for server in servers_of(os.getpid()):
                os.kill(server, signal.SIGKILL)
            assert gone(before)
            read = await asyncio.gather(
                *(workers.read(FEED, response(), now=NOW) for _ in range(6))
            )
            assert all(isinstance(one, Document) for one in read)

    asyncio.run(walk())


@linux
@pytest.mark.parametrize("ended", [workers_of, lambda pid: workers_of(pid) | servers_of(pid)])
def test_a_worker_that_somebody_ends_as_it_reads_costs_no_document(ended) -> None:
    """As one who ends a whole group of processes does: the parent finishes what is under way."""

    async def walk() -> None:
        async with Workers(NormalizeSettings(workers=2), 5000) as workers, asyncio.timeout(50):
            await workers.read(FEED, response(), now=NOW)
            reading = [
                asyncio.create_task(workers.read(FEED, response(900, 300), now=NOW))
                for _ in range(3)
            ]
            await asyncio.sleep(0.3)
            for process in ended(os.getpid()):
                os.kill(process, signal.SIGTERM)
            read = await asyncio.gather(*reading)
            assert [one for one in read if not isinstance(one, Document)] == []

    asyncio.run(walk())


_PARENT = """
    import asyncio, sys
    sys.path.insert(0, {tests!r})
    from test_normalize_workers import FEED, NOW, response, Workers, NormalizeSettings

    async def main():
        async with Workers(NormalizeSettings(workers=2), 100) as workers:
            await asyncio.gather(*(workers.read(FEED, response(), now=NOW) for _ in range(8)))
            print("ready", flush=True)
            await asyncio.sleep(60)

    if __name__ == "__main__":
        asyncio.run(main())
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    script = tmp_path / "parent.py"
    script.write_text(textwrap.dedent(_PARENT.format(tests=str(Path(__file__).parent))))
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@linux
def test_no_worker_outlives_a_parent_that_was_killed(parent: subprocess.Popen[str]) -> None:
    workers = workers_of(parent.pid)
    assert len(workers) == 2
    started = workers | children(parent.pid)
    parent.kill()
    parent.wait()
    assert gone(started)


@linux
def test_workers_leave_an_interrupt_to_their_parent(parent: subprocess.Popen[str]) -> None:
    started = workers_of(parent.pid) | servers_of(parent.pid)
    for process in started:
        os.kill(process, signal.SIGINT)
    time.sleep(0.3)
    assert all(map(alive, started))


@linux
def test_closing_ends_what_is_under_way_at_once() -> None:
    async def walk() -> None:
        async with Workers(NormalizeSettings(workers=1), 100_000) as workers:
            await workers.read(FEED, response(), now=NOW)
            reading = asyncio.create_task(workers.read(FEED, response(40_000, 40), now=NOW))
            await asyncio.sleep(0.3)
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert not workers_of(os.getpid())

    asyncio.run(walk())


def test_a_worker_loads_what_it_needs_and_no_more() -> None:
    """Memory and start-up of each worker; a window on what a stage may reach."""
    script = "import sys, aggregator.normalize.reading; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {
        "aiohttp", "sqlalchemy", "pydantic", "typer", "rich", "lark", "starlette", "numpy", "ftfy", "py3langid",
    }  # fmt: skip
    assert heavy.isdisjoint(loaded)


def test_the_door_itself_is_light() -> None:
    script = "import sys, aggregator.normalize; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"feedparser", "nh3", "pebble"}.isdisjoint(loaded)


def test_whoever_closes_again_waits_for_the_same_end():
    async def go() -> None:
        workers = Workers(NormalizeSettings(workers=1), 100)
        workers.start()
        pool = workers._pool
        first = asyncio.create_task(workers.close())
        await asyncio.sleep(0)
        await workers.close()
        assert not pool.active
        await first

    asyncio.run(go())


@linux
def test_the_next_documents_are_handed_over_before_anybody_takes_them() -> None:
    reader, writer = context().Pipe(duplex=False)
    with reader, writer:
        os.set_blocking(writer.fileno(), False)
        assert os.write(writer.fileno(), bytes(MIB)) == MIB


def test_the_server_is_there_and_ends_at_once() -> None:
    script = f"import sys, {SERVER}; sys.exit('taken apart')"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0


STARTED = """
from multiprocessing import forkserver
from pathlib import Path
from aggregator.normalize import start_server

start_server()
told = Path(f"/proc/{forkserver._forkserver._forkserver_pid}/status").read_text()
print(next(line.split()[1] for line in told.splitlines() if line.startswith("SigBlk")))
"""


@linux
def test_an_interrupt_as_the_server_starts_is_left_to_its_parent() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTED], capture_output=True, text=True, check=True
    )
    assert int(done.stdout, 16) & 1 << (signal.SIGINT - 1)
