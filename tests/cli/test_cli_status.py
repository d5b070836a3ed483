"""``status`` tells what stands, whatever is wrong with the configuration, and what publishing would do."""

from __future__ import annotations

import json

import pytest


def fields(ran) -> dict[str, str]:
    assert ran.code == 0, ran.err
    lines = ran.out.split("\n\n")[0].splitlines()
    return dict(line.split("\t") for line in lines)


def told(place) -> dict:
    ran = place.run("status", "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('page_size = "many"', "publish.page_size takes a whole number, not 'many'"),
        ("pagesize = 5", "publish.pagesize: there is no such setting"),
        ('base_url = "news"', "publish.base_url: 'news' is no web address"),
        ("hub = 'x y'\n[servr]\nport = 5", "servr: there is no such setting"),
        ("[log]\nlevel = 3", "log.level takes a text in quotes"),
    ],
)
def test_a_mistake_in_the_settings_is_told_among_all_the_rest(collected, settings, words):
    before = fields(collected.run("status"))
    collected.settings(settings)
    ran = collected.run("status")
    after = fields(ran)
    assert words in after.pop("mistake")
    assert after.keys() == before.keys()
    assert {after[name] == before[name] for name in ("writing", "archive", "feeds")} == {True}
    assert ran.out.endswith("\tthe server knows no such address (404)\n")
    assert words in told(collected)["mistake"]


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        ("page_size = [", None),
        ("[archve]\ndatabase = ''", None),
        ("", "AGGREGATOR_ARCHIVE__DATABSE"),
        ("", "AGGREGATOR_ARCHIVE__DATABASE"),
        ("", "AGGREGATOR_ARCHIVES"),
    ],
)
def test_only_the_mistake_is_told_where_it_hides_which_archive_is_meant(
    collected, settings, variable
):
    collected.settings(settings)
    if variable:
        collected.environ(variable, "mysql://host/news")
    for options in ([], ["--json"]):
        ran = collected.run("status", *options)
        assert (ran.code, ran.out) == (2, "")
        assert (variable or "aggregator.toml") in ran.err


def test_another_mistake_in_the_section_of_the_archive_hides_nothing(collected):
    collected.environ("AGGREGATOR_ARCHIVE__CAPTURES", "some")
    assert "takes one of changed, all, off" in told(collected)["mistake"]
    assert told(collected)["entries"]


def test_lines_that_are_left_out_are_told_beside_a_mistake_in_the_settings(collected):
    opml = (collected.folder / "feeds.opml").read_text()
    line = '<outline text="No" xmlUrl="gopher://old.example/"/></body>'
    (collected.folder / "feeds.opml").write_text(opml.replace("</body>", line))
    warnings = told(collected)["warnings"]
    assert len(warnings) == 1
    collected.settings('page_size = "many"')
    ran = collected.run("status", "--json")
    assert json.loads(ran.out)["warnings"] == warnings
    assert ran.err == ""


def test_mistakes_are_told_before_anything_was_collected(place):
    place.settings('page_size = "many"')
    (place.folder / "feeds.opml").write_text("<opml>")
    assert "page_size" in told(place)["mistake"]
    assert "page_size" in place.run("status").err


def test_where_no_feed_is_listed_the_status_says_how_to_add_one(place):
    place.run("collect")
    assert fields(place.run("status"))["feeds"] == "none: aggregator feeds add URL"


TORRES = '[torres]\ntitle = "Torres"\nquery = "torres"\n'


@pytest.fixture
def published(collected):
    """One topic, published."""
    collected.topics(TORRES)
    assert collected.run("topics", "publish").code == 0
    assert fields(collected.run("status"))["unpublished"] == "nothing"
    return collected


@pytest.mark.parametrize(
    ("topics", "behind", "removed", "words"),
    [
        (TORRES + '[rain]\nquery = "rain"\n', ["rain"], [], "rain"),
        (TORRES.replace('"torres"', '"torres OR rain"'), ["torres"], [], "torres"),
        (TORRES.replace("Torres", "News"), ["torres"], [], "torres"),
        ("# none\n", [], ["torres"], "to be removed: torres"),
        ('[rain]\nquery = "rain"\n', ["rain"], ["torres"], "rain; to be removed: torres"),
    ],
    ids=["new", "edited", "renamed", "taken out", "another"],
)
def test_what_a_dry_run_would_publish_is_unpublished(published, topics, behind, removed, words):
    published.topics(topics)
    same_as_a_dry_run(published, behind, removed, words)


def test_what_was_cut_off_is_to_be_removed_after_a_day(published):
    published.topics(TORRES + '[rain]\nquery = "rain"\n')
    published.run("topics", "publish")
    published.topics("# none\n")
    same_as_a_dry_run(published, [], [], "nothing")
    with published.later(days=1):
        same_as_a_dry_run(published, [], ["torres", "rain"], "to be removed: torres, rain")


def same_as_a_dry_run(published, behind, removed, words):
    would = published.run("topics", "publish", "--dry-run").out.splitlines()
    assert {f"would publish {slug}" for slug in behind} < {*would, ""}
    assert {f"would remove {slug}" for slug in removed} < {*would, ""}
    now = told(published)
    assert (now["behind"], now["removed"]) == (behind, removed)
    listed = json.loads(published.run("topics", "list", "--json").out)
    assert [one["slug"] for one in listed if one["behind"]] == behind
    for one in listed:
        shown = json.loads(published.run("topics", "show", one["slug"], "--json").out)
        assert shown["behind"] is one["behind"]
    assert fields(published.run("status"))["unpublished"] == words
    assert published.run("topics", "publish").code == 0
    assert fields(published.run("status"))["unpublished"] == "nothing"


def test_a_topic_that_is_put_back_is_unpublished(published):
    published.topics("# none\n")
    published.run("topics", "publish")
    published.topics(TORRES)
    assert fields(published.run("status"))["unpublished"] == "torres"


def test_after_a_restore_everything_is_unpublished(published, tmp_path):
    backup = str(tmp_path / "backup.tar")
    assert published.run("archive", "backup", backup).code == 0
    (published.folder / "archive").rename(tmp_path / "lost")
    ran = published.run("archive", "restore", backup)
    assert ran.code == 0, ran.err
    assert "would publish torres" in published.run("topics", "publish", "--dry-run").out
    assert fields(published.run("status"))["unpublished"] == "torres"


@pytest.mark.parametrize("setting", ['title = "Elsewhere"', "[server]\nport = 8099"])
def test_for_another_site_everything_is_unpublished(published, setting):
    published.settings(setting)
    assert fields(published.run("status"))["unpublished"] == "torres"
    assert [one["behind"] for one in json.loads(published.run("topics", "list", "--json").out)] == [
        True
    ]


def test_many_unpublished_topics_are_counted(published):
    published.topics("".join(f'[t{n:02}]\nquery = "torres"\n' for n in range(30)))
    words = fields(published.run("status"))["unpublished"]
    assert words.startswith("t00, t01, ")
    assert words.endswith("t19 and 10 more; to be removed: torres")
    assert len(told(published)["behind"]) == 30


def test_a_folder_that_cannot_be_read_keeps_the_status_from_nothing(published):
    hidden = published.folder / "public/.aggregator/site"
    hidden.unlink()
    hidden.mkdir()
    assert fields(published.run("status"))["unpublished"] == "nothing"
