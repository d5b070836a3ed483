"""What /metrics tells (Prometheus text format); each name is in docs/daemon.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from aggregator.model.batch import Counts
from aggregator.model.delay import Delay, delay_of
from aggregator.model.feed import FeedState
from aggregator.model.time import now

_SECONDS = (0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800)


# Each feed that is named makes two series, for ever, wherever metrics are kept.
_FEEDS_NAMED = 100


class Metrics:
    """The counters and gauges of one running daemon."""

    def __init__(self) -> None:
        # The time each counter was made is said by none of our names, and doubles the text.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        self._fetches = Counter(
            "aggregator_fetches", "Feeds fetched, by outcome", ["outcome"], registry=registry
        )
        self._entries = Counter(
            "aggregator_entries", "Entries, by what happened", ["change"], registry=registry
        )
        self._stories = Counter("aggregator_stories", "New stories", registry=registry)
        self._rounds = Histogram(
            "aggregator_round_seconds",
            "How long a round of collecting took",
            buckets=_SECONDS,
            registry=registry,
        )
        self._last_round = Gauge(
            "aggregator_last_round_timestamp_seconds",
            "End of the last round, Unix time",
            registry=registry,
        )
        self._feeds = Gauge("aggregator_feeds", "Feeds, by state", ["state"], registry=registry)
        self._archived = Gauge(
            "aggregator_archived_entries", "Entries in the archive", registry=registry
        )
        self._files = Counter(
            "aggregator_published_files", "Published files that changed", registry=registry
        )
        self._messages = Counter(
            "aggregator_hub_messages",
            "Messages to subscribers and hubs, by kind and outcome",
            ["kind", "outcome"],
            registry=registry,
        )
        self._waits = Histogram(
            "aggregator_publish_wait_seconds",
            "From the first entry that is stored to the writing of its topics",
            buckets=_SECONDS,
            registry=registry,
        )
        self._delay = Gauge(
            "aggregator_delay_seconds",
            "From an entry's own date to its arrival, over all feeds, within a week",
            ["quantile"],
            registry=registry,
        )
        self._feed_delay = Gauge(
            "aggregator_feed_delay_seconds",
            "The same of the feeds that brought most",
            ["feed", "quantile"],
            registry=registry,
        )
        self._paused = Gauge(
            "aggregator_paused", "1 while the archive cannot be written", registry=registry
        )

    def count_write(self, counts: Counts) -> None:
        """Add what one write came to."""
        self._fetches.labels("unchanged").inc(counts.unchanged)
        self._fetches.labels("failed").inc(counts.failed)
        self._fetches.labels("changed").inc(counts.feeds - counts.unchanged - counts.failed)
        self._entries.labels("new").inc(counts.new)
        self._entries.labels("revised").inc(counts.revised)
        self._entries.labels("vanished").inc(counts.vanished)
        self._stories.inc(counts.new_stories)

    def count_round(self, seconds: float) -> None:
        """A round ended after so many seconds."""
        self._rounds.observe(seconds)
        self._last_round.set(now().timestamp())

    def count_published(self, files: int) -> None:
        """So many published files changed."""
        self._files.inc(files)

    def count_message(self, kind: str, outcome: str) -> None:
        """A message to a subscriber or a hub came to this."""
        self._messages.labels(kind, outcome).inc()

    def show_paused(self, paused: bool) -> None:
        """Whether collecting is paused because the archive cannot be written."""
        self._paused.set(paused)

    def count_wait(self, seconds: float) -> None:
        """What was stored so long ago is published now."""
        self._waits.observe(seconds)

    def show_delays(self, seconds: Mapping[str, Sequence[float]]) -> None:
        """Set the gauges of delays, from those of single entries by feed."""
        self._feed_delay.clear()
        most = sorted(seconds, key=lambda feed: (-len(seconds[feed]), feed))[:_FEEDS_NAMED]
        for feed in most:
            _set_quantiles(self._feed_delay, delay_of(seconds[feed]), feed)
        self._delay.clear()
        _set_quantiles(self._delay, delay_of(chain.from_iterable(seconds.values())))

    def show_archive(self, feeds: Mapping[FeedState, int], entries: int) -> None:
        """Set the gauges of feeds by state and of archived entries."""
        for state, count in feeds.items():
            self._feeds.labels(state.value).set(count)
        self._archived.set(entries)

    def text(self) -> bytes:
        """All metrics in the Prometheus text format."""
        return generate_latest(self._registry)


def _set_quantiles(gauge: Gauge, delay: Delay | None, *labels: str) -> None:
    if delay is not None:
        gauge.labels(*labels, "0.5").set(delay.median)
        gauge.labels(*labels, "0.95").set(delay.p95)
