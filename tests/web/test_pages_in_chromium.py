"""What people see, in a real browser: wide and narrow, light and dark, by keyboard and on paper."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from axe_playwright_python.sync_playwright import Axe
from madepages import TOPIC, WHEN, entry, page
from msgspec.structs import replace
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from programs import program
from publishing import free_port, served

from aggregator.model.period import Period
from aggregator.model.series import Correction, CorrectionsFeed, Digest, DigestFeed, Wording
from aggregator.model.topic import Source, Topic, TopicState
from aggregator.publish import (
    Card,
    Folder,
    Overview,
    Site,
    directory,
    documents,
    further_documents,
    index_page,
)

# A name, as another machine of the house would have it: browsers trust loopback more.
HOST = "news.example"
# As wide as WCAG 2.2 (1.4.10) has a page fit without scrolling to the side.
SIZES = {"wide": (1280, 800), "narrow": (320, 640)}
SCHEMES = ("light", "dark")
# All of axe's rules; its lists of what is well take it longer than finding them.
ASKED = {"resultTypes": ["violations"]}
TOKEN = "0123456789abcdef" * 2
WEEK = timedelta(days=7)
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
ODD = (
    entry(1, title=WORD * 3, summary=WORD * 4, reason=f'"{WORD}" (title), {WORD} (text)'),
    entry(2, title="عاد فرناندو توريس إلى مدريد مدرباً", summary="قال النادي (Atlético) إن العقد لعامين.", lang="ar", origin_title="ملعب اليوم", reason="توريس (title)"),
    entry(3, title="A headline that goes on and on, as some do. " * 20, summary="Why not. " * 90),
    entry(4, corrected=True, vanished=True, vanished_at=WHEN, origin_title=WORD, also_in=tuple(Source(title=f"Feed {n} {WORD[:n]}", url=f"https://{n}.example/s") for n in range(2, 14))),
    entry(5, url=None, title="", summary="", text="", html="", lang="", authors=(), also_in=(), reason="", origin_title="", origin_home=""),
    entry(6, vanished=True, title="<img src=https://tracker.example/i.gif> & <script>alert(1)</script>", summary="<table><tr><td>1</td></tr></table> <pre>x = 1</pre>", origin_title="<b>"),
    entry(7, title="🏆👩🏽‍🚀 トーレス監督、若手に「待つこと」を説く", lang="ja", html="<table><tr><td>" + "<td>".join("wide" * 9 for _ in range(30)) + "</table><pre><code>" + "x" * 900 + f'</code></pre><img src="https://pictures.example/{WORD}.jpg" alt="" width="4000">'),
    entry(8, url=f"https://one.example/{WORD * 9}", title="", summary="", text="Only a text. " * 40),
)  # fmt: skip
LONG = Topic(
    slug="long",
    title=WORD,
    query=f'("{WORD}" OR {WORD}) AND ' + " OR ".join(f"word{n}*" for n in range(90)),
    description=f"عن كرة القدم {WORD}",
)
HIDDEN = replace(TOPIC, slug="hidden", private=True)
SERIES = replace(TOPIC, slug="series", digest=Period.WEEK, corrections=True)
SAID = Wording(title="A short headline", summary="What was said.", text=f"{WORD}\nنعم", authors=())
EDITED = replace(SAID, title=WORD * 2, text=f"{WORD * 3}\nلا. " + "More words came. " * 60)
PLACES = {
    "": 200, "topics.html": 200, "topics/torres.atom": 200, "topics/torres/3.rss": 200, "topics/filling/2-9.json": 200,
    "topics/long": 200, "topics/empty": 200, f"private/{TOKEN}": 200,
    "topics/series": 200, "topics/series.digest": 200, "topics/series.corrections": 200,
    "topics/ended": 410, "topics/none.atom": 404,
}  # fmt: skip


def card(topic: Topic, *titles: str, token: str = "") -> Card:
    state = TopicState(
        topic=topic, stories=len(titles), announced=len(titles), newest=WHEN if titles else None,
        version=1, published_version=1, token=token,
    )  # fmt: skip
    return Card(state=state, titles=titles)


def series() -> tuple[DigestFeed, CorrectionsFeed]:
    """A week of odd stories, and what became of one of them."""
    digests = tuple(
        Digest(begin=WHEN - WEEK * (n + 1), end=WHEN - WEEK * n, stories=ODD[n:]) for n in range(2)
    )
    correction = Correction(
        entry=ODD[0].entry, number=2, seen=WHEN, before=SAID, after=EDITED, url=ODD[7].url, lang="de",
        origin_id="urn:x:1", origin_title=WORD, origin_feed="https://one.example/feed", origin_feed_id="",
        origin_home="https://one.example/",
    )  # fmt: skip
    return (
        DigestFeed(topic=SERIES, token="", since=WHEN, until=WHEN, digests=digests),
        CorrectionsFeed(topic=SERIES, token="", since=WHEN, corrections=(correction,)),
    )


def publish(folder: Path, site: Site) -> None:
    """Topics that are full, empty, odd, private and ended, and the front page."""
    out = Folder(folder)
    pages = (
        page(*ODD), page(*ODD, number=3, previous=2, next=4), page(ODD[0], topic=LONG, previous=None),
        page(topic=replace(TOPIC, slug="empty"), previous=None),
        page(ODD[1], topic=replace(TOPIC, slug="filling"), number=2, previous=1, grown=9),
        page(ODD[2], topic=HIDDEN, token=TOKEN, previous=None),
        page(entry(1), topic=replace(TOPIC, slug="ended")), page(ODD[0], topic=SERIES, previous=None),
    )  # fmt: skip
    for one in pages:
        out.write(documents(one, site))
    for further in series():
        out.write(further_documents(further, site))
    kept = ("torres", "long", "empty", "filling", "series", "series.digest", "series.corrections")
    out.retain([*(f"topics/{slug}" for slug in kept), f"private/{TOKEN}"])
    overview = Overview(
        feeds=77, collected=12, failing=3, entries=1_234_567, stories=9, topics=10_000
    )
    titles = [one.title for one in ODD if one.title]
    cards = [card(TOPIC, *titles), card(LONG, *titles[:1]), card(replace(LONG, slug="waits"))]
    cards.append(card(HIDDEN, token=TOKEN))
    out.write(index_page(cards, overview, site))
    out.write(directory([one.state for one in cards], site))


class _Static(SimpleHTTPRequestHandler):
    """Any other web server that gives the files the types that browsers show."""

    extensions_map: ClassVar = {
        ".atom": "application/xml",
        ".rss": "application/xml",
        ".css": "text/css",
    }

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> Iterator[dict[str, str]]:
    """Where the folder is served by the built-in server, and by another."""
    folder, port = tmp_path_factory.mktemp("public"), free_port()
    base = f"http://{HOST}:{port}"
    publish(folder, Site(base_url=base, title="Newsroom"))
    static = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Static, directory=str(folder)))
    thread = threading.Thread(target=static.serve_forever)
    thread.start()
    with served(folder, port, allow_hosts=(HOST,)):
        yield {"own": base, "static": f"http://{HOST}:{static.server_port}"}
    static.shutdown()
    thread.join()
    static.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium, mapped = program("chromium"), f"--host-resolver-rules=MAP {HOST} 127.0.0.1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[mapped])
        yield browser
        browser.close()


class Visitor:
    """Opens pages in one kind of window, and tells what is wrong with them."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self._base = base
        self._seen: list[str] = []
        self.tab = context.new_page()
        self.tab.on("console", lambda said: self._seen.append(f"console: {said.text}"))
        self.tab.on("pageerror", lambda error: self._seen.append(f"error: {error}"))
        self.tab.on("request", self._asked)

    def _asked(self, request) -> None:
        if not request.url.startswith(f"{self._base}/"):
            self._seen.append(f"request: {request.url}")

    def visit(self, path: str, status: int = 200) -> list[str]:
        """The faults of the page at this path, in words."""
        self._seen.clear()
        answer = self.tab.goto(f"{self._base}/{path}", wait_until="load")
        assert answer is not None
        # Chromium itself writes this of an address that it was told to open.
        own = f"console: Failed to load resource: the server responded with a status of {status} "
        found = [one for one in self._seen if status == 200 or not one.startswith(own)]
        if answer.status != status:
            found.append(f"status {answer.status}")
        wider = self.tab.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wider > 0:
            found.append(f"{wider} pixels wider than the window")
        return found + [
            f"{fault['id']}: {node['html'][:200]} {node['failureSummary']}"
            for fault in Axe().run(self.tab, options=ASKED).response["violations"]
            for node in fault["nodes"]
        ]


@pytest.fixture(params=SCHEMES)
def scheme(request) -> str:
    return request.param


@pytest.fixture(params=SIZES)
def context(request, browser, scheme) -> Iterator[BrowserContext]:
    """A window of one size in one colour scheme."""
    width, height = SIZES[request.param]
    size = {"width": width, "height": height}
    context = browser.new_context(viewport=size, color_scheme=scheme, has_touch=width < 500)
    yield context
    context.close()


def test_pages_are_without_fault(context, places):
    visitor = Visitor(context, places["own"])
    found = {path: visitor.visit(path, status) for path, status in PLACES.items()}
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_feeds_of_a_static_server_are_without_fault(context, places):
    visitor = Visitor(context, places["static"])
    paths = [f"topics/{name}.{kind}" for name in ("torres", "torres/3") for kind in ("atom", "rss")]
    found = {path: visitor.visit(path) for path in paths}
    assert {path: faults for path, faults in found.items() if faults} == {}
    assert visitor.tab.locator("item > title").first.is_visible()
    assert visitor.tab.locator("item > guid").first.is_hidden()


def test_what_would_be_amiss_is_seen(context, places):
    visitor = Visitor(context, places["own"])
    visitor.tab.route(
        "**/topics/torres",
        lambda route: route.fulfill(
            content_type="text/html",
            body='<img src="https://pictures.example/i.jpg"><p style="width: 2000px; color: #bbb; background: #aaa">Pale',
        ),
    )
    faults = "\n".join(visitor.visit("topics/torres"))
    for fault in ("request: https://pictures", "console: ", "pixels wider", "image-alt", "color-contrast"):  # fmt: skip
        assert fault in faults


def test_all_is_reached_by_keyboard_and_is_seen_there(context, places):
    tab = context.new_page()
    tab.goto(f"{places['own']}/topics/torres")
    tab.keyboard.press("Tab")
    skip = tab.locator(".skip")
    assert skip.evaluate("one => one === document.activeElement")
    assert skip.bounding_box()["y"] >= 0
    for _ in range(tab.locator("a[href], summary").count() - 1):
        tab.keyboard.press("Tab")
        seen = tab.evaluate(
            """() => {
                const one = document.activeElement, box = one.getBoundingClientRect();
                return one.matches('a, summary') && getComputedStyle(one).outlineStyle !== 'none'
                    && box.width > 0 && box.top < innerHeight && box.bottom > 0;
            }"""
        )
        assert seen, tab.evaluate("document.activeElement.outerHTML")
    skip.focus()
    tab.keyboard.press("Enter")
    # Chromium tells of the new address after the key is done with.
    tab.wait_for_url(lambda url: url.endswith("#main"), timeout=20_000)


def test_paper_is_white_and_holds_the_stories_alone(browser, places, scheme):
    context = browser.new_context(color_scheme=scheme)
    tab = context.new_page()
    tab.goto(f"{places['own']}/topics/torres")
    tab.emulate_media(media="print")
    assert tab.locator(".subscribe").is_hidden()
    assert tab.locator("article").first.is_visible()
    paper = "getComputedStyle(document.body).backgroundColor"
    assert tab.evaluate(paper) == "rgb(255, 255, 255)"
    context.close()
