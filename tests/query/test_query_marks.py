"""Marks: every time of a range has one that is asked for, and of other times only few."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.query import NOWHERE, marks_between, marks_of

TIMES = st.datetimes(datetime(1975, 1, 1), datetime(2115, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def marks(moment: datetime) -> set[str]:
    return set(marks_of(feed=1, lang="en", moment=moment).split())


@given(low=st.none() | TIMES, high=st.none() | TIMES, moment=TIMES)
def test_a_time_of_the_range_has_a_mark_that_is_asked_for(low, high, moment):
    inside = (low is None or moment >= low) and (high is None or moment < high)
    if inside:
        assert marks(moment) & set(marks_between(low, high))


@given(low=TIMES, days=st.integers(0, 3000), off=st.integers(2, 400))
def test_a_time_days_away_has_none(low, days, off):
    high = low + timedelta(days=days)
    if low.year < 1990 or high.year > 2098:
        return
    asked = set(marks_between(low, high))
    for moment in (low - timedelta(days=off), high + timedelta(days=off)):
        assert not asked & marks(moment)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ("2026-03-01", "2026-03-03", "d20260301 d20260302"),
        ("2025-12-30", "2027-02-02", "d20251230 d20251231 d2026 d202701 d20270201"),
        ("1980-01-01", "1990-01-02", "d0 d19900101"),
        ("2099-12-31", None, "d20991231 d9"),
        ("2150-01-01", "2160-01-01", "d9"),
    ],
)
def test_whole_years_and_months_are_asked_for_as_such(low, high, expected):
    begin, end = (
        datetime.fromisoformat(one).replace(tzinfo=UTC) if one else None for one in (low, high)
    )
    assert " ".join(marks_between(begin, end)) == expected


def test_what_an_entry_is_marked_with():
    found = marks_of(
        feed=12, lang="es-MX", moment=datetime(2026, 3, 2, tzinfo=UTC),
        authors=("Ana Pérez", "Ida"), categories=("Coaches",),
    )  # fmt: skip
    expected = "f12 lesmx d2026 d202603 d20260302 asana asperez asida cscoach ecoaches"
    assert found == expected
    assert NOWHERE not in found.split()


def test_before_the_first_of_all_times_there_is_none():
    assert list(marks_between(None, datetime.min.replace(tzinfo=UTC))) == []
