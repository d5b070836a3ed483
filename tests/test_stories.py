"""One article in six versions, from as many feeds, read, stored and published as one story."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape
from random import Random

import pytest
import seed_article
from archivedesk import Desk

from aggregator.archive import open_archive
from aggregator.model.batch import Fetched
from aggregator.model.settings import ArchiveSettings
from aggregator.model.topic import Topic

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TOPIC = Topic(slug="torres-coaching", title="Torres coaching", query="torres AND coach*")
AGENCY = ("(Agency) The following report was sent by our correspondent.", "Copyright of the agency. All rights reserved.")  # fmt: skip


def versions(text: str) -> dict[str, str]:
    """The article, and five versions of it, as the content of an item."""
    rows = seed_article.lines(text)
    headline = seed_article.headline(text)
    body = [row for row in rows[2:] if not row.startswith(("READ", "This website"))]
    later = body[5:]
    Random(5).shuffle(later)

    def html(lines) -> str:
        return "".join(f"<p>{escape(line)}</p>" for line in lines)

    first_words = " ".join(" ".join(row.lstrip("• ") for row in body).split()[:40])
    return {
        "as it came": seed_article.forms(text)["paragraphs"],
        "plain text": "\n\n".join(body),
        "HTML": f"<article><h2>{escape(headline)}</h2>{seed_article.forms(text)['lists and figures']}</article>",
        "cut": f"<p>{escape(first_words)} …</p>",
        "re-ordered": html([*body[:5], *later]),
        "with lines of an agency": html([AGENCY[0], *body, AGENCY[1]]),
    }


def url(number: int) -> str:
    return f"https://site{number}.example/feed"


def fetched(desk: Desk, number: int, title: str, content: str, at: datetime) -> Fetched:
    item = (
        f"<item><guid>g{number}</guid><title>{escape(title)}</title>"
        f"<link>https://site{number}.example/story</link><description>{escape(content)}</description></item>"
    )
    body = f"<rss version='2.0'><channel><title>Site {number}</title><language>en</language>{item}</channel></rss>"
    return desk.read(url(number), body.encode(), at)


ORDERS = {
    "as listed": (0, 1, 2, 3, 4, 5),
    "the summary first": (3, 0, 1, 2, 4, 5),
    "backwards": (5, 4, 3, 2, 1, 0),
}


@pytest.mark.parametrize("name", seed_article.articles())
@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
@pytest.mark.parametrize("order", ORDERS)
def test_six_versions_are_one_story(name, together, order, archive_url, tmp_path):
    text = seed_article.articles()[name]
    bodies = list(versions(text).values())
    settings = ArchiveSettings(directory=tmp_path / "archive", database=archive_url, free_space=0)
    with open_archive(settings, write=True, purpose="a test") as archive:
        desk = Desk(archive, settings)
        desk.subscribe(*(url(number) for number in range(6)))
        desk.topics(TOPIC)
        brought = [
            fetched(desk, number, seed_article.headline(text), bodies[number], NOON + place * timedelta(minutes=7))
            for place, number in enumerate(ORDERS[order])
        ]  # fmt: skip
        for batch in [brought] if together else [[one] for one in brought]:
            desk.write(batch, at=batch[-1].at)
        records = list(archive.export())
        assert len(records) == 6
        assert len({record.story for record in records}) == 1
        assert len(archive.sightings(records[0].story)) == 6
        (lead,) = [record for record in records if record.lead]
        assert len(lead.text) > len(text) / 2
        assert "READ NEWS SOURCE" not in lead.text
        (shown,) = archive.published.subscription_page(TOPIC.slug, size=50).entries
        assert (shown.id, shown.entry) == (lead.story, lead.id)
        assert len(shown.also_in) == 5
