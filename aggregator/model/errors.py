"""All errors of the program, few and ours.

::

    AggregatorError           what happened, where, what to do next      exit
    ├── ConfigError           file, key, line                              2
    │   └── QueryError        column in the query text                     2
    ├── UsageError            a command was given something it cannot use  2
    ├── FeedError             url                                          1
    │   ├── FetchError        kind: dns, connect, tls, timeout, http …     1
    │   ├── RefusedURL        an address that is never fetched             1
    │   └── NotAFeed          bytes came, but no feed                      1
    ├── ArchiveError          database, captures, disk, machine            3
    │   ├── NoArchiveYet      nothing was collected so far                 3
    │   └── Passing           what a daemon waits for, at its start too    3
    │       ├── DiskFull      what is stored is safe, and no more is       3
    │       ├── ServerAway    a database server that is not there yet      3
    │       └── NoWorkers     no process can be started to read documents  3
    ├── PublishError          cannot write or serve the output             4
    └── AlreadyRunning        another process holds this archive           4

Anything else that reaches the command line is a bug of ours: exit 70.
Between stages an error travels as a value, so one bad feed stops nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from aggregator.model.address import shown_feed
from aggregator.model.feed import FailureKind


class AggregatorError(Exception):
    """The root: a sentence for the reader, the place, and the mend.

    ``what``: what happened, one sentence without a full stop. ``where``: file,
    URL or table it happened in, or "". ``hint``: what to do next, or "".
    ``further``: lines that belong below, such as choices, or more of the same kind.
    """

    exit_code: ClassVar[int] = 70

    def __init__(
        self, what: str, *, where: str = "", hint: str = "", further: Sequence[str] = ()
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint
        self.further = tuple(further)

    def __reduce__(self) -> tuple[object, ...]:
        # Errors come back from worker processes whole, whatever their arguments.
        return _restore, (type(self), self.what, self.__dict__.copy())

    @property
    def sentence(self) -> str:
        """All of it that goes on one line."""
        place = f"{self.where}: " if self.where else ""
        mend = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.what}{mend}"

    @property
    def on_one_line(self) -> str:
        """Everything on one line, as logs have it."""
        return "; ".join([self.sentence, *self.further])

    def __str__(self) -> str:
        return "\n  ".join([self.sentence, *self.further])


def _restore(kind: type[AggregatorError], what: str, fields: dict[str, object]) -> AggregatorError:
    error = kind.__new__(kind, what)
    error.__dict__.update(fields)
    return error


class ConfigError(AggregatorError):
    """A configuration file or setting is wrong.

    ``file``: the path as the user gave it; ``key``: dotted name or ""; ``line``:
    1-based, where the parser gives one.
    """

    exit_code = 2

    def __init__(
        self, what: str, *, file: str = "", key: str = "", line: int | None = None, hint: str = ""
    ) -> None:
        spot = f"{file}:{line}" if file and line else file
        where = ": ".join(part for part in (spot, key) if part)
        super().__init__(what, where=where, hint=hint)
        self.file = file
        self.key = key
        self.line = line


class QueryError(ConfigError):
    """A query cannot be understood. ``column`` is 1-based in ``query``."""

    def __init__(
        self,
        what: str,
        *,
        query: str,
        column: int,
        file: str = "",
        key: str = "",
        line: int | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(what, file=file, key=key, line=line, hint=hint)
        self.query = query
        self.column = column

    def at(self, file: str, key: str, line: int | None) -> QueryError:
        """The same mistake, of a query that stands there."""
        return QueryError(
            self.what,
            query=self.query,
            column=self.column,
            file=file,
            key=key,
            line=line,
            hint=self.hint,
        )

    def __str__(self) -> str:
        if not self.query.strip():  # where there is nothing to point at
            return "\n  ".join([self.sentence, *self.further])
        caret = " " * sum(map(_columns, self.query[: self.column - 1])) + "^"
        return "\n  ".join([self.sentence, self.query, caret, *self.further])


def _columns(sign: str) -> int:
    """The columns that a sign takes on a terminal."""
    if unicodedata.combining(sign) or unicodedata.category(sign) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(sign) in {"W", "F"} else 1


class UsageError(AggregatorError):
    """A command was given an argument it cannot use."""

    exit_code = 2


class FeedError(AggregatorError):
    """Something about one feed; it never stops the others."""

    exit_code = 1
    kind: FailureKind = FailureKind.OTHER

    def __init__(self, what: str, *, url: str, hint: str = "") -> None:
        super().__init__(what, where=shown_feed(url), hint=hint)
        self.url = url


class Retry(StrEnum):
    """What a kind of failure says about the next try."""

    SOON = "soon"
    LATER = "later"
    GONE = "gone"


class FetchError(FeedError):
    """No usable answer came. ``status`` is the HTTP status where there was one.

    ``retry_after``: seconds the server asked us to wait, where it said so
    (RFC 9110, section 10.2.3). ``reached``: a server heard us, so that the try
    cost it something.
    """

    def __init__(
        self,
        what: str,
        *,
        url: str,
        kind: FailureKind,
        status: int | None = None,
        retry_after: float | None = None,
        reached: bool = True,
        hint: str = "",
    ) -> None:
        super().__init__(what, url=url, hint=hint)
        self.kind = kind
        self.status = status
        self.retry_after = retry_after
        self.reached = reached

    @property
    def retry(self) -> Retry:
        if self.status == 410:
            return Retry.GONE
        soon = {FailureKind.DNS, FailureKind.CONNECT, FailureKind.TIMEOUT}
        return Retry.SOON if self.kind in soon else Retry.LATER


class RefusedURL(FeedError):
    """An address that the guard does not let us reach. ``reached``: a server that may be reached
    has led us there, so that the try cost it something.
    """

    kind = FailureKind.REFUSED
    reached = False


class NotAFeed(FeedError):
    """The answer is no feed: HTML, empty, broken beyond reading, or over a limit."""

    kind = FailureKind.NOT_A_FEED


class ArchiveError(AggregatorError):
    """The database, the captures, the disk below them or the machine fail us: no feed is to blame."""

    exit_code = 3


class NoArchiveYet(ArchiveError):
    """Nothing was collected so far; commands that can say so take it for an answer."""


class Passing(ArchiveError):
    """What ends without an edit of the configuration: a daemon waits for it, at its start too."""


class DiskFull(Passing):
    """Nothing more can be stored until there is room."""


class ServerAway(Passing):
    """The database server is not there, starts, or has no connection free: it refused nothing."""


class NoWorkers(Passing):
    """The processes that read documents cannot be started: no feed is to blame, and none is stored."""


class PublishError(AggregatorError):
    """The output cannot be written or served."""

    exit_code = 4


class AlreadyRunning(AggregatorError):
    """Another process writes this archive. ``holder`` says which, in words."""

    exit_code = 4

    def __init__(self, what: str, *, holder: str, where: str = "", hint: str = "") -> None:
        super().__init__(what, where=where, hint=hint)
        self.holder = holder
