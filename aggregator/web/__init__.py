"""The built-in server: feeds, pages, health and metrics, on loopback unless told otherwise."""

from aggregator.web.application import create_app
from aggregator.web.serving import serving

__all__ = ["create_app", "serving"]
