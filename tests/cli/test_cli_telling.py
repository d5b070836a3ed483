"""What the commands tell people: figures and dashes, mends, times; never a value of Python's."""

import contextlib
import json
import re
import socket
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from feedserver import FeedServer
from promises import RAIN, rss
from simclock import SimClock

from aggregator.__main__ import main
from aggregator.archive import open_archive
from aggregator.archive.database import SCHEMA_VERSION
from aggregator.config import load, load_settings
from aggregator.query import ANALYSIS_VERSION

WHOLE = (
    "<rss version='2.0'><channel><title>Their own title</title><link>https://news.example/</link>"
    "<description>d</description><item><guid isPermaLink='false'>1</guid><title>Torres</title>"
    "<description>He starts as a coach this morning.</description></item></channel></rss>"
)


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


def _fields(ran) -> dict[str, str]:
    assert ran.code == 0, ran.err
    return dict(line.split("\t") for line in ran.out.splitlines())


def test_counts_are_full_and_nothing_is_told_as_a_dash(place, server):
    place.run("collect")
    empty = _fields(place.run("stats"))
    assert (empty["first"], empty["languages"]) == ("—", "—")
    assert _fields(place.run("archive", "info"))["growth"] == "—"
    place.subscribe(server.serve("/a.xml", WHOLE.encode()))
    place.topics('[torres]\nquery = "torres"\n')
    place.run("collect")
    told = _fields(place.run("stats"))
    assert (told["entries"], told["revisions"], told["hits"]) == ("1", "1", "1")
    assert told["first"] == told["newest"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\S+[+-]\d\d:\d\d", told["first"])
    assert "Hits: one for each time" in place.run("stats", "--help").out
    as_json = json.loads(place.run("stats", "--json").out)
    assert (as_json["revisions"], as_json["hits"]) == (1, 1)
    assert as_json["first"].endswith("Z")
    info = _fields(place.run("archive", "info"))
    assert re.fullmatch(r"[\d.]+ KiB", info["database"])
    assert json.loads(place.run("archive", "info", "--json").out)["growth"] is None
    for command in (["stats"], ["archive", "info"], ["status"], ["feeds", "list"]):
        assert not re.search(r"None|\('|datetime", place.run(*command).out)


def test_a_feed_without_a_title_goes_by_its_own(place, server):
    place.subscribe()
    place.run("feeds", "add", server.serve("/a.xml", WHOLE.encode()), "--interval", "15m")
    assert 'aggregatorInterval="900s"' in (place.folder / "feeds.opml").read_text()
    place.run("collect")
    state, due, entries, title, *_ = place.run("feeds", "list").out.split("\t")
    assert (state, entries, title) == ("ok", "1", "Their own title")
    assert re.fullmatch(r"\S+T\S+[+-]\d\d:\d\d", due)


def test_eighty_columns_hold_what_a_feed_is_called_and_why_it_fails(place, server, terminal):
    untitled = server.serve("/sport/football/headlines.xml", b"", status=403)
    place.subscribe(server.serve("/a.xml", WHOLE.encode()))
    place.run("feeds", "add", untitled, "--as-it-is")
    place.run("collect")
    shown = terminal(lambda: place.run("feeds", "list"), 80)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()
    assert all(len(line) <= 80 for line in plain)
    assert any(re.match(r"ok +\S.* 1 +Feed 1$", line.strip()) for line in plain)
    # What does not fit goes on below, in its own column.
    at = plain[0].index("feed"), plain[0].index("failure")
    called, why = zip(*((line[at[0] : at[1]], line[at[1] :]) for line in plain[3:]), strict=True)
    assert "".join(map(str.strip, called)) == untitled.removeprefix("http://")
    assert " ".join(map(str.strip, why)) == "the server refuses us (403)"


def test_a_feed_that_is_cut_off_is_read_and_what_is_wrong_is_told(place, server):
    url = server.serve("/a.xml", WHOLE.partition("</channel>")[0].encode())
    place.subscribe(url)
    assert place.run("collect").code == 0
    assert json.loads(place.run("feeds", "list", "--json").out)[0]["state"] == "ok"
    out = place.run("feeds", "show", url).out
    assert "1 new, the document breaks off" in out
    assert "unknown" not in out


def test_where_a_document_is_no_xml_is_told_once(place, server):
    url = server.serve("/a.xml", WHOLE.replace("<title>", "<title>\x01", 1).encode())
    place.subscribe(url)
    place.run("collect")
    (told,) = json.loads(place.run("feeds", "show", url, "--json").out)["fetches"]
    assert told["message"].count("not well-formed") == 1
    assert re.search(r"not well-formed, line \d+, column \d+: invalid token", told["message"])


def test_a_failure_names_its_mend_and_waits_visibly(place, server):
    place.settings("")
    text = (place.folder / "aggregator.toml").read_text().replace('["127.0.0.0/8"]', "[]")
    (place.folder / "aggregator.toml").write_text(text)
    place.subscribe(server.url("/a.xml"), (place.folder / "a.xml").as_uri())
    told = place.run("collect").err
    assert "collect.allow_networks" in told
    assert "collect.allow_files" in told


def test_a_feed_that_fails_and_is_not_due_is_counted(place, server):
    place.subscribe(server.serve("/a.xml", b"", status=404))
    assert place.run("collect").code == 1
    again = place.run("collect")
    assert again.code == 0
    assert re.match(r"1 feed is failing and not due before \S+; --all asks now\n", again.err)
    place.subscribe()
    assert "failing" not in place.run("collect").err, "nobody asks for it any more"


def test_two_lines_that_are_one_feed_are_listed_once(place, server):
    new = server.serve("/new.xml", WHOLE.encode())
    old = server.serve("/old.xml", status=301, headers={"Location": new})
    place.subscribe(old)
    for _ in range(3):
        place.run("collect", "--all")
    place.subscribe(old, new)
    ran = place.run("feeds", "list", "--json")
    assert [feed["url"] for feed in json.loads(ran.out)] == [old]
    assert ran.err == (
        f"aggregator: {old} and {new} are one feed: take one line out of feeds.opml\n"
    )


def test_a_cause_that_all_feeds_share_is_told_once_by_status(place, server):
    place.subscribe("http://127.0.0.1:9/a.xml", "http://127.0.0.2:9/b.xml")
    place.run("collect")
    ran = place.run("status")
    assert _fields(ran)["feeds"] == "no network: none of 2 feeds was reached"
    assert "refuses connections" not in ran.out
    told = json.loads(place.run("status", "--json").out)
    assert (told["cause"], len(told["failing"])) == ("no network", 2)
    place.subscribe("http://127.0.0.1:9/a.xml", server.serve("/good.xml", WHOLE.encode()))
    place.run("collect")
    ran = place.run("status")
    assert "refuses connections" in ran.out
    assert "no network" not in ran.out
    assert json.loads(place.run("status", "--json").out)["cause"] is None


def test_a_round_in_which_nothing_is_due_says_that_there_was_no_network(place):
    place.subscribe(*FAR)
    assert place.run("collect").err == f"aggregator: no network: 2 feeds ({OFFLINE})\n"
    again = place.run("collect")
    assert re.fullmatch(
        r"aggregator: no network at the last try: none of 2 feeds was reached; "
        rf"not due before \S+; --all asks now \({OFFLINE}\)\n",
        again.err,
    )
    assert again.code == 0


OFFLINE = "check the network; `aggregator demo` needs none"
FAR = ["http://one.invalid/a.xml", "http://two.invalid/b.xml"]


def test_without_a_network_what_is_at_home_still_answers(place, server):
    """A bridge on this machine is no sign that there is a network."""
    place.subscribe(*FAR, server.serve("/bridge.xml", WHOLE.encode()))
    ran = place.run("collect")
    assert f"aggregator: no network: 2 feeds ({OFFLINE})\n" in ran.err
    ran = place.run("status")
    assert _fields(ran)["feeds"] == "no network: none of 2 feeds was reached; 1 ok"
    ran = place.run("feeds", "check")
    assert (ran.out, ran.err) == ("", "no network: none of 2 feeds was reached at the last try\n")
    # What they share is no trouble of each.
    assert json.loads(place.run("feeds", "check", "--json").out) == []


def test_what_is_down_at_home_or_ended_is_not_for_want_of_a_network(place, server):
    down = "http://127.0.0.1:9/own.xml"
    gone = server.serve("/gone.xml", status=410)
    place.subscribe(*FAR, server.serve("/bridge.xml", WHOLE.encode()), down, gone)
    ran = place.run("collect")
    assert f"aggregator: no network: 2 feeds ({OFFLINE})\n" in ran.err
    assert f"failed: {down}: " in ran.err
    for _ in range(2):
        place.run("collect", "--all")
    ran = place.run("feeds", "check")
    assert {line.split("\t")[0] for line in ran.out.splitlines()} == {down, gone}
    unreached, ended = ran.err.splitlines()
    assert unreached == "no network: none of 2 feeds was reached at the last try"
    assert ended.startswith("1 feed has stopped: ")
    told = place.run("status")
    assert "no network: none of 2 feeds was reached" in told.out
    assert "refuses connections" in told.out
    # It is no excuse for the one that is down: that waits longer each time.
    assert "3 times" in place.run("feeds", "show", down).out
    assert "1 time " in place.run("feeds", "show", FAR[0]).out


def test_what_fails_at_home_for_a_reason_of_its_own_says_nothing_of_the_network(place, server):
    place.subscribe(*FAR, server.serve("/bridge.xml", status=500))
    ran = place.run("collect")
    assert f"aggregator: no network: 2 feeds ({OFFLINE})\n" in ran.err
    assert "/bridge.xml" in ran.err


def test_check_says_nothing_of_what_was_never_asked(place, server):
    place.subscribe(server.serve("/a.xml", WHOLE.encode()))
    assert place.run("feeds", "check").err == "1 feed was never asked: aggregator collect\n"
    place.run("collect")
    assert place.run("feeds", "check").err.startswith("all feeds that were asked are where")
    paused = f'<outline xmlUrl="{server.url("/b.xml")}" aggregatorPaused="true"/>'
    opml = (place.folder / "feeds.opml").read_text()
    (place.folder / "feeds.opml").write_text(opml.replace("</body>", f"{paused}</body>"))
    place.run("collect")
    assert "never asked" not in place.run("feeds", "check").err


def test_a_mistake_in_the_configuration_shows_in_the_status(place, server):
    place.subscribe(server.serve("/a.xml", WHOLE.encode()))
    place.topics('[torres]\nquery = "torres"\n')
    place.run("collect")
    assert "mistake" not in _fields(place.run("status"))
    place.topics('[torres]\nquery = "(torres"\n')
    told = _fields(place.run("status"))["mistake"]
    assert "topics.toml" in told
    assert json.loads(place.run("status", "--json").out)["mistake"] == told
    place.topics('[torres]\nquery = "torres"\nmust = ["Zebra"]\n')
    told = _fields(place.run("status"))["mistake"]
    assert told.startswith("torres: must match “Zebra”, but fails: torres")
    # Only a daemon has what was right before.
    settings = load_settings(place.folder).archive
    with open_archive(settings, write=True, purpose="aggregator run"):
        waits = "further edits of topics wait until it holds"
        assert _fields(place.run("status"))["mistake"] == f"{told}; {waits}"
        place.topics('[torres]\nquery = "(torres"\n')
        told = _fields(place.run("status"))["mistake"]
        assert told.endswith("; what was right last stands")


def test_the_status_counts_what_feeds_opml_has_now(place, server):
    place.subscribe(server.serve("/a.xml", WHOLE.encode()), server.url("/gone.xml"))
    place.run("collect")
    assert "feeds\t1 ok, 1 failing\n" in place.run("status").out
    place.subscribe(server.url("/a.xml"), server.url("/later.xml"))
    assert "feeds\t1 ok, 1 new\n" in place.run("status").out
    told = json.loads(place.run("status", "--json").out)
    assert (told["feeds"], told["states"], told["failing"]) == (2, {"ok": 1, "new": 1}, [])
    (place.folder / "feeds.opml").write_text("<opml>")
    assert "feeds\t1 ok, 1 failing\n" in place.run("status").out


def test_a_mistake_is_told_before_anything_was_collected(place):
    place.topics('[torres]\nquery = "(torres"\n')
    assert "topics.toml" in place.run("status").err
    assert "topics.toml" in json.loads(place.run("status", "--json").out)["mistake"]


def test_a_disk_without_room_shows_in_the_status(place):
    assert json.loads(place.run("status", "--json").out)["paused"] is None
    place.run("collect")
    assert json.loads(place.run("status", "--json").out)["paused"] is None
    assert "paused" not in _fields(place.run("status"))
    place.environ("AGGREGATOR_ARCHIVE__FREE_SPACE", "900000 TiB")
    told = _fields(place.run("status"))["paused"]
    assert told.startswith(f"{place.folder}/archive: only ")
    assert told.endswith("(free some disk; aggregator run goes on by itself then)")

    # What is free changes meanwhile.
    def without_figures(text: str) -> str:
        return re.sub(r"only \d+", "only", text)

    as_json = json.loads(place.run("status", "--json").out)["paused"]
    assert without_figures(as_json) == without_figures(told)
    refused = place.run("collect", "--all")
    assert refused.code == 3
    assert without_figures(refused.err) == without_figures(f"aggregator: {told}\n")


def test_status_and_doctor_tell_of_the_disk_that_captures_are_on(place):
    place.run("collect")
    captures = place.folder / "archive" / "captures"
    if captures.exists():
        captures.rmdir()
    # A file system that never has a byte to give.
    captures.symlink_to("/proc")
    place.environ("AGGREGATOR_ARCHIVE__FREE_SPACE", "1")
    assert _fields(place.run("status"))["paused"].startswith(f"{captures}: only 0 bytes are free")
    told = place.run("doctor")
    assert told.code == 3
    assert f"{captures} cannot be written" in told.out


def test_lines_that_are_left_out_show_in_status_and_doctor(place, server):
    good = server.serve("/a.xml", WHOLE.encode())
    place.subscribe(good)
    assert re.search(r"ok +configuration ", place.run("doctor").out)
    place.subscribe(good, "htp://one.example/a.xml", good)
    first = f"{place.folder}/feeds.opml:1: htp://one.example/a.xml is no http"
    assert first in place.run("status").err, "before anything was collected"
    assert len(json.loads(place.run("status", "--json").out)["warnings"]) == 2
    place.run("collect")
    told = _fields(place.run("status"))["warnings"]
    assert told.startswith(first)
    assert told.endswith("; the line is left out; and 1 more")
    as_json = json.loads(place.run("status", "--json").out)
    assert (len(as_json["warnings"]), as_json["mistake"]) == (2, None)
    assert "is there already" in as_json["warnings"][1]
    found = {one["check"]: one for one in json.loads(place.run("doctor", "--json").out)}
    assert found["configuration"]["verdict"] == "warn"
    assert "1 feed, 0 topics; " + told in found["configuration"]["what"]
    place.subscribe(good)
    assert "warnings" not in _fields(place.run("status"))
    assert json.loads(place.run("status", "--json").out)["warnings"] == []


def test_settings_are_told_with_their_units(place):
    told = dict(line.split("\t")[:2] for line in place.run("config", "show").out.splitlines())
    assert (told["collect.max_bytes"], told["collect.default_interval"]) == ("16 MiB", "1h")
    as_json = json.loads(place.run("config", "show", "--json").out)
    assert as_json["collect.max_bytes"]["value"] == 16 * 2**20


def test_settings_are_told_without_the_password_of_the_database(place, monkeypatch):
    monkeypatch.setenv("AGGREGATOR_ARCHIVE__DATABASE", "postgresql://ida:s3:cr@t@db.example/news")
    for ran in (place.run("config", "show"), place.run("config", "show", "--json")):
        assert "postgresql://ida:***@db.example/news" in ran.out
        assert "cr@t" not in ran.out
    monkeypatch.setenv("AGGREGATOR_ARCHIVE__DATABASE", "postgresql://@/x?host=/no&password=hush")
    for ran in (place.run("config", "show"), place.run("status")):
        assert "hush" not in ran.out + ran.err
        assert "password=***" in ran.out + ran.err


def test_a_port_that_our_own_daemon_has_is_no_trouble(place):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        place.settings(f"[server]\nport = {port}\n")
        place.run("collect")
        settings = load(place.folder).settings.archive
        assert re.search(r"warn +port .*: Address already in use", place.run("doctor").out)
        with open_archive(settings, write=True, purpose="aggregator run"):
            told = place.run("doctor").out
            beside = place.run("serve")
        alone = place.run("serve")
    assert re.search(rf"ok +port +127.0.0.1:{port} is taken, and aggregator run .* is up\n", told)
    assert (beside.code, alone.code) == (4, 4)
    assert re.search(rf"port {port} is taken, and aggregator run .* is up", beside.err)
    assert "end the program" not in beside.err
    assert f"port {port} is taken (end the program that holds it" in alone.err


def test_how_long_news_take_is_told_of_each_feed(place, server):
    slow, quick = server.serve("/slow.xml", rss()), server.serve("/quick.xml", rss())
    place.subscribe(slow, quick)
    with SimClock(datetime.now(UTC) - timedelta(hours=5)):
        assert place.run("collect").code == 0
    assert "Feed 1\t" not in place.run("status").out
    server.serve("/slow.xml", rss(RAIN))
    assert place.run("collect", "--all").code == 0
    (told,) = json.loads(place.run("status", "--json").out)["delays"]
    assert list(told) == ["url", "entries", "median", "p95"]
    assert (told["url"], told["entries"]) == (slow, 1)
    assert 3600 <= told["median"] == told["p95"] <= 3 * 3600
    assert "\nFeed 1\t" in place.run("status").out


def test_a_search_that_ends_at_its_limit_says_so_on_a_terminal(place, server, terminal, capfd):
    place.subscribe(server.serve("/a.xml", WHOLE.encode()))
    place.run("collect")
    search = ["-C", str(place.folder), "search", "*", "-n"]
    capfd.readouterr()
    terminal(lambda: main([*search, "1"]))
    assert "no more than 1 are shown" in capfd.readouterr().err
    terminal(lambda: main([*search, "50"]))
    assert capfd.readouterr().err == ""
    assert place.run("search", "*", "-n", "1").err == ""


def test_who_comes_second_is_told_what_the_daemon_does(place):
    settings = load_settings(place.folder).archive
    with open_archive(settings, write=True, purpose="aggregator run"):
        told = place.run("collect").err
    assert "it collects and publishes by itself; for more stop it first" in told
    with open_archive(settings, write=True, purpose="aggregator collect"):
        told = place.run("collect").err
    assert "(stop it first" in told


def test_the_status_says_once_what_is_left_out(place, server):
    place.subscribe(server.serve("/a.xml", WHOLE.encode()), "htp://one.example/a")
    place.run("collect")
    told = place.run("status")
    assert (told.err, told.out.count("the line is left out")) == ("", 1)


def test_a_migration_makes_an_index_of_an_older_analysis_anew(place, server):
    place.subscribe(server.serve("/a.xml", WHOLE.encode()))
    place.run("collect")
    with contextlib.closing(sqlite3.connect(place.folder / "archive" / "archive.db")) as database:
        database.execute("UPDATE meta SET value = '0' WHERE name = 'analysis'")
        database.commit()
    assert "is up to date" in place.run("archive", "migrate").out
    with contextlib.closing(sqlite3.connect(place.folder / "archive" / "archive.db")) as database:
        (found,) = database.execute("SELECT value FROM meta WHERE name = 'analysis'").fetchone()
    assert found == str(ANALYSIS_VERSION)


def test_a_migration_is_told_and_makes_no_archive(place, server):
    place.subscribe(server.serve("/a.xml", WHOLE.encode()))
    for more in ([], ["--dry-run"]):
        ran = place.run("archive", "migrate", *more)
        assert (ran.code, "there is no archive yet" in ran.err) == (3, True)
    assert not (place.folder / "archive").exists()
    place.run("collect")
    assert "is up to date" in place.run("archive", "migrate").out
    with contextlib.closing(sqlite3.connect(place.folder / "archive" / "archive.db")) as database:
        database.execute("DROP INDEX entries_returned")
        database.execute("ALTER TABLE entries DROP COLUMN returned")
        database.execute("UPDATE meta SET value = '0003' WHERE name = 'schema'")
        database.commit()
    told = f"from schema 0003 to {SCHEMA_VERSION}\n"
    assert place.run("archive", "migrate", "--dry-run").out == f"would bring the archive {told}"
    assert place.run("archive", "migrate").out.endswith(f"archive.db was brought {told}")
    assert place.run("archive", "info").code == 0


def test_a_public_topic_that_shows_a_private_one_is_warned_of(place):
    place.topics(
        '[open]\nquery = "topic:middle OR rain"\n[middle]\nquery = "topic:hidden"\nprivate = true\n'
        '[hidden]\nquery = "torres"\nprivate = true\n[other]\nquery = "rain"\n'
    )
    told = place.run("topics", "list").err
    assert "topics.toml:2: open is public and shows topic:hidden, which is private" in told
    assert "open is public and shows topic:middle" in told
    assert told.count("is public") == 2
    assert "open is public" in place.run("doctor").out
    place.topics('[middle]\nquery = "topic:hidden"\nprivate = true\n[hidden]\nquery = "x"\n')
    assert "is public" not in place.run("topics", "list").err


def test_a_search_in_a_feed_that_is_not_there_says_so(place, server):
    place.subscribe(server.serve("/a.xml", WHOLE.encode()))
    place.run("collect")
    ran = place.run("search", "folder:nosuch OR feed:else torres")
    assert ran.err == (
        "folder:nosuch names no feed or folder that anything came from\n"
        "feed:else names no feed or folder that anything came from\n"
        "nothing found\n"
    )
    assert place.run("search", "folder:sport zebra").err == "nothing found\n"
