"""Files of an entry as they are passed on: those that readers can use, each with its type."""

from __future__ import annotations

import pytest

from aggregator.model.entry import Enclosure
from aggregator.publish.enclosures import safe_enclosures

FLASH = "application/x-shockwave-flash"
CASES = {
    "what is said stays": ("https://a.example/a.mp3", "audio/x-mp3", "audio/x-mp3"),
    "a suffix": ("https://a.example/a.mp3", "", "audio/mpeg"),
    "a suffix in capitals": ("https://a.example/A.MP4", "", "video/mp4"),
    "a suffix before a query": ("https://a.example/a.m4a?id=1.pdf", "", "audio/mp4"),
    "a suffix before a fragment": ("https://a.example/a.ogg#t=1.pdf", "", "audio/ogg"),
    "a picture of any kind": ("https://a.example/a.jpg", "image/*", "image/jpeg"),
    "no suffix": ("https://a.example/listen/mp3", "", ""),
    "a folder with one": ("https://a.example/a.mp3/listen", "", ""),
    "a host with one": ("https://a.mp3", "", ""),
    "another suffix": ("https://a.example/a.xyz", "", ""),
}


@pytest.mark.parametrize(("url", "kind", "wanted"), CASES.values(), ids=CASES)
def test_an_enclosure_has_the_type_that_is_said_or_shown(url, kind, wanted):
    (found,) = safe_enclosures([Enclosure(url=url, type=kind)])
    assert (found.url.removesuffix("/"), found.type) == (url, wanted)


def test_films_that_nothing_plays_are_left_out():
    flash = Enclosure(url="https://video.example/v/1?version=3", type=FLASH)
    film = Enclosure(url="https://video.example/1.mp4", type="video/mp4")
    assert safe_enclosures([flash, film]) == (film,)


def test_an_address_is_passed_on_once():
    first = Enclosure(url="https://a.example/a.mp3", type="audio/mpeg", length=3)
    again = Enclosure(url="https://a.example/a.mp3", length=-1)
    assert safe_enclosures([first, again]) == (first,)
    assert safe_enclosures([again])[0].length is None
