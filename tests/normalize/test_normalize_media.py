"""What stands beside an item's text: what is said of its picture, and a podcast's second summary."""

import itertools

import pytest

from aggregator.normalize.document import parse

SPACES = (
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
)
NEWS = "<description>The ferry runs again.</description>"
CAPTION = "<media:description>The old ferry at the pier, seen from the harbour wall on a clear day in May.</media:description>"
PICTURE = f'<media:content url="https://a.example/1.jpg" medium="image">{CAPTION}</media:content>'
WHOLE = "<content:encoded>&lt;p&gt;The ferry runs again, every hour.&lt;/p&gt;</content:encoded>"
SUMMARY = "<itunes:summary>We talk about ferries.</itunes:summary>"
READ_ON = "<description>&amp;nbsp;&lt;a href='https://a.example/1'&gt;Read&lt;/a&gt;</description>"


def read(*elements, rest=""):
    body = (
        f"<rss version='2.0' {SPACES}><channel><item><guid>1</guid>{''.join(elements)}</item>"
        f"<item><guid>2</guid><description>Second.</description></item>{rest}</channel></rss>"
    )
    first, second = parse(body.encode(), content_type="", url="https://a.example/", seen={}).items
    assert (second.summary, second.content) == ("Second.", "")
    return first


# Ill-formed, too, where feedparser's other parser reads.
@pytest.mark.parametrize("rest", ["", "<p>"])
@pytest.mark.parametrize(
    "elements", list(itertools.permutations([NEWS, CAPTION, "<title>A</title>"]))
)
def test_a_caption_is_no_text_of_the_item(elements, rest):
    item = read(*elements, rest=rest)
    assert (item.summary, item.content) == ("The ferry runs again.", "")


def test_nor_is_one_within_its_picture():
    item = read(NEWS, PICTURE)
    assert (item.summary, item.content) == ("The ferry runs again.", "")
    assert item.image == "https://a.example/1.jpg"


def test_where_nothing_else_is_said_it_is_the_summary():
    for elements in ([CAPTION], [PICTURE, PICTURE.replace("old", "new")], [READ_ON, CAPTION]):
        assert read(*elements).summary.startswith("The old ferry at the pier")


@pytest.mark.parametrize("elements", list(itertools.permutations([NEWS, WHOLE, SUMMARY])))
def test_a_podcasts_summary_takes_no_description_away(elements):
    item = read(*elements)
    assert (item.summary, item.content) == (
        "The ferry runs again.",
        "<p>The ferry runs again, every hour.</p>",
    )


def test_it_is_the_summary_where_there_is_no_description():
    assert read(SUMMARY).summary == "We talk about ferries."
    assert {
        (item.summary, item.content) for item in (read(NEWS, SUMMARY), read(SUMMARY, NEWS))
    } == {("The ferry runs again.", "We talk about ferries.")}
