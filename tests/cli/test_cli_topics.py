"""``topics check``, ``explain`` and ``preview --weeks`` as a user meets them."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from environment import clean_environment
from promises import RAIN, TOPICS, TORRES, parsed, rss

from aggregator.__main__ import main
from aggregator.archive import open_archive
from aggregator.config import load
from aggregator.publish import site_of
from aggregator.publishing import publish_behind

RAIN_AND_SNOW = '[rain]\nquery = "*"\n[snow]\nquery = "*"\n'


def test_check_tries_the_samples_and_says_which_clause_failed(collected):
    entry = parsed(collected.run("search", "torres", "--json"))[0]
    collected.topics(f'{TOPICS}must = ["Torres coaching", "{entry["id"]}"]\n')
    ran = collected.run("topics", "check")
    assert (ran.code, ran.out) == (0, "")
    collected.topics(f'{TOPICS}must = ["Torres scores"]\nmust_not = ["{entry["id"]}"]\n')
    ran = collected.run("topics", "check", "torres-coaching")
    assert ran.code == 2
    assert (
        ran.out.splitlines()[0] == "torres-coaching: must match “Torres scores”, but fails: coach*"
    )
    assert len(ran.out.splitlines()) == 2
    told = collected.run("topics", "check", "--json")
    assert told.code == 2
    assert [one["must"] for one in json.loads(told.out)["failed"]] == [True, False]
    for command in (["collect"], ["config", "show"], ["topics", "publish"]):
        assert "must match “Torres scores”" in collected.run(*command).err


def test_check_names_topics_that_match_nothing(collected):
    collected.topics(f'{TOPICS}[none]\nquery = "zebra"\n[most]\nquery = "*"\n')
    ran = collected.run("topics", "check")
    assert ran.code == 0
    assert "none: matches none of the newest 2 entries" in ran.err


def test_check_names_feeds_and_folders_that_nothing_is_called(collected):
    """Of a feed or folder that was renamed a topic would get nothing, or leave out nothing."""
    feed = "Feed 1"
    collected.topics(
        f'[known]\nquery = "folder:sport OR -feed:\\"{feed}\\" OR folder:*"\n'
        f'include = ["SPORT", "{feed}"]\n'
        '[lost]\nquery = "rain AND NOT (folder:cricket OR feed:/^BBC/)"\n'
        'include = ["Football"]\nexclude = ["https://nowhere.example/feed"]\n'
        '[mute]\nfeeds = ["The Gossip"]\nquery = "folder:Gossip"\n'
    )
    ran = collected.run("topics", "check")
    assert ran.code == 0
    lost = [line.split(" names no feed or folder")[0] for line in ran.err.splitlines()]
    assert [line for line in lost if "matches" not in line][:-1] == [
        "lost: include “Football”",
        "lost: exclude “https://nowhere.example/feed”",
        "mute: feeds “The Gossip”",
        "lost: folder:cricket",
        "lost: feed:/^BBC/",
        "mute: folder:Gossip",
    ]
    told = parsed(collected.run("topics", "check", "known", "--json"))["unknown"]
    assert told == [
        {"topic": "mute", "asked": "feeds “The Gossip”"},
        {"topic": "mute", "asked": "folder:Gossip"},
    ]


def test_check_names_words_whose_signs_are_not_looked_for(collected):
    collected.topics('[code]\nquery = "C++ OR rain"\n')
    ran = collected.run("topics", "check")
    assert ran.code == 0
    assert "code: C++ finds “c”" in ran.err
    told = parsed(collected.run("topics", "check", "--json"))["signs"]
    assert told == [{"topic": "code", "asked": "C++", "sought": "c"}]


def test_explain_says_what_satisfied_and_what_kept_out(collected, terminal):
    torres, rain = (
        parsed(collected.run("search", word, "--json"))[0]["id"] for word in ("torres", "rain")
    )
    told = parsed(collected.run("topics", "explain", "torres-coaching", torres[9:20], "--json"))
    assert (told["matches"], told["held"]["announced"]) == (True, True)
    assert {one["clause"] for one in told["satisfied"]} == {"torres", "coach*"}
    collected.topics(f'{TOPICS}languages = ["es"]\n[mute]\nwords = ["covers"]\n')
    out = collected.run("topics", "explain", "torres-coaching", rain).out.splitlines()
    failed = [line.split("\t")[1] for line in out if line.startswith("failed")]
    assert failed == ["torres", "coach*", "languages es (en)", "muted: covers (text)"]
    ran = collected.run("topics", "preview", "rain")
    assert "muted ([mute] in topics.toml): covers (text)" in ran.err
    told = terminal(lambda: collected.run("topics", "explain", "torres-coaching", torres))
    assert re.search(r"held +since \d{4}-\d\d-\d\d \d\d:\d\d, announced", told)
    assert collected.run("topics", "explain", "torres", rain).code == 2


def test_explain_says_each_thing_once(collected):
    collected.topics('[twice]\nquery = "(rain OR torres) AND (torres OR snow)"\n')
    ids = {
        word: parsed(collected.run("search", word, "--json"))[0]["id"]
        for word in ("torres", "rain")
    }
    for word in ids:
        out = collected.run("topics", "explain", "twice", ids[word]).out.splitlines()
        assert len(out) == len(set(out))


def test_a_key_that_was_mistyped_is_not_taken_for_a_query_in_silence(collected):
    ran = collected.run("topics", "preview", "tores-coaching")
    assert ran.code == 0
    assert "no topic is called tores-coaching" in ran.err
    assert "torres-coaching?" in ran.err
    assert "no topic" not in collected.run("topics", "preview", "torres-coaching").err
    assert "no topic" not in collected.run("topics", "preview", "torres coach*").err


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("coahcing", True),
        ("tores", True),
        ("toress-coach", True),
        ("zebra", False),
        ("torres", False),
    ],
)
def test_what_finds_nothing_is_held_to_be_a_key_that_was_mistyped(collected, typed, hint):
    ran = collected.run("topics", "preview", typed)
    assert ran.code == 0
    assert ("so it is taken for a query: or torres-coaching?" in ran.err) is hint


def test_preview_counts_a_week(collected):
    weeks = parsed(collected.run("topics", "preview", "torres-coaching", "--weeks", "--json"))
    assert [one["count"] for one in weeks] == [1]
    assert list(weeks[0]) == ["week", "count"]
    assert collected.run("topics", "preview", "torres", "--weeks").out.split("\t")[1] == "1"
    assert "a week, from" in collected.run("topics", "preview", "torres").err


@pytest.mark.parametrize(
    ("collapse", "listed", "shown", "previewed", "weekly"),
    [
        ("story", "1", "stories\t1", "1 story in all", 1),
        ("none", "2", "entries\t2", "2 entries in all", 2),
    ],
)
def test_what_a_topic_shows_is_what_is_counted(
    place, server, terminal, collapse, listed, shown, previewed, weekly
):
    place.subscribe(*(server.serve(f"/{name}.xml", rss(TORRES)) for name in ("one", "two")))
    place.topics(f'{TOPICS}collapse = "{collapse}"\n')
    assert place.run("collect").code == 0
    assert place.run("topics", "list").out.split("\t")[1] == listed
    seen = terminal(lambda: main(["-C", str(place.folder), "topics", "list"]))
    assert ("2 entries" in seen) is (collapse == "none")
    assert shown in place.run("topics", "show", "torres-coaching").out
    assert previewed in place.run("topics", "preview", "torres-coaching").err
    weeks = parsed(place.run("topics", "preview", "torres-coaching", "--weeks", "--json"))
    assert [one["count"] for one in weeks] == [weekly]
    (told,) = parsed(place.run("topics", "list", "--json"))
    assert (told["collapse"], told["stories"], told["announced"]) == (collapse, weekly, weekly)


def test_a_topic_that_is_not_taken_up_yet_says_what_does_so(collected):
    collected.topics(f'{TOPICS}[rain]\nquery = "rain"\n')
    assert (
        "stories\t0; it is filled as aggregator topics publish"
        in collected.run("topics", "show", "rain").out
    )
    collected.run("topics", "publish")
    assert "stories\t1\n" in collected.run("topics", "show", "rain").out


def test_nothing_that_matches_is_said_of_weeks_too(collected):
    ran = collected.run("topics", "preview", "zebra", "--weeks")
    assert (ran.code, ran.out, ran.err) == (0, "", "nothing matches\n")


def test_an_edit_of_a_topic_says_what_came_and_went(collected):
    collected.topics(TOPICS.replace("torres AND coach*", "rain"))
    ran = collected.run("collect")
    shown = collected.run("topics", "show", "torres-coaching").out
    assert "stories\t2, of which 1 came unannounced, to archive pages only" in shown
    assert "torres-coaching was edited: 1 came from the archive; 1 held match no more" in ran.err
    (listed,) = parsed(collected.run("topics", "list", "--json"))
    assert (listed["came"], listed["went"]) == (1, 1)


def test_an_edit_that_is_not_taken_up_is_marked_beside_the_counts_of_before(collected):
    other = '[rain]\nquery = "rain"\n'
    collected.topics(TOPICS + other)
    collected.run("topics", "publish")

    def marks() -> dict[str, str | None]:
        listed = collected.run("topics", "list").out.splitlines()
        told = parsed(collected.run("topics", "list", "--json"))
        for line, one in zip(listed, told, strict=True):
            assert line.split("\t")[5] == (one["waits"] or "")
            shown = collected.run("topics", "show", one["slug"], "--json")
            assert parsed(shown)["waits"] == one["waits"]
        return {one["slug"]: one["waits"] for one in told}

    assert marks() == {"torres-coaching": None, "rain": None}
    edited = TOPICS.replace("torres AND coach*", "torres OR rain")
    collected.topics(edited + other)
    assert marks() == {"torres-coaching": "not taken up yet", "rain": None}
    assert "edit\tnot taken up yet\n" in collected.run("topics", "show", "torres-coaching").out
    collected.topics(edited + 'must = ["Zebra"]\n' + other.replace('"rain"', '"snow"'))
    assert marks() == {
        "torres-coaching": "kept as it was: fails a sample",
        "rain": "kept as it was: torres-coaching fails a sample",
    }
    collected.topics(TOPICS + 'must = ["Zebra"]\n' + other)
    collected.run("topics", "publish")
    assert marks() == {"torres-coaching": None, "rain": None}, "they are published as they stand"


def test_a_topic_that_is_taken_out_is_named(collected):
    collected.topics("# no topics\n")
    ran = collected.run("collect")
    assert "torres-coaching is no topic any more: its feeds are taken down" in ran.err
    assert "torres-coaching" not in collected.run("collect").err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TOPICS, "torres-coaching is back: 0 came from the archive\n"),
        (
            TOPICS.replace("torres AND coach*", "rain"),
            "torres-coaching is back: 1 came from the archive; 1 held match no more, and stay\n",
        ),
    ],
)
def test_a_topic_that_is_put_back_is_not_called_edited(collected, text, told):
    collected.topics("# no topics\n")
    collected.run("topics", "publish")
    collected.topics(text)
    foretold = told.replace("came", "would come")
    assert foretold.partition(";")[0].strip() in collected.run("topics", "publish", "--dry-run").err
    assert told in collected.run("topics", "publish").err
    assert "torres-coaching" not in collected.run("collect").err


def test_an_address_is_revoked_while_a_daemon_runs(collected):
    collected.topics(TOPICS + "private = true\n")
    collected.run("topics", "publish")
    settings = load(collected.folder).settings
    with open_archive(settings.archive, write=True, purpose="aggregator run") as held:
        (state,) = held.topics.states()
        old = settings.publish.directory / f"private/{state.token}.atom"
        assert old.exists()
        revoked = collected.run("topics", "revoke", "torres-coaching")
        assert revoked.code == 0
        assert "aggregator run" in revoked.err
        assert state.token not in revoked.out
        # What the daemon does at its next tick.
        publish_behind(held, settings, site_of(settings))
    assert not old.exists()
    (token,) = {line.rpartition("/")[2].partition(".")[0] for line in revoked.out.split()}
    assert (settings.publish.directory / f"private/{token}.atom").exists()


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_a_topic_that_is_not_private_has_no_address_to_revoke(collected, dry):
    ran = collected.run("topics", "revoke", "torres-coaching", *dry)
    assert (ran.code, ran.out) == (2, "")
    assert "topic torres-coaching is not private" in ran.err


def test_an_address_is_not_revoked_below_whoever_does_not_publish(collected):
    collected.topics(TOPICS + "private = true\n")
    collected.run("topics", "publish")
    settings = load(collected.folder).settings
    with open_archive(settings.archive, write=True, purpose="aggregator archive restore") as held:
        (before,) = held.topics.states()
        assert collected.run("topics", "revoke", "torres-coaching").code == 4
        assert held.topics.states() == (before,)


@pytest.mark.parametrize(
    ("more", "wrong"), [('digest = "month"', "day, week"), ("corrections = 1", "true or false")]
)
def test_further_feeds_are_asked_for_in_the_right_words(collected, more, wrong):
    collected.topics(f"{TOPICS}{more}\n")
    ran = collected.run("topics", "list")
    assert (ran.code, wrong in ran.err) == (2, True)


def test_further_feeds_are_shown_with_the_topic(collected):
    collected.topics(f'{TOPICS}digest = "week"\ncorrections = true\n')
    collected.run("topics", "publish")
    told = parsed(collected.run("topics", "show", "torres-coaching", "--json"))
    assert (told["digest"], told["corrections"]) == ("week", True)
    assert [one.partition("/topics/")[2] for one in told["addresses"][-2:]] == [
        "torres-coaching.digest.atom", "torres-coaching.corrections.atom",
    ]  # fmt: skip
    assert (collected.folder / "public/topics/torres-coaching.digest.json").exists()


def test_publishing_says_what_was_written_and_what_was_removed(collected):
    collected.topics('[rain]\nquery = "torres"\n')
    would = collected.run("topics", "publish", "--dry-run").out.splitlines()
    assert {"would publish rain", "would remove torres-coaching"} <= set(would)
    told = collected.run("topics", "publish").out.splitlines()
    assert "wrote topics/rain.atom" in told
    assert "removed topics/torres-coaching.atom" in told
    for line in told:
        done, _, path = line.partition(" ")
        assert (collected.folder / "public" / path).exists() is (done == "wrote")


@pytest.mark.parametrize(
    ("change", "due"),
    [
        (lambda room: None, set()),
        (lambda room: room.topics(RAIN_AND_SNOW.replace("*", "torres", 1)), {"rain"}),
        (lambda room: room.topics(f'{RAIN_AND_SNOW}title = "Ice"\n'), {"snow"}),
        (lambda room: room.settings("page_size = 1\n"), {"rain", "snow"}),
        (lambda room: room.settings('base_url = "https://x.example"\n'), {"rain", "snow"}),
        (lambda room: room.environ("AGGREGATOR_PUBLISH__DIRECTORY", str(room.folder / "else")), {"rain", "snow"}),
    ],
    ids=["nothing", "query", "title", "page_size", "base_url", "directory"],
)  # fmt: skip
def test_a_dry_run_says_what_publishing_would_write(collected, change, due):
    collected.topics(RAIN_AND_SNOW)
    collected.run("topics", "publish")
    change(collected)
    ran = collected.run("topics", "publish", "--dry-run")
    told = ran.out.splitlines()
    assert {line for line in told if ": " not in line} == {f"would publish {slug}" for slug in due}
    assert f"{len(due)} topic" in ran.err
    wrote = collected.run("topics", "publish").out
    assert {slug for slug in ("rain", "snow") if f"topics/{slug}." in wrote} == due
    if change_is_of_a_query := "is edited" in ran.err:
        assert "rain is edited: 0 would come from the archive, 1 held match no more" in ran.err
    assert change_is_of_a_query is (due == {"rain"})
    named = [(line.partition(": ")[0], line.partition("  ")[2]) for line in told if ": " in line]
    assert named == ([("matches no more in rain", RAIN[1])] if change_is_of_a_query else [])
    assert collected.run("topics", "publish", "--dry-run").out == ""


KEPT = "a running daemon keeps all topics as they were until these samples hold"


@pytest.mark.parametrize(
    ("text", "warned", "kept"),
    [
        (f'{TOPICS}must = ["Torres coaches"]\n', [], False),
        (f'{TOPICS}must = ["Snow"]\n', ["must match “Snow”"], False),
        (TOPICS.replace("torres", "zebra") + 'must = ["Torres coaches"]\n', ["must match “Torres"], True),
        (f'{TOPICS}[rain]\nquery = "rain"\nmust_not = ["Rain"]\n', ["must not match “Rain”"], True),
        (f'{TOPICS}must_not = ["%s"]\n', ["must not match “urn:uuid:"], False),
    ],
    ids=["holds", "query as it was", "edited", "new", "entry"],
)  # fmt: skip
@pytest.mark.parametrize("before", [True, False], ids=["collected", "nothing collected"])
def test_a_dry_run_warns_of_the_samples_that_publishing_warns_of(
    collected, text, warned, kept, before
):
    (found,) = parsed(collected.run("search", "torres", "--json"))
    collected.topics(text.replace("%s", found["id"]))
    if not before:
        for folder in ("archive", "public"):
            shutil.rmtree(collected.folder / folder)
        warned = [] if "%s" in text else warned
    would = collected.run("topics", "publish", "--dry-run")
    told = [line for line in would.err.splitlines() if line.startswith("aggregator: ")]
    assert all(one in line for line, one in zip(told, warned, strict=True))
    assert (KEPT in would.err) is (kept and before)
    assert would.code == 0
    done = collected.run("topics", "publish")
    assert [line for line in done.err.splitlines() if line in told] == told


def test_a_dry_run_names_the_ten_newest_that_an_edit_would_bring(place, server):
    items = [(str(number), f"Snow {number}", f"It fell {number} times.") for number in range(12)]
    place.topics('[white]\nquery = "zebra"\n')
    place.subscribe(server.serve("/snow.xml", rss(*items)))
    place.run("collect")
    place.topics('[white]\nquery = "snow"\n')
    ran = place.run("topics", "publish", "--dry-run")
    assert "white is edited: 12 would come from the archive, 0 held match no more" in ran.err
    due, *named = ran.out.splitlines()
    assert due == "would publish white"
    found = parsed(place.run("search", "snow", "--limit", "10", "--json"))
    short = [one["id"].removeprefix("urn:uuid:")[:13] for one in found]
    assert named == [
        f"would come to white: {name}  {one['title']}"
        for name, one in zip(short, found, strict=True)
    ]


def test_a_private_topic_is_marked_as_one(collected):
    collected.topics(f'{TOPICS}private = true\n[open]\nquery = "torres"\n')
    collected.run("topics", "publish")
    listed = dict(line.split("\t", 1) for line in collected.run("topics", "list").out.splitlines())
    assert listed["torres-coaching"].endswith("\tprivate")
    assert "private" not in listed["open"]
    assert "private\tyes" in collected.run("topics", "show", "torres-coaching").out
    assert "private" not in collected.run("topics", "show", "open").out
    told = parsed(collected.run("topics", "list", "--json"))
    assert {one["slug"]: one["private"] for one in told} == {"torres-coaching": True, "open": False}
    assert parsed(collected.run("topics", "show", "torres-coaching", "--json"))["private"] is True


@pytest.mark.parametrize(
    ("text", "words", "completed"),
    [
        ('[tea]\nquery = "tea"\n[ten]\nquery = "("\n[mute]\nwords = ["x"]\n', ["show", "te"], ["tea", "ten"]),
        ('[tea]\nquery = "tea"\n[ten]\nquery = "ten"\n', ["explain", "ten"], ["ten"]),
        ('[tea]\nquery = "tea"\n', ["check", "m"], []),
        ("[tea", ["preview", "t"], []),
    ],
    ids=["show", "explain", "check", "no-toml"],
)  # fmt: skip
def test_the_shell_completes_topics(place, text, words, completed):
    place.topics(text)
    line = ["aggregator", "-C", str(place.folder), "topics", *words]
    ran = subprocess.run(
        [sys.executable, "-m", "aggregator"],
        env={
            **clean_environment(),
            "_AGGREGATOR_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(line),
            "COMP_CWORD": str(len(line) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout.split(), ran.stderr) == (completed, "")


@pytest.mark.parametrize("command", [["search"], ["topics", "preview"], ["search", "--json"]])
@pytest.mark.parametrize(
    ("query", "told"),
    [
        (
            'person:"Fernando Tores"',
            "person:“Fernando Tores” is nobody of people.toml: or Fernando Torres?",
        ),
        ("feed:alfa", "feed:alfa names no feed or folder that anything came from"),
        ("folder:Sity torres", "folder:Sity names no feed or folder that anything came from"),
        ("folder:Sport zebra", None),
        ('person:"Ida Morrow" zebra', None),
    ],
)
def test_who_finds_nothing_is_told_which_names_nothing_goes_by(collected, command, query, told):
    (collected.folder / "people.toml").write_text('["Fernando Torres"]\n', encoding="utf-8")
    ran = collected.run(*command, query)
    assert ran.code == 0
    hints = [line for line in ran.err.splitlines() if "nobody of" in line or "names no" in line]
    assert hints == [told] * (told is not None)


@pytest.mark.parametrize("command", [["search"], ["topics", "preview"]])
def test_an_empty_archive_is_told_to_be_empty(place, command):
    place.run("collect")
    for query in ("torres", "feed:alfa"):
        ran = place.run(*command, query)
        assert "the archive is empty: aggregator collect fills it\n" in ran.err
        assert "names no feed" not in ran.err


def test_a_person_whose_name_is_misspelt_is_told(collected):
    (collected.folder / "people.toml").write_text(
        '["Fernando Torres"]\naliases = ["El Niño"]\n["Ferran Torres"]\n', encoding="utf-8"
    )
    collected.topics(
        '[a]\nquery = \'person:"Fernando Tores" OR person:"el nino"\'\n'
        '[b]\nquery = \'person:"Ida Morrow" OR person:"Ferran Torres"\'\n'
    )
    ran = collected.run("topics", "check")
    assert "a: person:“Fernando Tores” is nobody of people.toml: or Fernando Torres?\n" in ran.err
    assert ran.err.count("nobody of people.toml") == 1
