"""Character references that stand for no character cost a sign, not the document."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.entry import Document
from aggregator.model.feed import FeedIdentity
from aggregator.normalize import read as read_document
from aggregator.normalize.references import repaired

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)

OTHERS = "".join(f"<item><guid>g{n}</guid><title>Other {n}</title></item>" for n in range(29))


def read(body: str, content_type: str) -> Document:
    return read_document(
        body.encode(), content_type=content_type, url="https://news.example/rss",
        feed=FeedIdentity("news.example/rss"), seen=frozenset(), now=NOW, max_entries=100,
    )  # fmt: skip


CASES = [
    ("&#55357;&#56832;", "\U0001f600"),
    ("&#xD83D;&#xDE00;", "\U0001f600"),
    ("&#xd83d;&#56832;", "\U0001f600"),
    ("&#x0d83D;&#x00DE00;", "\U0001f600"),
    ("&#xD800;", "\ufffd"),
    ("&#56832;&#55357;", "\ufffd\ufffd"),
    ("&#55357;x&#56832;", "\ufffdx\ufffd"),
    ("&#99999999999;", "\ufffd"),
    ("&#x110000;", "\ufffd"),
    ("&#" + "9" * 5000 + ";", "\ufffd"),
    ("&#0000000000065;", "A"),
    ("&#x00000041;", "A"),
    ("&#" + "0" * 5000 + "65;", "A"),
    ("&#x1F600;", "\U0001f600"),
    ("&#233;", "\u00e9"),
    # Escaped twice, which is undone like any other.
    ("&amp;#55357;", "\ufffd"),
]


@pytest.mark.parametrize(("text", "sign"), CASES, ids=[text[:24] for text, _ in CASES])
@pytest.mark.parametrize("markup", ["{}", "<b>{}</b>"], ids=["plain", "for feedparser"])
def test_a_bad_reference_costs_one_sign(text, sign, markup):
    body = (
        f"<rss version='2.0'><channel><title>T</title><item><guid>a</guid><title>Goal {text}!</title>"
        f"<description>{markup.format('Well said')}</description></item>{OTHERS}</channel></rss>"
    )
    document = read(body, content_type="application/rss+xml")
    assert len(document.entries) == 30
    title = next(one.title for one in document.entries if one.title.startswith("Goal"))
    assert title == f"Goal {sign}!"


@given(st.text("&#xXdD8aA0159;<>", max_size=60))
def test_what_stands_for_characters_is_left_as_it_is(text):
    body = text.encode()
    again = repaired(body)
    assert repaired(again) == again
    if b"&#" not in body:
        assert again == body


def test_a_number_too_long_to_be_one_is_a_name():
    digits = "7" * 6000
    body = f'{{"version": "https://jsonfeed.org/version/1.1", "items": [{{"id": {digits}, "title": "A"}}]}}'
    (entry,) = read(body, content_type="application/feed+json").entries
    assert entry.title == "A"
