"""What programs outside may rely on: only added to, never changed.

Each test names one promise of the commands; a change that fails here breaks
somebody's script.
"""

import json
import re
import subprocess

import pytest
from environment import clean_environment
from promises import RAIN, TOPICS, TORRES, parsed, rss

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


def test_collect_prints_one_object_and_nothing_else(place, server):
    server.serve("/sport.xml", rss(TORRES, RAIN))
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
    server.serve("/sport.xml", rss(TORRES))
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


def test_a_topic_is_published_in_three_formats_and_a_page(collected):
    topics = collected.folder / "public/topics"
    names = {file.name for file in topics.iterdir()}
    assert {f"torres-coaching.{end}" for end in ("atom", "rss", "json", "html")} <= names
    assert (collected.folder / "public/topics.opml").exists()
    entry = parsed(collected.run("search", "torres", "--json"))[0]
    document = json.loads((topics / "torres-coaching.json").read_text())
    assert [item["id"] for item in document["items"]] == [entry["story"]]
    for end in ("atom", "rss"):
        assert entry["story"] in (topics / f"torres-coaching.{end}").read_text()


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
    ran = place.run("init", str(fresh))
    assert ran.code == 0
    assert ran.err.splitlines() == [
        f"the archive will be in {tmp_path / 'fresh/archive'}",
        f"next: aggregator -C {fresh} run",
    ]
    assert {"aggregator.toml", "feeds.opml", "topics.toml"} <= {f.name for f in fresh.iterdir()}
    (fresh / "topics.toml").write_text("# mine\n")
    (fresh / "feeds.opml").unlink()
    ran = place.run("init", str(fresh))
    assert ran.code == 0
    assert ran.out.splitlines() == [f"wrote {fresh / 'feeds.opml'}"]
    assert (fresh / "topics.toml").read_text() == "# mine\n"


def test_init_tells_of_an_archive_that_is_used_already(place):
    beside = place.folder.parent / "beside"
    (place.folder.parent / "archive").mkdir(exist_ok=True)
    (place.folder.parent / "archive/archive.db").touch()
    ran = place.run("init", str(beside))
    assert f"an archive is in {beside.parent / 'archive'} already, and is used" in ran.err
    assert "archive.directory" in ran.err


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


def test_every_reading_command_prints_json(collected):
    entry = parsed(collected.run("search", "torres", "--json"))[0]
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

    server.serve("/slow.xml", rss(TORRES), delay=30)
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
    assert "what came is being stored" in err


def test_init_without_a_folder_writes_the_configuration_folder(place, tmp_path):
    place.folder = tmp_path / "named"
    ran = place.run("init")
    assert (ran.code, len(ran.out.splitlines())) == (0, len(list(place.folder.iterdir())))
    assert {"aggregator.toml", "feeds.opml", "topics.toml"} <= {
        f.name for f in place.folder.iterdir()
    }


def test_collect_prints_one_object_with_failures_too(collected):
    ran = collected.spawn("collect", "--all", "--json")
    assert (ran.code, ran.out.count("\n")) == (1, 1)
    told = json.loads(ran.out)
    assert list(told) == COLLECT_KEYS
    assert (told["feeds"], told["failed"]) == (2, 1)


def test_each_exit_code(collected, tmp_path):
    """70 and 130 are tested where they are made."""
    assert collected.run("search", "torres").code == 0
    assert collected.run("collect", "--all").code == 1
    assert collected.run("search", "(torres").code == 2
    public = collected.folder / "public"
    public.rename(tmp_path / "moved")
    public.write_text("in the way")
    assert collected.run("topics", "publish", "--all").code == 4
    (collected.folder / "archive/archive.db").write_bytes(b"no database" * 1000)
    assert collected.run("search", "torres").code == 3


@pytest.mark.parametrize("collapse", ["story", "none"])
def test_ids_are_the_same_in_all_three_formats(place, server, collapse):
    place.subscribe(*(server.serve(name, rss(TORRES)) for name in ("/one.xml", "/two.xml")))
    place.topics(f'{TOPICS}collapse = "{collapse}"\n')
    assert place.run("collect").code == 0
    held = parsed(place.run("search", "torres", "--json"))
    ids = sorted({entry["story" if collapse == "story" else "id"] for entry in held})
    assert len(ids) == (1 if collapse == "story" else 2)
    stem = place.folder / "public/topics/torres-coaching"
    document = json.loads(stem.with_suffix(".json").read_text())
    assert sorted(item["id"] for item in document["items"]) == ids
    atom = re.findall(
        r"<entry\b.*?<id>(.*?)</id>", stem.with_suffix(".atom").read_text(), re.DOTALL
    )
    guids = re.findall(r"<guid[^>]*>(.*?)</guid>", stem.with_suffix(".rss").read_text())
    assert sorted(atom) == sorted(guids) == ids


@pytest.mark.parametrize("collapse", ["story", "none"])
def test_preview_and_show_name_the_same_entries(place, server, collapse):
    """A whole version that comes later leads, before the topic is there and after."""
    whole = " and nobody had told the gulls so they stayed to watch until it rained"
    urls = []
    for name, text in (("one", TORRES[2]), ("two", TORRES[2] + 3 * whole)):
        urls.append(server.serve(f"/{name}.xml", rss((TORRES[0], f"{TORRES[1]} {name}", text))))
        place.subscribe(*urls)
        assert place.run("collect", "--all").code == 0
    place.topics(f'{TOPICS}collapse = "{collapse}"\n')
    assert place.run("topics", "publish").code == 0
    shown = parsed(place.run("topics", "show", "torres-coaching", "--json"))["entries"]
    previewed = parsed(place.run("topics", "preview", "torres-coaching", "--json"))
    titles = [f"{TORRES[1]} two", f"{TORRES[1]} one"][: 1 if collapse == "story" else 2]
    assert [one["title"] for one in previewed] == [one["title"] for one in shown] == titles


def test_a_private_topic_tells_its_address_to_whoever_owns_it(collected):
    collected.topics(TOPICS + "private = true\n")
    assert collected.run("topics", "show", "torres-coaching").out.count("/private/") == 0
    ran = collected.run("topics", "publish")
    assert ran.code == 0
    assert "private/…" in ran.out
    old = json.loads(collected.run("topics", "show", "torres-coaching", "--json").out)
    assert old["private"] is True
    assert re.fullmatch(r"http://.*/private/[0-9a-f]{32}", old["addresses"][0])
    token = old["addresses"][0].rpartition("/")[2]
    assert token not in ran.out + ran.err
    assert (collected.folder / f"public/private/{token}.atom").exists()
    assert not (collected.folder / "public/topics/torres-coaching.atom").exists()
    would = collected.run("topics", "revoke", "torres-coaching", "--dry-run")
    assert (would.code, (collected.folder / f"public/private/{token}.atom").exists()) == (0, True)
    revoked = collected.run("topics", "revoke", "torres-coaching")
    assert (revoked.code, token in revoked.out) == (0, False)
    new = json.loads(collected.run("topics", "show", "torres-coaching", "--json").out)
    assert revoked.out.split() == new["addresses"]
    assert not (collected.folder / f"public/private/{token}.atom").exists()


def test_what_is_not_private_cannot_be_revoked(collected):
    collected.topics(TOPICS)
    assert collected.run("topics", "revoke", "torres-coaching").code == 2
    collected.topics(TOPICS + 'private = "yes"\n')
    wrong = collected.run("topics", "list")
    assert (wrong.code, "true or false" in wrong.err) == (2, True)
