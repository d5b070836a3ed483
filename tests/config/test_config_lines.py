"""A line of feeds.opml is changed where it is named, and nowhere else."""

from __future__ import annotations

import pytest

from aggregator.config import change_line, load_subscriptions
from aggregator.model.errors import ConfigError, UsageError

URL = "https://one.example/a?b=1&c=2"
OPML = """<?xml version='1.0' encoding='utf-8'?>
<!-- mine: <outline text="no" xmlUrl="https://one.example/a?b=1&amp;c=2"/> -->
<opml version="2.0"><head><title>t</title></head>
 <body>
  <outline text='Sport > all'>
    <outline   %s xmlUrl="https://one.example/a?b=1&amp;c=2" own='é' />
    <outline type="rss" text="Two" xmlUrl="https://two.example/"  ></outline>
  </outline>
 </body>
</opml>
"""
INTERVAL, PAUSED, FULL = "aggregatorInterval", "aggregatorPaused", "aggregatorFullText"


def written(tmp_path, begins: str = "text='One'", ends: str = "", encoding: str = "utf-8"):
    file = tmp_path / "feeds.opml"
    text = (OPML % begins).replace(" own='é'", f" own='é'{ends}").replace("utf-8", encoding)
    file.write_bytes(text.encode(encoding))
    return file


@pytest.mark.parametrize(
    ("begins", "change", "begins_then", "ends_then"),
    [
        ("text='One'", {"interval": 900}, "text='One'", f' {INTERVAL}="900s"'),
        (f"text='One' {INTERVAL}='2h'", {"interval": 900}, f"text='One' {INTERVAL}=\"900s\"", ""),
        (
            f"{INTERVAL.lower()} = '2h'  text='One'",
            {"interval": 900},
            f"{INTERVAL.lower()} = \"900s\"  text='One'",
            "",
        ),
        (f'text="One"\n  {INTERVAL}="2h"', {"interval": 0}, 'text="One"', ""),
        (
            f'text="One" {PAUSED}="true"',
            {"paused": False, "full_text": True},
            'text="One"',
            f' {FULL}="true"',
        ),
        (
            f'text="One" {FULL}="true"',
            {"full_text": False, "paused": True},
            'text="One"',
            f' {PAUSED}="true"',
        ),
        ("text='One'", {"title": 'A & "B" é'}, 'text="A &amp; &quot;B&quot; &#233;"', ""),
        ("title='1' text='One'", {"title": "B"}, 'title="B" text="B"', ""),
        # Among values that look like what is sought.
        (
            "text='aggregatorPaused=\"true\" > x'",
            {"paused": True},
            "text='aggregatorPaused=\"true\" > x'",
            f' {PAUSED}="true"',
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1"])
def test_the_attribute_that_is_named_is_another_and_nothing_else(
    tmp_path, begins, change, begins_then, ends_then, encoding
):
    wanted = written(tmp_path, begins_then, ends_then, encoding).read_bytes()
    file = written(tmp_path, begins, "", encoding)
    old = file.read_bytes()
    assert change_line(tmp_path, URL, **change)
    assert file.read_bytes() == wanted
    assert file.with_name("feeds.opml.bak").read_bytes() == old
    (one, two), warnings = load_subscriptions(tmp_path)
    assert (one.url, two.title, warnings) == (URL, "Two", ())
    assert not change_line(tmp_path, URL, **change), "it says so already"


def test_nothing_is_written_that_is_not_to_be(tmp_path):
    file = written(tmp_path)
    old = file.read_bytes()
    assert change_line(tmp_path, URL, paused=True, dry_run=True)
    assert not change_line(tmp_path, URL, paused=False, interval=0, full_text=False)
    with pytest.raises(UsageError, match=r"did you mean https://two\.example/\?"):
        change_line(tmp_path, "https://two.example/x", paused=True)
    assert file.read_bytes() == old
    assert not file.with_name("feeds.opml.bak").exists()


def test_a_file_that_cannot_be_changed_so_is_left_alone(tmp_path):
    file = written(tmp_path, encoding="utf-16")
    old = file.read_bytes()
    with pytest.raises(ConfigError, match=r"feeds\.opml:6: .*editor"):
        change_line(tmp_path, URL, paused=True)
    assert file.read_bytes() == old
