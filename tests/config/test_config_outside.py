"""What stands outside the tables of a file: told with its line, and where it belongs."""

import pytest

from aggregator.config import load
from aggregator.model.errors import ConfigError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "aggregator.toml").write_text("# as shipped\n")
    (tmp_path / "feeds.opml").write_text('<opml version="2.0"><body/></opml>')
    (tmp_path / "topics.toml").write_text("# no topics\n")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '# mine\ncontact = "a@b.example"\n[server]\n',
            ":2: contact: this stands in no section (write it under [collect])",
        ),
        (
            "allow_networks = []\n",
            ":1: allow_networks: this stands in no section (write it under [collect] or [hub])",
        ),
        ("colour = 3\n", ":1: colour: there is no such setting"),
    ],
)
def test_a_setting_in_no_section(folder, text, told):
    (folder / "aggregator.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(folder, environ={})
    assert f"aggregator.toml{told}" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'query = "a"\n[b]\nquery = "b"\n',
            ":1: query: this stands outside a table (it belongs below a line such as [my-topic])",
        ),
        ("# mine\nwords = []\n", ":2: words: this stands outside a table"),
        ('halden = "a"\n', ":1: halden: a topic is a table (write [halden], then"),
    ],
)
def test_a_key_in_no_table_of_the_topics(folder, text, told):
    (folder / "topics.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(folder, environ={})
    assert f"topics.toml{told}" in str(caught.value)
