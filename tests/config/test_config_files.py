"""The three files a person edits: what they mean, and how a mistake in them is told."""

from __future__ import annotations

import contextlib
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import (
    add_subscription,
    default_folder,
    import_opml,
    known_settings,
    load,
    load_right_settings,
    parse_duration,
    remove_subscription,
    write_starter,
)
from aggregator.config.values import parse_size
from aggregator.model.errors import ConfigError, QueryError, UsageError
from aggregator.model.feed import Subscription
from aggregator.model.settings import Settings

SHIPPED = Path(__file__).parents[2] / "config"
STARTER = Path(__file__).parents[2] / "aggregator" / "config" / "starter"


@pytest.fixture
def folder(tmp_path):
    for name, text in (
        ("aggregator.toml", "# as shipped\n"),
        ("feeds.opml", '<opml version="2.0"><body/></opml>'),
        ("topics.toml", "# no topics\n"),
    ):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_repository_ships_what_init_writes(tmp_path):
    written = write_starter(tmp_path / "new")
    assert {path.name for path in written} == {
        path.name for path in STARTER.iterdir() if path.suffix != ".py"
    }
    for path in written:
        assert path.read_bytes() == (SHIPPED / path.name).read_bytes()
    (tmp_path / "new" / "topics.toml").write_text("")
    assert write_starter(tmp_path / "new") == ()
    assert (tmp_path / "new" / "topics.toml").read_text() == ""


def test_the_starter_is_whole():
    shipped = load(SHIPPED, environ={})
    assert len(shipped.subscriptions) == 77
    assert not shipped.warnings
    assert shipped.topics[0].slug == "torres-coaching"
    assert len(shipped.topics) >= 12
    assert set(shipped.sources.values()) == {"default"}


@pytest.mark.parametrize("file", sorted(STARTER.iterdir()), ids=lambda file: file.name)
def test_the_starter_names_no_page_that_is_not_beside_it(file):
    assert "docs/" not in file.read_text("utf-8")


def test_every_setting_stands_in_the_starter_with_its_shipped_value():
    lines = (STARTER / "aggregator.toml").read_text().splitlines()
    taken_up = "\n".join(
        line[1:] if line.startswith("#") and not line.startswith("# ") else line for line in lines
    )
    found = {
        f"{section}.{key}" for section, table in tomllib.loads(taken_up).items() for key in table
    }
    assert found == set(known_settings())


def test_the_shipped_values_are_the_shipped_values(folder):
    lines = (STARTER / "aggregator.toml").read_text().splitlines()
    text = "\n".join(
        line[1:] if line.startswith("#") and not line.startswith("# ") else line for line in lines
    )
    (folder / "aggregator.toml").write_text(text)
    plain = folder / "plain"
    plain.mkdir()
    for name in ("feeds.opml", "topics.toml"):
        (plain / name).write_text((folder / name).read_text())
    (plain / "aggregator.toml").write_text("# as shipped\n")
    one, other = load(folder, environ={}).settings, load(plain, environ={}).settings
    assert (one.collect, one.normalize, one.server, one.log) == (
        other.collect,
        other.normalize,
        other.server,
        other.log,
    )


def test_paths_are_relative_to_the_folder_and_the_environment_wins(folder):
    (folder / "aggregator.toml").write_text(
        '[archive]\ndirectory = "data"\n[server]\nport = 1234\n'
    )
    found = load(
        folder,
        environ={
            "AGGREGATOR_SERVER__PORT": "4321",
            "AGGREGATOR_COLLECT__ALLOW_NETWORKS": "10.0.0.0/8, ::1/128",
        },
    )
    assert found.settings.archive.directory == folder / "data"
    assert found.settings.server.port == 4321
    assert found.settings.collect.allow_networks == ("10.0.0.0/8", "::1/128")
    assert found.sources["archive.directory"] == "aggregator.toml"
    assert found.sources["server.port"] == "AGGREGATOR_SERVER__PORT"
    assert found.sources["server.host"] == "default"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[server\n", ["line 1", "TOML"]),
        ("[servr]\nport = 1\n", ["server", "did you mean"]),
        ("[server]\nprot = 1\n", [":2", "server.port"]),
        ('[server]\nport = "x"\n', ["server.port", "whole number"]),
        ("[server]\nport = 99999\n", ["65535"]),
        ('[collect]\nmin_interval = "soon"\n', ["min_interval", "30m"]),
        (
            '[collect]\nmin_interval = "2d"\n',
            [
                ":2: collect: min_interval (2d) must not be longer than default_interval (1h, as shipped)"
            ],
        ),
        (
            '[collect]\nmax_interval = "30m"\n',
            [
                ":2: collect: default_interval (1h, as shipped) must not be longer than max_interval (30m)"
            ],
        ),
        (
            '[collect]\nmin_interval = "3h"\ndefault_interval = "2h"\n',
            [":2: collect: min_interval (3h) must not be longer than default_interval (2h)"],
        ),
        (
            '[hub]\nmin_lease = "3w"\n',
            [":2: hub: min_lease (21d) must not be longer than default_lease"],
        ),
        ('[collect]\nallow_networks = ["home"]\n', ["home", "10.0.0.0/8"]),
        ('[hub]\nallow_networks = ["home"]\n', [":2: hub.allow_networks", "home", "10.0.0.0/8"]),
        ('[collect]\ncontact = "me"\n', ["contact"]),
        ('[archive]\ncaptures = "some"\n', ["changed", "all", "off"]),
        ('[publish]\nbase_url = "news.example"\n', ["web address"]),
        ("[server]\nport = -1\n[log]\nlevel = 3\n", ["server.port", "log.level"]),
    ],
)
def test_a_mistake_in_the_settings(folder, text, words):
    (folder / "aggregator.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(folder, environ={})
    assert all(word in str(caught.value) for word in [*words, "aggregator.toml"]), str(caught.value)


@pytest.mark.parametrize(
    ("text", "environ", "places"),
    [
        ('default_interval = "5m"', {}, "{file}:2: collect: min_interval (1h, as shipped)"),
        ("", {"DEFAULT_INTERVAL": "5m"}, "AGGREGATOR_COLLECT__DEFAULT_INTERVAL: collect: min"),
        (
            'default_interval = "5m"',
            {"MIN_INTERVAL": "10m"},
            "AGGREGATOR_COLLECT__MIN_INTERVAL and {file}:2: collect: min_interval (10m) must",
        ),
        # A word of the value is no setting that is to blame.
        (
            'push_address = "contact"',
            {"CONTACT": "a@b.example"},
            "aggregator: {file}:2: collect.push_address",
        ),
    ],
)
def test_a_mistake_that_settings_make_together_names_where_each_stands(
    folder, text, environ, places
):
    file = folder / "aggregator.toml"
    file.write_text(f"[collect]\n{text}\n")
    given = {f"AGGREGATOR_COLLECT__{name}": value for name, value in environ.items()}
    with pytest.raises(ConfigError) as caught:
        load(folder, environ=given)
    assert f"aggregator: {caught.value}".count(places.format(file=file)) == 1, str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[a]\ntitle = 1\nquery = 'x'", ["a.title"]),
        ("[a]\ntitle = 'A'", ["needs a query"]),
        ("[A_b]\nquery = 'x'", ["small letters"]),
        ("[a]\nqeury = 'x'", ["a.qeury", "query"]),
        ("[a]\nquery = '(x'", ["a.query", "not closed"]),
        ("[aa]\nquery = 'x'\n[b]\nquery = 'topic:ab'", [":4", "b.query", "topic:aa"]),
        ("[a]\nquery = 'topic:b'\n[b]\nquery = 'x topic:a'", [":2", "a → b → a"]),
        ("[a]\nquery = 'x'\ncollapse = 'maybe'", ["story", "none"]),
        ("[mute]\nquery = '(x'", ["mute.query", "not closed"]),
        ("[mute]\nfeed = ['x']", [":2", "mute.feed", "did you mean feeds"]),
        ("[mute]\nwords = ['a', 'co*']", [":2", "mute.words", "co*", "without the *"]),
        ("[mute]\nwords = ['good goal*']", [":2", "mute.words", "in quotes"]),
        ("[mute]\nwords = ['+ -']", [":2", "mute.words", "without a word", "take it out"]),
        ("[mute]\nauthors = ['…']", [":2", "mute.authors", "without a letter"]),
        ("[mute]\nwords = ['a', ' ']", [":2", "mute.words", "without a word", "take it out"]),
        ("[mute]\nwords = ['*']", [":2", "mute.words", "without a word", "take it out"]),
        ("mute = 3", ["mute", "table"]),
        ("[a]\nquery = 'x'\ncap_per_day = -1", ["a.cap_per_day", "number of stories"]),
        ("[a]\nquery = 'x'\nmust = 'x'", ["a.must", "list"]),
        ("a = 3", ["table"]),
        ("[a]\nquery = 'x", ["TOML", "quotes"]),
    ],
)
def test_a_mistake_in_the_topics(folder, text, words):
    (folder / "topics.toml").write_text(text)
    with pytest.raises((ConfigError, QueryError)) as caught:
        load(folder, environ={})
    assert all(word in str(caught.value) for word in [*words, "topics.toml"]), str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('["Ida Morrow"]\nalias = ["Ida"]', [":2", "Ida Morrow.alias", "did you mean aliases"]),
        ('["Ida Morrow"]\n\ncontext = "Harbour"', [":3", "Ida Morrow.context", "list"]),
        ('["Ida Morrow"]\nothers = ["…"]', [":2", "no letter"]),
        ('["Ida Morrow"]\naliases = ["Id*"]', [":2", "*"]),
        ('["Ida Morrow"]\ncontext = ["a*b"]', [":2", "*"]),
        ('["Ida Morrow"]\n["IDA MÓRROW"]', [":2", "one name"]),
        ('aliases = ["Ida"]', [":1", "table"]),
        ("[Ida Morrow]\n", ["line 1", "quotes"]),
        ('["…"]', [":1", "letter"]),
    ],
)
def test_a_mistake_in_the_people(folder, text, words):
    (folder / "people.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(folder, environ={})
    assert all(word in str(caught.value) for word in [*words, "people.toml"]), str(caught.value)


def test_people_may_be_absent(folder):
    assert load(folder, environ={}).interests.people == ()
    (folder / "people.toml").write_text('["Virgil van Dijk"]\naliases = ["VVD"]')
    (person,) = load(folder, environ={}).interests.people
    assert (person.name, person.surnames, person.aliases) == (
        "Virgil van Dijk",
        ("van Dijk",),
        ("VVD",),
    )


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("aggregator.toml", "put it back, as a backup has it"),
        (
            "feeds.opml",
            'put it back; where there are to be no feeds, <opml version="2.0"><body/></opml>',
        ),
        ("topics.toml", 'put it back; where there are to be no topics, a comment: "# no topics"'),
    ],
)
def test_a_file_that_was_lost_is_to_be_put_back(folder, name, mend):
    """What init would write in its place takes down topics, and feeds."""
    (folder / name).unlink()
    with pytest.raises(ConfigError, match="the file is not there") as told:
        load(folder, environ={})
    assert told.value.hint == mend
    assert not (folder / name).exists()


def test_a_list_that_was_lost_is_not_begun_anew(folder, tmp_path):
    source = tmp_path / "other.opml"
    source.write_text(OPML)
    (folder / "feeds.opml").unlink()
    for change in (
        lambda: add_subscription(folder, Subscription(url="http://new.example/feed")),
        lambda: import_opml(folder, source),
    ):
        with pytest.raises(ConfigError, match="the file is not there"):
            change()
    assert not (folder / "feeds.opml").exists()
    # Where nothing is there yet, something has to begin.
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    assert add_subscription(fresh, Subscription(url="http://new.example/feed"))


def test_a_folder_without_a_configuration_says_init(tmp_path):
    with pytest.raises(ConfigError, match="init"):
        load(tmp_path / "nowhere", environ={})
    assert default_folder({"AGGREGATOR_CONFIG": "/x"}) == Path("/x")


OPML = """<?xml version="1.0"?>
<!-- mine -->
<opml version="2.0" xmlns:x="urn:x"><head><title>T</title><x:keep/></head><body>
  <outline text="Football" x:colour="green">
    <outline type="rss" text="One" xmlUrl="http://one.example/feed" aggregatorInterval="15m"/>
    <outline type="rss" text="Again" xmlUrl="https://www.one.example/feed/?utm_source=x"/>
    <outline text="Spain"><outline text="Two" XMLURL="https://two.example/rss" language="es"/></outline>
    <outline text="Bad" xmlUrl="ftp://three.example/"/>
  </outline>
  <outline text="Four" xmlUrl="https://four.example/" aggregatorPaused="true" aggregatorFullText="TRUE" category="kept"/>
</body></opml>
"""


def test_subscriptions_and_what_is_said_of_bad_lines(folder):
    (folder / "feeds.opml").write_text(OPML)
    found = load(folder, environ={})
    one, two, four = found.subscriptions
    assert (one.url, one.folders, one.interval) == ("http://one.example/feed", ("Football",), 900)
    assert (two.folders, two.lang, two.title) == (("Football", "Spain"), "es", "Two")
    assert four.paused
    assert [one.full_text for one in found.subscriptions] == [False, False, True]
    assert len(found.warnings) == 2
    assert all(str(folder / "feeds.opml") in warning for warning in found.warnings)


@pytest.mark.parametrize(
    "text", ["", "<opml", "<html/>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>']
)
def test_what_is_no_opml(folder, text):
    (folder / "feeds.opml").write_text(text)
    with pytest.raises(ConfigError, match=r"feeds\.opml"):
        load(folder, environ={})


def test_what_a_person_sets_for_a_feed_is_on_its_line(folder):
    one = Subscription(url="https://five.example/rss", title="Five", interval=900, full_text=True)
    assert add_subscription(folder, one)
    assert load(folder, environ={}).subscriptions == (one,)


def test_edits_keep_what_they_do_not_understand(folder):
    file = folder / "feeds.opml"
    file.write_text(OPML)
    assert add_subscription(
        folder,
        Subscription(url="https://five.example/rss", title="Five", folders=("Football", "Spain")),
    )
    assert not add_subscription(folder, Subscription(url="http://www.five.example/rss"))
    text = file.read_text()
    assert "<!-- mine -->" in text
    assert 'colour="green"' in text
    assert 'category="kept"' in text
    assert (folder / "feeds.opml.bak").read_text() == OPML
    assert load(folder, environ={}).subscriptions[2].folders == ("Football", "Spain")
    assert remove_subscription(folder, "https://five.example/rss").title == "Five"
    with pytest.raises(UsageError, match="did you mean"):
        remove_subscription(folder, "https://fou.example/")


def test_an_address_in_place_of_a_title_is_no_title(folder):
    add_subscription(folder, Subscription(url="https://five.example/rss"))
    add_subscription(folder, Subscription(url="https://six.example/rss", title="Si\x01x\ud800"))
    five, six = load(folder, environ={}).subscriptions
    assert (five.title, six.title) == ("", "Six")
    text = (folder / "feeds.opml").read_text()
    assert 'text="https://five.example/rss"' in text
    assert 'title="https://five.example/rss"' not in text


@pytest.mark.parametrize(
    "url",
    ["http://", "https:///feed", "http://[::1", "http://a.example:99999/", "ftp://a.example/", "x"],
)
def test_what_is_no_address_of_a_feed(folder, url):
    with pytest.raises(UsageError, match=r"no http, https or file address \(give the feed's own"):
        add_subscription(folder, Subscription(url=url))
    (folder / "feeds.opml").write_text(f'<opml><body><outline xmlUrl="{url}"/></body></opml>')
    found = load(folder, environ={})
    assert not found.subscriptions
    assert len(found.warnings) == 1


def test_only_a_feed_that_is_near_is_suggested(folder):
    (folder / "feeds.opml").write_text(OPML)
    with pytest.raises(UsageError) as told:
        remove_subscription(folder, "https://elsewhere.example/news/rss.xml")
    assert "did you mean" not in str(told.value)


def test_a_dry_run_changes_nothing(folder):
    before = (folder / "feeds.opml").read_bytes()
    assert add_subscription(folder, Subscription(url="https://five.example/rss"), dry_run=True)
    assert (folder / "feeds.opml").read_bytes() == before


def test_import_names_what_is_new_known_and_refused(folder, tmp_path):
    source = tmp_path / "other.opml"
    source.write_text(OPML)
    first = import_opml(folder, source)
    assert first.added == (
        "http://one.example/feed",
        "https://two.example/rss",
        "https://four.example/",
    )
    assert len(first.refused) == 1
    assert import_opml(folder, source).added == ()
    assert load(folder, environ={}).subscriptions[1].folders == ("Football", "Spain")


URLS = st.from_regex(r"https?://[a-z]{1,8}\.example/[a-z0-9]{0,8}(\?[a-z]=[0-9])?", fullmatch=True)
NAMES = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Co", "Cn")), min_size=1, max_size=12
).map(lambda name: " ".join(name.split()) or "n")


@given(st.lists(st.tuples(URLS, NAMES, st.lists(NAMES, max_size=2)), max_size=5))
def test_what_is_added_is_read_again(tmp_path_factory, lines):
    folder = tmp_path_factory.mktemp("opml")
    for name in ("aggregator.toml", "topics.toml"):
        (folder / name).write_text("# nothing yet\n")
    (folder / "feeds.opml").write_text('<opml version="2.0"><body/></opml>')
    added = {
        url: (title, tuple(folders))
        for url, title, folders in lines
        if add_subscription(folder, Subscription(url=url, title=title, folders=tuple(folders)))
    }
    found = {one.url: (one.title, one.folders) for one in load(folder, environ={}).subscriptions}
    assert found == added


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (90, 90),
        ("90", 90),
        ("90s", 90),
        ("30m", 1800),
        ("1h30m", 5400),
        ("2d", 172800),
        (0.5, 0.5),
        ("1.5h", 5400),
    ],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_refused(text):
    with contextlib.suppress(ValueError):
        assert parse_duration(text) >= 0


@pytest.mark.parametrize(
    ("text", "size"), [(5, 5), ("5", 5), ("16 MiB", 16 * 2**20), ("1gb", 10**9), ("1.5 KiB", 1536)]
)
def test_sizes(text, size):
    assert parse_size(text) == size


def test_settings_that_are_right_can_be_used_beside_one_that_is_wrong(folder):
    file = folder / "aggregator.toml"
    file.write_text(
        '[archive]\ndirectory = "data"\n[publish]\npage_size = "many"\ntitle = "Mine"\n'
    )
    found, mistake = load_right_settings(folder, environ={"AGGREGATOR_SERVER__PORT": "4321"})
    assert (found.archive.directory, found.publish.title) == (folder / "data", "Mine")
    assert (found.publish.page_size, found.server.port) == (Settings().publish.page_size, 4321)
    assert "publish.page_size" in str(mistake)
    file.write_text('[archive]\ndirectory = 5\n[publish]\ntitle = "Mine"\n')
    with pytest.raises(ConfigError, match=r"archive\.directory"):
        load_right_settings(folder, environ={})
