"""Which enclosures are one file, and which are pictures."""

import pytest

from aggregator.model.entry import Enclosure
from aggregator.normalize.enclosures import addresses, files, is_picture, typed


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
        # Azure, nginx, Aliyun, CloudFront: with the time until when.
        (
            "https://a.example/f?sv=1&st=1&se=1&sp=r&sig=a",
            "https://a.example/f?sv=1&st=2&se=2&sp=r&sig=b",
            True,
        ),
        (
            "https://a.example/1.pdf?md5=a&expires=1",
            "https://a.example/1.pdf?md5=b&expires=2",
            True,
        ),
        ("https://a.example/f?auth_key=1-0-0-a", "https://a.example/f?auth_key=2-0-0-b", True),
        (
            "https://a.example/f?Policy=a&Signature=a&Key-Pair-Id=a",
            "https://a.example/f?Policy=b&Signature=b&Key-Pair-Id=b",
            True,
        ),
        # A season is no time until when, nor a station another's "sr".
        ("https://a.example/get?show=9&se=2&ep=5", "https://a.example/get?show=9&se=3&ep=5", False),
        ("https://a.example/get?sr=2&expires=1", "https://a.example/get?sr=3&expires=2", False),
        ("https://a.example/f?SE=1&Sig=a&id=1", "https://a.example/f?SE=2&Sig=b&id=1", True),
        # What may be all that names the file is no signature.
        ("https://a.example/get?hash=a", "https://a.example/get?hash=b", False),
        ("https://a.example/f?file_hash=12", "https://a.example/f?file_hash=13", False),
        ("https://a.example/f.php?token=a", "https://a.example/f.php?token=b", False),
        ("https://a.example/1.pdf?token=a", "https://a.example/1.pdf?token=b", True),
        ("https://a.example/1.pdf?md5=a", "https://a.example/1.pdf?md5=b", False),
        # What a player's or a stream's address names.
        (
            "https://a.example/stream.mp3?episode=12",
            "https://a.example/stream.mp3?episode=13",
            False,
        ),
        (
            "https://a.example/download.mp4?file=goal1",
            "https://a.example/download.mp4?file=goal2",
            False,
        ),
        ("https://a.example/playlist.m3u8?id=12", "https://a.example/playlist.m3u8?id=13", False),
        (
            "https://a.example/1.mp3?session_id=1&t=2",
            "https://a.example/1.mp3?session_id=2&t=3",
            True,
        ),
    ],
)
def test_a_file_is_the_same_under_what_address(one, other, same):
    first, second = (files([Enclosure(url=url)]) for url in (one, other))
    assert (first == second) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/1.mp3?updated=1", "https://a.example/1.mp3?updated=2", False),
        (
            "https://a.example/1.mp3?Expires=1&sig=a",
            "https://a.example/1.mp3?Expires=2&sig=b",
            True,
        ),
        ("https://a.example/1.jpg?w=1", "https://a.example/1.jpg?w=2", True),
    ],
)
def test_what_differs_in_more_than_a_signature_is_kept_in_its_bytes(one, other, same):
    first, second = (addresses([Enclosure(url=url)]) for url in (one, other))
    assert (first == second) is same
