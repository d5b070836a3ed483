"""secrets.toml: what is taken, what is refused, and that nothing of it is ever told."""

from __future__ import annotations

import pytest

from aggregator.config import load, write_starter
from aggregator.model.errors import ConfigError
from aggregator.model.feed import Access

TAKEN = """
["https://example.org/feed.xml"]
username = "ann"
password = "hush-hush"
proxy = "http://me:hush-hush@127.0.0.1:3128"
headers = { X-Key = "hush-hush" }
"""


@pytest.fixture
def folder(tmp_path):
    write_starter(tmp_path)
    line = '<outline type="rss" text="F" xmlUrl="https://example.org/feed.xml"/>'
    (tmp_path / "feeds.opml").write_text(f'<opml version="2.0"><body>{line}</body></opml>')
    return tmp_path


def write(folder, text: str, mode: int = 0o600) -> None:
    file = folder / "secrets.toml"
    file.write_text(text)
    file.chmod(mode)


def test_absent_is_fine(folder):
    assert load(folder, {}).access == {}


def test_what_is_given_for_a_feed(folder):
    write(folder, TAKEN)
    read = load(folder, {})
    assert read.access == {
        "example.org/feed.xml": Access(
            username="ann",
            password="hush-hush",
            proxy="http://me:hush-hush@127.0.0.1:3128",
            headers=(("X-Key", "hush-hush"),),
        )
    }
    assert not any("secrets" in one for one in read.warnings)
    assert "hush" not in repr(read)


def test_a_file_that_others_may_read_is_told(folder):
    write(folder, TAKEN, 0o640)
    (told,) = (one for one in load(folder, {}).warnings if "secrets" in one)
    assert "chmod 600" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('["https://a.example/"]\npasword = "hush"', "password"),
        ('["https://a.example/"]\npassword = 7', "takes a text"),
        ('["https://a.example/"]\npassword = "hush\\nhush"', "one line"),
        ('["https://a.example/"]\nproxy = "socks5://hush:1"', "HTTP proxy"),
        ('["https://a.example/"]\nheaders = "hush"', "table"),
        ('["https://a.example/"]\nheaders = { "X Key" = "hush" }', "no header"),
        ('["https://a.example/"]\nheaders = { Cookie = "hush" }', "no header"),
        ('["https://a.example/"]\nheaders = { X = "hush\\r\\nY: z" }', "one line"),
        ('password = "hush"', "feed's URL"),
        ('["ftp://a.example/"]\npassword = "hush"', "feed's URL"),
        ('["https://[a.example/m.xml"]\npassword = "hush"', "feed's URL"),
        ('["https://a.example:port/"]\npassword = "hush"', "feed's URL"),
        ('["file:///srv/feed.xml"]\npassword = "hush"', "feed's URL"),
        ('["https://ann:hush@a.example/"]\npassword = 7', "a.example"),
        ('["https://a.example/"]\npassword = hush', "no TOML"),
    ],
)
def test_a_mistake_is_named_and_the_secret_is_not(folder, text, words):
    write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load(folder, {})
    assert words in str(caught.value)
    assert "secrets.toml" in str(caught.value)
    assert "hush" not in str(caught.value)
