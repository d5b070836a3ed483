"""Whatever stands in a setting: it is taken, or refused in one sentence with its place."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.config import as_written, known_settings, load, parse_duration
from aggregator.config.values import BOUNDS, parse_size
from aggregator.model.errors import ConfigError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("config")
    (made / "aggregator.toml").write_text("# as shipped\n")
    (made / "feeds.opml").write_text('<opml version="2.0"><body/></opml>')
    (made / "topics.toml").write_text("# no topics\n")
    return made


def _variable(name: str) -> str:
    return f"AGGREGATOR_{name.upper().replace('.', '__')}"


def test_every_number_has_its_bounds_and_ships_within_them():
    numbers = {
        name: value
        for name, value in known_settings().items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    assert set(numbers) == set(BOUNDS)
    assert all(BOUNDS[name][0] <= value <= BOUNDS[name][1] for name, value in numbers.items())


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("collect.default_interval", 3600, "1h"),
        ("collect.default_interval", 5400, "90m"),
        ("collect.max_interval", 86400, "1d"),
        ("collect.timeout", 30.0, "30s"),
        ("collect.host_spacing", 0.25, "0.25s"),
        ("collect.host_spacing", 0, "0s"),
        ("collect.max_bytes", 16 * 2**20, "16 MiB"),
        ("archive.free_space", 1000, "1000 B"),
        ("server.port", 8080, "8080"),
        ("collect.allow_networks", ["10.0.0.0/8", "::1/128"], "10.0.0.0/8, ::1/128"),
    ],
)
def test_a_value_is_told_with_its_unit(name, value, written):
    assert as_written(name, value) == written


@pytest.mark.parametrize(
    ("text", "seconds"), [("1m", 60), ("1 m", 60), ("2D", 172800), ("1M", None), ("1d2 M", None)]
)
def test_a_capital_m_is_no_minute(text, seconds):
    if seconds is not None:
        assert parse_duration(text) == seconds
    else:
        with pytest.raises(ValueError, match="months"):
            parse_duration(text)


@given(st.integers(0, 10 * 365 * 86400), st.integers(0, 2**60))
@example(0, 2**53 + 1)
@example(0, 2**60 - 1)
def test_a_value_as_told_may_be_written_so(seconds, count):
    assert parse_duration(as_written("collect.timeout", seconds)) == seconds
    assert parse_size(as_written("collect.max_bytes", count)) == count


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_what_is_beyond_the_bounds_is_refused(folder, name):
    least, most = BOUNDS[name]
    for value in (least - 1, most * 2, 10**40, "9" * 5000):
        bounds = (
            f"{as_written(name, least)} to {as_written(name, most)}|is no (duration|size)|whole"
        )
        with pytest.raises(ConfigError, match=rf"{name} .*({bounds})"):
            load(folder, environ={_variable(name): str(value)})


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("COLLECT__ALLOW_NETWORKS", '["10.0.0.0/8"', "list of texts"),
        ("COLLECT__ALLOW_NETWORKS", "[1]", "text in quotes"),
        ("COLLECT__ALLOW_FILES", "~no-such-user/x", "no path"),
        ("COLLECT__ALLOW_FILES", "a\x00b", "control characters"),
        ("ARCHIVE__DIRECTORY", "~no-such-user/x", "no path"),
        ("ARCHIVE__DIRECTORY", "caf\udce9", "UTF-8"),
        ("ARCHIVE__DATABASE", "sqlite://", "sqlite:///archive.db"),
        ("ARCHIVE__DATABASE", "sqlite:///:memory:", "sqlite:///archive.db"),
        ("ARCHIVE__DATABASE", "sqlite:///~no-such-user/x.db", "no path"),
        ("ARCHIVE__DATABASE", "mysql://ida:secret@host/name", "takes no 'mysql'; write sqlite:///"),
        ("ARCHIVE__DATABASE", "sqlite+aiosqlite:///x.db", "takes no 'sqlite+aiosqlite'"),
        ("ARCHIVE__DATABASE", "foo.db", "takes a database's URL; write sqlite:///archive.db"),
        ("COLLECT__MIN_INTERVAL", "-5", "collect.min_interval takes 0s to 3650d, not -5"),
        ("COLLECT__TIMEOUT", "0", "collect.timeout takes 0.1s to 1d, not 0"),
        ("SERVER__PORT", "65536", "server.port takes 0 to 65535, not 65536"),
        ("PUBLISH__BASE_URL", "http://[::1", "web address"),
        ("PUBLISH__BASE_URL", "http://", "web address"),
        ("PUBLISH__HUB", "abc", "AGGREGATOR_PUBLISH__HUB: publish.hub: 'abc'"),
        (
            "COLLECT__MIN_INTERVAL",
            "2d",
            "AGGREGATOR_COLLECT__MIN_INTERVAL: collect: min_interval (2d) must not be longer than",
        ),
        ("LOG__LEVEL", "loud", "AGGREGATOR_LOG__LEVEL: log.level takes debug"),
        ("COLLECT_CONTACT", "me@example.org", "AGGREGATOR_COLLECT__CONTACT"),
        ("COLLECT__CONTAKT", "me@example.org", "AGGREGATOR_COLLECT__CONTACT"),
        ("COLLECT__SPACING", "2", "did you mean AGGREGATOR_COLLECT__HOST_SPACING?"),
        ("COLLECT__FOO", "1", "after AGGREGATOR_COLLECT__ there are ALLOW_FILES, ALLOW_NETWORKS"),
        ("FOO__BAR", "1", "unset it, or name a setting"),
    ],
)
def test_a_mistake_in_the_environment_is_named(folder, variable, value, words):
    with pytest.raises(ConfigError, match=rf"AGGREGATOR_{variable}|{variable[9:].lower()}") as told:
        load(folder, environ={f"AGGREGATOR_{variable}": value})
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_other_variables_of_ours_are_let_be(folder):
    load(
        folder, environ=dict.fromkeys(("AGGREGATOR_CONFIG", "AGGREGATOR_ARGS", "AGGREGATOR_TEST_X"))
    )


VALUES = st.one_of(
    st.text(max_size=20),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.lists(st.one_of(st.text(max_size=8), st.integers()), max_size=3),
    st.from_regex(r"(sqlite|postgresql|http|~|\[|/)[:/\[\]~@.a-z0-9?-]{0,12}", fullmatch=True),
)


@given(st.sampled_from(sorted(known_settings())), VALUES)
def test_any_value_is_taken_or_refused(folder, name, value):
    section, _, key = name.partition(".")
    written = repr(value) if isinstance(value, float) else json.dumps(value)
    for text, environ in (
        (f"[{section}]\n{key} = {written}\n", {}),
        ("# as shipped\n", {_variable(name): value if isinstance(value, str) else written}),
    ):
        (folder / "aggregator.toml").write_text(text, encoding="utf-8", errors="replace")
        try:
            load(folder, environ=environ)
        except ConfigError as error:
            assert key in str(error) or "TOML" in str(error)


def test_the_file_of_sqlite_is_a_path_like_the_others(folder):
    for url, file in (
        ("sqlite:///data/a.db?timeout=3", f"sqlite:///{folder}/data/a.db?timeout=3"),
        ("sqlite:////var/a.db", "sqlite:////var/a.db"),
        ("postgresql://host/name", "postgresql://host/name"),
    ):
        found = load(folder, environ={"AGGREGATOR_ARCHIVE__DATABASE": url})
        assert found.settings.archive.database == file
