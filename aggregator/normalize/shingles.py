"""A small sample of a text's words in order, by which copies find one another among millions.

Of all runs of five words some are kept, chosen by the hashes of two of their words: two
texts of a length that share a run then both keep it or both drop it. Pure, quick, and
the same on every machine and release, since samples are stored and compared with those
of other days.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from operator import sub

from aggregator.query import NUMBER_BITS

SAMPLE_VERSION = 3
"""Samples of different versions have nothing in common; those before it age out of the archive."""

MOST_WORDS = 2000
"""Words of one text that are looked at: enough to know a copy, and a bound on what is stored."""

MOST_SIGNS = 20_000
"""Characters that hold them."""

_RUN = 5
_CHOSEN, _SHARE = 20, 24
_BEGINNING, _FIRST = 24, 6
_MOST_RUNS = 150
# Of a run as a vector of five numbers: the hash of Carter and Wegman ("Universal classes of
# hash functions", 1979): two runs that differ in one word are mistaken once in 2**30. Drawn once;
# a change is a new SAMPLE_VERSION.
_A, _B, _C, _D, _E = (
    0x5D8C8F3B2A17, 0xB1E6F4C9037D, 0x2F9A47D1C58B, 0xE3706B1D94A5, 0x8A5B36F7E92D,
)  # fmt: skip
_MASK = 2**48 - 1


def sample(numbers: Sequence[int]) -> tuple[int, ...]:
    """The sample of a text given by its words' numbers: others, below 2**48, each once.

    About 20 runs of a text, or one of 24, or all there are, and six near its beginning.
    Of texts of different length the longer keeps fewer of its runs, but none that the
    shorter would drop; none keeps more than 156. A text of fewer than five words is one run.
    """
    each = list(numbers[:MOST_WORDS])
    if 0 < len(each) < _RUN:
        each += [0] * (_RUN - len(each))
    # Two of its words choose a run, which is quicker than all five and spreads as well.
    signs = list(map(sub, each, each[_RUN - 1 :]))
    limit = _limit(len(signs))
    chosen = [at for at, sign in enumerate(signs) if -limit < sign < limit]
    if len(chosen) > _MOST_RUNS:
        # Tables repeat their words, and a text may be made for it.
        chosen = sorted(sorted(chosen, key=lambda at: abs(signs[at]))[:_MOST_RUNS])
    # A summary cut off after forty words has little else in common with the whole.
    first = signs[:_BEGINNING]
    chosen += sorted(range(len(first)), key=first.__getitem__)[:_FIRST]
    return tuple(
        {
            _A * each[at] + _B * each[at + 1] + _C * each[at + 2] + _D * each[at + 3]
            + _E * each[at + 4] & _MASK: None
            for at in chosen
        }
    )  # fmt: skip


def _limit(runs: int) -> int:
    """How far apart two evenly spread hashes are in the share of runs that is to be kept."""
    share = min(1.0, max(1 / _SHARE, _CHOSEN / max(1, runs)))
    return int(2**NUMBER_BITS * (1 - sqrt(1 - share)))
