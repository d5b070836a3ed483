"""Logs: one structured event a line, on standard error."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from datetime import datetime
from typing import Any

import structlog
from structlog.typing import Processor

from aggregator.model.address import shown_feed
from aggregator.model.settings import LogSettings
from aggregator.model.time import iso, now
from aggregator.publish import PRIVATE, TOKEN_SIGNS

# What of a private topic's address nobody can guess, in a path, an address or a file's name.
_PRIVATE = re.compile(rf"({PRIVATE}/)[0-9a-f]{{{TOKEN_SIGNS}}}")


def configure(settings: LogSettings) -> None:
    """Send events to standard error: text on a terminal, one JSON object a line otherwise."""
    text = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
        if text
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _timed(_for_people if text else iso),
            _harmless,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries that log through the standard library are heard only when they complain.
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s", force=True)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    logging.getLogger("aiohttp").setLevel(logging.ERROR)


def _timed(shown: Callable[[datetime], str | None]) -> Processor:
    """Has the times in an event shown so."""

    def show(
        _logger: object, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        for key, value in event.items():
            if isinstance(value, datetime):
                event[key] = shown(value)
        return event

    return show


def _for_people(moment: datetime) -> str:
    """In their own zone, with its offset, as the line begins in UTC; with the day where it is another."""
    here = moment.astimezone()
    today = here.date() == now().astimezone().date()
    return here.timetz().isoformat("minutes") if today else here.isoformat(" ", "minutes")


def _harmless(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Feed text is never a log line or a terminal sequence of its own; no log-in and no secret is in an address,
    and no private topic's address is told."""
    for key, value in event.items():
        if isinstance(value, str):
            told = _PRIVATE.sub(r"\1…", shown_feed(value))
            event[key] = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in told)
    return event
