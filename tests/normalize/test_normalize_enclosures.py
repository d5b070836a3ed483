"""Which enclosures are one file, and which are pictures."""

import pytest

from aggregator.model.entry import Enclosure
from aggregator.normalize.enclosures import files, is_picture, typed


@pytest.mark.parametrize(
    ("url", "kind", "picture"),
    [
        ("https://a.example/1", "image/jpeg", True),
        ("https://a.example/1", "Image/PNG", True),
        ("https://a.example/1", "image/*", True),
        ("https://a.example/1.jpg", "", True),
        ("https://a.example/1.WEBP?w=140", "", True),
        ("https://a.example/1.png", "application/octet-stream", True),
        ("https://a.example/1", "", False),
        ("https://a.example/1?cover=a.jpg", "", False),
        ("https://a.example/jpg", "", False),
        ("https://a.example/1.mp3", "", False),
        ("https://a.example/1.jpg", "audio/mpeg", False),
        ("https://a.example/1.jpg", "video/mp4", False),
    ],
)
def test_pictures_are_told_by_type_and_else_by_suffix(url, kind, picture):
    assert is_picture(Enclosure(url=url, type=kind)) is picture
    assert bool(files([Enclosure(url=url, type=kind)])) is not picture


@pytest.mark.parametrize(
    ("url", "kind", "medium", "wanted"),
    [
        ("https://a.example/1", "", "image", "image/*"),
        ("https://a.example/1", "image/png", "image", "image/png"),
        ("https://a.example/1.jpg", "", "image", ""),
        ("https://a.example/1", "", "video", ""),
        ("https://a.example/1", "", "", ""),
    ],
)
def test_a_type_is_given_where_only_the_medium_tells_a_picture(url, kind, medium, wanted):
    assert typed(Enclosure(url=url, type=kind), medium).type == wanted


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        # A recording that its path names.
        ("https://a.example/1.mp3?token-hash=a", "https://a.example/1.mp3?token-hash=b", True),
        ("https://a.example/1.mp3?updated=1", "https://a.example/1.mp3", True),
        ("https://a.example/1.mp3", "http://www.a.example/1.mp3", True),
        ("https://a.example/1.MP4?h=720", "https://a.example/1.MP4?h=360", True),
        ("https://a.example/1.mp3", "https://a.example/2.mp3", False),
        ("https://a.example/1.mp3", "https://b.example/1.mp3", False),
        # Where the query may name the file, only what signs it is left out.
        ("https://a.example/get.php?id=1", "https://a.example/get.php?id=2", False),
        ("https://a.example/get?id=1&expires=1", "https://a.example/get?id=1&expires=2", True),
        ("https://a.example/get?id=1&sig=a", "https://a.example/get?sig=b&id=1", True),
        ("https://a.example/get?id=1&sig=a", "https://a.example/get?id=2&sig=a", False),
        ("https://a.example/1.pdf?X-Amz-Date=1", "https://a.example/1.pdf?X-Amz-Date=2", True),
        ("https://a.example/1.pdf?version=1", "https://a.example/1.pdf?version=2", False),
        ("https://a.example/1.pdf?design=1", "https://a.example/1.pdf?design=2", False),
        ("magnet:?xt=urn:btih:a", "magnet:?xt=urn:btih:b", False),
    ],
)
def test_a_file_is_the_same_under_what_address(one, other, same):
    first, second = (files([Enclosure(url=url)]) for url in (one, other))
    assert (first == second) is same
