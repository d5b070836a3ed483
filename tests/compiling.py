"""Statements compiled once a worker, though each test opens an archive of its own.

SQLAlchemy keeps what it compiled with each engine, by dialect. A program that opens one
archive compiles a statement once; the tests open thousands, which took a third of their time.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.util import LRUCache

from aggregator.archive import database

_COMPILED: LRUCache[Any, Any] = LRUCache(2000)
_dialects: dict[str, sa.Dialect] = {}
"""By name, those that have met their database: they learn from it what it can do."""

_plain = database._engine


def _engine(url: sa.URL, **more: Any) -> sa.Engine:
    engine = _plain(url, **more)
    engine.update_execution_options(compiled_cache=_COMPILED)
    name = engine.dialect.name
    if name in _dialects:
        engine.dialect = _dialects[name]
    else:
        event.listen(engine, "connect", lambda *_: _dialects.setdefault(name, engine.dialect))
    return engine


def share() -> None:
    """From now on, for every archive that this process opens."""
    database._engine = _engine
