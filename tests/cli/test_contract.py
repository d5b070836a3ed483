"""What programs outside may rely on: only added to, never changed.

Each test names one promise of the commands; a change that fails here breaks
somebody's script.
"""

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from environment import clean_environment
from feedserver import FeedServer

ENTRY_KEYS = [
    "id",
    "feed",
    "url",
    "title",
    "authors",
    "categories",
    "lang",
    "published",
    "updated",
    "first_seen",
    "summary",
    "html",
    "text",
    "story",
    "lead",
    "revisions",
    "vanished",
    "topics",
]
FEED_KEYS = ["url", "title", "folders", "state", "next_due", "last_success", "failure", "entries"]
COLLECT_KEYS = [
    "feeds",
    "unchanged",
    "failed",
    "new",
    "revised",
    "vanished",
    "new_stories",
    "seconds",
]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
URN = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
TOPICS = """
[torres-coaching]
title = "Torres coaching"
query = "torres AND coach*"
"""
NASTY = "\x1b]0;owned\x07[bold]Torres[/nope] ../../etc/passwd the coach :smile:"


def _rss(*items: tuple[str, str, str], title: str = "Sample") -> bytes:
    """A feed of (guid, title, text) items, newest first, dated an hour ago."""
    date = (datetime.now(UTC) - timedelta(hours=1)).strftime("%a, %d %b %Y %H:00:00 GMT")
    rows = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{head}</title>"
        f"<link>https://news.example/{guid}?utm_source=rss</link><pubDate>{date}</pubDate>"
        f"<author>a@news.example (Ida Morrow)</author><category>Football</category>"
        f"<description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
        for guid, head, text in items
    )
    return (
        f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>{title}</title>"
        f"<link>https://news.example/</link><description>d</description><language>en</language>"
        f"{rows}</channel></rss>"
    ).encode()


TORRES = ("1", "Torres starts as a coach", "Fernando Torres took his first session this morning.")
RAIN = ("2", "Rain stops play", "The covers stayed on until the evening, and the crowd went home.")


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


@pytest.fixture
def collected(place, server):
    """A place with two feeds, one of them failing, after one round."""
    server.serve("/sport.xml", _rss(TORRES, RAIN))
    server.serve("/gone.xml", b"no such feed", status=404)
    place.subscribe(server.url("/sport.xml"), server.url("/gone.xml"))
    place.topics(TOPICS)
    ran = place.spawn("collect", "--all", "--json")
    assert ran.code == 1, ran.err
    return place


def _entries(ran) -> list[dict]:
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_collect_prints_one_object_and_nothing_else(place, server):
    server.serve("/sport.xml", _rss(TORRES, RAIN))
    place.subscribe(server.url("/sport.xml"))
    first = place.spawn("collect", "--all", "--json")
    assert first.code == 0, first.err
    told = json.loads(first.out)
    assert first.out.count("\n") == 1
    assert list(told) == COLLECT_KEYS
    assert told["seconds"] > 0
    del told["seconds"]
    counts = {"feeds": 1, "unchanged": 0, "failed": 0, "new": 2, "revised": 0, "vanished": 0}
    assert told == {**counts, "new_stories": 2}
    again = json.loads(place.spawn("collect", "--all", "--json").out)
    assert (again["feeds"], again["unchanged"], again["new"]) == (1, 1, 0)


def test_collect_alone_leaves_what_is_not_due(place, server):
    server.serve("/sport.xml", _rss(TORRES))
    place.subscribe(server.url("/sport.xml"))
    assert json.loads(place.run("collect", "--json").out)["feeds"] == 1
    assert json.loads(place.run("collect", "--json").out)["feeds"] == 0
    assert json.loads(place.run("collect", "--all", "--json").out)["feeds"] == 1


def test_collect_tells_by_its_exit_code_that_some_feeds_failed(collected):
    ran = collected.run("collect", "--all", "--json")
    assert ran.code == 1
    assert json.loads(ran.out)["failed"] == 1
    assert "Traceback" not in ran.err
    assert "/gone.xml" in ran.err
    assert collected.run("feeds", "list").code == 0


def test_an_entry_is_the_same_object_in_search_show_and_export(collected):
    found = _entries(collected.spawn("search", "torres AND coach*", "--json"))
    assert len(found) == 1
    entry = found[0]
    assert list(entry) == ENTRY_KEYS
    shown = collected.run("show", entry["id"], "--json")
    assert json.loads(shown.out) == entry
    exported = [json.loads(line) for line in collected.run("export").out.splitlines()]
    assert len(exported) == 2
    assert entry in exported
    assert collected.run("export", "--format", "jsonl").code == 0


def test_the_fields_of_an_entry_have_their_types(collected, server):
    entry = _entries(collected.run("search", "torres", "--json"))[0]
    assert URN.fullmatch(entry["id"])
    assert URN.fullmatch(entry["story"])
    assert entry["id"] != entry["story"]
    assert entry["feed"] == server.url("/sport.xml")
    assert entry["url"].startswith("https://news.example/1")
    assert entry["title"] == TORRES[1]
    assert TORRES[2] in entry["text"]
    assert "<p>" in entry["html"]
    assert entry["categories"] == ["Football"]
    assert isinstance(entry["authors"], list)
    assert entry["lang"] == "en"
    assert TIME.fullmatch(entry["published"])
    assert TIME.fullmatch(entry["first_seen"])
    assert entry["updated"] is None or TIME.fullmatch(entry["updated"])
    assert (entry["lead"], entry["revisions"], entry["vanished"]) == (True, 1, None)
    assert entry["topics"] == ["torres-coaching"]


@pytest.mark.parametrize("form", ["whole", "bare", "prefix", "story"])
def test_an_entry_is_found_by_any_form_of_its_id(collected, form):
    entry = _entries(collected.run("search", "torres", "--json"))[0]
    bare = entry["id"].removeprefix("urn:uuid:")
    name = {"whole": entry["id"], "bare": bare, "prefix": bare[:8], "story": entry["story"]}[form]
    assert json.loads(collected.run("show", name, "--json").out) == entry


def test_search_takes_a_limit_and_both_orders(collected):
    for order in ("newest", "relevance"):
        ran = collected.run("search", "the", "--sort", order, "--limit", "1", "--json")
        assert len(_entries(ran)) <= 1
    assert _entries(collected.run("search", "nothingofthekind", "--json")) == []


def test_feeds_list_has_its_keys_and_states(collected, server):
    feeds = _entries(collected.spawn("feeds", "list", "--json"))
    assert [list(feed) for feed in feeds] == [FEED_KEYS] * 2
    good, bad = feeds
    assert good["url"] == server.url("/sport.xml")
    assert (good["title"], good["folders"], good["state"]) == ("Feed 1", ["Sport"], "ok")
    assert good["failure"] is None
    assert good["entries"] == 2
    assert TIME.fullmatch(good["next_due"])
    assert TIME.fullmatch(good["last_success"])
    assert (bad["state"], bad["last_success"], bad["entries"]) == ("failing", None, 0)
    assert list(bad["failure"]) == ["kind", "message", "since", "count"]
    assert (bad["failure"]["kind"], bad["failure"]["count"]) == ("http", 1)
    assert TIME.fullmatch(bad["failure"]["since"])


def test_a_failure_stands_until_the_next_success(collected, server):
    collected.run("collect", "--all")
    failing = _entries(collected.run("feeds", "list", "--json"))[1]
    assert failing["failure"]["count"] == 2
    server.serve("/gone.xml", _rss(RAIN, title="Back"))
    assert collected.run("collect", "--all").code == 0
    back = _entries(collected.run("feeds", "list", "--json"))[1]
    assert (back["state"], back["failure"]) == ("ok", None)


def test_feeds_list_works_before_anything_was_collected(place):
    place.subscribe("https://news.example/feed")
    feed = _entries(place.run("feeds", "list", "--json"))[0]
    assert list(feed) == FEED_KEYS
    assert (feed["state"], feed["next_due"], feed["entries"]) == ("new", None, 0)
    assert not (place.folder / "archive").exists()


def test_a_topic_is_published_in_three_formats_and_a_page(collected):
    topics = collected.folder / "public/topics"
    names = {file.name for file in topics.iterdir()}
    assert {f"torres-coaching.{end}" for end in ("atom", "rss", "json", "html")} <= names
    assert (collected.folder / "public/topics.opml").exists()
    entry = _entries(collected.run("search", "torres", "--json"))[0]
    document = json.loads((topics / "torres-coaching.json").read_text())
    assert [item["id"] for item in document["items"]] == [entry["story"]]
    for end in ("atom", "rss"):
        assert entry["story"] in (topics / f"torres-coaching.{end}").read_text()


def test_a_correction_makes_a_revision(collected, server):
    entry = _entries(collected.run("search", "torres", "--json"))[0]
    server.serve("/sport.xml", _rss((*TORRES[:1], "Torres wins as a coach", TORRES[2]), RAIN))
    assert json.loads(collected.run("collect", "--all", "--json").out)["revised"] == 1
    corrected = json.loads(collected.run("show", entry["id"], "--json").out)
    assert (corrected["revisions"], corrected["id"]) == (2, entry["id"])
    assert corrected["title"] == "Torres wins as a coach"
    history = json.loads(collected.run("history", entry["id"], "--json").out)
    assert [state["number"] for state in history] == [1, 2]
    assert history[1]["changed"] == ["title"]
    assert "[-starts-]{+wins+}" in collected.run("history", entry["id"]).out


def test_settings_are_overridden_by_the_environment(place, monkeypatch, tmp_path):
    monkeypatch.setenv("AGGREGATOR_ARCHIVE__DATABASE", f"sqlite:///{tmp_path}/other.db")
    told = json.loads(place.run("config", "show", "--json").out)["archive.database"]
    assert told["value"] == f"sqlite:///{tmp_path}/other.db"
    assert told["source"].startswith("AGGREGATOR_")
    assert place.run("collect").code == 0
    assert (tmp_path / "other.db").exists()


def test_paths_in_the_settings_are_relative_to_their_folder(place):
    told = json.loads(place.run("config", "show", "--json").out)
    assert told["archive.directory"]["value"] == str(place.folder / "archive")
    assert told["publish.directory"]["value"] == str(place.folder / "public")


SETTINGS = [
    "archive.directory",
    "archive.database",
    "archive.captures",
    "collect.contact",
    "collect.allow_networks",
    "collect.allow_files",
    "collect.host_spacing",
    "collect.default_interval",
    "collect.min_interval",
    "collect.max_interval",
    "publish.directory",
    "publish.base_url",
    "server.host",
    "server.port",
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_promised_settings_are_there(place, setting):
    assert setting in json.loads(place.run("config", "show", "--json").out)


@pytest.mark.parametrize("named", ["option", "variable", "working folder"])
def test_the_configuration_folder_is_found(place, monkeypatch, capfd, named):
    from aggregator.__main__ import main

    place.subscribe("https://news.example/feed")
    arguments = ["feeds", "list", "--json"]
    if named == "option":
        arguments = ["-C", str(place.folder), *arguments]
    if named == "variable":
        monkeypatch.chdir("/")
        monkeypatch.setenv("AGGREGATOR_CONFIG", str(place.folder))
    capfd.readouterr()
    assert main(arguments) == 0
    assert len(json.loads(capfd.readouterr().out)) == 1


def test_init_writes_what_is_missing_and_never_over_what_is_there(place, tmp_path):
    fresh = tmp_path / "fresh/deeper"
    assert place.run("init", str(fresh)).code == 0
    assert {"aggregator.toml", "feeds.opml", "topics.toml"} <= {f.name for f in fresh.iterdir()}
    (fresh / "topics.toml").write_text("# mine\n")
    (fresh / "feeds.opml").unlink()
    ran = place.run("init", str(fresh))
    assert ran.code == 0
    assert ran.out.splitlines() == [f"wrote {fresh / 'feeds.opml'}"]
    assert (fresh / "topics.toml").read_text() == "# mine\n"


def test_a_dry_run_changes_nothing(collected, server):
    before = {f: f.read_bytes() for f in collected.folder.glob("*.*")}
    for command in (
        ["init", str(collected.folder / "new")],
        ["feeds", "add", "https://other.example/feed"],
        ["feeds", "remove", server.url("/sport.xml")],
        ["collect", "--all"],
        ["topics", "publish", "--all"],
    ):
        ran = collected.run(*command, "--dry-run")
        assert ran.code == 0, ran.err
        assert ran.out.startswith("would ")
    requests = len(server.requests)
    assert {f: f.read_bytes() for f in collected.folder.glob("*.*")} == before
    assert not (collected.folder / "new").exists()
    assert len(server.requests) == requests


def test_feeds_are_added_listed_exported_and_removed_without_an_archive(place, tmp_path):
    url = "https://news.example/feed"
    assert place.run("feeds", "add", url, "--title", "News", "--folder", "A/B").code == 0
    feed = _entries(place.run("feeds", "list", "--json"))[0]
    assert (feed["url"], feed["title"], feed["folders"]) == (url, "News", ["A", "B"])
    again = place.run("feeds", "add", "http://www.news.example/feed/")
    assert (again.code, again.out) == (0, "")
    assert place.run("feeds", "export", str(tmp_path / "out.opml")).code == 0
    assert place.run("feeds", "remove", url).code == 0
    assert _entries(place.run("feeds", "list", "--json")) == []
    assert place.run("feeds", "import", str(tmp_path / "out.opml")).code == 0
    assert _entries(place.run("feeds", "list", "--json"))[0]["folders"] == ["A", "B"]
    assert not (place.folder / "archive").exists()


def test_a_feed_can_be_asked_for_whole(place):
    url = "https://short.example/feed"
    assert place.run("feeds", "add", url, "--full-text").code == 0
    assert 'aggregatorFullText="true"' in (place.folder / "feeds.opml").read_text()
    assert "from the linked pages" in place.run("feeds", "show", url).out


def test_a_backup_restored_is_an_equal_archive(collected, tmp_path):
    import shutil

    before = collected.run("export").out
    published = (collected.folder / "public/topics/torres-coaching.atom").read_bytes()
    backup = tmp_path / "backup"
    assert collected.run("archive", "backup", str(backup)).code == 0
    shutil.rmtree(collected.folder / "archive")
    shutil.rmtree(collected.folder / "public")
    ran = collected.run("archive", "restore", str(backup))
    assert ran.code == 0, ran.err
    assert collected.run("export").out == before
    assert collected.run("topics", "publish").code == 0
    assert (collected.folder / "public/topics/torres-coaching.atom").read_bytes() == published


def test_text_of_feeds_is_harmless_wherever_it_is_shown(place, server):
    server.serve(
        "/sport.xml",
        _rss(
            ("1", f"<![CDATA[{NASTY.replace(chr(27), '&#27;')}]]>", NASTY[5:].replace("\x07", ""))
        ),
    )
    place.subscribe(server.url("/sport.xml"))
    place.topics(TOPICS)
    assert place.run("collect").code == 0
    entry = _entries(place.run("search", "torres", "--json"))[0]
    for command in (
        ["search", "torres"],
        ["show", entry["id"]],
        ["history", entry["id"]],
        ["export"],
        ["topics", "show", "torres-coaching"],
        ["topics", "preview", "torres"],
    ):
        ran = place.run(*command)
        assert ran.code == 0, ran.err
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", ran.out)
        assert "[bold]Torres[/nope]" in ran.out


def test_every_reading_command_prints_json(collected):
    entry = _entries(collected.run("search", "torres", "--json"))[0]
    for command in (
        ["config", "show"],
        ["status"],
        ["feeds", "list"],
        ["feeds", "show", "Feed 1"],
        ["topics", "list"],
        ["topics", "show", "torres-coaching"],
        ["topics", "preview", "torres-coaching"],
        ["search", "torres"],
        ["show", entry["id"]],
        ["history", entry["id"]],
        ["stats"],
        ["archive", "info"],
        ["doctor"],
    ):
        ran = collected.run(*command, "--json")
        assert ran.code == 0, (command, ran.err)
        json.loads(ran.out)
        plain = collected.run(*command)
        assert plain.code == 0
        assert "\x1b" not in plain.out


def test_lines_in_a_pipe_are_whole_and_tab_separated(collected):
    lines = collected.spawn("feeds", "list").out.splitlines()
    assert [len(line.split("\t")) for line in lines] == [6, 6]


def test_output_into_a_pipe_that_closes_early_is_no_error(collected):
    command = collected.command("export")
    piped = subprocess.run(
        ["sh", "-c", f"{' '.join(command)} | head -c 1 >/dev/null"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (piped.returncode, piped.stderr) == (0, "")


def test_ctrl_c_ends_a_collection_with_130(place, server):
    import signal
    import time

    server.serve("/slow.xml", _rss(TORRES), delay=30)
    place.subscribe(server.url("/slow.xml"))
    process = subprocess.Popen(
        place.command("collect"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    )
    deadline = time.monotonic() + 30
    while not server.requests and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
