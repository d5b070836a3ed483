"""What the tests of promises share: a feed, a topic, how times and ids are written."""

import json
import re
from datetime import UTC, datetime, timedelta

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
URN = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
TOPICS = """
[torres-coaching]
title = "Torres coaching"
query = "torres AND coach*"
"""
TORRES = ("1", "Torres starts as a coach", "Fernando Torres took his first session this morning.")
RAIN = ("2", "Rain stops play", "The covers stayed on until the evening, and the crowd went home.")


def rss(*items: tuple[str, str, str], title: str = "Sample") -> bytes:
    """A feed of (guid, title, text) items, newest first, dated an hour ago."""
    date = (datetime.now(UTC) - timedelta(hours=1)).strftime("%a, %d %b %Y %H:00:00 GMT")
    rows = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{head}</title>"
        f"<link>https://news.example/{guid}?utm_source=rss</link><pubDate>{date}</pubDate>"
        f"<author>a@news.example (Ida Morrow)</author><category>Football</category>"
        f"<description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
        for guid, head, text in items
    )
    return (
        f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>{title}</title>"
        f"<link>https://news.example/</link><description>d</description><language>en</language>"
        f"{rows}</channel></rss>"
    ).encode()


def parsed(ran) -> list[dict]:
    """What a command printed as JSON; it must have ended well."""
    assert ran.code == 0, ran.err
    return json.loads(ran.out)
