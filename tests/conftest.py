"""What tests of all rooms share: the databases, and in which order and how many at once they run."""

import os
from collections.abc import Iterator

import compiling
import postgres
import pytest
from hypothesis import settings

compiling.share()

# How long an example takes is for benchmarks to say. The same examples each time, so that
# a change is judged by itself; make test ARGS=--hypothesis-profile=search looks for new ones.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, derandomize=False, max_examples=2000)
settings.load_profile("same")


def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are processors: many tests wait, for sockets and processes."""
    return (os.cpu_count() or 1) * 3 // 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: begun last, one would be waited for by all others."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a real PostgreSQL server that runs for the whole session."""
    with postgres.server() as url:
        yield url
        postgres.drop_databases(url)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of a PostgreSQL database that is fresh and empty."""
    with postgres.database(postgres_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """``archive.database`` for a fresh, empty database of each kind; "" is SQLite's own file."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return ""


@pytest.fixture
def new_postgres_archive(postgres_server: str) -> Iterator[str]:
    """URL of a PostgreSQL database with a new archive in it."""
    with postgres.archive_database(postgres_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def archive_url(request: pytest.FixtureRequest) -> str:
    """``archive.database`` for a new archive on each kind: of SQLite it is still to be made."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("new_postgres_archive"))
    return ""
