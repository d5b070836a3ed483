"""Feeds found from the address of a page, over real sockets, and added by it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from promises import RAIN, TORRES, parsed, rss
from simclock import SimClock

FEED = "application/rss+xml"
JSON_FEED = json.dumps(
    {"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{"id": "1"}]}
).encode()
SITEMAP = (
    b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    b' xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://a.example/1</loc>'
    b"<n:news><n:publication><n:name>A</n:name><n:language>en</n:language></n:publication>"
    b"<n:publication_date>2026-11-20</n:publication_date><n:title>One</n:title></n:news></url></urlset>"
)


def page(head: str = "", body: str = "") -> bytes:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


def link(href: str, title: str = "", kind: str = FEED, rel: str = "alternate") -> str:
    return f'<link rel="{rel}" type="{kind}" title="{title}" href="{href}">'


SITES = {
    "a feed itself": ({"/": rss(TORRES)}, [("/", "itself")]),
    "a link element": ({"/": page(link("/a.xml")), "/a.xml": rss(RAIN)}, [("/a.xml", "declared")]),
    "a relative link under a base": (
        {"/": page('<base href="/deep/">' + link("a.xml")), "/deep/a.xml": rss(RAIN)},
        [("/deep/a.xml", "declared")],
    ),
    "several, in their order, each once": (
        {
            "/": page(link("/b.xml") + link("/a.xml") + link("/b.xml")),
            "/a.xml": rss(RAIN),
            "/b.xml": rss(TORRES),
        },
        [("/b.xml", "declared"), ("/a.xml", "declared")],
    ),
    "a JSON Feed": (
        {"/": page(link("/f.json", kind="application/feed+json")), "/f.json": JSON_FEED},
        [("/f.json", "declared")],
    ),
    "JSON that is no feed is left out": (
        {
            "/": page(link("/wp-json", kind="application/json") + link("/a.xml")),
            "/wp-json": b'{"routes": {}}',
            "/a.xml": rss(RAIN),
        },
        [("/a.xml", "declared")],
    ),
    "rel=feed": (
        {"/": page(link("/a.xml", kind="", rel="feed")), "/a.xml": rss(RAIN)},
        [("/a.xml", "declared")],
    ),
    "a dead link element, a living link": (
        {
            "/": page(
                link("/dead.xml"), '<a href="/feeds/news">Feeds</a><a href="/feedback">x</a>'
            ),
            "/feeds/news": rss(RAIN),
        },
        [("/feeds/news", "linked")],
    ),
    "a link by its name": (
        {"/": page("", '<a href="/x?id=7"><b>RSS feed</b></a>'), "/x?id=7": rss(RAIN)},
        [("/x?id=7", "linked")],
    ),
    "a known path": ({"/": page(), "/rss.xml": rss(RAIN)}, [("/rss.xml", "known path")]),
    "a news sitemap that robots.txt names": (
        {"/": page(), "/robots.txt": b"Sitemap: /x/news.xml\n", "/x/news.xml": SITEMAP},
        [("/x/news.xml", "news sitemap")],
    ),
    "a news sitemap in its usual place": (
        {"/": page(), "/news-sitemap.xml": SITEMAP},
        [("/news-sitemap.xml", "news sitemap")],
    ),
    "nothing": ({"/": page("", "<a href='mailto:a@b.example'>feed</a>")}, []),
}


@pytest.mark.parametrize("name", SITES)
def test_the_feeds_of_a_site_are_found(place, server, name):
    routes, wanted = SITES[name]
    for path, body in routes.items():
        server.serve(path, body, content_type="text/html" if body.startswith(b"<!") else "text/xml")
    found = parsed(place.run("feeds", "discover", server.url("/"), "--json"))
    assert [(one["url"], one["where"]) for one in found] == [
        (server.url(path), where) for path, where in wanted
    ]
    for one in found:
        assert list(one) == ["url", "title", "format", "entries", "newest", "where", "comments"]
        assert one["entries"] == 1
    asked = [one.path for one in server.requests]
    assert len(asked) == len(set(asked)) <= 32, "no address twice, and a bound"
    assert not (place.folder / "archive").exists()


def test_the_link_header_counts(place, server):
    told = {"Link": '</other>; rel="next", </a.xml>; rel="alternate"; type="application/rss+xml"'}
    server.serve("/", page(), content_type="text/html", headers=told)
    server.serve("/a.xml", rss(RAIN))
    (found,) = parsed(place.run("feeds", "discover", server.url("/"), "--json"))
    assert (found["url"], found["title"]) == (server.url("/a.xml"), "Sample")


def test_a_page_is_added_by_its_feed(place, server):
    server.serve(
        "/", page(link("/a.xml") + link("/c.xml", "Comments Feed")), content_type="text/html"
    )
    server.serve("/a.xml", rss(RAIN))
    server.serve("/c.xml", rss(TORRES))
    ran = place.run("feeds", "add", server.url("/"), "--folder", "A")
    assert (ran.code, ran.out) == (0, f"added {server.url('/a.xml')}\n")
    (feed,) = parsed(place.run("feeds", "list", "--json"))
    assert (feed["url"], feed["folders"]) == (server.url("/a.xml"), ["A"])
    assert 'text="Sample"' in (place.folder / "feeds.opml").read_text("utf-8")
    again = place.run("feeds", "add", server.url("/"), "--json")
    assert (again.code, json.loads(again.out)) == (0, {"url": server.url("/a.xml"), "added": False})


def test_a_page_with_several_feeds_is_a_choice(place, server):
    server.serve("/", page(link("/a.xml") + link("/b.xml")), content_type="text/html")
    server.serve("/a.xml", rss(RAIN))
    server.serve("/b.xml", rss(TORRES))
    before = (place.folder / "feeds.opml").read_bytes()
    ran = place.run("feeds", "add", server.url("/"))
    assert ran.code == 2
    assert [line.split("\t")[0] for line in ran.out.splitlines()] == [
        server.url("/a.xml"),
        server.url("/b.xml"),
    ]
    ran = place.run("feeds", "add", server.url("/"), "--json")
    assert ran.code == 2
    assert [one["url"] for one in json.loads(ran.out)] == [
        server.url("/a.xml"),
        server.url("/b.xml"),
    ]
    assert (place.folder / "feeds.opml").read_bytes() == before


def test_a_page_without_a_feed_is_not_added(place, server):
    server.serve("/", page(), content_type="text/html")
    ran = place.run("feeds", "add", server.url("/"))
    assert ran.code == 2
    assert "--as-it-is" in ran.err
    asked = len(server.requests)
    assert place.run("feeds", "add", server.url("/"), "--as-it-is").code == 0
    assert len(server.requests) == asked


@pytest.mark.parametrize(("path", "status"), [("/private", 401), ("/busy", 503)])
def test_what_cannot_be_asked_now_is_added_as_it_stands(place, server, path, status):
    server.serve(path, b"", status=status)
    ran = place.run("feeds", "add", server.url(path))
    assert (ran.code, ran.out) == (0, f"added {server.url(path)}\n")
    assert "as it stands" in ran.err
    assert place.run("feeds", "discover", server.url(path)).code == 2


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_not_added(place, server, status):
    before = (place.folder / "feeds.opml").read_bytes()
    server.serve("/mistyped", b"", status=status)
    ran = place.run("feeds", "add", server.url("/mistyped"))
    assert ran.code == 2
    assert str(status) in ran.err
    assert "--as-it-is" in ran.err
    assert (place.folder / "feeds.opml").read_bytes() == before


def test_a_private_address_is_not_added_and_the_setting_is_named(place):
    url = "http://10.11.12.13/feed"
    ran = place.run("feeds", "add", url)
    assert ran.code == 2
    assert "collect.allow_networks" in ran.err
    assert place.run("feeds", "add", url, "--as-it-is").out == f"added {url}\n"


def test_a_file_that_may_not_be_read_is_not_added(place):
    file = place.folder / "feed.xml"
    file.write_bytes(rss(RAIN))
    ran = place.run("feeds", "add", file.as_uri())
    assert ran.code == 2
    assert "collect.allow_files" in ran.err
    assert place.run("feeds", "add", file.as_uri(), "--as-it-is").out == f"added {file.as_uri()}\n"


def test_a_page_leads_into_no_private_network(place, server):
    place.settings("")
    server.serve(
        "/",
        page(link("http://192.168.7.7/feed") + link("file:///etc/passwd")),
        content_type="text/html",
    )
    assert parsed(place.run("feeds", "discover", server.url("/"), "--json")) == []


def test_permanent_redirects_are_followed_in_what_is_written_down(place, server):
    server.serve("/", page(link("/old.xml") + link("/moved.xml")), content_type="text/html")
    server.serve("/old.xml", status=301, headers={"Location": "/new.xml"})
    server.serve("/new.xml", rss(RAIN))
    server.serve("/moved.xml", status=302, headers={"Location": "/other.xml"})
    server.serve("/other.xml", rss(TORRES))
    found = parsed(place.run("feeds", "discover", server.url("/"), "--json"))
    assert [one["url"] for one in found] == [server.url("/new.xml"), server.url("/moved.xml")]


SECRET = """
["{url}"]
username = "ann"
password = "hush-hush"
headers = {{ X-Key = "sesame" }}
"""


def keep_secrets(place, text: str) -> None:
    file = place.folder / "secrets.toml"
    file.write_text(text)
    file.chmod(0o600)


@pytest.mark.parametrize("command", ["add", "discover"])
def test_what_a_person_gave_for_a_feed_goes_along(place, server, command):
    server.serve("/", page(link("/a.xml")), content_type="text/html")
    keep_secrets(place, SECRET.format(url=server.serve("/a.xml", rss(RAIN))))
    ran = place.run("feeds", command, server.url("/"))
    assert (ran.code, ran.err) == (0, "")
    of_page, of_feed = (one.headers for one in server.requests)
    assert not {"authorization", "x-key"} & of_page.keys()
    assert of_feed["authorization"].startswith("Basic ")
    assert of_feed["x-key"] == "sesame"


def test_a_feed_behind_a_proxy_is_added(place, server):
    # The server is the proxy here: it is told the whole address.
    url = "http://feeds.example/a.xml"
    server.serve(url, rss(RAIN))
    keep_secrets(place, f'["{url}"]\nproxy = "{server.url("")}"')
    ran = place.run("feeds", "add", url)
    assert (ran.code, ran.out, ran.err) == (0, f"added {url}\n", "")


def test_a_mistake_in_the_secrets_is_told_before_anybody_is_asked(place, server):
    keep_secrets(place, "password = hush")
    ran = place.run("feeds", "add", server.serve("/a.xml", rss(RAIN)))
    assert (ran.code, server.requests) == (2, [])
    assert "secrets.toml" in ran.err
    assert "hush" not in ran.err


def test_news_that_a_server_hides_from_the_collector_are_seen_by_who_looks(place, server):
    """The 304 is a lie; that a look at the page shows newer is what lets the collector doubt it."""
    server.serve("/", page(link("/a.xml")), content_type="text/html")
    place.subscribe(server.serve("/a.xml", rss(RAIN), etag='"a"'))
    with SimClock(datetime.now(UTC) - timedelta(hours=5)):
        assert place.run("collect").code == 0
    server.serve("/a.xml", rss(TORRES, RAIN), etag='"a"')
    assert parsed(place.run("collect", "--all", "--json"))["unchanged"] == 1
    assert "would add" not in place.run("feeds", "add", server.url("/"), "--dry-run").out
    assert parsed(place.run("collect", "--all", "--json"))["new"] == 0, "a dry run leaves no trace"
    ran = place.run("feeds", "discover", server.url("/"), "--json")
    assert "said unchanged though it had news" in ran.err
    assert len(json.loads(ran.out)) == 1
    assert parsed(place.run("collect", "--all", "--json"))["new"] == 1
    assert "news" not in place.run("feeds", "discover", server.url("/")).err
    sent = [one.headers.get("if-none-match") for one in server.asked("/a.xml")]
    assert sent == [None, '"a"', None, '"a"', None, None, None]


def test_a_feed_that_ended_and_is_back_is_asked_again_once_a_person_added_it(place, server):
    place.subscribe(server.serve("/a.xml", status=410))
    place.run("collect")
    (listed,) = json.loads(place.run("feeds", "list", "--json").out)
    shown = parsed(place.run("feeds", "show", server.url("/a.xml"), "--json"))
    for one in (listed, shown):
        assert (one["state"], one["next_due"]) == ("stopped", None)
    assert "never" in place.run("feeds", "show", server.url("/a.xml")).out
    server.serve("/a.xml", rss(TORRES))
    assert parsed(place.run("collect", "--all", "--json"))["feeds"] == 0
    place.subscribe()
    ran = place.run("feeds", "add", server.url("/a.xml"))
    assert "had ended (410) and answers again" in ran.err
    assert parsed(place.run("collect", "--json"))["new"] == 1


def test_a_host_that_asked_to_be_left_alone_is_left_alone(place, server):
    place.subscribe(server.serve("/a.xml", status=429, headers={"Retry-After": "3600"}))
    assert place.run("collect").code == 1
    ran = place.run("feeds", "add", server.serve("/b.xml", rss(RAIN)))
    assert (ran.code, ran.out) == (0, f"added {server.url('/b.xml')}\n")
    assert "asks for fewer requests: the address is taken as it stands" in ran.err
    assert server.asked("/b.xml") == []
