"""Two states of a text told apart, whatever their size."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import differences
from aggregator.model.differences import Mark, compare

WORDS = [f"word{number}" for number in range(150)]


def texts(seed, count):
    return " ".join(Random(seed).choices(WORDS, k=count))


def test_texts_too_long_to_be_told_apart_give_way_to_one_another():
    old, new = texts(1, 8000), texts(2, 9000)
    marks = [mark for mark, _ in compare(f"Same. {old} Same end", f"Same. {new} Same end")]
    assert marks == [Mark.SAME, Mark.OLD, Mark.NEW, Mark.SAME]


def test_one_word_of_a_long_text_is_told():
    text = texts(3, 9000)
    changed = text.replace(" word7 ", " another ", 1)
    stretches = dict(compare(text, changed))
    assert (stretches[Mark.OLD], stretches[Mark.NEW]) == ("word7", "another")


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_the_short_way_tells_of_all_that_differs(before, after):
    limit, differences._MOST_PAIRS = differences._MOST_PAIRS, 20
    try:
        opcodes = differences._opcodes(before, after)
    finally:
        differences._MOST_PAIRS = limit
    made = [piece for kind, _, _, m, n in opcodes if kind != "delete" for piece in after[m:n]]
    kept = [piece for kind, i, j, _, _ in opcodes if kind != "insert" for piece in before[i:j]]
    assert (kept, made) == (before, after)
    assert all(before[i:j] == after[m:n] for kind, i, j, m, n in opcodes if kind == "equal")
