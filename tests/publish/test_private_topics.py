"""Private topics: at an address that nobody can guess or find, which can be revoked."""

from __future__ import annotations

import http.client
import re
from urllib.parse import urlsplit

import pytest
from archivedesk import ONE, item
from msgspec.structs import replace
from publishing import Newsroom, free_port, served

from aggregator.archive import open_archive, restore
from aggregator.model.errors import UsageError
from aggregator.model.settings import ArchiveSettings
from aggregator.model.topic import Topic
from aggregator.publish import site_of

SECRET = Topic(slug="secret", title="Hidden things", query="*", private=True)
PUBLIC = Topic(slug="open", title="Open things", query="*")


@pytest.fixture
def room(tmp_path):
    with Newsroom(tmp_path, base_url=f"http://127.0.0.1:{free_port()}", page_size=2) as made:
        made.topics(SECRET, PUBLIC)
        made.desk.bring(ONE, *(item(f"n{n}") for n in range(5)))
        made.publish()
        yield made


def ask(base: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    connection.close()
    return found


def test_its_address_is_in_its_own_documents_and_nowhere_else(room):
    address = room.address("secret")
    token = address.removeprefix("private/")
    assert re.fullmatch("[0-9a-f]{32}", token)
    naming = {path for path, data in room.texts().items() if token.encode() in data}
    assert naming
    assert all(path.startswith(address) for path in naming)
    for path in (
        "index.html",
        "topics.html",
        "topics.opml",
        "topics/open.atom",
        "topics/open.html",
    ):
        assert b"Hidden" not in room.texts()[path]
        assert b"secret" not in room.texts()[path]
    assert not [path for path in room.texts() if path.startswith("topics/secret")]


def test_two_private_topics_have_two_addresses_and_keep_them(room):
    other = replace(SECRET, slug="other")
    room.topics(SECRET, other)
    first = {slug: room.address(slug) for slug in ("secret", "other")}
    assert len(set(first.values())) == 2
    room.topics(replace(SECRET, title="Renamed"), other)
    assert {slug: room.address(slug) for slug in first} == first


def test_what_the_server_says_of_it(room):
    base = room.settings.publish.base_url
    address = "/" + room.address("secret")
    with served(room.public, urlsplit(base).port):
        for path in (f"{address}.atom", f"{address}/1.rss", f"{address}.json", address):
            status, headers, body = ask(base, path)
            assert status == 200
            assert headers["cache-control"] == "private, no-cache"
            assert headers["x-robots-tag"] == "noindex, nofollow"
            assert headers["referrer-policy"] == "no-referrer"
            assert b"/topics/secret" not in body
        assert b'name="robots" content="noindex' in ask(base, f"{address}.html")[2]
        etag = ask(base, f"{address}.atom")[1]["etag"]
        status, headers, _ = ask(base, f"{address}.atom", **{"If-None-Match": etag})
        assert (status, headers["cache-control"]) == (304, "private, no-cache")
        assert ask(base, "/topics/open.atom")[1]["cache-control"] == "public, no-cache"
        for path in ("/private/", "/private", f"/private/{'0' * 32}.atom", f"{address[:-1]}.atom"):
            assert ask(base, path)[0] == 404
        for path in ("/topics/secret.atom", "/topics/secret"):
            assert ask(base, path)[0] == 404


def test_a_revoked_address_is_gone_for_good(room):
    base, old = room.settings.publish.base_url, room.address("secret")
    room.archive.published.revoke_address("secret")
    room.publish()
    new = room.address("secret")
    assert new != old
    assert not [path for path, data in room.texts().items() if old.removeprefix("private/") in path]
    with served(room.public, urlsplit(base).port):
        for page in (".atom", "/1.rss", "/2.html", ""):
            assert ask(base, f"/{old}{page}")[0] == 410
            assert ask(base, f"/{new}{page}")[0] == 200
        room.publish(everything=True)
        assert ask(base, f"/{old}.atom")[0] == 410


def test_only_a_private_topic_has_an_address_to_revoke(room):
    with pytest.raises(UsageError, match="not private"):
        room.archive.published.revoke_address("open")


def test_a_topic_becomes_private_and_public_again(room):
    base, held = room.settings.publish.base_url, []
    with served(room.public, urlsplit(base).port):
        for private in (True, False, True):
            room.topics(SECRET, replace(PUBLIC, private=private))
            room.publish()
            assert ask(base, "/topics/open/1.atom")[0] == (410 if private else 200)
            held += [room.address("open")] if private else []
            assert ask(base, f"/{held[-1]}/1.atom")[0] == (200 if private else 410)
            listed = b"Open things" in room.texts()["topics.opml"]
            assert listed is not private
    assert held[0] != held[1]


def test_no_hub_hears_of_it(room):
    told = list(room.archive.published.unpinged())
    assert told
    assert not [path for path in told if "private" in path]
    hubs = replace(site_of(room.settings), hubs=("https://hub.example/",))
    assert hubs.link_header("topics/open.atom")
    assert hubs.link_header(f"{room.address('secret')}.atom") == ""


def test_a_lost_private_file_is_written_again(room):
    lost = room.public / f"{room.address('secret')}.rss"
    whole = lost.read_bytes()
    lost.unlink()
    room.publish()
    assert lost.read_bytes() == whole


def test_the_address_is_in_a_backup(room, tmp_path):
    room.archive.backup(tmp_path / "backup.tar")
    again = ArchiveSettings(directory=tmp_path / "again", free_space=0)
    restore(tmp_path / "backup.tar", again)
    with open_archive(again) as archive:
        tokens = {one.topic.slug: one.token for one in archive.topics.states()}
    assert f"private/{tokens['secret']}" == room.address("secret")
    assert tokens["open"] == ""
