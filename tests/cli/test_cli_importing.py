"""``feeds import``: what is taken of another program's list, and what is said of the rest."""

import pytest
from promises import parsed

NO_FEEDS = (
    '<outline type="link" text="A page" url="https://a.example/"/>',
    '<outline text="A note"/>',
    '<outline type="link" url="https://b.example/"/>',
    "<outline/>",
    '<outline title="Empty folder"/>',
)


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, ""),
        (1, "1 line is no feed: “A page” (line 2)"),
        (3, "3 lines are no feeds: “A page” (line 2), “A note” (line 3), “https://b.example/” (line 4)"),
        (5, "5 lines are no feeds: “A page” (line 2), “A note” (line 3), “https://b.example/” (line 4) and 2 more"),
    ],
)  # fmt: skip
def test_an_import_says_which_lines_are_no_feeds(place, tmp_path, count, told):
    feed = '<outline text="Sport"><outline type="rss" xmlUrl="https://new.example/feed"/></outline>'
    included = '<outline type="include" url="https://list.example/a.opml"/>'
    lines = "\n".join(("", *NO_FEEDS[:count], feed, included))
    source = tmp_path / "more.opml"
    source.write_text(f'<opml version="2.0"><body>{lines}</body></opml>', encoding="utf-8")
    ran = place.run("feeds", "import", str(source), "--dry-run")
    assert (told in ran.err, "no feed" in ran.err) == (True, bool(told))
    assert "1 feed and 1 included list would be added, 0 there already, 0 refused" in ran.err
    report = parsed(place.run("feeds", "import", str(source), "--json"))
    assert len(report["added"]) == 2
    assert [one["line"] for one in report["others"]] == list(range(2, 2 + count))
