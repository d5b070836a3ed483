"""The environment that commands are run in by tests."""

from __future__ import annotations

import os


def clean_environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AGGREGATOR_")}
    return {**kept, "TZ": "UTC"}
