"""Lines of text for every format."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aggregator.publish.text import one_line, scrub, shorten


@given(st.text(st.sampled_from("ab \n\t,é\x00"), max_size=200))
def test_a_shortened_line_is_the_beginning_of_the_whole_one(text):
    line, short = one_line(text), shorten(text, 20)
    assert len(short) <= 20
    assert short == line or (short.endswith("…") and line.startswith(short[:-1]) and len(line) > 20)


@given(st.text(max_size=80))
def test_what_xml_refuses_is_gone_and_the_rest_stays(text):
    kept = scrub(text)
    assert kept == "".join(sign for sign in text if scrub(sign))
    assert not {"\x00", "\x7f", "\ufffe", "\ud800"} & set(kept)
