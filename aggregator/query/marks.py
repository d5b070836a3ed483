"""Marks: words of the index that say which feed, language and day an entry has, and what its
authors and categories are called.

Each begins with a sign of its own, so that all stand side by side in one field of the index:

| mark | says |
| --- | --- |
| ``f12`` | the feed's key: what a feed is called may change, its key does not |
| ``les``, ``lesmx`` | the language, as tagged |
| ``d2026``, ``d202603``, ``d20260302`` | when it was published (else first seen), UTC |
| ``aeana``, ``bana`` | an author's stems in order; words that differ from their stem |
| ``cetenni``, ``etennis`` | the same of categories |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from aggregator.query.analysis import fold, language, lexicon, words

AUTHOR, AUTHOR_FORM, CATEGORY, CATEGORY_FORM = "a", "b", "c", "e"
NOWHERE = "x"
"""A mark that no entry has."""

_EARLIEST, _LATEST = date(1990, 1, 1), date(2099, 12, 31)
_BEFORE, _AFTER = "d0", "d9"
_DAY = timedelta(days=1)


def marks_of(
    *,
    feed: int,
    lang: str,
    moment: datetime,
    authors: Sequence[str] = (),
    categories: Sequence[str] = (),
) -> str:
    """The marks of an entry, by one space: of the feed with this key, in a language (BCP 47), of
    a time."""
    found = [feed_mark(feed), language_mark(lang), *_day_marks(moment)]
    known = lexicon(language(lang))
    for sign, form, named in (
        (AUTHOR, AUTHOR_FORM, authors),
        (CATEGORY, CATEGORY_FORM, categories),
    ):
        said = [word for one in named for word in words(one)]
        found += [sign + known.stem(word) for word in said]
        found += [form + other for word in dict.fromkeys(said) if (other := known.form(word))]
    return " ".join(found)


def feed_mark(key: int) -> str:
    """The mark of the entries of a feed."""
    return f"f{key}"


def language_mark(tag: str) -> str:
    """The mark of a BCP 47 tag. Two that differ in signs alone have the same."""
    return "l" + "".join(filter(str.isalnum, fold(tag)))


def marks_between(low: datetime | None, high: datetime | None) -> Iterator[str]:
    """Marks of which every time from ``low`` on and before ``high`` (None: open) has one, and
    hardly another time: years and months where they are whole, else days."""
    first = low.date() if low else date.min
    if high == datetime.min.replace(tzinfo=UTC):
        # Before the first of all times there is none.
        return
    end = (high - timedelta.resolution).date() if high else date.max
    at, last = max(first, _EARLIEST), min(end, _LATEST)
    if first < _EARLIEST:
        yield _BEFORE
    while at <= last:
        month, year = _next_month(at), date(at.year + 1, 1, 1)
        if (at.month, at.day) == (1, 1) and year - _DAY <= last:
            yield f"d{at:%Y}"
            at = year
        elif at.day == 1 and month - _DAY <= last:
            yield f"d{at:%Y%m}"
            at = month
        else:
            yield f"d{at:%Y%m%d}"
            at += _DAY
    if end > _LATEST:
        yield _AFTER


def _day_marks(moment: datetime) -> tuple[str, str, str]:
    day = moment.date()
    year = _BEFORE if day < _EARLIEST else _AFTER if day > _LATEST else f"d{day:%Y}"
    return year, f"d{day:%Y%m}", f"d{day:%Y%m%d}"


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
