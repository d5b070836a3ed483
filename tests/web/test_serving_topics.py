"""Topics from the archive to HTTP: what was taken away and comes back, and links while writing."""

import asyncio
import http.client
import re

from archivedesk import ONE, Desk, interests, item
from publishing import take_out_others

from aggregator.archive import open_archive
from aggregator.model.feed import Subscription
from aggregator.model.settings import ArchiveSettings, PublishSettings, ServerSettings, Settings
from aggregator.model.topic import Topic
from aggregator.pipeline import prepare
from aggregator.publish import Folder, site_of
from aggregator.publishing import publish_behind
from aggregator.topics import Matcher
from aggregator.web import serving

TOPIC = Topic(slug="all", title="All", query="*")


def made(tmp_path) -> Settings:
    return Settings(
        archive=ArchiveSettings(directory=tmp_path / "archive", free_space=0),
        publish=PublishSettings(directory=tmp_path / "public", page_size=2),
    )


def publish(archive, of: Settings, *topics: Topic) -> None:
    take_out_others(archive, topics)
    prepare(archive, of, [Subscription(url=ONE)], interests(*topics))
    publish_behind(archive, of, site_of(of))


def test_a_topic_that_comes_back_is_served_with_all_its_pages(tmp_path):
    of = made(tmp_path)
    paths = ["/topics/all.atom", "/topics/all/1.atom", "/topics/all/2.rss", "/topics/all/3.html"]

    def ask(address: str) -> list[int]:
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
        found = []
        for path in paths:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            found.append(answer.status)
        connection.close()
        return found

    async def go() -> list[list[int]]:
        found = []
        with open_archive(of.archive, write=True, purpose="a test") as archive:
            desk = Desk(archive, of.archive)
            desk.subscribe(ONE)
            desk.bring(ONE, *(item(f"n{n}") for n in range(5)))
            async with serving(
                ServerSettings(port=0), of.publish.directory, health=dict, metrics=bytes
            ) as address:
                for topics in ((TOPIC,), (), (TOPIC,)):
                    publish(archive, of, *topics)
                    found.append(await asyncio.to_thread(ask, address))
        return found

    served, gone, back = asyncio.run(go())
    assert served == back == [200] * 4
    assert gone == [410] * 4


def test_what_a_page_links_to_is_written_before_it(tmp_path, monkeypatch):
    """A reader who comes between two writes, as one after a crash, finds no broken link."""
    of, folder = made(tmp_path), tmp_path / "public/topics"
    write, broken = Folder.write, []

    def watched(self, documents, **given):
        changed = write(self, documents, **given)
        for file in folder.rglob("*.atom"):
            links = re.findall(r'<link href="[^"]*/topics/([^"]*\.atom)"', file.read_text())
            older = (link for link in links if link != "all.atom")
            broken.extend(link for link in older if not (folder / link).exists())
        return changed

    monkeypatch.setattr(Folder, "write", watched)
    with open_archive(of.archive, write=True, purpose="a test") as archive:
        desk = Desk(archive, of.archive)
        desk.subscribe(ONE)
        desk.bring(ONE, item("n0"))
        publish(archive, of, TOPIC)
        desk.matcher = Matcher(interests(TOPIC))
        desk.bring(ONE, item("n2"), item("n1"), item("n0"))
        publish(archive, of, TOPIC)
    assert broken == []
    assert (folder / "all/2.atom").exists()


def test_the_troubles_of_feeds_are_served_and_no_hub_is_told_of_them(tmp_path):
    of = made(tmp_path)

    def ask(address: str) -> dict[str, tuple[int, str | None, str | None]]:
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
        found = {}
        for path in ("", ".atom", ".rss", ".json", ".html"):
            connection.request("GET", f"/topics/_status{path}")
            answer = connection.getresponse()
            answer.read()
            kind = answer.headers.get_content_type()
            found[path] = (answer.status, kind, answer.headers["Link"])
        connection.close()
        return found

    async def go() -> dict[str, tuple[int, str | None, str | None]]:
        with open_archive(of.archive, write=True, purpose="a test") as archive:
            publish(archive, of)
            async with serving(
                ServerSettings(port=0), of.publish.directory, health=dict, metrics=bytes,
                links=lambda path: f"<hub>; for={path}",
            ) as address:  # fmt: skip
                return await asyncio.to_thread(ask, address)

    assert asyncio.run(go()) == {
        "": (200, "text/html", None),
        ".atom": (200, "application/atom+xml", None),
        ".rss": (200, "application/rss+xml", None),
        ".json": (200, "application/feed+json", None),
        ".html": (200, "text/html", None),
    }
