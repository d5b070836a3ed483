"""Settings that would do harm without a word: what is kept is published, or all is as shipped again."""

from __future__ import annotations

import pytest

from aggregator.config import load, write_starter
from aggregator.model.errors import ConfigError


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "config"
    write_starter(made)
    return made


@pytest.mark.parametrize("text", ["", "\n", " \t\n\n", "\ufeff"])
def test_empty_settings_are_a_mistake_and_a_comment_is_none(folder, text):
    file = folder / "aggregator.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(folder, environ={})
    assert str(caught.value).startswith(f"{file}: the file is empty (put the settings back")
    file.write_text("# as shipped\n")
    assert set(load(folder, environ={}).sources.values()) == {"default"}


@pytest.mark.parametrize(
    ("public", "words"),
    [
        (".", "is the configuration folder"),
        ("..", "contains the configuration folder"),
        ("/", "contains the configuration folder"),
        ("../kept", "is archive.directory"),
        ("link", "is archive.directory"),
        ("../kept/captures", "is the folder of the captures"),
        ("../disk", "contains the folder of the captures"),
        ("../kept/archive.db", "is the database"),
        ("../kept/public", ""),
        ("../kept/captures-shown", ""),
        ("public", ""),
    ],
)
def test_what_is_kept_is_not_published(folder, tmp_path, public, words):
    kept = tmp_path / "kept"
    (tmp_path / "disk/captures").mkdir(parents=True)
    kept.mkdir()
    if "disk" in public:
        (kept / "captures").symlink_to(tmp_path / "disk/captures")
    (folder / "link").symlink_to(kept)
    file = folder / "aggregator.toml"
    file.write_text(f'[archive]\ndirectory = "../kept"\n[publish]\ndirectory = "{public}"\n')
    if not words:
        assert load(folder, environ={}).settings.publish.directory == (folder / public).resolve()
        return
    with pytest.raises(ConfigError) as caught:
        load(folder, environ={})
    place = (folder / public).resolve()
    assert str(caught.value).startswith(f"{file}:4: publish.directory: {place} {words}")
    assert "such as ../archive/public" in str(caught.value)


def test_a_database_elsewhere_is_not_published(folder):
    (folder / "aggregator.toml").write_text('[publish]\ndirectory = "shown"\n')
    given = {"AGGREGATOR_ARCHIVE__DATABASE": "sqlite:///shown/news.db?timeout=3"}
    with pytest.raises(ConfigError, match=r"toml:2: publish\.directory: .*shown contains the data"):
        load(folder, environ=given)
    given = {"AGGREGATOR_ARCHIVE__DATABASE": "postgresql://host/name"}
    load(folder, environ=given)
