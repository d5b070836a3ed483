"""Addresses as they may be shown."""

import pytest

from aggregator.model.address import shown_feed, shown_url, without_password


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://me:secret@a.example/x@y", "http://a.example/x@y"),
        ("HTTPS://secret@a.example", "HTTPS://a.example"),
        ("http://me:se@cret@a.example/", "http://a.example/"),
        ("no http://me:secret@a.example/, nor https://secret@b.example", "no http://a.example/, nor https://b.example"),
        ("https://a.example/@me", "https://a.example/@me"),
        ("https://a.example?mail=me@b.example#me@c", "https://a.example?mail=me@b.example#me@c"),
        ("postgresql://me@host/name", "postgresql://me@host/name"),
        ("me@a.example", "me@a.example"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_log_in_is_never_shown(text, shown):
    assert shown_url(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:s:3@cr@host/name", "postgresql://me:***@host/name"),
        ("postgresql://me@host/x?password=s%20x&a=b", "postgresql://me@host/x?password=***&a=b"),
        ("postgresql:///x?a=b&sslpassword=s", "postgresql:///x?a=b&sslpassword=***"),
        ("sqlite:////a/b.db", "sqlite:////a/b.db"),
    ],
)
def test_a_password_of_a_database_is_never_shown(text, shown):
    assert without_password(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://me:secret@a.example/x?page=2", "http://a.example/x?page=2"),
        ("http://a.example/h1.xml?feed_token=S3&page=2", "http://a.example/h1.xml?feed_token=&page=2"),
        ("https://a.example/?page=2&KEY=S3", "https://a.example/?page=2&KEY="),
        ("https://a.example/?accessToken=S3;x=1#auth=S4", "https://a.example/?accessToken=;x=1#auth="),
        ("https://a.example/?apikey=S3&api-key=S3&API%5Fkey=S3", "https://a.example/?apikey=&api-key=&API%5Fkey="),
        ("https://a.example/?user[password]=S3&PHPSESSID=S3", "https://a.example/?user[password]=&PHPSESSID="),
        ("no https://a.example/?sig=S3 nor <https://b.example/?x=1&token=S3>.", "no https://a.example/?sig= nor <https://b.example/?x=1&token=>."),
        ("https://a.example/?keyword=coach&monkey=1&author=ida&passage=2&sessions=3", "https://a.example/?keyword=coach&monkey=1&author=ida&passage=2&sessions=3"),
        ("https://a.example/?accesstoken=S3&rsskey=S3&USERTOKEN=S3", "https://a.example/?accesstoken=&rsskey=&USERTOKEN="),
        ("https://a.example/rss?key=sport&page=2", "https://a.example/rss?key=sport&page=2"),
        ("https://a.example/token=1/x?id=2", "https://a.example/token=1/x?id=2"),
        ("Set token=1, or ?key=2", "Set token=1, or ?key=2"),
        ("tag:a.example,2026:?token=1", "tag:a.example,2026:?token=1"),
        ("", ""),
    ],
)  # fmt: skip
def test_of_a_feed_no_secret_is_shown(text, shown):
    assert shown_feed(text) == shown
