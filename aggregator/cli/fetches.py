"""What one fetch of a feed came to: for people, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.units import size

if TYPE_CHECKING:
    from aggregator.archive import FetchRecord


def fetch_words(fetch: FetchRecord) -> str:
    """What one fetch came to: ``3 new, 1 revised (200, 12 KiB, 0.4 s)``."""
    news = [f"{fetch.new} new"] if fetch.new else []
    news += [f"{fetch.revised} revised"] if fetch.revised else []
    news += [fetch.message] if fetch.message else []
    came = ", ".join(news) or fetch.outcome
    details = [str(fetch.status)] if fetch.status else []
    details += [size(fetch.bytes)] if fetch.bytes else []
    return f"{came} ({', '.join([*details, f'{fetch.seconds:.1f} s'])})"


def fetch_json(fetch: FetchRecord) -> dict[str, object]:
    from msgspec.structs import asdict

    from aggregator.model.time import iso

    return {**asdict(fetch), "at": iso(fetch.at)}
