"""A configuration of which some may be wrong: what ``status`` can tell by it all the same."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from aggregator.archive import Archive
    from aggregator.cli.session import Session
    from aggregator.config import Configuration
    from aggregator.model.errors import ConfigError
    from aggregator.model.feed import Feed
    from aggregator.model.inclusion import Inclusion
    from aggregator.model.settings import Settings
    from aggregator.model.topic import LeavingTopic


class Readable(Struct, frozen=True, kw_only=True):
    """What could be read; ``broken`` says why there is no whole ``configuration``. Made by :func:`read`."""

    settings: Settings
    feeds_listed: int
    """How many feeds feeds.opml lists; none where it cannot be read."""
    inclusions: tuple[Inclusion, ...]
    """The lists that feeds.opml includes; none where it cannot be read."""
    warnings: tuple[str, ...]
    """Lines that are left out of what is taken up; where there is no configuration, of feeds.opml."""
    configuration: Configuration | None = None
    broken: ConfigError | None = None

    def mistake(self) -> tuple[str | None, str]:
        """What is wrong, in a sentence, None where nothing is; and what holds for a daemon meanwhile.

        Of samples only texts are tried: a daemon looks at those, and at entries, when it reads the file.
        """
        from aggregator.model.time import now
        from aggregator.topics import contradicted

        if self.configuration is None:
            return self.broken.sentence if self.broken else None, "what was right last stands"
        failed = next(contradicted(self.configuration.interests, now=now()), None)
        told = f"{failed} (aggregator topics check tells all)" if failed else None
        # A topic that is new, or was so before, is as it is all the same.
        return told, "further edits of topics wait until it holds"

    def asked(self, archive: Archive) -> tuple[list[Feed], int]:
        """The feeds of feeds.opml that were collected before, and how many are new in it; where the
        configuration cannot be read, those that it had last."""
        from aggregator.cli.subscriptions import known_lines

        if self.configuration is None:
            return [feed for feed in archive.feeds() if feed.subscribed], 0
        rows = known_lines(archive, self.configuration.subscriptions, self.inclusions)
        # Two lines may be one feed.
        feeds = {feed.key: feed for _, feed in rows if feed}
        return list(feeds.values()), sum(feed is None for _, feed in rows)

    def unpublished(self, archive: Archive) -> Unpublished:
        """What publishing would do; where the configuration cannot be read, the topics that are
        behind the archive."""
        from aggregator.cli.foretelling import unpublished

        if self.configuration is not None:
            due = unpublished(archive, self.configuration)
            return Unpublished(due.topics, due.synced.deleted, due.wanted.leaving)
        behind = archive.published.behind()
        return Unpublished([state.topic.slug for state in behind], (), ())


class Unpublished(Struct, frozen=True):
    """Keys of the topics that publishing would write, and of those that it would remove; and those
    that are no longer in topics.toml, and will be removed."""

    behind: Sequence[str]
    removed: Sequence[str]
    leaving: Sequence[LeavingTopic]


def read(session: Session) -> Readable:
    """Read the configuration; where that cannot be, its parts, with settings that are wrong as shipped.

    Raises ConfigError where it leaves open which archive is meant.
    """
    from aggregator.config import load, load_inclusions, load_subscriptions
    from aggregator.model.errors import ConfigError

    try:
        whole = load(session.folder)
    except ConfigError as error:
        settings, _ = session.right_settings()
        made = Readable(
            settings=settings, feeds_listed=0, inclusions=(), warnings=(), broken=error
        )  # fmt: skip
        with suppress(ConfigError):
            lines, warnings = load_subscriptions(session.place)
            lists = load_inclusions(session.place)
            return replace(made, feeds_listed=len(lines), inclusions=lists, warnings=warnings)
        return made
    return Readable(
        settings=whole.settings,
        feeds_listed=len(whole.subscriptions),
        inclusions=whole.inclusions,
        warnings=whole.warnings,
        configuration=whole,
    )
