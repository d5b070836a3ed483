"""Addresses as they may be shown."""

import pytest

from aggregator.model.address import shown_url, without_password


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
