"""What subscribers get: valid in all three formats, the same bytes twice, ids that depend on nothing."""

from __future__ import annotations

import io
import json
from importlib.resources import files
from pathlib import Path

import feedparser
import feedrules
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from madepages import SITE, TOPIC, WHEN, entry, page
from msgspec.structs import replace
from reader import make_reader

from aggregator.model.errors import PublishError
from aggregator.model.topic import Detail, Page, TopicState
from aggregator.publish import Card, Folder, Overview, Site, directory, documents, index_page

ATOM = "{http://www.w3.org/2005/Atom}"


def by_format(of: Page, site: Site = SITE) -> dict[str, bytes]:
    return {path.rpartition(".")[2]: data for path, data in documents(of, site).items()}


def problems(of: Page, site: Site = SITE) -> list[str]:
    """What the validators find in a page's documents, and what feedparser cannot read."""
    made = documents(of, site)
    found = [
        f"{path}: bozo {parsed.get('bozo_exception')}, {len(parsed.entries)} entries"
        for path, data in made.items()
        if path.endswith((".atom", ".rss"))
        and (
            (parsed := feedparser.parse(io.BytesIO(data))).bozo
            or len(parsed.entries) != len(of.entries)
        )
    ]
    return [*found, *feedrules.problems(made)]


CASES = {
    "plain": page(entry(1), entry(2)),
    "empty": page(previous=None),
    "archive": page(entry(1), number=2, previous=1, next=3),
    "filling": page(entry(1), number=2, previous=1, grown=9),
    "private": page(entry(1), token="0123456789abcdef" * 2),
    "together": page(*(entry(n, published=WHEN, updated=WHEN) for n in range(50))),
    "of Atom": page(entry(1, origin_feed_id="tag:one.example,2020:feed"), entry(2, origin_feed_id="no id")),
    "hubs": page(entry(1)),
    "bare": page(
        entry(1, url=None, title="", summary="", html="", text="", authors=(), categories=(), lang="", image=None, enclosures=(), origin_home="", also_in=(), reason="")
    ),
    "summaries": page(entry(1), topic=replace(TOPIC, detail=Detail.SUMMARY)),
    "odd": page(entry(1, title="\x00\x0b\ufffe ]]> <script>", html="<p>]]>\x07</p>", categories=("\x00", "a"), lang="x y")),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_document_is_valid(name):
    site = replace(SITE, hubs=("https://hub.example/",)) if name == "hubs" else SITE
    assert problems(CASES[name], site) == []


@pytest.mark.parametrize(
    ("given", "authors"),
    [
        ({"authors": ("Ida Morrow",)}, ["Ida Morrow"]),
        ({"authors": (), "origin_title": "The Gazette"}, ["The Gazette"]),
        ({"authors": (), "origin_title": "", "origin_feed": "https://one.example/f"}, ["https://one.example/f"]),
        # Ours, as a digest is: it is by the author of the whole.
        ({"authors": (), "origin_title": "", "origin_feed": ""}, None),
    ],
)  # fmt: skip
def test_an_item_that_names_nobody_is_by_the_feed_it_came_from(given, authors):
    feed = json.loads(by_format(page(entry(1, **given)))["json"])
    assert feed["authors"] == [{"name": SITE.title}]
    told = feed["items"][0].get("authors")
    assert told == (authors and [{"name": name} for name in authors])


NASTY = st.text(st.characters(), max_size=30)


@settings(deadline=None)
@given(title=NASTY, summary=NASTY, text=NASTY, author=NASTY, category=NASTY, origin=NASTY)
def test_no_text_spoils_a_document(title, summary, text, author, category, origin):
    odd = entry(
        1,
        title=title,
        summary=summary,
        text=text,
        authors=(author,),
        categories=(category,),
        origin_title=origin,
    )
    assert problems(page(odd)) == []


def test_the_same_page_gives_the_same_bytes_and_no_clock():
    assert documents(CASES["plain"], SITE) == documents(CASES["plain"], SITE)


def test_ids_depend_on_no_address():
    moved = Site(base_url="http://127.0.0.1:9", title="Other")
    for kind in ("atom", "rss"):
        one, other = (
            feedparser.parse(io.BytesIO(by_format(CASES["plain"], site)[kind]))
            for site in (SITE, moved)
        )
        assert (
            [e.id for e in one.entries]
            == [e.id for e in other.entries]
            == [e.id for e in CASES["plain"].entries]
        )
        assert one.feed.get("id") == other.feed.get("id")


def test_history_links_and_origin():
    atom = etree.fromstring(by_format(CASES["archive"])["atom"])
    links = {link.get("rel"): link.get("href") for link in atom.findall(f"{ATOM}link")}
    assert links["prev-archive"] == "https://news.example/out/topics/torres/1.atom"
    assert links["next-archive"] == "https://news.example/out/topics/torres/3.atom"
    assert links["current"] == "https://news.example/out/topics/torres.atom"
    assert atom.find("{http://purl.org/syndication/history/1.0}archive") is not None
    source = atom.find(f"{ATOM}entry/{ATOM}source")
    assert source.find(f"{ATOM}title").text == "One & only"
    item = etree.fromstring(by_format(CASES["plain"])["rss"]).find("channel/item")
    assert item.find("source").get("url") == "https://one.example/rss?x=1&y=2"
    assert json.loads(by_format(CASES["plain"])["json"])["next_url"].endswith(
        "topics/torres/3.json"
    )


def test_an_independent_reader_takes_them(tmp_path):
    """lemon24's reader, from files: every entry once, also after the folder was made again."""
    for extension, data in by_format(page(*(entry(n) for n in range(1, 6)))).items():
        (tmp_path / f"feed.{extension}").write_bytes(data)
    with make_reader(":memory:", feed_root=str(tmp_path)) as reader:
        for extension in ("atom", "rss", "json"):
            reader.add_feed(f"feed.{extension}")
        for _ in range(2):
            reader.update_feeds(scheduled=False)
            assert [feed.last_exception for feed in reader.get_feeds()] == [None] * 3
            assert reader.get_entry_counts().total == 15


def test_pages_for_people_never_run_what_a_publisher_wrote():
    bad = entry(
        1,
        title="<script>x</script>",
        summary="<img src=x onerror=y>",
        url="javascript:alert(1)",
        origin_title="<b>",
        reason="<i>",
    )
    html = by_format(page(bad))["html"].decode()
    for written in ("<script>x", "<img src=x", "javascript:", "<b>", "<i>"):
        assert written not in html


def test_the_index_tells_what_an_empty_topic_waits_for():
    state = TopicState(
        topic=TOPIC,
        stories=0,
        announced=0,
        newest=None,
        version=1,
        published_version=0,
    )
    made = index_page(
        [Card(state=state, titles=())],
        Overview(feeds=3, collected=2, failing=1, entries=9, stories=8, topics=1),
        SITE,
    )
    assert "torres coach*" in made["index.html"].decode()
    assert "All 1 topic" not in made["index.html"].decode()
    made = directory([state], SITE)
    assert 'href="topics/torres.html"' in made["topics.html"].decode()
    outline = etree.fromstring(made["topics.opml"]).find("body/outline")
    assert outline.get("xmlUrl") == "https://news.example/out/topics/torres.atom"


def test_what_all_pages_share_is_written_once():
    folder = files("aggregator.publish").joinpath("templates")
    texts = [one.read_text() for one in folder.iterdir() if one.name.endswith(".html")]
    for part in ('class="bar"', 'class="subscribe"', 'class="button"', 'rel="alternate"'):
        assert sum(text.count(part) for text in texts) == 1, part


def test_files_are_written_on_change_only_and_whole(tmp_path):
    folder = Folder(tmp_path / "out")
    assert not folder.made_for(SITE)
    made = documents(CASES["plain"], SITE)
    assert set(folder.write(made)) == set(made)
    folder.settle(SITE, "postgresql://ann@db.example/news")
    assert folder.write(made) == ()
    assert folder.is_of("postgresql://ann@db.example/news")
    assert not folder.is_of("postgresql://ann@db.example/other")
    assert folder.made_for(SITE)
    assert not folder.lacking()
    assert not folder.made_for(replace(SITE, base_url="http://other.example"))
    (tmp_path / "out" / "topics" / "torres.rss").unlink()
    assert Folder(tmp_path / "out").lacking() == {"topics/torres"}
    assert not [path for path in (tmp_path / "out").rglob("*") if path.name.endswith(".part")]


def test_a_path_that_leads_out_and_a_folder_that_cannot_be_made(tmp_path):
    with pytest.raises(PublishError):
        Folder(tmp_path).write({"../out.html": b""})
    (tmp_path / "file").write_text("")
    with pytest.raises(PublishError) as caught:
        Folder(Path(tmp_path / "file" / "below")).write({"a.html": b""})
    assert caught.value.hint


@pytest.mark.parametrize(
    ("more", "named"), [({}, True), ({"number": 2}, False), ({"token": "0" * 32}, False)]
)
def test_hubs_are_named_where_there_is_something_to_announce(more, named):
    made = documents(page(entry(1), **more), replace(SITE, hubs=("https://hub.example/",)))
    feeds = [data for path, data in made.items() if not path.endswith(".html")]
    assert [b"hub.example" in data for data in feeds] == [named] * 3
