"""What one command line has in common: the configuration folder and how much to say."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from msgspec import Struct, field

from aggregator.cli.output import note, one_line

if TYPE_CHECKING:
    from aggregator.archive import Archive
    from aggregator.config import Configuration
    from aggregator.model.errors import ConfigError
    from aggregator.model.feed import Access, Subscription
    from aggregator.model.inclusion import Inclusion
    from aggregator.model.person import Person
    from aggregator.model.settings import ArchiveSettings, Settings
    from aggregator.query import Query


class Session(Struct):
    """Made by ``main``, filled by the options before the command."""

    folder: Path | None = None
    """As ``-C`` gives it; None means ``$AGGREGATOR_CONFIG`` or ``config/``."""
    verbose: bool = False
    _warned: set[str] = field(default_factory=set)

    @property
    def place(self) -> Path:
        """The configuration folder, whether it exists or not."""
        return self.folder or Path(os.environ.get("AGGREGATOR_CONFIG") or "config")

    def configuration(self) -> Configuration:
        """Read the configuration; its warnings go to standard error. Raises ConfigError."""
        from aggregator.config import load

        configuration = load(self.folder)
        self._warn(configuration.warnings)
        return configuration

    def settings(self) -> Settings:
        """Read aggregator.toml alone, so that a mistake elsewhere stops nothing. Raises ConfigError."""
        from aggregator.config import load_settings

        return load_settings(self.folder)

    def right_settings(self) -> tuple[Settings, ConfigError | None]:
        """The settings, those that are wrong as shipped, and the mistake: for commands that tell what
        is wrong. Raises ConfigError where it leaves open which archive is meant."""
        from aggregator.config import load_right_settings

        return load_right_settings(self.folder)

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Read feeds.opml alone; its warnings go to standard error. Raises ConfigError."""
        from aggregator.config import load_subscriptions

        lines, warnings = load_subscriptions(self.place)
        self._warn(warnings)
        return lines

    def inclusions(self) -> tuple[Inclusion, ...]:
        """The lists that feeds.opml includes. Raises ConfigError."""
        from aggregator.config import load_inclusions

        return load_inclusions(self.place)

    def access(self) -> dict[str, Access]:
        """What secrets.toml gives for feeds, by canonical URL; its warnings go to standard error.

        Raises ConfigError.
        """
        from aggregator.config import load_access

        found, warnings = load_access(self.place)
        self._warn(warnings)
        return found

    def _warn(self, warnings: Iterable[str]) -> None:
        """What is told already, of a file that a command reads twice, is not told again."""
        for warning in warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                note(f"aggregator: {one_line(warning)}")

    def query(self, text: str) -> Query:
        """Understand a query; the configuration is read where it names people or topics.

        Raises ConfigError, QueryError.
        """
        from aggregator.query import parse

        return self.bound(parse(text))[0]

    def bound(self, query: Query) -> tuple[Query, tuple[Person, ...]]:
        """A query with the people and topics that it names in place, and who may be named; nobody
        where it names none. Raises ConfigError, QueryError."""
        from aggregator.query import Bindings

        if not query.refers:
            return query, ()
        interests = self.configuration().interests
        return Bindings(interests.topics, interests.people).bind(query), interests.people

    def reading(self) -> Archive:
        """Open the archive to read it. Raises ConfigError, ArchiveError."""
        from aggregator.archive import open_archive

        return open_archive(self.settings().archive)

    def reading_if_any(self, settings: ArchiveSettings | None = None) -> Archive | None:
        """Open the archive to read it (``settings``: where they were read before); None where nothing
        was collected yet. Raises ConfigError, ArchiveError."""
        from aggregator.archive import open_archive
        from aggregator.model.errors import NoArchiveYet

        try:
            return open_archive(settings or self.settings().archive)
        except NoArchiveYet:
            return None


def session_of(context: typer.Context) -> Session:
    """The session that ``main`` handed to the command."""
    session = context.find_object(Session)
    return session if session is not None else Session()
