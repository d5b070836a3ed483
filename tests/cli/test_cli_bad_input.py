"""Whatever is wrong: one clear message with the mend, the right exit code, no trace."""

import json
import socket
import sqlite3

import pytest

from aggregator.archive import open_archive
from aggregator.config import load


def _one_message(ran, *words: str, lines: int = 1) -> None:
    assert "Traceback" not in ran.err
    assert ran.err.count("\n") == lines, ran.err
    assert ran.err.startswith("aggregator: ")
    for word in words:
        assert word in ran.err


def _write(name: str, text: str):
    return lambda place: (place.folder / name).write_text(text, encoding="utf-8")


def _remove_folder(place) -> None:
    for file in place.folder.iterdir():
        file.unlink()
    place.folder.rmdir()


def _folder_in_its_place(name: str):
    def spoil(place) -> None:
        (place.folder / name).unlink()
        (place.folder / name).mkdir()

    return spoil


CONFIGURATIONS = [
    ("no folder", _remove_folder, ["init"], 1),
    ("no TOML", _write("aggregator.toml", "[collect\n"), ["aggregator.toml"], 1),
    (
        "a language by its name",
        _write("topics.toml", "[a]\nquery = 'x'\nlanguages = ['english']\n"),
        ["topics.toml:3: a.languages", "english", '"pt-BR"'],
        1,
    ),
    (
        "an unknown key",
        _write("aggregator.toml", "[collect]\ncontakt = 'x'\n"),
        ["aggregator.toml", "contakt", "contact"],
        1,
    ),
    (
        "a variable of the environment that names nothing",
        lambda place: place.environ("AGGREGATOR_COLLECT_CONTACT", "me@example.org"),
        ["AGGREGATOR_COLLECT__CONTACT"],
        1,
    ),
    (
        "a variable that is near to none",
        lambda place: place.environ("AGGREGATOR_FOO", "1"),
        ["AGGREGATOR_FOO names no setting (unset it, or name a setting: AGGREGATOR_SERVER__PORT"],
        1,
    ),
    (
        "a key that is near to none",
        _write("aggregator.toml", "[server]\nzzz = 1\n"),
        ["server.zzz", "there are allow_hosts, host, port"],
        1,
    ),
    (
        "a database that is not supported",
        lambda place: place.environ("AGGREGATOR_ARCHIVE__DATABASE", "mysql://ida:pw@host/news"),
        ["AGGREGATOR_ARCHIVE__DATABASE: archive.database takes no 'mysql'; write sqlite:///"],
        1,
    ),
    ("a wrong value", _write("aggregator.toml", "[server]\nport = 'x'\n"), ["server.port"], 1),
    (
        "empty topics",
        _write("topics.toml", "\ufeff \n"),
        ["topics.toml: the file is empty", "# no topics"],
        1,
    ),
    ("topics that are no TOML", _write("topics.toml", "[a\n"), ["topics.toml"], 1),
    (
        "a query that cannot be read",
        _write("topics.toml", "[a]\ntitle = 'A'\nquery = '(torres'\n"),
        ["topics.toml:3: a.query", "(torres", "^"],
        3,
    ),
    (
        "a topic that stands there twice",
        _write("topics.toml", "[a]\nquery = 'x'\n[a]\nquery = 'y'\n"),
        ["topics.toml:3", "[a] stands there twice"],
        1,
    ),
    (
        "a slug that is none",
        _write("topics.toml", "[A]\ntitle='A'\nquery='x'\n"),
        ["topics.toml:1", "small letters"],
        1,
    ),
    (
        "a slug that is not even a name",
        _write("topics.toml", "[a]\nquery='x'\n[Bad Slug]\nquery='x'\n"),
        ["topics.toml:3: [Bad Slug] cannot be a table's name", "small letters"],
        1,
    ),
    (
        "several mistakes in the topics",
        _write(
            "topics.toml",
            "[a]\ntitle='A'\n[b]\nquery='(x'\n[c]\nquery='x'\nprivat=1\ndetail='all'\n",
        ),
        [
            "topics.toml:1: a: a topic needs a query",
            "topics.toml:4: b.query: ",
            "topics.toml:7: c.privat: there is no such key (did you mean private?)",
            "topics.toml:8: c.detail: takes one of full, summary",
        ],
        4,
    ),
    (
        "a slug that no file can be called by",
        _write("topics.toml", f"[{'a' * 101}]\nquery='x'\n"),
        ["topics.toml:1: ", "up to 100 small letters"],
        1,
    ),
    (
        "a topic within a table",
        _write("topics.toml", "# mine\n[topics.halden]\nquery='x'\n"),
        ["topics.toml:2: topics.halden: a topic has no tables in it (write [halden] for"],
        1,
    ),
    (
        "a sample that says nothing",
        _write("topics.toml", "[a]\nquery='x'\nmust_not=['']\n"),
        ["topics.toml:3: a.must_not: has an empty text"],
        1,
    ),
    (
        "a yes that TOML does not know",
        _write("topics.toml", "[a]\nquery='x'\nprivate = yes\n"),
        ["topics.toml:3: this is no TOML", "true, false and numbers do not"],
        1,
    ),
    (
        "several topics that refer to nothing",
        _write("topics.toml", "[a]\nquery='topic:x'\n[b]\nquery='topic:y'\n"),
        [
            "topics.toml:2: a.query: there is no topic x",
            "topics.toml:4: b.query: there is no topic y",
        ],
        4,
    ),
    ("an empty list", _write("feeds.opml", "\n"), ["feeds.opml: the file is empty", "<body/>"], 1),
    ("broken XML", _write("feeds.opml", "<opml><body>"), ["feeds.opml"], 1),
    (
        "a settings file that is a folder",
        _folder_in_its_place("aggregator.toml"),
        ["aggregator.toml"],
        1,
    ),
    ("a feeds file that is a folder", _folder_in_its_place("feeds.opml"), ["feeds.opml"], 1),
]


@pytest.mark.parametrize(
    ("spoil", "words", "lines"),
    [case[1:] for case in CONFIGURATIONS],
    ids=[c[0] for c in CONFIGURATIONS],
)
@pytest.mark.parametrize("command", ["collect", "topics list"])
def test_a_wrong_configuration_is_named_with_its_place(place, command, spoil, words, lines):
    spoil(place)
    ran = place.run(*command.split())
    assert ran.code == 2
    _one_message(ran, *words, lines=lines)
    assert ran.out == ""


@pytest.mark.parametrize("query", ["(torres", '"unclosed', "torres AND", "nofield:x", "a *"])
def test_a_query_that_cannot_be_read_shows_its_column(place, query):
    for command in (("search",), ("topics", "preview")):
        place.run("collect")
        ran = place.run(*command, query)
        assert ran.code == 2
        _one_message(ran, query, "^", lines=3)


def test_all_that_may_stand_before_a_colon_is_named(place):
    place.run("collect")
    told = place.run("search", "zzz:x").err
    assert all(f"{name}," in told for name in ("title", "url", "published", "person"))
    assert "person, topic; quote it" in told


@pytest.mark.parametrize(
    "command",
    [
        ["feeds", "list"],
        ["status"],
        ["stats"],
        ["stories"],
        ["export"],
        ["search", "x"],
        ["archive", "info"],
        ["archive", "backup", "copy.tar"],
        ["feeds", "add", "https://one.example/"],
    ],
    ids=" ".join,
)
def test_a_mistake_in_the_topics_stops_only_what_needs_topics(place, command):
    place.run("collect")
    place.topics("[a\n")
    assert place.run(*command).code == 0


@pytest.mark.parametrize("database", ["", "sqlite:///kept/entries.db"])
def test_an_archive_that_is_not_there_yet_is_no_mistake(place, database):
    place.environ("AGGREGATOR_ARCHIVE__DATABASE", database)
    for command in (["feeds", "list"], ["status"], ["doctor"], ["topics", "list"]):
        assert place.run(*command).code == 0
    if database:
        (place.folder / "kept").mkdir()
    place.run("collect")
    assert (place.folder / ("kept/entries.db" if database else "archive/archive.db")).is_file()


def test_the_doctor_looks_on_where_topics_are_wrong(place):
    place.topics("[a\n")
    place.subscribe("http://one.invalid/a.xml")
    assert "no address for one.invalid" in place.run("doctor", "--network").out
    ran = place.run("doctor", "--json")
    assert ran.code == 2
    checks = {one["check"]: one["verdict"] for one in json.loads(ran.out)}
    assert checks["configuration"] == "fail"
    assert {"archive", "clock", "disk", "output", "port"} <= checks.keys()


def test_a_file_in_place_of_a_folder_is_told_as_one(place):
    place.environ("AGGREGATOR_ARCHIVE__DIRECTORY", "feeds.opml")
    for command in ("status", "collect"):
        ran = place.run(command)
        assert ran.code == 3
        _one_message(ran, "feeds.opml: this is a file")
    assert "feeds.opml is a file" in place.run("doctor").out


@pytest.mark.parametrize(
    "command",
    [
        ["search", "torres"],
        ["show", "abcdef"],
        ["history", "abcdef"],
        ["stats"],
        ["export"],
        ["archive", "info"],
        ["topics", "preview", "torres"],
    ],
    ids=lambda command: " ".join(command),
)
def test_reading_an_archive_that_is_not_there_says_how_to_make_one(place, command):
    ran = place.run(*command)
    assert ran.code == 3
    _one_message(ran, "collect")
    assert not (place.folder / "archive").exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["show", "../../etc/passwd"], ["../../etc/passwd"]),
        (["show", "123456abcdef"], ["123456abcdef"]),
        (["show", "e"], ["e is too short for an id", "first 6 digits"]),
        (["show", "coach"], ["coach is no entry id"]),
        (["export", "--format", "xls"], ["'--format': 'xls' is not"]),
        (["export", "--until", "tomorrow"], ["--until", "tomorrow", "2026-11-26"]),
        (["search", "x", "--sort", "y"], ["'--sort': 'y' is not"]),
        (["history", "\x1b[31m"], ["\\x1b"]),
        (["feeds", "show", "https://nowhere.example/feed"], ["nowhere.example"]),
        (["feeds", "remove", "https://nowhere.example/feed"], ["nowhere.example"]),
        (["feeds", "import", "no-such.opml"], ["no-such.opml"]),
        (["topics", "show", "nothing"], ["nothing"]),
        (["archive", "restore", "no-such-backup"], ["no-such-backup is not there"]),
        (["archive", "restore", "config"], ["config is no file"]),
        (["archive", "restore", "config/feeds.opml"], ["feeds.opml is no backup"]),
        (["archive", "backup", "no-folder/a.tar"], ["there is no folder no-folder"]),
        (["feeds", "export", "no-folder/a.opml"], ["no-folder/a.opml"]),
        (["feeds", "add", "http://"], ["http://"]),
        (["feeds", "add", "http://[::1"], ["http://[::1"]),
        (["feeds", "add", "https://one.example/", "--interval", "9"], ["60"]),
        (["feeds", "add", "https://one.example/", "--interval", "soon"], ["15m"]),
        (["export", "--since", "yesterday"], ["yesterday", "2026-11-26"]),
        (["search", "x", "--since", "2 moons"], ["2 moons", "write 2d"]),
        (["export", "--since", "0001-01-01T00:00+14:00"], ["2026-11-26"]),
        (["search", "x", "--limit", "9" * 30], ["100000"]),
        (["stories", "--days", "9" * 9], ["36500"]),
        (["stories", "--days", "abc"], ["'abc' is no whole number"]),
        (["feeds", "add", "javascript:alert(1)"], ["javascript", "give the feed's own address"]),
        (["feeds", "add", "news.example"], ["(write https://news.example)"]),
        (["feeds", "add", "127.0.0.1:8901/a"], ["(write http://127.0.0.1:8901/a)"]),
        (["feeds", "add", "localhost:8901/a.json"], ["(write http://localhost:8901/a.json)"]),
        (["feeds", "add", "localhost/a"], ["(write http://localhost/a)"]),
        (
            ["feeds", "add", "alpha.xml"],
            ["(give the feed's own address, with http:// or https://)"],
        ),
        (["feeds", "add", "news.example:80/a?b"], ["(write https://news.example:80/a?b)"]),
        (["feeds", "add", "./feed.xml"], ["give the feed's own address"]),
        (["feeds", "add", "ida@news.example"], ["give the feed's own address"]),
        (["feeds", "add", "not an address"], ["not an address"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_an_argument_that_names_nothing_is_one_message(place, command, words):
    place.run("collect")
    ran = place.run(*command)
    assert ran.code == 2
    _one_message(ran, *words)
    assert "Value error" not in ran.err


def test_a_damaged_database_is_named(place):
    place.run("collect")
    (place.folder / "archive/archive.db").write_bytes(b"this is no database" * 100)
    for command in (["search", "x"], ["collect"]):
        ran = place.run(*command)
        assert ran.code == 3
        _one_message(ran, "archive.db")


def test_a_database_of_a_newer_program_is_left_alone(place):
    place.run("collect")
    database = place.folder / "archive/archive.db"
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE meta SET value = '9999' WHERE name = 'schema'")
    connection.close()
    for command in (["search", "x"], ["collect"]):
        ran = place.run(*command)
        assert ran.code == 3
        _one_message(ran, "newer")


def test_a_second_writer_learns_who_holds_the_archive(place):
    settings = load(place.folder).settings.archive
    with open_archive(settings, write=True, purpose="a long collection"):
        ran = place.spawn("collect")
        assert ran.code == 4
        _one_message(ran, "a long collection")
        assert place.spawn("search", "x").code == 0
        assert "a long collection" in place.spawn("status").out


def test_an_archive_that_cannot_be_made_is_an_archive_error(place):
    text = (
        (place.folder / "aggregator.toml").read_text().replace('"archive"', '"feeds.opml/archive"')
    )
    (place.folder / "aggregator.toml").write_text(text)
    ran = place.run("collect")
    assert ran.code == 3
    _one_message(ran, "feeds.opml/archive")


def test_an_output_that_cannot_be_written_is_a_publish_error(place):
    text = (place.folder / "aggregator.toml").read_text().replace('"public"', '"feeds.opml/public"')
    (place.folder / "aggregator.toml").write_text(text)
    ran = place.run("collect")
    assert ran.code == 4
    _one_message(ran, "feeds.opml/public")


def test_a_busy_port_is_named(place):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        place.settings(f"[server]\nport = {port}\n")
        for command in ("serve", "run"):
            ran = place.spawn(command)
            assert ran.code == 4
            assert "Traceback" not in ran.err
            assert str(port) in ran.err.splitlines()[-1]


def test_verbose_adds_the_trace(place):
    ran = place.run("--verbose", "search", "x")
    assert ran.code == 3
    assert "Traceback" in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["search", "-torres"], ["in quotes, behind --: aggregator search -- "]),
        (["topics", "preview", "-torres"], ["aggregator topics preview -- "]),
        (["status", "-C", "x"], ["-C stands before the command: aggregator -C … status"]),
        (["status", "--nonesuch"], ["see: aggregator status --help"]),
    ],
)
def test_an_option_that_is_none_is_told_with_what_was_meant(place, arguments, words):
    ran = place.run(*arguments)
    assert ran.code == 2
    _one_message(ran, *words)


def test_a_query_may_begin_with_a_minus_behind_two(collected):
    assert collected.run("search", "--", "-rain", "torres").code == 0


def test_a_query_in_which_nothing_stands_is_not_pointed_at(place):
    ran = place.run("search", " ")
    assert (ran.code, ran.err.count("\n"), "^" in ran.err) == (2, 1, False)


def test_a_warning_is_told_once_though_the_file_is_read_twice(place):
    place.subscribe("https://news.example/feed")
    opml = place.folder / "feeds.opml"
    text = opml.read_text(encoding="utf-8")
    opml.write_text(text.replace(' type="rss"', ' type="rss" aggregatorInterval="soon"'))
    ran = place.run("feeds", "remove", "nowhere")
    assert (ran.code, ran.err.count("aggregatorInterval")) == (2, 1)
