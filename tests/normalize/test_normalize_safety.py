"""Hostile HTML, cleaned and shown by a real browser: no script runs, nothing loads but images."""

import html
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright
from programs import program

from aggregator.model.errors import NotAFeed
from aggregator.model.feed import FeedIdentity
from aggregator.normalize import read

HOSTILE = Path(__file__).parents[3] / "shared" / "corpus" / "hostile"
PAGE = "http://reader.example/page"
HARMLESS = (
    "a abbr b blockquote body br caption cite code col colgroup del em figcaption figure h2 h3 h4"
    " h5 h6 head html i img ins kbd li main mark ol p pre q s section small strong sub sup table"
    " tbody td tfoot th thead time title tr u ul"
).split()
RUN = "window.ran=(window.ran||0)+1;alert('ran')"
VECTORS = [
    f"<script>{RUN}</script>",
    "<script src='//evil.example/x.js'></script>",
    f"<SCRIPT\n>{RUN}</SCRIPT >",
    f"<scr<script>ipt>{RUN}</scr</script>ipt>",
    f"<img src=x onerror=\"{RUN}\">",
    f"<img src='x' onerror='{html.escape(RUN)}'/ onload={RUN}>",
    f"<img/src=x/onerror={RUN}>",
    f"<img src=\"x` `<script>{RUN}</script>\"` `>",
    f"<svg onload=\"{RUN}\"></svg>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><style><img src=x onerror=\"{RUN}\"></style></svg>",
    f"<svg><a xlink:href='javascript:{RUN}'><text y=20>x</text></a></svg>",
    f"<svg><animate onbegin=\"{RUN}\" attributeName=x dur=1s></svg>",
    f"<math><mtext><table><mglyph><style><img src=x onerror=\"{RUN}\">",
    f"<math><mi//xlink:href='data:x,<script>{RUN}</script>'>",
    f"<a href='javascript:{RUN}'>x</a>",
    f"<a href='java&#10;script:{RUN}'>x</a>",
    f"<a href='&#x6a;avascript:{RUN}'>x</a>",
    f"<a href=' \x01javascript:{RUN}'>x</a>",
    f"<a href='vbscript:{RUN}'>x</a>",
    f"<a href='data:text/html,<script>{RUN}</script>'>x</a>",
    f"<a href='//x.example\" onmouseover=\"{RUN}'>x</a>",
    f"<iframe src='javascript:{RUN}'></iframe>",
    f"<iframe srcdoc='<script>{RUN}</script>'></iframe>",
    "<iframe src='//evil.example/frame'></iframe>",
    f"<object data='data:text/html,<script>{RUN}</script>'></object>",
    "<embed src='//evil.example/x.swf'>",
    "<applet code='x' archive='//evil.example/x.jar'></applet>",
    f"<form action='javascript:{RUN}'><button autofocus onfocus=\"{RUN}\">x</button></form>",
    f"<input autofocus onfocus=\"{RUN}\">",
    f"<select autofocus onfocus=\"{RUN}\"></select>",
    f"<details open ontoggle=\"{RUN}\"><summary>x</summary></details>",
    f"<marquee onstart=\"{RUN}\">x</marquee>",
    f"<video><source onerror=\"{RUN}\"></video>",
    f"<video src='//evil.example/x.mp4' onerror=\"{RUN}\" autoplay></video>",
    "<audio src='//evil.example/x.mp3' autoplay></audio>",
    f"<video src='/x.mp4\" onmouseover=\"{RUN}' poster='javascript:{RUN}' title='\"><script>{RUN}</script>'></video>",
    f"<video poster='/p.png\" onerror=\"{RUN}'><source src='/x.mp4'></video>",
    f"<audio><source src='javascript:{RUN}'></audio><video src='data:text/html,<script>{RUN}</script>'></video>",
    f"<iframe src='https://player.example/\"><img src=x onerror={RUN}>' title='<img src=x onerror=\"{RUN}\">'></iframe>",
    f"<iframe src='https://w.soundcloud.com/player/?url=javascript:{RUN}' srcdoc='<script>{RUN}</script>'></iframe>",
    f"<iframe src='https://www.facebook.com/plugins/video.php?href=javascript:{RUN}'></iframe>",
    f"<object data='https://player.example/1'><param name=movie value='javascript:{RUN}'></object>",
    f"<img alt=\"<iframe src='https://player.example/1' onload='{RUN}'>\" src='/i.png'>",
    f"<figure><a href='javascript:{RUN}'>Video: x</a></figure>",
    "<iframe src='https://player.example/1'></iframe>" * 3000,
    f"<body onload=\"{RUN}\" background='//evil.example/b.png'>",
    "<link rel=stylesheet href='//evil.example/x.css'>",
    "<link rel=preload as=script href='//evil.example/x.js'>",
    "<link rel=prefetch href='//evil.example/next'>",
    "<style>@import '//evil.example/x.css'; body{background:url(//evil.example/b.png)}</style>",
    "<p style=\"background:url('//evil.example/b.png');behavior:url(x.htc)\">x</p>",
    "<div style='background-image:url(\"//evil.example/c.png\")'>x</div>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<base href='//evil.example/'><a href='x'>x</a>",
    f"<noscript><p title=\"</noscript><img src=x onerror='{RUN}'>\">",
    f"<template><script>{RUN}</script></template>",
    f"<textarea><img title=\"</textarea><img src=x onerror='{RUN}'>\">",
    f"<title><img title=\"</title><img src=x onerror='{RUN}'>\">",
    f"<xmp><img title=\"</xmp><img src=x onerror='{RUN}'>\">",
    f"<plaintext><img src=x onerror=\"{RUN}\">",
    f"<!--><img src=x onerror=\"{RUN}\">-->",
    f"<!--[if IE]><script>{RUN}</script><![endif]-->",
    f"<![CDATA[<img src=x onerror=\"{RUN}\">]]>",
    f"<table background='javascript:{RUN}'><td background='//evil.example/t.png'>x</td></table>",
    f"<table><tr><td>1</td><td><img src=x onerror=\"{RUN}\"></td></tr></table>",
    f"<pre><code><img src=x onerror=\"{RUN}\"></code></pre>",
    f"&lt;img src=x onerror=\"{RUN}\"&gt;",
    f"&amp;lt;script&amp;gt;{RUN}&amp;lt;/script&amp;gt;",
    f"<img srcset='//evil.example/a.png 1x, javascript:{RUN} 2x'>",
    f"<img data-src='javascript:{RUN}' src='data:image/svg+xml,<svg onload=\"{RUN}\">'>",
    f"<img src='/i.png' alt='\" onerror=\"{RUN}'>",
    f"<time datetime='\" onmouseover=\"{RUN}'>x</time>",
    f"<a href='https://x.example/' ping='//evil.example/ping' target=_self onclick=\"{RUN}\">x</a>",
    f"<p>x<b/onmouseover={RUN}>y</b/><q cite='javascript:{RUN}'>z</q></p>",
]  # fmt: skip


def documents() -> Iterator[tuple[str, bytes]]:
    """(name, feed document) of every vector: our own always, the collected ones where they are."""
    for number, vector in enumerate(VECTORS):
        yield f"own {number}: {vector}", _feed(f"<p>before</p>{vector}<p>after</p>")
        yield f"own {number}, bare: {vector}", _feed(vector)
    for path in sorted(HOSTILE.glob("*.xml")):
        yield path.name, path.read_bytes()
    for path in sorted(HOSTILE.glob("*.json")):
        for one in json.loads(path.read_text()):
            vector = one if isinstance(one, str) else one.get("payload") or one.get("data") or ""
            yield f"{path.name}: {vector}", _feed(vector)


def _feed(content: str) -> bytes:
    text = html.escape(content.replace("\x01", "&#1;"))
    item = f"<item><guid>1</guid><title>T</title><description>{text}</description></item>"
    return f"<rss version='2.0'><channel><title>T</title>{item}</channel></rss>".encode()


def cleaned() -> Iterator[tuple[str, str]]:
    """(name, clean HTML) of every entry of every document."""
    for name, body in documents():
        try:
            document = read(
                body,
                content_type="application/xml",
                url="https://news.example/rss",
                feed=FeedIdentity("news.example/rss"),
                seen=frozenset(),
                now=datetime(2026, 11, 2, tzinfo=UTC),
                max_entries=5000,
            )
        except NotAFeed:
            continue
        for entry in document.entries:
            if entry.html:
                yield name, entry.html


class Watch:
    """What a page does that a text must not: dialogs, console, errors, loads, windows."""

    def __init__(self, page: Page) -> None:
        self.seen: list[str] = []
        self._body = ""
        page.on("dialog", self._dialog)
        page.on("console", lambda message: self.seen.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.seen.append(f"error: {error}"))
        page.on("popup", lambda popup: self.seen.append(f"window: {popup.url}"))
        page.on("download", lambda download: self.seen.append(f"download: {download.url}"))
        page.route("**/*", self._load)
        self._page = page

    def show(self, body: str) -> list[str]:
        """Load a page with this body and let it settle; returns what it did."""
        self.seen.clear()
        self._body = f"<!doctype html><meta charset=utf-8><title>x</title><main>{body}</main>"
        self._page.goto(PAGE, wait_until="load")
        self._page.evaluate(
            """async () => {
                for (const one of document.querySelectorAll('*'))
                    for (const kind of ['mouseover', 'focus', 'toggle', 'error', 'load'])
                        one.dispatchEvent(new Event(kind));
                await new Promise(done => setTimeout(done, 50));
            }"""
        )
        if self._page.evaluate("window.ran"):
            self.seen.append("script ran")
        return list(self.seen)

    def _dialog(self, dialog) -> None:
        self.seen.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _load(self, route) -> None:
        request = route.request
        if request.url == PAGE:
            route.fulfill(body=self._body, content_type="text/html; charset=utf-8")
        elif request.resource_type == "image":
            route.fulfill(body="<svg xmlns='http://www.w3.org/2000/svg'/>", content_type="image/svg+xml")  # fmt: skip
        else:
            self.seen.append(f"load: {request.resource_type} {request.url}")
            route.abort()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"))
        yield browser.new_page()
        browser.close()


def test_the_watch_sees_what_is_not_cleaned(page: Page) -> None:
    for vector in ("<img src=x onerror=\"alert(1)\">", "<script>window.ran=1</script>", "<iframe src='//evil.example/'></iframe>"):  # fmt: skip
        assert Watch(page).show(vector), vector


def test_no_vector_runs_and_nothing_loads_but_images(page: Page) -> None:
    bodies = list(cleaned())
    assert len(bodies) >= len(VECTORS)
    watch = Watch(page)
    if watch.show("".join(f"<section>{body}</section>" for _, body in bodies)):
        # Something did: say which.
        assert {name: seen for name, body in bodies if (seen := watch.show(body))} == {}
        pytest.fail(f"together they do: {watch.seen[:5]}")
    found = page.evaluate(
        """() => ({
            names: [...new Set([...document.querySelectorAll('*')].map(one => one.localName))],
            attributes: [...new Set([...document.querySelectorAll('main *')].flatMap(one =>
                [...one.attributes].map(attribute => attribute.name)))],
            schemes: [...new Set([...document.querySelectorAll('a[href]')].map(one => one.protocol))],
            sections: document.querySelectorAll('main > section').length,
        })"""
    )
    assert set(found["names"]) - {*HARMLESS, "meta"} == set()
    assert set(found["attributes"]) <= {
        "href", "src", "alt", "colspan", "rowspan", "datetime", "start", "value",
    }  # fmt: skip
    assert set(found["schemes"]) <= {"http:", "https:", "mailto:"}
    assert found["sections"] == len(bodies), "no vector closes what is around it"
