"""Addresses as feeds write them, made absolute."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.normalize.links import absolute


@pytest.mark.parametrize(
    ("written", "base", "found"),
    [
        ("/a/b.html", "https://news.example:8080/x/y?z=1#w", "https://news.example:8080/a/b.html"),
        ("/", "https://news.example", "https://news.example/"),
        ("/a/../b", "https://news.example/x/", "https://news.example/b"),
        ("//other.example/a", "https://news.example/", "https://other.example/a"),
        ("/a", "https://news.example?p=1", "https://news.example/a"),
        ("/a", "https://news.example#top", "https://news.example/a"),
        ("/a", "", None),
        ("/a", "file:///etc/", None),
        ("/a b", "https://news.example/", "https://news.example/a%20b"),
        ("javascript:alert(1)", "https://news.example/", None),
        ("https://news.example:99999999/", "https://news.example/", None),
    ],
)
def test_an_address_of_the_web_or_none(written, base, found):
    assert absolute(written, base) == found


@given(
    st.text("/ab.?#;%:=&", min_size=1, max_size=12),
    st.sampled_from(["", "/", "/section/page.html", "?p=1", "#top", "/?a=/b/c", "?a=b/c"]),
)
def test_joining_is_what_the_standard_library_makes_of_it(path, place):
    base = f"https://news.example{place}"
    assert absolute(f"/a{path}", base) == urljoin(base, f"/a{path}")
    assert absolute(f"/{path.lstrip('/')}", base) == urljoin(base, f"/{path.lstrip('/')}")
