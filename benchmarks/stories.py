"""Near copies: precision and recall on labelled pairs, and every join among a heap of articles.

The code measured is the program's own: each text goes through ``normalize.read``, the
samples, the index and the rule. A pair is one batch of two feeds; the articles go into an
archive on SQLite, day by day. Positives of the same grade are counted together;
``degree: developed`` without a label 0 was not read by anybody and is scored neither way.

    python benchmarks/stories.py CORPUS [--picture docs/images/stories.svg] [--joins]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

from aggregator.archive import open_archive
from aggregator.model.batch import Address, Batch, ChangeKind, Fetched, Known, NextPoll, Settled
from aggregator.model.entry import Document, Entry
from aggregator.model.feed import Feed, FeedIdentity, FeedKey, Response, Subscription
from aggregator.model.sample import LEAST_SHARED
from aggregator.model.settings import ArchiveSettings, Captures, NormalizeSettings
from aggregator.normalize import decide, likeness, read
from aggregator.normalize.likeness import Wording, same_story, wording

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SETS = (
    "made_positive", "natural_positive", "natural_bbc", "public_minhash", "overlap_labelled",
    "hard_negative",
)  # fmt: skip
ARTICLES = ("articles", "short_agnews", "headlines_womens_2026")


@dataclass(frozen=True)
class Pair:
    group: str
    same: bool
    one: Entry
    other: Entry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--picture", type=Path, help="Draw the curves over thresholds here (SVG).")
    parser.add_argument("--joins", action="store_true", help="List the joins no label explains.")
    options = parser.parse_args()
    pairs = list(labelled(options.corpus))
    print_scores(pairs)
    if options.picture:
        options.picture.write_text(picture(pairs), encoding="utf-8")
    joined, known = join_articles(options.corpus)
    unexplained = [one for one in joined if frozenset(one[:2]) not in known]
    print(f"articles: {len(joined)} near joins, {len(unexplained)} of them in no labelled pair")
    if options.joins:
        for _, _, new, lead in unexplained:
            print(f"  {new}\n    {lead}")


# Labelled pairs


def labelled(corpus: Path) -> Iterator[Pair]:
    for name in SETS:
        for row in rows(corpus / "neardup" / f"{name}.jsonl"):
            if row.get("degree") == "developed" and row["label"] != 0:
                continue
            yield Pair(group_of(name, row), row["label"] == 1, entry(row["a"]), entry(row["b"]))


def group_of(name: str, row: dict) -> str:
    if name == "made_positive":
        return f"made, grade {row['grade']}"
    return f"{name}, {'same' if row['label'] == 1 else 'different'}"


def rows(file: Path) -> Iterator[dict]:
    if file.is_file():
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def entry(article: dict) -> Entry:
    return document([article], FEEDS[0]).entries[0]


def document(articles: Sequence[dict], feed: Feed) -> Document:
    items = "".join(
        f"<item><guid isPermaLink='false'>{escape(one['id'])}</guid><title>{escape(one['title'])}</title>"
        f"<description>{escape(paragraphs(one['text']))}</description></item>"
        for one in articles
    )
    body = f"<rss version='2.0'><channel><title>F</title><language>{articles[0].get('lang', 'en')}</language>{items}</channel></rss>"
    return read(
        body.encode("utf-8", "replace"), content_type="application/xml", url=feed.url,
        feed=feed.identity, seen=frozenset(), now=NOON, max_entries=len(articles),
    )  # fmt: skip


def paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(one)}</p>" for one in text.split("\n") if one.strip())


def made_feed(key: int) -> Feed:
    url = f"https://feed{key}.example/"
    return Feed(
        key=FeedKey(key), identity=FeedIdentity(f"feed{key}.example"), url=url, fetch_url=url
    )


FEEDS = (made_feed(1), made_feed(2))


def joins(pair: Pair) -> bool:
    """Whether the second, in another feed of one batch, becomes part of the first's story."""
    fetched = [
        Fetched(feed=feed, at=NOON, document=Document(version="rss20", entries=(entry,)))
        for feed, entry in zip(FEEDS, (pair.one, pair.other), strict=True)
    ]
    _, second = decide(fetched, Known(), now=NOON, settings=NormalizeSettings())
    return not second.changes[0].story.new


def print_scores(pairs: Sequence[Pair]) -> None:
    found, total = Counter(), Counter()
    for pair in pairs:
        total[pair.group] += 1
        found[pair.group] += joins(pair)
    print(f"{'set':<34}{'pairs':>7}{'joined':>8}")
    for group in total:
        print(f"{group:<34}{total[group]:>7}{found[group]:>8}{found[group] / total[group]:>9.3f}")
    same = {pair.group for pair in pairs if pair.same}
    right = sum(found[group] for group in same)
    print(f"{'precision':<50}{right / sum(found.values()):>8.4f}")
    for name, of in RECALLS.items():
        groups = [group for group in same if group.startswith(of)]
        if groups:
            share = sum(found[one] for one in groups) / sum(total[one] for one in groups)
            print(f"{'recall, ' + name:<50}{share:>8.4f}")


RECALLS = {
    "natural reposts": ("natural",),
    "made copies, grades 1-3": ("made, grade 1", "made, grade 2", "made, grade 3"),
    "made copies, grades 4-5": ("made, grade 4", "made, grade 5"),
}


# The curves


def picture(pairs: Sequence[Pair]) -> str:
    """Precision and recall over two thresholds of the rule, as SVG; the rest stays as it is."""
    worded = [
        (pair, _worded(pair.one), _worded(pair.other))
        for pair in pairs
        if len(set(pair.one.sample) & set(pair.other.sample)) >= LEAST_SHARED
    ]
    total = Counter(name for pair in pairs for name in _names(pair) if pair.same)
    panels = [
        _panel(worded, total, "SHARED", "share of the shorter text", 40),
        _panel(worded, total, "BEGINS", "share of the first words", 440),
    ]
    return _SVG.format(body="\n".join(panels))


def _worded(entry: Entry) -> Wording:
    return wording(entry.title, entry.text or entry.summary)


def _names(pair: Pair) -> list[str]:
    return [name for name, of in RECALLS.items() if pair.group.startswith(of)]


def _panel(
    worded: Sequence[tuple[Pair, Wording, Wording]],
    total: Counter,
    constant: str,
    label: str,
    left: int,
) -> str:
    chosen, steps = getattr(likeness, constant), [at / 20 for at in range(2, 20)]
    lines: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for step in steps:
        setattr(likeness, constant, step)
        joined = [pair for pair, one, other in worded if same_story(one, other)]
        lines["precision"].append((step, sum(pair.same for pair in joined) / len(joined)))
        hit = Counter(name for pair in joined if pair.same for name in _names(pair))
        for name in RECALLS:
            if total[name]:
                lines[name].append((step, hit[name] / total[name]))
    setattr(likeness, constant, chosen)
    return _drawn(lines, chosen, label, left)


_COLOURS = dict(
    zip(("precision", *RECALLS), ("#1b1b1b", "#0f7b8a", "#b5651d", "#a3195b"), strict=True)
)
_LOWEST, _WIDE, _HIGH, _TOP = 0.7, 320, 220, 20


def _drawn(lines: dict, chosen: float, label: str, left: int) -> str:
    def x(value: float) -> float:
        return left + value * _WIDE

    def y(value: float) -> float:
        return _TOP + (1 - (max(value, _LOWEST) - _LOWEST) / (1 - _LOWEST)) * _HIGH

    bottom = y(_LOWEST)
    parts = []
    for tick in (0.7, 0.8, 0.9, 1.0):
        parts.append(f'<path class="grid" d="M{x(0):.0f} {y(tick):.1f}H{x(1):.0f}"/>')
        parts.append(
            f'<text x="{x(0) - 6:.0f}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:.1f}</text>'
        )
    parts += [
        f'<text x="{x(tick):.0f}" y="{bottom + 16:.0f}" text-anchor="middle">{tick:.1f}</text>'
        for tick in (0.2, 0.4, 0.6, 0.8)
    ]
    parts.append(f'<path class="chosen" d="M{x(chosen):.1f} {_TOP}V{bottom:.0f}"/>')
    parts.append(
        f'<text x="{x(0.5):.0f}" y="{bottom + 36:.0f}" text-anchor="middle">{label}</text>'
    )
    for place, (name, points) in enumerate(lines.items()):
        path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in points)
        parts.append(f'<polyline points="{path}" stroke="{_COLOURS[name]}"/>')
        parts.append(
            f'<text x="{x(0.04):.0f}" y="{bottom - 54 + 16 * place:.0f}" fill="{_COLOURS[name]}">{name}</text>'
        )
    return "\n".join(parts)


_SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 290" role="img" aria-label="Precision and recall over two thresholds">
<style>text {{ font: 12px sans-serif }} polyline {{ fill: none; stroke-width: 2 }} .grid {{ stroke: lightgrey }} .chosen {{ stroke: grey; stroke-dasharray: 4 3 }}</style>
<rect width="800" height="290" fill="white"/>
{body}
</svg>
"""


# The heap of articles


def join_articles(corpus: Path) -> tuple[list[tuple[str, str, str, str]], set[frozenset[str]]]:
    """((id, id of the lead, title, title of the lead) of each near join; the labelled same pairs)."""
    same = {
        frozenset((row["a"]["id"], row["b"]["id"]))
        for name in SETS
        for row in rows(corpus / "neardup" / f"{name}.jsonl")
        if row["label"] == 1
    }
    days: defaultdict[str, list[dict]] = defaultdict(list)
    for name in ARTICLES:
        for row in rows(corpus / "articles" / f"{name}.jsonl"):
            if row["text"].strip() or row["title"].strip():
                days[_day(row["date"] or "")].append(row)
    with tempfile.TemporaryDirectory() as scratch:
        settings = ArchiveSettings(directory=Path(scratch), captures=Captures.OFF)
        with open_archive(settings, write=True, purpose="benchmark") as archive:
            archive.attach([Subscription(url=one.url) for one in FEEDS], now=NOON)
            (feed, _) = archive.feeds()
            titles, found = {}, []
            for day, articles in sorted(days.items()):
                fetched = [
                    _fetched(feed, articles, datetime.fromisoformat(f"{day}T12:00:00+00:00"))
                ]
                with archive.batch() as write:
                    known = write.known(fetched)
                    decisions = decide(
                        fetched, known, now=fetched[0].at, settings=NormalizeSettings()
                    )
                    write.store(Batch(at=fetched[0].at, settled=(_settled(decisions[0]),), hits=()))
                for change in decisions[0].changes:
                    if change.kind is not ChangeKind.NEW:
                        continue
                    if change.story.how == "near":
                        first, title = titles[change.story.id]
                        found.append((change.entry.guid, first, change.entry.title, title))
                    titles.setdefault(change.story.id, (change.entry.guid, change.entry.title))
    return found, same


def _day(written: str) -> str:
    """The day of a date as it is written there; years alone, and what is no date, on one day."""
    try:
        return datetime.fromisoformat(written).date().isoformat()
    except ValueError:
        return "2004-01-01"


def _fetched(feed: Feed, articles: Sequence[dict], at: datetime) -> Fetched:
    response = Response(
        requested=feed.url, url=feed.url, status=200, headers=(), wire=b"", body=b"", started=at, seconds=0.0,
    )  # fmt: skip
    return Fetched(
        feed=feed, at=at, response=response, body_hash=b"x" * 16, document=document(articles, feed)
    )


def _settled(decision) -> Settled:
    due = decision.fetched.at + timedelta(hours=1)
    return Settled(
        decision=decision,
        poll=NextPoll(due=due, reason="made"),
        address=Address(fetch_url=decision.fetched.feed.url),
    )


if __name__ == "__main__":
    main()
