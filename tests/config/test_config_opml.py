"""feeds.opml as other programs write it: nothing of it is lost on the way in and out."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.config import (
    add_subscription,
    export_opml,
    import_opml,
    load,
    load_inclusions,
    load_subscriptions,
    readdress_subscriptions,
    subscriptions_of,
)
from aggregator.model.errors import ConfigError
from aggregator.model.feed import Subscription
from aggregator.model.inclusion import Inclusion

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp")), min_size=1, max_size=12
).map(lambda text: " ".join(text.split()))  # fmt: skip
NAMES = WORDS.filter(bool)
OWN = st.dictionaries(
    st.sampled_from(["category", "created", "_vendor", "description", "x-note"]), NAMES, max_size=3
)


@st.composite
def forests(draw, depth: int = 3):
    """Outlines: ("feed", attributes) and ("folder", attributes, children)."""
    found, names = [], set()
    for _ in range(draw(st.integers(0, 3))):
        if depth and draw(st.booleans()):
            name = draw(NAMES.filter(lambda name: name not in names))
            names.add(name)
            inside = draw(forests(depth - 1))
            found.append(("folder", {"text": name, **draw(OWN)}, inside))
        else:
            title = draw(NAMES)
            found.append(("feed", {"type": "rss", "text": title, "title": title, **draw(OWN)}))
    return found


def written(forest, counter) -> str:
    text = ""
    for kind, attributes, *inside in forest:
        if kind == "feed":
            counter[0] += 1
            attributes["xmlUrl"] = f"https://n{counter[0]}.example/feed?a=1&b={counter[0]}"
        told = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items())
        text += f"<outline {told}>{written(inside[0], counter) if inside else ''}</outline>"
    return text


def seen(forest) -> list:
    """The outlines that hold feeds, as a file has them."""
    found = []
    for kind, attributes, *inside in forest:
        if kind == "feed":
            found.append((dict(attributes), ()))
        elif below := seen(inside[0]):
            found.append((dict(attributes), tuple(map(repr, below))))
    return found


def read(data: bytes) -> list:
    def outlines(element) -> list:
        return [
            (dict(one.attrib), tuple(map(repr, outlines(one))))
            for one in element.findall("outline")
        ]

    return outlines(ElementTree.fromstring(data).find("body"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(forest=forests())
def test_an_opml_file_comes_out_as_it_went_in(tmp_path: Path, forest) -> None:
    source, folder = tmp_path / "theirs.opml", tmp_path / "config"
    folder.mkdir(exist_ok=True)
    ours = folder / "feeds.opml"
    ours.unlink(missing_ok=True)
    count = [0]
    body = written(forest, count)
    source.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?><opml version="2.0"><body>{body}</body></opml>',
        encoding="utf-8",
    )
    assert len(import_opml(folder, source).added) == count[0]
    if not count[0]:
        return
    assert read(export_opml(folder)) == seen(forest)
    assert load_subscriptions(folder) == (subscriptions_of(source.read_bytes(), "x"), ())
    again = import_opml(folder, source)
    assert (again.added, len(again.known)) == ((), count[0])
    # And through an edit of ours.
    add_subscription(folder, Subscription(url="https://new.example/"))
    assert read(export_opml(folder))[:-1] == seen(forest)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "aggregator.toml").write_text("# as shipped\n")
    (tmp_path / "topics.toml").write_text("# no topics\n")
    return tmp_path


def opml(*lines: str) -> str:
    return f'<opml version="2.0"><body>{"".join(lines)}</body></opml>'


def test_duplicates_are_named_by_what_they_repeat(folder, tmp_path):
    (folder / "feeds.opml").write_text(opml('<outline xmlUrl="https://www.one.example/feed/"/>'))
    source = tmp_path / "more.opml"
    source.write_text(
        opml(
            '<outline xmlUrl="http://one.example/feed?utm_source=x"/>',
            '<outline xmlUrl="http://two.example/feed"/>',
            '<outline xmlUrl="https://two.example/feed#top"/>',
        )
    )
    report = import_opml(folder, source)
    assert report.added == ("http://two.example/feed",)
    assert report.known == (
        ("http://one.example/feed?utm_source=x", "https://www.one.example/feed/"),
        ("https://two.example/feed#top", "http://two.example/feed"),
    )


def test_an_included_list_is_no_feed_and_is_kept(folder, tmp_path):
    line = '<outline type="include" text="Friends" url="https://list.example/a.opml" aggregatorInterval="2h"/>'
    (folder / "feeds.opml").write_text(opml(f'<outline text="A">{line}</outline>'))
    found = load(folder, environ={})
    assert found.subscriptions == ()
    assert found.inclusions == (
        Inclusion(url="https://list.example/a.opml", folders=("A", "Friends"), interval=7200),
    )
    other = tmp_path / "other"
    other.mkdir()
    assert import_opml(other, folder / "feeds.opml").added == ("https://list.example/a.opml",)
    assert load_inclusions(other) == found.inclusions
    assert import_opml(other, folder / "feeds.opml").added == ()


def test_an_include_without_an_address_is_told(folder):
    (folder / "feeds.opml").write_text(opml('<outline type="include" url="friends.opml"/>'))
    (warning,) = load(folder, environ={}).warnings
    assert "friends.opml" in warning


def test_a_list_of_others_sets_nothing_here():
    data = opml(
        '<outline xmlUrl="https://a.example/f" aggregatorInterval="1m" aggregatorPaused="true" aggregatorFullText="true"/>',
        '<outline xmlUrl="file:///etc/passwd"/>',
        '<outline type="include" url="https://b.example/x.opml"/>',
    ).encode()
    assert subscriptions_of(data, "x") == (Subscription(url="https://a.example/f"),)
    with pytest.raises(ConfigError):
        subscriptions_of(b"<!doctype html><p>404", "x")


def test_a_feed_that_lost_its_address_is_told(folder, tmp_path):
    lines = (
        '<outline type="rss" text="Lost" url="https://a.example/feed"/>',
        '<outline type="rss" text="A folder"><outline xmlUrl="https://b.example/feed"/></outline>',
        '<outline text="An empty folder"/>',
        '<outline type="link" text="A page" url="https://c.example/"/>',
    )
    (folder / "feeds.opml").write_text(opml(*lines))
    (found,), (warning,) = load_subscriptions(folder)
    assert found.url == "https://b.example/feed"
    assert "without xmlUrl" in warning
    ((name, why),) = import_opml(tmp_path, folder / "feeds.opml").refused
    assert (name, "without xmlUrl" in why) == ("Lost", True)


def test_of_many_duplicates_a_few_are_named(folder):
    again = '<outline xmlUrl="http://one.example/feed"/>'
    file = folder / "feeds.opml"
    file.write_text(opml(again, *[again] * 1000))
    found, warnings = load_subscriptions(folder)
    assert [one.url for one in found] == ["http://one.example/feed"]
    assert len(warnings) == 4
    assert "997 more lines" in warnings[-1]
    assert " as " not in warnings[0]


@pytest.mark.parametrize(
    ("attribute", "told"),
    [
        (
            'aggregatorPaused="yes"',
            'aggregatorPaused: yes is neither "true" nor "false"; the feed is collected as if',
        ),
        ('aggregatorFullText="1"', 'aggregatorFullText: 1 is neither "true" nor "false"'),
        ('aggregatorIntervall="15m"', "aggregatorIntervall is no attribute of ours"),
        ('aggregatorInterval="30s"', "30s is too short; a minute is taken"),
        ('aggregatorInterval="60"', None),
        ('aggregatorPaused="TRUE"', None),
        ('aggregatorpaused="false"', None),
        ('customPaused="yes"', None),
    ],
)
def test_a_switch_that_is_none_is_told_and_stops_nothing(folder, attribute, told):
    line = f'<outline text="a" xmlUrl="https://a.example/feed" {attribute}/>'
    (folder / "feeds.opml").write_text(opml(line))
    (found,), warnings = load_subscriptions(folder)
    assert found.paused == (attribute == 'aggregatorPaused="TRUE"')
    assert [told in one for one in warnings] == ([True] if told else [])


BODY = "<opml version='2.0'><head><title>Fußball</title></head><body/></opml>"


@pytest.mark.parametrize(
    ("begin", "encoding"),
    [
        ("<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n", "utf-8"),
        ('<?xml version="1.0"  encoding="utf-8" ?>\n\n<!-- mine -->', "utf-8"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>', "latin-1"),
        ('<?xml version="1.0"?>\n', "utf-8"),
        ('\ufeff<?xml version="1.0" encoding="utf-8"?>\n', "utf-8"),
        ("", "utf-8"),
    ],
)
def test_the_declaration_of_the_file_stays_as_it_was(folder, begin, encoding):
    file = folder / "feeds.opml"
    before = (begin + BODY).encode(encoding)
    file.write_bytes(before)
    assert add_subscription(folder, Subscription(url="https://one.example/a", title="雪 ß"))
    written = file.read_bytes()
    assert written.startswith(begin.encode(encoding))
    assert written.count(b"<?xml") == before.count(b"<?xml")
    assert "Fußball".encode(encoding) in written
    ((line,), _) = load_subscriptions(folder)
    assert (line.url, line.title) == ("https://one.example/a", "雪 ß")


@pytest.mark.parametrize("encoding", ["UTF-16", "UTF-7"])
def test_a_file_that_is_not_in_ascii_is_read_and_written_anew(folder, encoding):
    file = folder / "feeds.opml"
    file.write_bytes(f'<?xml version="1.0" encoding="{encoding}"?>{BODY}'.encode(encoding))
    assert add_subscription(folder, Subscription(url="https://one.example/a"))
    assert file.read_bytes().startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert "Fußball" in file.read_text(encoding="utf-8")


def test_a_list_that_is_a_link_stays_one(folder, tmp_path):
    kept = tmp_path / "kept.opml"
    kept.write_text(f'<?xml version="1.0"?>{BODY}')
    (folder / "feeds.opml").unlink(missing_ok=True)
    (folder / "feeds.opml").symlink_to(kept)
    assert add_subscription(folder, Subscription(url="https://one.example/a"))
    assert (folder / "feeds.opml").readlink() == kept
    assert "https://one.example/a" in kept.read_text("utf-8")


@pytest.mark.parametrize("mark", ["'", '"'])
@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1"])
def test_a_new_address_is_written_so_that_it_is_read_again(tmp_path, mark, encoding):
    old, new = "https://a.example/feed?x=1&y=2", "https://é.example/feed?q='a'&r=\"b\""
    before = f'<?xml version="1.0" encoding="{encoding}"?>\n<opml version="2.0"><body>'
    after = '<outline text="Während"/></body></opml>'
    line = f'<outline text="A" xmlUrl={mark}{old.replace("&", "&amp;")}{mark}/>'
    (tmp_path / "feeds.opml").write_bytes(f"{before}{line}{after}".encode(encoding))
    assert readdress_subscriptions(tmp_path, {old: new}) == (old,)
    written = (tmp_path / "feeds.opml").read_bytes()
    assert written.startswith(before.encode(encoding))
    assert written.endswith(after.encode(encoding))
    address = ElementTree.fromstring(written).find("body/outline").get("xmlUrl")
    assert address == new
