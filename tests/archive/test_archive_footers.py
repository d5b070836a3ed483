"""Short items above the footer of their site are stories of their own, learned or not."""

from datetime import timedelta
from html import escape
from random import Random

import pytest
from archivedesk import NOON, Desk

from aggregator.normalize import read

ONE, TWO = "https://paper.example/sport.xml", "https://paper.example/town.xml"
ITEMS = 30
WORDS = "harbour gull rain keeper ground whistle captain storm bench winger crowd river tower market station doctor engine window garden minister budget school railway forest bakery museum painter violin castle letter".split()


def said(seed: object, count: int) -> str:
    """Words that follow from a seed, none twice near one another."""
    draw = Random(repr(seed))
    return " ".join(f"{draw.choice(WORDS)}{draw.randrange(100)}" for _ in range(count))


FORMS = {
    "below": lambda own, footer: f"<p>{own}</p><p>{footer}</p>",
    "above": lambda own, footer: f"<p>{footer}</p><p>{own}</p>",
    "within": lambda own, footer: f"{own[: len(own) // 2]} {footer} {own[len(own) // 2 :]}",
    "in one paragraph": lambda own, footer: f"{own} {footer}",
}


def bring(desk: Desk, url: str, numbers: range, form, own: int, footer: int, at) -> None:
    feed, end = desk.archive.feed(url), said("footer", footer)
    items = "".join(
        f"<item><guid>{url} {n}</guid><title>{said(('title', url, n), 6)}</title>"
        f"<link>https://paper.example/{len(url)}/{n}</link>"
        f"<description>{escape(form(said((url, n), own), end))}</description></item>"
        for n in reversed(numbers)
    )
    body = f"<rss version='2.0'><channel><title>F</title><language>en</language>{items}</channel></rss>"
    document = read(
        body.encode(), content_type="application/xml", url=url, feed=feed.identity,
        seen=feed.seen, now=at, max_entries=100,
    )  # fmt: skip
    desk.bring(url, at=at, document=document)


def stories(desk: Desk) -> set[str]:
    return {record.story for record in desk.archive.export()}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("own", "footer"), [(20, 60), (5, 60), (20, 200), (40, 150)])
def test_items_above_one_footer_are_stories_of_their_own(desk, form, own, footer):
    desk.subscribe(ONE, TWO)
    bring(desk, ONE, range(ITEMS), FORMS[form], own, footer, NOON)
    for number in range(ITEMS, ITEMS + 3):
        at = NOON + timedelta(hours=number)
        bring(desk, ONE, range(number - 2, number + 1), FORMS[form], own, footer, at)
    bring(desk, TWO, range(3), FORMS[form], own, footer, NOON + timedelta(days=3))
    assert len(stories(desk)) == ITEMS + 6


def test_one_by_one_from_the_first(desk):
    desk.subscribe(ONE)
    for number in range(6):
        bring(desk, ONE, range(number + 1), FORMS["below"], 15, 60, NOON + timedelta(hours=number))
    assert len(stories(desk)) == 6
