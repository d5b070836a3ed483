"""Plain items, read without feedparser: the same as with it, and only where it is the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model.errors import NotAFeed
from aggregator.normalize import document, plain
from aggregator.normalize.item import Parsed

OURS = Path(__file__).parents[1] / "documents"
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "feeds"
URL = "https://news.example/feed.xml"

RSS = (
    '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"{more}>'
    "<channel><title>News</title><link>https://news.example/</link><language>es</language>{items}</channel></rss>"
)
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"{more}><title>News</title><id>urn:x:1</id>'
    "<updated>2026-01-05T08:00:00Z</updated>{items}</feed>"
)
RSS_PLAIN = (
    "<item><title>One &amp; two</title><link>https://news.example/a?b=1</link>"
    '<guid isPermaLink="false">x-1</guid><pubDate>Mon, 05 Jan 2026 08:00:00 GMT</pubDate>'
    "<dc:creator>Ida Morrow</dc:creator><category>Football</category><category>Cup</category>"
    '<enclosure url="https://news.example/a.JPG" type="image/JPEG" length="12"/>'
    "<slash:comments>3</slash:comments><description>Short &lt;b&gt;text&lt;/b&gt;</description>\n"
    "<content:encoded><![CDATA[<p>Whole [text] &#8217;</p>]]></content:encoded>\n</item>"
)
ATOM_PLAIN = (
    "<entry><title type='html'>One</title><link href='https://news.example/a'/><id>tag:x,1</id>"
    "<updated>2026-01-05T09:00:00Z</updated><published>2026-01-05T08:00:00Z</published>"
    "<author><name>Ida Morrow</name></author><category term='a' label='Cup'/>"
    "<content type='html'>&lt;p&gt;Whole&lt;/p&gt;</content></entry>"
)


def both(body: bytes) -> tuple[Parsed | None, Parsed | None]:
    """The document read with plain items apart, and all of it by feedparser."""

    def parse(quick: bool) -> Parsed | None:
        try:
            return document.parse(
                body, content_type="application/xml", url=URL, seen={}, quick=quick
            )
        except NotAFeed:
            return None

    return parse(True), parse(False)


def count_plain(monkeypatch: pytest.MonkeyPatch, door: str = "read") -> list[bool]:
    """What comes in here, item by item or (``head``) feed by feed: whether it was plain."""
    seen: list[bool] = []
    read = getattr(plain, door)

    def counted(*args):
        found = read(*args)
        seen.append(found is not None)
        return found

    monkeypatch.setattr(plain, door, counted)
    return seen


@pytest.mark.parametrize("folder", [OURS, CORPUS], ids=["ours", "corpus"])
def test_real_documents_come_out_the_same(folder, monkeypatch):
    seen = count_plain(monkeypatch)
    for path in sorted(folder.glob("*.xml")):
        quick, slow = both(path.read_bytes())
        assert quick == slow, path.name
    assert not any(folder.glob("*.xml")) or sum(seen) > len(seen) / 10


@pytest.mark.parametrize(
    ("frame", "item"),
    [(RSS, RSS_PLAIN), (ATOM, ATOM_PLAIN), (RSS, RSS_PLAIN.replace("\n", "\r\n"))],
)
@pytest.mark.parametrize("more", ["", ' xml:lang="en_GB"'])
def test_a_plain_item_needs_no_feedparser(frame, item, more, monkeypatch):
    seen = count_plain(monkeypatch)
    quick, slow = both(frame.format(items=item, more=more).encode())
    assert quick == slow
    assert seen == [1]


ODD = (
    "<media:thumbnail xmlns:media='http://search.yahoo.com/mrss/' url='https://news.example/t.jpg'/>",
    "<title>Again</title>",
    "<description></description>",
    "<!-- a note -->",
    "<dc:creator>ida@news.example (Ida)</dc:creator>",
    "<source url='https://other.example/'>Other</source>",
    "<pubDate>yesterday</pubDate>",
    "<category domain='x'>Tagged</category>",
    "<guid>not an address</guid>",
    "<link>/relative</link>",
    "<description>&#150; &#8217;</description>",
    "<description xml:base='https://other.example/'>Based</description>",
    "<content:encoded><![CDATA[a]]>b<![CDATA[c]]></content:encoded>",
    "<description><b>markup</b></description>",
    "<enclosure url='b.mp3' length='1' type='audio/mpeg'/>",
    "text",
)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "more", [" xml:base='https://base.example/a/'", " xmlns='https://x.example/'", ""]
)
@pytest.mark.parametrize("first", [True, False])
def test_an_odd_item_comes_out_the_same(odd, more, first):
    item = f"<item>{odd}{RSS_PLAIN[6:]}" if first else f"{RSS_PLAIN[:-7]}{odd}</item>"
    quick, slow = both(RSS.format(items=item + RSS_PLAIN, more=more).encode())
    assert quick == slow


@pytest.mark.parametrize(
    "date",
    [
        "28.11.2026 14:05", "05.11.2026", "28/11/2026 14:05", "05/11/2026 14:05", "November 28, 2026 2:05 PM",
        "Sat, 28 Nov 2026 14:05:00.5 CET", "2026-11-28 14:05 UTC+2", "Samstag, 28. November 2026", "28 novembre 2026 14:05",
    ],
)  # fmt: skip
@pytest.mark.parametrize("by", ["a@news.media (Ida), b@news.media (Bo)", "Ida (BBC), Bo", "a@news.media, Bo"])  # fmt: skip
def test_dates_and_authors_as_people_write_them_come_out_the_same(date, by):
    item = RSS_PLAIN.replace("Mon, 05 Jan 2026 08:00:00 GMT", date)
    named = f"<item><author>{by}</author>{RSS_PLAIN[6:]}"
    quick, slow = both(RSS.format(items=item + named, more="").encode())
    assert quick is not None
    assert quick == slow


WORDS = st.lists(
    st.sampled_from(
        ["word", "été", "â€™", "Ã©", "&amp;", "&lt;b&gt;", "&#233;", "&#x2019;", "&#150;", "&amp;lt;", "\n", "\xa0", "]", "😀"]
    ),
    max_size=5,
).map(" ".join)  # fmt: skip


ELEMENTS = (
    "<title>{text}</title>",
    "<description>{text}</description>",
    "<description><![CDATA[{text}]]></description>",
    "<description/>",
    "<content:encoded><![CDATA[ {text}]]> </content:encoded>",
    "<category>{text}</category>",
    "<dc:creator>{text}</dc:creator>",
    "<link>https://news.example/b?c=d&amp;e=f</link>",
    "<link>https://news.example/</link>",
    "<guid isPermaLink='false'>{text}</guid>",
    "<guid>https://news.example/g</guid>",
    "<pubDate>Mon, 05 Jan 2026 08:00:00 +0200</pubDate>",
    "<pubDate>2026-01-05</pubDate>",
    "<comments>https://news.example/c</comments>",
)
ATOM_ELEMENTS = (
    "<title>{text}</title>",
    "<title type='html'>{text}</title>",
    "<title type=''>{text}</title>",
    "<summary>{text}</summary>",
    "<content type='html'>{text}</content>",
    "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>{text}</div></content>",
    "<link href='https://news.example/b'/>",
    "<link rel='self' href='https://news.example/s'/>",
    "<id>tag:x,2</id>",
    "<id>https://news.example/i</id>",
    "<id>plain words</id>",
    "<updated>2026-01-05T09:00:00+02:00</updated>",
    "<published>2026-01-05T08:00:00.5Z</published>",
    "<author><name>{text}</name></author>",
    "<author><name>{text}</name><email>a@b.example</email></author>",
    "<category term='a'/>",
    "<category term='a' scheme='s'/>",
    "<category term='b' label=''/>",
)


def insides(forms: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    """What stands in the items of a document."""
    one = st.builds(lambda form, text: form.replace("{text}", text), st.sampled_from(forms), WORDS)
    return st.lists(st.lists(one, max_size=7).map("".join), max_size=3)


@settings(max_examples=150)
@given(insides(ELEMENTS))
def test_made_items_come_out_the_same(made):
    items = "".join(f"<item>{one}</item>" for one in made)
    quick, slow = both(RSS.format(items=items, more="").encode())
    assert quick == slow


@settings(max_examples=150)
@given(insides(ATOM_ELEMENTS))
def test_made_entries_come_out_the_same(made):
    items = "".join(f"<entry>{one}</entry>" for one in made)
    quick, slow = both(ATOM.format(items=items, more="").encode())
    assert quick == slow


@pytest.mark.parametrize(
    ("frame", "item", "more"),
    [
        (RSS, RSS_PLAIN, " xml:lang='en, fr'"),
        (ATOM, ATOM_PLAIN.replace("<title type='html'>One", "<title type=''>T25l"), ""),
    ],
    ids=["several languages", "no type"],
)
def test_what_only_feedparser_understands_goes_there(frame, item, more, monkeypatch):
    seen = count_plain(monkeypatch)
    quick, slow = both(frame.format(items=item, more=more).encode())
    assert quick is not None
    assert quick == slow
    assert sum(seen) == 0


SPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" '
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
)
RSS_HEAD = (
    "<title>News &amp; more</title>",
    "<link>https://news.example</link>",
    "<description><![CDATA[What <b>happens</b>]]></description>",
    "<language>es</language>",
)
ATOM_HEAD = (
    "<title type='html'>News &amp;amp; more</title>",
    "<link href='https://news.example/'/>",
    "<link rel='self' href='https://news.example/feed'/>",
    "<id>urn:x:1</id>",
    "<updated>2026-01-05T08:00:00Z</updated>",
)
MORE_OF_RSS = (
    "<title>{text}</title>",
    "<description>{text}</description>",
    "<description/>",
    "<language>{text}</language>",
    "<language>de_AT</language>",
    "<dc:language>fr</dc:language>",
    "<link>/relative</link>",
    "<link>https://news.example/a/../b</link>",
    "<atom:link rel='self' type='application/rss+xml' href='https://news.example/s'/>",
    "<atom:link rel='hub' href='https://hub.example/'/>",
    "<atom:link rel='prev-archive' href='https://news.example/2'/>",
    "<atom:link href='https://news.example/other'/>",
    "<atom:link rel='alternate' type='application/json' href='https://news.example/j'/>",
    "<atom:link rel='hub' href='hub'/>",
    "<atom:link rel='HUB' href='https://hub.example/'/>",
    "<atom:link rel='Alternate' type='Text/HTML' href='https://news.example/other'/>",
    "<ttl>60</ttl>",
    "<ttl>{text}</ttl>",
    "<sy:updatePeriod> hourly </sy:updatePeriod>",
    "<sy:updateFrequency>2</sy:updateFrequency>",
    "<lastBuildDate>Mon, 05 Jan 2026 08:00:00 GMT</lastBuildDate>",
    "<generator>{text}</generator>",
    "<managingEditor>ida@news.example (Ida)</managingEditor>",
    "<author>{text}</author>",
    "<dc:creator>{text}</dc:creator>",
    "<category>{text}</category>",
    "<image><url>https://news.example/i.png</url><title>{text}</title><link>https://i.example/</link></image>",
    "<image><url>i.png</url><description>{text}</description></image>",
    "<textInput><title>{text}</title><description>d</description><name>q</name><link>l</link></textInput>",
    "<skipHours><hour>3</hour><hour>4</hour></skipHours>",
    "<!-- {text} -->",
    "{text}",
    "<odd>{text}</odd>",
    "<cloud domain='x.example' port='80' path='/' registerProcedure='' protocol='xml-rpc'/>",
)
MORE_OF_ATOM = (
    "<title>{text}</title>",
    "<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>{text}</div></title>",
    "<subtitle>{text}</subtitle>",
    "<subtitle type='html'>{text}</subtitle>",
    "<tagline>{text}</tagline>",
    "<link rel='alternate' type='text/html' href='https://news.example/en'/>",
    "<link rel='alternate' type='application/json' href='https://news.example/j'/>",
    "<link rel='hub' href='https://hub.example/'/>",
    "<link rel='prev-archive' href='/2'/>",
    "<link rel='Self' href='https://news.example/s'/>",
    "<link rel='ALTERNATE' type='text/HTML' href='https://news.example/a'/>",
    "<link rel='next' href='https://news.example/n' title='{text}'/>",
    "<link href=''/>",
    "<id>https://news.example/i</id>",
    "<id>{text}</id>",
    "<rights>{text}</rights>",
    "<icon>/favicon.ico</icon>",
    "<logo>https://news.example/l.png</logo>",
    "<generator uri='https://g.example/' version='1'>{text}</generator>",
    "<author><name>{text}</name></author>",
    "<author><name>{text}</name><uri>https://news.example/a</uri></author>",
    "<author><email>a@b.example</email></author>",
    "<category term='a'/>",
    "<!-- {text} -->",
)
BEFORE = (
    "",
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    '<?xml version="1.0"?><?xml-stylesheet href="a.css" type="text/css"?>',
    '<?xml version="1.0" encoding="iso-8859-1"?>',
    "<!-- first -->",
)


def heads(usual: tuple[str, ...], more: tuple[str, ...]) -> st.SearchStrategy[str]:
    """What stands around the items: the usual without some, and other things, in any order."""
    odd = st.builds(lambda form, text: form.replace("{text}", text), st.sampled_from(more), WORDS)
    kept = st.lists(st.sampled_from(usual), unique=True, min_size=2)
    return st.builds(lambda one, two: [*one, *two], kept, st.lists(odd, max_size=3)).flatmap(
        lambda parts: st.permutations(parts).map("\n".join)
    )


@pytest.mark.parametrize(
    "tags",
    [
        "<rss version='2.0' xml:lang='de'><channel xml:lang=''>",
        "<rss version='2.0' xml:lang='de'><channel xml:lang='fr'>",
        "<rss version='2.0' xmlns:q='http://purl.org/rss/1.0/'><channel>",
        "<rss version='0.91' note=\" version='2.0'\"><channel>",
        "<rss note=\" version='2.0'\"><channel>",
        "<rss\tversion = '2.0'\n><channel >",
        "<rss VERSION='2.0'><channel>",
        "<feed xmlns='http://www.w3.org/2005/Atom' note=\" xml:lang='de'\">",
        "<feed note=\" xmlns='http://www.w3.org/2005/Atom'\">",
    ],
)
def test_odd_start_tags_come_out_the_same(tags):
    rss = tags.startswith("<rss")
    inside = "".join(
        (*RSS_HEAD, "<item><title>One</title><link>https://news.example/a</link></item>")
    )
    if not rss:
        inside = "".join((*ATOM_HEAD, ATOM_PLAIN))
    quick, slow = both(f"{tags}{inside}{'</channel></rss>' if rss else '</feed>'}".encode())
    assert quick == slow


@settings(max_examples=250)
@given(st.sampled_from(BEFORE), heads(RSS_HEAD, MORE_OF_RSS), heads(RSS_HEAD, MORE_OF_RSS))
def test_made_heads_come_out_the_same(before, head, tail):
    for after in ("", tail):
        body = (
            f'{before}<rss version="2.0" {SPACES}><channel>{head}{RSS_PLAIN}{after}</channel></rss>'
        )
        quick, slow = both(body.encode())
        assert quick == slow


@settings(max_examples=250)
@given(
    st.sampled_from(BEFORE),
    heads(ATOM_HEAD, MORE_OF_ATOM),
    st.sampled_from(["", " xml:lang='de'", " xml:lang='en_GB'", " xml:base='https://b.example/'"]),
)
def test_made_heads_of_atom_come_out_the_same(before, head, attribute):
    body = f'{before}<feed xmlns="http://www.w3.org/2005/Atom"{attribute}>{head}{ATOM_PLAIN}</feed>'
    quick, slow = both(body.encode())
    assert quick == slow


@pytest.mark.parametrize(
    ("body", "plainly"),
    [
        (f'<rss version="2.0" {SPACES}><channel>{"".join(RSS_HEAD)}{MORE_OF_RSS[8]}{RSS_PLAIN}</channel></rss>', True),
        (f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">{"".join(ATOM_HEAD)}{ATOM_PLAIN}</feed>', True),
        (f'<rss version="2.0" {SPACES}><channel>{"".join(RSS_HEAD)}<dc:creator>Ida</dc:creator>{RSS_PLAIN}</channel></rss>', True),
        (f'<feed xmlns="http://www.w3.org/2005/Atom">{"".join(ATOM_HEAD)}<author><name>Ida</name></author>{ATOM_PLAIN}</feed>', True),
        (f'<rss version="2.0" {SPACES}><channel>{"".join(RSS_HEAD)}<author>Ida</author><dc:creator>Bo</dc:creator>{RSS_PLAIN}</channel></rss>', False),
        (f'<rss version="2.0" {SPACES}><channel>{"".join(RSS_HEAD)}{"<odd/>"}{RSS_PLAIN}</channel></rss>', False),
        (f'<rss version="2.0" {SPACES} xml:lang="de"><channel>{"".join(RSS_HEAD)}{RSS_PLAIN}</channel></rss>', False),
    ],
    ids=["rss", "atom", "rss by Ida", "atom by Ida", "two authors", "an odd element", "two languages"],
)  # fmt: skip
def test_a_plain_head_needs_no_feedparser(body, plainly, monkeypatch):
    seen = count_plain(monkeypatch, "head")
    quick, slow = both(body.encode())
    assert quick == slow
    assert quick is not None
    assert quick.head.title
    assert seen == [plainly]
