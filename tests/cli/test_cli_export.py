"""``export``: what other programs and spreadsheets take in, whole and once each."""

import csv
import io
import json

import pytest
from promises import TORRES, rss

ODD = ("7", 'Rain, "heavy" rain; and 雪', "<p>First line.</p><p>Second line, with a comma.</p>")


@pytest.fixture
def fed(place, server):
    more = b"<category>Football; women</category><category>Spain</category></item>"
    item = rss(TORRES, ODD).replace(b"</item>", more, 1)
    place.subscribe(server.serve("/sport.xml", item))
    assert place.run("collect").code == 0
    return place


def exported(fed, *asked):
    return [json.loads(line) for line in fed.run("export", *asked).out.splitlines()]


def rows(fed, *asked):
    ran = fed.run("export", "--format", "csv", *asked)
    assert (ran.code, ran.err) == (0, "")
    # The line ends of RFC 4180.
    assert ran.out.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(ran.out, newline=""), strict=True))


def fed_title(fed) -> str:
    return json.loads(fed.run("feeds", "list", "--json").out)[0]["title"]


def test_csv_says_what_json_says(fed):
    told, table = exported(fed), rows(fed)
    assert len(table) == len(told) == 2
    for entry, row in zip(told, table, strict=True):
        assert list(row) == list(entry)
        for name, value in entry.items():
            if isinstance(value, list):
                assert row[name] == "; ".join(value), name
            elif isinstance(value, bool):
                assert row[name] == str(value).lower(), name
            else:
                assert row[name] == ("" if value is None else str(value)), name
    assert {row["feed_title"] for row in table} == {fed_title(fed)}
    assert {row["title"] for row in table} == {TORRES[1], ODD[1]}
    assert any("\n" in row["text"] for row in table)


def test_csv_of_nothing_has_its_first_line(fed):
    ran = fed.run("export", "--format", "csv", "--query", "nobody")
    assert ran.code == 0
    assert ran.out.startswith("id,feed,url,title,")
    assert len(ran.out.splitlines()) == 1


def test_a_time_cuts_the_archive_in_two(fed):
    everything = exported(fed)
    moment = everything[-1]["first_seen"]
    before, after = exported(fed, "--until", moment), exported(fed, "--since", moment)
    assert before + after == everything
    assert everything[-1] in after
    assert exported(fed, "--until", "2999-01-01") == everything
    assert exported(fed, "--until", "1h") == []


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", " =", "＝"])
def test_what_a_spreadsheet_would_compute_is_text(place, server, sign):
    title = f"{sign}HYPERLINK(1;2)"
    place.subscribe(server.serve("/sport.xml", rss(("9", title, "- a list"))))
    assert place.run("collect").code == 0
    (entry,), (row,) = exported(place), rows(place)
    assert (entry["title"].strip(), entry["text"]) == (title.strip(), "- a list")
    assert (row["title"], row["text"]) == (f"'{entry['title']}", "'- a list")
    # What we say ourselves stays as it is.
    for name in ("id", "first_seen", "published", "revisions", "lead", "url"):
        assert not row[name].startswith("'"), name


def test_a_range_in_which_nothing_lies_is_refused(fed):
    ran = fed.run("export", "--since", "2d", "--until", "3d")
    assert (ran.code, ran.out) == (2, "")
    assert "--since 3d --until 2d" in ran.err
