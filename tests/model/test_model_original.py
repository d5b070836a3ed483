"""Items as they came, packed and unpacked."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.original import pack_original, unpack_original


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=300) | st.lists(st.text(max_size=9))))
def test_what_is_packed_comes_back(item):
    assert unpack_original(pack_original(json.dumps(item).encode())) == item


@pytest.mark.parametrize("level", [1, 6, 9])
def test_what_archives_held_before_is_still_read(level):
    assert unpack_original(zlib.compress(b'{"title": "Away win"}', level)) == {"title": "Away win"}


def test_nothing_kept_is_no_field():
    assert unpack_original(b"") == {}
