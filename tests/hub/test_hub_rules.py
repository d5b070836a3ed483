"""What the hub takes and sends, decided by pure rules (WebSub, sections 5.1, 5.3 and 7)."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from aggregator.hub.asking import Reply, Wanted, read_request
from aggregator.hub.messages import confirmation_url, delivery_headers, denial_url, ping_form
from aggregator.hub.patience import Allowance, gives_up, wait_after
from aggregator.model.settings import HubSettings
from aggregator.publish import Site

SITE = Site(base_url="https://news.example", hubs=("https://news.example/hub",))
TOPIC = "https://news.example/topics/torres.atom"
FORM = {
    "hub.mode": ["subscribe"],
    "hub.topic": [TOPIC],
    "hub.callback": ["https://reader.example:8443/push?id=7"],
}


def asked(**changed: str | list[str]):
    fields = dict(FORM)
    for name, value in changed.items():
        fields[f"hub.{name}"] = [value] if isinstance(value, str) else value
    return read_request(fields, SITE, HubSettings())


def test_a_whole_request():
    found = asked(secret="sésame", lease_seconds="864000", extra="ignored")
    assert found == Wanted(
        subscribe=True,
        topic=TOPIC,
        path="topics/torres.atom",
        callback="https://reader.example:8443/push?id=7",
        host="reader.example",
        lease=864000,
        secret="sésame".encode(),
    )


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"mode": "publish"}, 400),
        ({"mode": []}, 400),
        ({"mode": ["subscribe", "subscribe"]}, 400),
        ({"callback": ["https://a.example/", "https://b.example/"]}, 400),
        ({"callback": ""}, 400),
        ({"callback": "ftp://reader.example/"}, 400),
        ({"callback": "https:///nowhere"}, 400),
        ({"callback": "https://reader.example:http/"}, 400),
        ({"callback": "https://user:word@reader.example/"}, 400),
        ({"callback": "https://reader.example/#part"}, 400),
        ({"callback": "https://reader.example/a b"}, 400),
        ({"callback": "https://reader.example/\r\nX: y"}, 400),
        ({"callback": "https://reader.example/é"}, 400),
        ({"callback": f"https://reader.example/{'a' * 1900}"}, 400),
        ({"lease_seconds": "0"}, 400),
        ({"lease_seconds": "-5"}, 400),
        ({"lease_seconds": "a day"}, 400),
        ({"lease_seconds": "٣"}, 400),
        ({"lease_seconds": "9" * 21}, 400),
        ({"secret": "x" * 200}, 400),
        ({"secret": "é" * 100}, 400),
        ({"secret": ["one", "two"]}, 400),
        ({"topic": "https://other.example/topics/torres.atom"}, 404),
        ({"topic": "https://news.example.evil/topics/torres.atom"}, 404),
        ({"topic": "https://news.example"}, 404),
        ({"topic": f"https://news.example/{'a' * 401}"}, 404),
    ],
)
def test_what_is_refused(changed, status):
    found = asked(**changed)
    assert isinstance(found, Reply)
    assert found.status == status
    assert found.text


@pytest.mark.parametrize(
    ("lease", "granted"),
    [("", 864000), ("1", 3600), ("7200", 7200), ("99999999999999999999", 2592000)],
)
def test_leases_are_bounded(lease, granted):
    assert asked(lease_seconds=lease).lease == granted
    assert asked().lease == 864000


def test_a_secret_of_199_bytes_and_none():
    assert len(asked(secret="x" * 199).secret) == 199
    assert asked(secret="").secret is None


def test_an_address_with_needless_percent_signs_is_the_same():
    assert asked(topic="https://news.example/topics/%74orres%2Eatom").path == "topics/torres.atom"
    assert asked(topic="https://news.example/topics%2Ftorres.atom").path == "topics%2Ftorres.atom"


@pytest.mark.parametrize("query", ["", "?id=7&hub.mode=mine", "?", "?a=b&"])
def test_a_callbacks_own_query_stays_in_front(query):
    wanted = asked(callback=f"https://reader.example/push{query}")
    url = confirmation_url(wanted, "challenge word")
    assert url.startswith(f"https://reader.example/push{query}")
    added = parse_qsl(urlsplit(url).query)[-4:]
    assert added == [
        ("hub.mode", "subscribe"),
        ("hub.topic", TOPIC),
        ("hub.challenge", "challenge word"),
        ("hub.lease_seconds", "864000"),
    ]
    assert "hub.mode=denied" in denial_url(wanted.callback, TOPIC, "no more")


def test_headers_of_a_delivery():
    headers = delivery_headers("topics/torres.json", SITE, b"{}", b"key")
    assert headers == {
        "Content-Type": "application/feed+json; charset=utf-8",
        "Link": '<https://news.example/hub>; rel="hub", '
        '<https://news.example/topics/torres.json>; rel="self"',
        # printf '{}' | openssl dgst -sha256 -hmac key
        "X-Hub-Signature": "sha256=a777724d943eb48dc69bca8a4a6d57a04db3f9ec7e1de4e581e860265bdf3032",
    }
    assert "X-Hub-Signature" not in delivery_headers("topics/torres.json", SITE, b"{}", None)


def test_a_ping_names_the_address_in_both_ways():
    assert dict(parse_qsl(ping_form(TOPIC).decode())) == {
        "hub.mode": "publish",
        "hub.url": TOPIC,
        "hub.topic": TOPIC,
    }


def test_waits_grow_and_end_within_reason():
    waits = [wait_after(n).total_seconds() for n in range(1, 30)]
    assert waits == sorted(waits)
    assert waits[0] == 10
    assert waits[-1] == 12 * 3600
    assert wait_after(1, asked=600).total_seconds() == 600
    assert wait_after(1, asked=1e9).total_seconds() == 86400
    assert [gives_up(n) for n in (1, 6, 7, 8)] == [False, False, True, True]


def test_an_allowance_is_used_up_and_comes_back():
    allowance = Allowance(60)
    assert all(allowance.take(100.0) for _ in range(60))
    assert not allowance.take(100.5)
    assert allowance.take(101.6)
    assert not allowance.take(101.6)
