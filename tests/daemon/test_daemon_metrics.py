"""What /metrics says of delays, and how many series that may make."""

from __future__ import annotations

from aggregator.daemon.metrics import Metrics


def test_delays_name_the_feeds_that_bring_most():
    metrics = Metrics()
    metrics.show_delays({f"https://{n}.example/": [float(n)] * (n + 1) for n in range(150)})
    text = metrics.text().decode()
    assert text.count("\naggregator_feed_delay_seconds{") == 200
    assert (
        'aggregator_feed_delay_seconds{feed="https://149.example/",quantile="0.95"} 149.0' in text
    )
    assert "https://49.example/" not in text
    assert 'aggregator_delay_seconds{quantile="0.5"} 105.0' in text
    # A feed that is gone is gone.
    metrics.show_delays({"https://1.example/": [5.0]})
    assert metrics.text().decode().count("\naggregator_feed_delay_seconds{") == 2
