"""Gzip is undone alike by the quick library and by the standard one, which does where there is no other."""

from __future__ import annotations

import gzip
import zlib
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import decoding
from aggregator.model.decoding import TooLarge, Undecodable, decode

isal_zlib = pytest.importorskip("isal.isal_zlib")

LIMIT = 50_000
TEXTS = st.lists(
    st.sampled_from([b"<item>", b"</item>", b" ", b"goal"]) | st.binary(max_size=9)
).map(b"".join)


def packed(text: bytes, level: int, bits: int) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, bits)
    return packer.compress(text) + packer.flush()


def undone(library: object, wire: bytes, coding: str) -> bytes | None:
    """What it stands for; None where that is refused."""
    with mock.patch.object(decoding, "_zlib", library):
        try:
            return decode(wire, coding, LIMIT)
        except (TooLarge, Undecodable):
            return None


@given(
    st.lists(TEXTS, min_size=1, max_size=3), st.integers(0, 9), st.sampled_from([31, 15, -15]),
    st.integers(0, 40), st.binary(max_size=12),
)  # fmt: skip
def test_both_libraries_undo_what_is_whole_torn_or_followed_by_junk(texts, level, bits, torn, junk):
    coding = "gzip" if bits == 31 else "deflate"
    wire = b"".join(packed(text, level, bits) for text in texts)
    for one in (wire, wire[: len(wire) - torn], wire + junk):
        assert undone(isal_zlib, one, coding) == undone(zlib, one, coding)
    first = b"".join(texts) if bits == 31 else texts[0]
    assert undone(isal_zlib, wire, coding) == first


@pytest.mark.parametrize("library", [isal_zlib, zlib], ids=["isal", "zlib"])
@pytest.mark.parametrize(
    "damage", [0, 10, -6, -2], ids=["magic", "first block", "checksum", "length"]
)
def test_both_libraries_refuse_damage(library, damage):
    wire = bytearray(gzip.compress(b"The ferry sails at noon. " * 40, mtime=0))
    wire[damage] ^= 0xFF
    assert undone(library, bytes(wire), "gzip") is None


@pytest.mark.parametrize("library", [isal_zlib, zlib], ids=["isal", "zlib"])
@pytest.mark.parametrize(("size", "whole"), [(LIMIT, True), (LIMIT + 1, False)])
def test_both_libraries_keep_the_limit(library, size, whole):
    text = bytes(number * number % 251 for number in range(size))
    assert undone(library, gzip.compress(text), "gzip") == (text if whole else None)
