"""Dates as publishers write them, and those that are rather none than a guess."""

import pytest

from aggregator.model.time import iso
from aggregator.normalize import dates
from aggregator.normalize.document import parse

READ = {
    "2026/11/28 08:00": "2026-11-28T08:00:00Z",
    "2026/11/28": "2026-11-28T00:00:00Z",
    "2026.11.28 10:00:05 +0100": "2026-11-28T09:00:05Z",
    "2026年11月28日 10:00": "2026-11-28T10:00:00Z",
    "2026年1月8日": "2026-01-08T00:00:00Z",
    "Sat, 28 Nov 2026 10:00 PM": "2026-11-28T22:00:00Z",
    "Sat, 28 Nov 2026 12:05 a.m.": "2026-11-28T00:05:00Z",
    "Fri, 27 Nov 2026 12:05 PM": "2026-11-27T12:05:00Z",
    "Fri, 27 Nov 2026 09:30:00 PM EST": "2026-11-28T02:30:00Z",
    "2026-11-28 9:05 AM EST": "2026-11-28T14:05:00Z",
    "Sat, 28 Nov 2026 10:00:00 ET": "2026-11-28T15:00:00Z",
    "Sun, 01 Nov 2026 01:59:00 ET": "2026-11-01T05:59:00Z",
    "Sun, 01 Nov 2026 02:00:00 ET": "2026-11-01T07:00:00Z",
    "Tue, 28 Jul 2026 10:00:00 PT": "2026-07-28T17:00:00Z",
    "Sun, 08 Mar 2026 01:59:00 CT": "2026-03-08T07:59:00Z",
    "Sun, 08 Mar 2026 02:00:00 CT": "2026-03-08T07:00:00Z",
    "Sat, 28 Nov 2026 24:00:00 GMT": "2026-11-29T00:00:00Z",
    "28.11.2026 14:05": "2026-11-28T14:05:00Z",
    "5.11.2026 14:05:30 CET": "2026-11-05T13:05:30Z",
    "28/11/2026 14:05": "2026-11-28T14:05:00Z",
    "11/28/2026 2:05 PM": "2026-11-28T14:05:00Z",
    "28-11-2026 14:05": "2026-11-28T14:05:00Z",
    "28.11.2026": "2026-11-28T00:00:00Z",
    "28 November 2026 14:05": "2026-11-28T14:05:00Z",
    "28. November 2026, 14:05 Uhr": "2026-11-28T14:05:00Z",
    "November 28, 2026 2:05 PM": "2026-11-28T14:05:00Z",
    "Saturday, November 28th, 2026 - 14:05": "2026-11-28T14:05:00Z",
    "Nov. 28, 2026 at 2:05 p.m. EST": "2026-11-28T19:05:00Z",
    "28-Nov-2026 14:05": "2026-11-28T14:05:00Z",
    "Sat, 28 Nov 2026 14:05:00 UTC+2": "2026-11-28T12:05:00Z",
    "Sat, 28 Nov 2026 14:05:00 CET+0100": "2026-11-28T13:05:00Z",
    "2026-11-28 14:05 UTC+2": "2026-11-28T12:05:00Z",
    "2026-11-28 14:05 CET+0100": "2026-11-28T13:05:00Z",
    "2026-11-28 14:05 +0530": "2026-11-28T08:35:00Z",
    "2026-11-28 14:05 Uhr": "2026-11-28T14:05:00Z",
    "Sat, 28 Nov 2026 14:05:00.123 GMT": "2026-11-28T14:05:00Z",
    "Sat, 28 Nov 2026 14:05:00,5 +0100": "2026-11-28T13:05:00Z",
    "Samstag, 28 Nov 2026 14:05:00 +0100": "2026-11-28T13:05:00Z",
    "sáb. 28 Nov 2026 14:05": "2026-11-28T14:05:00Z",
    "Segunda-feira, 30.11.2026, 14:05": "2026-11-30T14:05:00Z",
    "土, 28 Nov 2026 14:05:00 +0900": "2026-11-28T05:05:00Z",
    "Samstag, 2026-11-28 14:05": "2026-11-28T14:05:00Z",
    "05/11/2026 14:05": None,
    "05-11-2026 14:05": None,
    "11.28.2026 14:05": None,
    "28/13/2026 14:05": None,
    "31.02.2026 14:05": None,
    "28.11.26 14:05": None,
    "28 marraskuuta 2026 14:05": None,
    "Sat, 28 Nov 2026 25:00:00 GMT": None,
    "Sat, 28 Nov 2026 24:30:00 GMT": None,
}


@pytest.mark.parametrize("text", READ)
def test_a_date_is_read_as_it_is_meant(text):
    assert iso(dates.moment(text)) == READ[text]


@pytest.mark.parametrize(
    "text", ["05-11-2026 14:05", "2026/28/11", "2026-11 (28) 08h", "2026-11, 28"]
)
def test_the_first_of_a_month_is_no_guess_at_another_day(text):
    body = f"<rss version='2.0'><channel><item><guid>1</guid><pubDate>{text}</pubDate></item></channel></rss>"
    (item,) = parse(body.encode(), content_type="", url="https://a.example/", seen={}).items
    assert item.published is None


def test_a_year_and_a_month_alone_are_its_first_day():
    body = b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><published>2026-11</published></entry></feed>"
    (item,) = parse(body, content_type="", url="https://a.example/", seen={}).items
    assert iso(item.published) == "2026-11-01T00:00:00Z"
