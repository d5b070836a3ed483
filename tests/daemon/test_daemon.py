"""The daemon as a person meets it: a process, signals, files that are edited, an address."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlencode

import pytest
from callbacks import Callbacks
from daemonprocess import Daemon, free_port
from feedserver import FeedServer
from promises import TIME

from aggregator.archive import open_archive
from aggregator.model.settings import ArchiveSettings

STORY = "Fernando Torres spoke after training about his first month as a coach in the city."


def rss(*titles: str) -> bytes:
    items = "".join(
        f"<item><guid>{title}</guid><title>{title}</title><link>http://news.example/{n}</link>"
        f"<description>{STORY} {title}</description></item>"
        for n, title in enumerate(titles)
    )
    return f"<rss version='2.0'><channel><title>News</title>{items}</channel></rss>".encode()


def told(*titles: str) -> bytes:
    """Entries whose texts have little in common, so that each is a story of its own."""
    items = "".join(
        f"<item><guid>{title}</guid><title>Torres the coach on {title}</title>"
        f"<link>http://news.example/{title}</link>"
        f"<description>{' '.join(f'{title}{n}' for n in range(40))}</description></item>"
        for title in titles
    )
    return f"<rss version='2.0'><channel><title>News</title>{items}</channel></rss>".encode()


@pytest.fixture
def daemon(tmp_path):
    running = Daemon(tmp_path / "config")
    yield running
    process = getattr(running, "process", None)
    if process and process.poll() is None:
        process.kill()
        process.wait()


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


def test_collects_publishes_and_ends_on_a_signal(daemon, server):
    daemon.subscribe(server.serve("/a.xml", rss("One", "Two")))
    daemon.start()
    daemon.wait_for(lambda: b"One" in (daemon.answers("/topics/torres.atom") or b""))
    health = json.loads(daemon.answers("/health"))
    assert health["status"] == "ok"
    assert health["feeds"] == 1
    assert b'aggregator_entries_total{change="new"} 2.0' in daemon.answers("/metrics")
    began = time.monotonic()
    assert daemon.end() == 0
    assert time.monotonic() - began < 10
    assert daemon.events("collected")[0]["new"] == 2
    assert daemon.events("stopped")


def test_does_not_ask_again_after_a_restart(daemon, server):
    daemon.subscribe(server.serve("/a.xml", rss("One")))
    daemon.start()
    daemon.wait_for(lambda: daemon.events("collected"))
    daemon.end(signal.SIGINT)
    daemon.start()
    time.sleep(1)
    assert len(server.asked("/a.xml")) == 1


def test_the_second_is_told_who_runs(daemon):
    daemon.start()
    second = subprocess.run(
        [sys.executable, "-m", "aggregator", "-C", daemon.folder, "run"],
        env={**os.environ, "AGGREGATOR_SERVER__PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 4
    assert str(daemon.process.pid) in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize("command", ["run", "collect"])
def test_another_archive_is_not_published_in_the_same_folder(daemon, server, tmp_path, command):
    daemon.subscribe(server.serve("/a.xml", rss("One")))
    daemon.start()
    daemon.wait_for(lambda: b"One" in (daemon.answers("/topics/torres.atom") or b""))
    with open_archive(ArchiveSettings(directory=tmp_path / "other"), write=True):
        pass
    other = {
        "AGGREGATOR_SERVER__PORT": str(free_port()),
        "AGGREGATOR_ARCHIVE__DIRECTORY": str(tmp_path / "other"),
    }
    second = subprocess.run(
        [sys.executable, "-m", "aggregator", "-C", daemon.folder, command],
        env={**os.environ, **other}, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert second.returncode == 4
    assert "another archive is published in this folder now" in second.stderr
    assert "Traceback" not in second.stderr
    assert b"One" in daemon.answers("/topics/torres.atom")


def test_a_changed_file_is_taken_up_and_a_wrong_one_is_not(daemon, server):
    daemon.subscribe(server.serve("/a.xml", rss("One")))
    daemon.start()
    daemon.wait_for(lambda: daemon.events("collected"))
    daemon.subscribe(server.url("/a.xml"), server.serve("/b.xml", rss("Later")))
    daemon.wait_for(lambda: server.asked("/b.xml"))
    (daemon.folder / "topics.toml").write_text('[torres]\ntitle = "T"\nquery = "(torres"\n')
    daemon.wait_for(lambda: daemon.events("configuration kept"))
    assert "not closed" in daemon.events("configuration kept")[0]["why"]
    assert daemon.answers("/health")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for(lambda: len(daemon.events("configuration kept")) > 1)


def test_a_new_topic_is_filled_from_the_archive(daemon, server):
    daemon.subscribe(server.serve("/a.xml", rss("Harbour")))
    daemon.start()
    daemon.wait_for(lambda: daemon.events("collected"))
    with (daemon.folder / "topics.toml").open("a") as file:
        file.write('[harbour]\ntitle = "Harbour"\nquery = "harbour"\n')
    daemon.wait_for(lambda: b"Harbour" in (daemon.answers("/topics/harbour.json") or b""))
    assert len(server.asked("/a.xml")) == 1


def test_topics_that_fail_a_sample_are_not_taken_up(daemon, server):
    daemon.subscribe(server.serve("/a.xml", rss("Harbour")))
    daemon.start()
    daemon.wait_for(lambda: daemon.events("collected"))
    topics = daemon.folder / "topics.toml"
    right = topics.read_text()
    topics.write_text(f'{right}must = ["nothing of it"]\n[harbour]\nquery = "harbour"\n')
    daemon.wait_for(lambda: daemon.events("topics kept as they were"))
    assert "nothing of it" in daemon.events("topics kept as they were")[0]["why"]
    assert daemon.answers("/topics/harbour.json") is None
    topics.write_text(f'{right}must = ["Torres coaches"]\n[harbour]\nquery = "harbour"\n')
    daemon.wait_for(lambda: daemon.answers("/topics/harbour.json"))
    assert daemon.events("topic filled")[-1]["stories"] == 1


def test_a_restart_keeps_a_topic_of_which_an_edit_fails_a_sample(daemon, server):
    daemon.subscribe(server.serve("/a.xml", rss("Harbour")))
    topics = daemon.folder / "topics.toml"
    samples = 'must = ["Torres is the coach"]\n[new]\nquery = "rain"\nmust = ["Snow"]\n'
    topics.write_text(f'[torres]\nquery = "torres coach"\n{samples}')
    daemon.start()
    daemon.wait_for(lambda: b"Harbour" in (daemon.answers("/topics/torres.json") or b""))
    daemon.end()
    topics.write_text(f'[torres]\nquery = "zebra"\n{samples}')
    daemon.start()
    daemon.wait_for(lambda: daemon.events("topic kept as it was"))
    assert "but fails: zebra" in daemon.events("topic kept as it was")[0]["why"]
    # One that never was another is published, with a line at each start.
    assert [one["why"][:4] for one in daemon.events("a topic fails a sample")] == ["new:", "new:"]
    daemon.wait_for(lambda: b"torres coach" in (daemon.answers("/topics/torres.html") or b""))
    assert not daemon.events("topic edited")
    topics.write_text('[torres]\nquery = "torres month"\nmust = ["Torres has a month"]\n')
    daemon.wait_for(lambda: daemon.events("topic edited"))


def test_no_network_is_one_line(daemon):
    daemon.subscribe(*(f"http://127.0.0.1:{free_port()}/{n}.xml" for n in range(3)))
    daemon.start()
    daemon.wait_for(lambda: daemon.events("no network"))
    assert daemon.events("no network")[0]["event"] == "no network: 3 feeds"
    assert not daemon.events("feed failed")
    assert daemon.process.poll() is None


def test_a_start_says_what_stands(daemon):
    daemon.subscribe(*(f"http://127.0.0.1:{free_port()}/{n}.xml" for n in range(3)))
    daemon.start()
    daemon.wait_for(lambda: daemon.events("no network"))
    daemon.end()
    daemon.start()
    daemon.wait_for(lambda: daemon.events("no network at the last try"))
    next_try = daemon.events("no network at the last try")[0]["next_try"]
    assert TIME.fullmatch(next_try)


def test_an_archive_that_cannot_be_written_pauses_and_spares_the_publishers(daemon, server):
    daemon.subscribe(server.serve("/a.xml", rss("One")))
    captures = daemon.folder / "archive" / "captures"
    captures.parent.mkdir()
    captures.touch()
    daemon.start()
    daemon.wait_for(lambda: daemon.events("collecting is paused"))
    health = json.loads(daemon.answers("/health"))
    assert (health["status"], "captures" in health["paused"]) == ("paused", True)
    # A hub that comes meanwhile is to come again.
    message = urllib.request.Request(f"http://127.0.0.1:{daemon.port}/push/{'x' * 43}", b"<rss/>")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(message, timeout=5)
    with refused.value as answer:
        assert answer.code == 503
    # Longer than from one look at the due times to the next.
    time.sleep(6)
    assert len(server.asked("/a.xml")) == 1
    captures.unlink()
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for(lambda: daemon.events("collected"))
    assert daemon.events("collecting goes on")
    daemon.wait_for(lambda: json.loads(daemon.answers("/health"))["status"] == "ok")


@pytest.mark.parametrize("linked", [False, True])
def test_a_change_is_never_missed(daemon, server, tmp_path, linked):
    topics = daemon.folder / "topics.toml"
    if linked:
        (tmp_path / "elsewhere").mkdir()
        topics.symlink_to(topics.replace(tmp_path / "elsewhere" / "topics.toml"))
    daemon.subscribe(server.serve("/a.xml", rss("Harbour")))
    # The server answers before the watcher is up: what is written now, it does not see.
    daemon.start()
    with topics.open("a") as file:
        file.write('[harbour]\ntitle = "Harbour"\nquery = "harbour"\n')
    daemon.wait_for(lambda: daemon.answers("/topics/harbour.json"))


def test_what_only_a_start_can_change_stays_and_is_said(daemon, server):
    daemon.subscribe(server.serve("/a.xml", rss("Torres the coach")))
    settings = daemon.folder / "aggregator.toml"
    settings.write_text(settings.read_text().replace(f"port = {daemon.port}", "port = 0"))
    with daemon.log.open("ab") as log:
        daemon.process = subprocess.Popen(
            [sys.executable, "-m", "aggregator", "-C", daemon.folder, "run"], stderr=log
        )
    daemon.wait_for(lambda: daemon.events("collected"))
    daemon.port = int(daemon.events("started")[0]["serving"].rpartition(":")[2])
    settings.write_text(settings.read_text().replace("/public", "/other"))
    daemon.wait_for(lambda: daemon.events("configuration reloaded"))
    assert "publish.directory" in daemon.events("take effect at the next start")[0]["event"]
    assert not (daemon.folder / "other").exists()
    own = f"http://127.0.0.1:{daemon.port}/topics/torres.atom".encode()
    daemon.wait_for(lambda: own in (daemon.answers("/topics/torres.atom") or b""))


def test_a_failing_feed_is_told_once_and_its_recovery_too(daemon, server):
    daemon.subscribe(server.serve("/a.xml", rss("One")), server.serve("/b.xml", b"", status=500))
    daemon.start()
    daemon.wait_for(lambda: daemon.events("feed failed"))
    assert [event["feed"] for event in daemon.events("feed failed")] == [server.url("/b.xml")]
    daemon.wait_for(lambda: b'<dd class="warn">1</dd>' in daemon.answers("/"))


def test_a_second_signal_ends_at_once(daemon, server):
    daemon.subscribe(server.serve("/slow.xml", rss("One"), delay=60))
    daemon.start()
    daemon.wait_for(lambda: server.asked("/slow.xml"))
    began = time.monotonic()
    daemon.process.send_signal(signal.SIGTERM)
    daemon.process.send_signal(signal.SIGTERM)
    daemon.process.wait(10)
    assert time.monotonic() - began < 10


def test_systemd_is_told(daemon, tmp_path):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(path))
        channel.settimeout(20)
        os.environ.update(NOTIFY_SOCKET=str(path), WATCHDOG_USEC="900000")
        try:
            daemon.start()
            told = {channel.recv(100), channel.recv(100)}
            while told < {b"READY=1", b"WATCHDOG=1"}:
                told.add(channel.recv(100))
            daemon.end()
            while b"STOPPING=1" not in told:
                told.add(channel.recv(100))
        finally:
            del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]


@pytest.mark.long
def test_a_new_entry_reaches_a_subscriber_and_a_restart_forgets_none(daemon, server):
    settings = daemon.folder / "aggregator.toml"
    settings.write_text(
        settings.read_text()
        .replace(
            "[collect]\n", "[collect]\nmin_interval = 1\ndefault_interval = 1\nmax_interval = 1\n"
        )
        .replace("[publish]\n", '[publish]\nhub = "built-in"\n')
    )
    daemon.subscribe(server.serve("/a.xml", told("One")))
    own = f"http://127.0.0.1:{daemon.port}"
    with Callbacks() as subscriber:
        callback = subscriber.at("/push")
        daemon.start()
        daemon.wait_for(lambda: b"One" in (daemon.answers("/topics/torres.atom") or b""))
        with urllib.request.urlopen(f"{own}/topics/torres.atom", timeout=5) as answer:
            assert f'<{own}/hub>; rel="hub"' in answer.headers["Link"]
        form = {"mode": "subscribe", "topic": f"{own}/topics/torres.atom", "callback": callback.url}
        data = urlencode({f"hub.{name}": value for name, value in form.items()}).encode()
        with urllib.request.urlopen(f"{own}/hub", data, timeout=5) as answer:
            assert answer.status == 202
        daemon.wait_for(lambda: json.loads(daemon.answers("/health"))["hub"]["subscriptions"] == 1)
        server.serve("/a.xml", told("Two", "One"))
        daemon.wait_for(lambda: any(b"Two" in body for body in callback.bodies()))
        delivered = b'aggregator_hub_messages_total{kind="delivery",outcome="delivered"}'
        daemon.wait_for(lambda: delivered in daemon.answers("/metrics"))
        daemon.end()
        daemon.start()
        server.serve("/a.xml", told("Three", "Two", "One"))
        daemon.wait_for(lambda: any(b"Three" in body for body in callback.bodies()))


def test_it_reads_archive_documents_and_lists_while_it_runs(daemon, server):
    link = b'<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="prev-archive" href="/old.xml"/>'
    server.serve("/a.xml", told("One").replace(b"<item>", link + b"<item>", 1))
    server.serve("/old.xml", told("Ten", "Eleven"))
    line = f'<outline text="F" xmlUrl="{server.url("/a.xml")}"/>'
    server.serve("/list.opml", f'<opml version="2.0"><body>{line}</body></opml>'.encode())
    opml = f'<outline type="include" url="{server.url("/list.opml")}"/>'
    (daemon.folder / "feeds.opml").write_text(f'<opml version="2.0"><body>{opml}</body></opml>')
    daemon.start()
    daemon.wait_for(lambda: b"One" in (daemon.answers("/topics/torres.atom") or b""))
    command = [sys.executable, "-m", "aggregator", "-C", daemon.folder, "feeds", "backfill", "F"]
    asked = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=60)
    assert "reads them now" in asked.stderr
    daemon.wait_for(lambda: b"Eleven" in (daemon.answers("/topics/torres/1.atom") or b""))
    (walk,) = daemon.events("read archive documents")
    assert (walk["documents"], walk["new"]) == (1, 2)
    assert b"Ten" not in daemon.answers("/topics/torres.atom"), "backlog is no news"
    daemon.wait_for(lambda: daemon.events("included list changed"))
    assert daemon.events("included list changed")[0]["feeds"] == 1
    assert daemon.end() == 0


def test_a_start_tells_of_an_included_list_that_fails(daemon, server):
    url = server.serve("/list.opml", b"", status=404)
    opml = f'<opml version="2.0"><body><outline type="include" url="{url}"/></body></opml>'
    (daemon.folder / "feeds.opml").write_text(opml)
    daemon.start()
    daemon.wait_for(lambda: daemon.events("included list failed"))
    assert not daemon.events("included list failed at the last try")
    daemon.end()
    daemon.start()
    daemon.wait_for(lambda: daemon.events("included list failed at the last try"))
    (told,) = daemon.events("included list failed at the last try")
    assert (told["list"], told["last_answer"]) == (url, "never")
    assert "404" in told["why"]
    assert daemon.end() == 0


def test_an_edit_is_taken_up_though_collecting_is_paused(daemon, server):
    """It may be what ends the pause."""
    file = daemon.folder / "aggregator.toml"
    text = file.read_text()
    file.write_text(text.replace("[archive]\n", '[archive]\nfree_space = "900 TiB"\n'))
    daemon.subscribe(server.serve("/a.xml", told("One")))
    daemon.start()
    daemon.wait_for(lambda: daemon.events("collecting is paused"))
    daemon.subscribe(server.url("/a.xml"), server.serve("/b.xml", told("Two")))
    daemon.wait_for(lambda: daemon.events("configuration reloaded"))
    assert len(daemon.events("configuration reloaded")) == 1
    assert len(daemon.events("collecting is paused")) == 1
    assert daemon.end() == 0


def test_a_slow_list_holds_up_neither_feeds_nor_the_end(daemon, server):
    opml = b'<opml version="2.0"><body></body></opml>'
    slow = [server.serve(f"/list{n}.opml", opml, delay=25) for n in range(3)]
    # Of another host: that of the feed gets one request at a time.
    lists = [url.replace("127.0.0.1", "localhost") for url in slow]
    lines = "".join(f'<outline type="include" url="{url}"/>' for url in lists)
    feed = f'<outline text="F" xmlUrl="{server.serve("/a.xml", told("One"))}"/>'
    (daemon.folder / "feeds.opml").write_text(
        f'<opml version="2.0"><body>{feed}{lines}</body></opml>'
    )
    daemon.start()
    daemon.wait_for(lambda: b"One" in (daemon.answers("/topics/torres.atom") or b""), 15)
    began = time.monotonic()
    assert daemon.end() == 0
    assert time.monotonic() - began < 10


MISTAKEN = """
import sys
from aggregator.__main__ import main
from aggregator.daemon import errands, parts

real, mistaken = errands.follow_lists, []

async def mistaken_once(*given):
    if not mistaken:
        mistaken.append(given)
        raise RuntimeError("a mistake of ours")
    return await real(*given)

errands.follow_lists, parts._AGAIN_SECONDS = mistaken_once, 1.0
sys.exit(main(sys.argv[1:]))
"""


def test_a_part_that_ended_is_begun_again(daemon, server):
    feed = f'<outline text="F" xmlUrl="{server.serve("/a.xml", told("One"))}"/>'
    server.serve("/list.opml", f'<opml version="2.0"><body>{feed}</body></opml>'.encode())
    opml = f'<outline type="include" url="{server.url("/list.opml")}"/>'
    (daemon.folder / "feeds.opml").write_text(f'<opml version="2.0"><body>{opml}</body></opml>')
    daemon.start("-c", MISTAKEN)
    daemon.wait_for(lambda: daemon.events("a part of the daemon ended"))
    daemon.wait_for(lambda: b"One" in (daemon.answers("/topics/torres.atom") or b""))
    assert len(daemon.events("a part of the daemon ended")) == 1
    health = json.loads(daemon.answers("/health"))
    assert (health["status"], health["ended"]) == ("ok", [])
    assert daemon.end() == 0
