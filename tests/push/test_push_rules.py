"""What feeds say of their hubs, what hubs say of themselves, and how polling rests on them: pure rules."""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from aggregator.collect import hub_of, next_poll, told_of_news
from aggregator.collect.rhythm import doubt
from aggregator.model.batch import Fetched
from aggregator.model.entry import Document
from aggregator.model.feed import Feed, FeedIdentity, FeedKey, Response, Validators
from aggregator.model.push import Lease, Offer, Push
from aggregator.model.settings import (
    DAY,
    HOUR,
    CollectSettings,
    PublishSettings,
    ServerSettings,
    Settings,
)
from aggregator.push import Message, address_of
from aggregator.push.callbacks import (
    TOKEN_BYTES,
    Question,
    can_reach,
    is_token,
    may_know_secret,
    read_question,
    renewal,
    request_form,
)

NOW = datetime(2026, 11, 2, 12, 3, 7, tzinfo=UTC)
URL, HUB, SELF = "https://n.example/feed", "https://hub.example/", "https://n.example/feed.atom"
FEED = Feed(key=FeedKey(1), identity=FeedIdentity("x"), url=URL, fetch_url=URL)
OFFER = Offer(hub=HUB, topic=SELF)
LEASE = Lease(feed=1, url=URL, offer=OFFER, token="t" * 43, secret=b"sesame")


def fetched(
    *links: str, hubs: tuple[str, ...] = (), self_url: str | None = None, feed: Feed = FEED
) -> Fetched:
    response = Response(
        requested=URL,
        url=URL,
        status=200,
        headers=(("ETag", '"a"'), *(("lINK", link) for link in links)),
        wire=b"",
        body=b"",
        started=NOW,
        seconds=0.1,
    )
    document = Document(version="rss20", hubs=hubs, self_url=self_url)
    return Fetched(feed=feed, at=NOW, response=response, document=document)


@pytest.mark.parametrize(
    ("links", "hubs", "self_url", "hub", "topic"),
    [
        ((), (HUB,), SELF, HUB, SELF),
        ((f'<{HUB}>; rel="hub", <{SELF}>; rel="self"',), (), None, HUB, SELF),
        ((f"<{HUB}>;rel=hub", f"<{SELF}> ; REL=Self"), (), None, HUB, SELF),
        # Headers before the body, the first before the others.
        (('</a>; rel="hub"', '</b>; rel="hub"'), (HUB,), SELF, "https://n.example/a", SELF),
        (('</x>; title="a, <b>; \\"c"; rel="next hub"',), (), None, "https://n.example/x", URL),
        # Without an address of its own, it is the one that was fetched.
        ((), (HUB,), None, HUB, URL),
        # Not about this document.
        ((f'<{HUB}>; rel="hub"; anchor="/other"',), (), SELF, None, None),
        # No addresses that may be asked.
        ((), ("javascript:1", "http://u:p@hub.example/", "http://[", "ftp://hub.example"), SELF, None, None),
        ((f"<{HUB}{'x' * 1000}>; rel=hub",), (HUB,), SELF, HUB, SELF),
        ((f'<{HUB}>; rel="alternate"', "nonsense", "<", "<>;;;"), (), SELF, None, None),
        ((), (), SELF, None, None),
    ],
)  # fmt: skip
def test_the_hub_that_a_document_names(links, hubs, self_url, hub, topic):
    found = hub_of(fetched(*links, hubs=hubs, self_url=self_url), new=0).offer
    assert found == (Offer(hub=hub, topic=topic) if hub else None)


def test_nothing_is_offered_where_no_document_came():
    came = fetched(f"<{HUB}>; rel=hub")
    assert hub_of(replace(came, document=None), new=0).offer is None
    assert hub_of(replace(came, response=None), new=0).offer is None


@pytest.mark.parametrize(
    ("changes", "question"),
    [
        ({}, Question(challenge="abc", lease=600)),
        ({"hub.lease_seconds": None}, Question(challenge="abc", lease=DAY)),
        ({"hub.lease_seconds": "-5"}, Question(challenge="abc", lease=DAY)),
        ({"hub.lease_seconds": "9" * 400}, Question(challenge="abc", lease=30 * DAY)),
        ({"hub.topic": SELF + "x"}, None),
        ({"hub.topic": None}, None),
        ({"hub.challenge": ""}, None),
        ({"hub.challenge": "x" * 3000}, None),
        ({"hub.mode": "unsubscribe"}, None),
        ({"hub.mode": "publish"}, None),
        ({"hub.mode": "denied", "hub.reason": "no"}, Question(denied="no")),
        ({"hub.mode": "denied", "hub.reason": None}, Question(denied="")),
    ],
)
def test_what_we_asked_for_is_confirmed_and_nothing_else(changes, question):
    asked = {
        "hub.mode": "subscribe",
        "hub.topic": SELF,
        "hub.challenge": "abc",
        "hub.lease_seconds": "600",
    } | changes
    given = {name: [value] for name, value in asked.items() if value is not None}
    assert read_question(given, LEASE) == question


def test_a_question_with_two_topics_is_none():
    asked = {"hub.mode": ["subscribe"], "hub.challenge": ["abc"], "hub.topic": [SELF, SELF]}
    assert read_question(asked, LEASE) is None


def test_what_a_hub_is_asked():
    assert request_form(LEASE, "https://me.example/a") == (
        b"hub.mode=subscribe&hub.topic=https%3A%2F%2Fn.example%2Ffeed.atom"
        b"&hub.callback=https%3A%2F%2Fme.example%2Fa%2Fpush%2F" + b"t" * 43 + b"&hub.secret=sesame"
        b"&hub.lease_seconds=864000"
    )


@pytest.mark.parametrize(
    ("hub", "may"),
    [
        ("https://hub.example/", True),
        ("http://hub.example/", False),
        ("http://127.0.0.1:8080/hub", True),
        ("http://localhost/hub", True),
    ],
)
def test_a_secret_goes_over_no_wire_that_others_read(hub, may):
    assert may_know_secret(hub) is may
    without = replace(LEASE, secret=b"")
    assert b"hub.secret" not in request_form(without, "https://n.example")


def test_a_hub_that_was_told_no_secret_need_not_sign():
    for signatures in ([], ["sha256=00"]):
        message = Message(1, b"", signatures, ("sha256",))
        message.take(b"news")
        assert message.judge() == ""


@pytest.mark.parametrize(
    "text", ["", "a" * 42, "a" * 44, "a" * 42 + "\0", "a" * 42 + "/", "ä" * 43]
)
def test_what_can_be_no_token_is_not_looked_up(text):
    assert not is_token(text)
    assert is_token(secrets.token_urlsafe(TOKEN_BYTES))


def test_secrets_are_not_shown():
    assert "sesame" not in repr(LEASE)
    assert "ttt" not in repr(LEASE)


@pytest.mark.parametrize("lease", [900, DAY, 30 * DAY])
def test_a_lease_is_renewed_before_it_ends(lease):
    assert lease / 2 <= renewal(lease) < lease


@pytest.mark.parametrize("lease", [0, 1, 29, 600])
def test_a_short_lease_brings_no_more_requests_than_one_in_ten_minutes(lease):
    assert renewal(lease) == 600


def sign(method: str, secret: bytes = b"sesame", body: bytes = b"one two") -> str:
    return f"{method}={hmac.new(secret, body, method).hexdigest()}"


@pytest.mark.parametrize(
    ("signatures", "weak", "wrong"),
    [
        ([sign("sha256")], False, ""),
        ([sign("sha384")], False, ""),
        ([sign("sha512")], False, ""),
        ([sign("sha256").upper().replace("SHA256", "Sha256")], False, ""),
        ([sign("sha1")], True, ""),
        ([sign("sha1")], False, "push_signatures"),
        ([sign("sha256", b"other")], False, "wrong"),
        ([sign("sha256", body=b"one")], False, "wrong"),
        ([sign("sha256")[:-1]], False, "wrong"),
        ([sign("sha512").replace("sha512", "sha256")], False, "wrong"),
        (["sha256=é"], False, "wrong"),
        (["sha256"], False, "wrong"),
        ([sign("md5")], True, "not known"),
        ([sign("sha224")], True, "not known"),
        ([""], True, "not known"),
        ([], True, "not signed"),
        ([sign("sha256"), sign("sha256")], True, "not signed"),
    ],
)
def test_signatures(signatures, weak, wrong):
    methods = (
        (*CollectSettings().push_signatures, "md5") if weak else ("sha256", "sha384", "sha512")
    )
    message = Message(1, b"sesame", signatures, methods)
    message.take(b"one ")
    message.take(b"two")
    judged = message.judge()
    assert judged == wrong if not wrong else wrong in judged


@pytest.mark.parametrize(
    ("push_address", "base_url", "hosts", "address"),
    [
        ("", "", (), ""),
        ("", "https://n.example/feeds/", ("n.example",), "https://n.example/feeds"),
        ("", "https://N.example", ("n.example",), "https://N.example"),
        ("", "https://n.example", ("*.example",), "https://n.example"),
        ("", "https://n.example", ("*",), "https://n.example"),
        ("", "http://127.0.0.1:8080", (), "http://127.0.0.1:8080"),
        # A static host, for all we know.
        ("", "https://n.example", (), ""),
        ("", "https://n.example", ("other.example",), ""),
        ("https://push.example/", "https://n.example", (), "https://push.example"),
        ("off", "https://n.example", ("n.example",), ""),
    ],
)
def test_where_hubs_reach_us(push_address, base_url, hosts, address):
    settings = Settings(
        collect=CollectSettings(push_address=push_address),
        publish=PublishSettings(base_url=base_url),
        server=ServerSettings(allow_hosts=hosts),
    )
    assert address_of(settings) == address


@pytest.mark.parametrize(
    ("address", "hub", "reaches"),
    [
        ("https://n.example", HUB, True),
        ("http://127.0.0.1:8080", HUB, False),
        ("http://localhost:8080", HUB, False),
        ("http://[::1]:8080", HUB, False),
        ("http://127.0.0.1:8080", "http://127.0.0.2:9000/hub", True),
        ("https://n.example", "http://localhost/hub", True),
    ],
)
def test_a_hub_elsewhere_does_not_reach_loopback(address, hub, reaches):
    assert can_reach(address, hub) is reaches


def pushed(
    *, told: datetime | None, until: float = DAY, proven: bool = True, **more: object
) -> Feed:
    push = Push(offer=OFFER, told=told, proven=proven, until=NOW + timedelta(seconds=until))
    return replace(FEED, push=push, last_fetch=NOW - timedelta(hours=5), **more)


EARLY, LATE = NOW - timedelta(hours=9), NOW - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("feed", "least", "most"),
    [
        (FEED, HOUR, 1.1 * HOUR),
        # While it works polling rests; a person's word counts for more.
        (pushed(told=EARLY), 0.9 * DAY, 1.1 * DAY),
        (pushed(told=EARLY, interval=900), 900, 1000),
        # It has proved nothing, its time is over, or it was caught being silent.
        (pushed(told=None, proven=False), HOUR, 1.1 * HOUR),
        (pushed(told=EARLY, until=-1), HOUR, 1.1 * HOUR),
        (pushed(told=EARLY, proven=False), HOUR, 1.1 * HOUR),
        # Its end was noted while our clock was ahead.
        (pushed(told=EARLY, until=30 * DAY), 0.9 * DAY, 1.1 * DAY),
        (pushed(told=EARLY, until=375 * DAY), HOUR, 1.1 * HOUR),
    ],
)
def test_polling_rests_on_a_hub_that_works(feed, least, most):
    poll = next_poll(fetched(feed=feed), new=0, listed=9, settings=CollectSettings())
    assert least <= (poll.due - NOW).total_seconds() <= most


def test_what_a_server_does_not_show_yet_is_asked_for_again_soon():
    came = replace(fetched(feed=pushed(told=LATE)), document=None)
    poll = next_poll(came, new=0, listed=9, settings=CollectSettings())
    assert 300 <= (poll.due - NOW).total_seconds() < 400
    assert "does not show yet" in poll.reason
    # Then its "unchanged" is not believed, once in a month.
    held = Validators(url=URL, etag='"a"')
    asked = replace(came.feed, due_reason=poll.reason, validators=held)
    assert doubt(asked, NOW)
    assert not doubt(replace(asked, rhythm={"whole": NOW.timestamp() - 29 * DAY}), NOW)
    assert not doubt(replace(asked, due_reason="its own rhythm"), NOW)


def test_polls_say_whether_a_hub_is_to_be_relied_on():
    assert told_of_news(pushed(told=LATE), NOW)
    assert not told_of_news(pushed(told=EARLY), NOW)
    assert not told_of_news(FEED, NOW)
    assert hub_of(fetched(feed=pushed(told=EARLY)), new=1).silent
    assert not hub_of(fetched(feed=pushed(told=EARLY)), new=0).silent
    assert not hub_of(fetched(feed=pushed(told=LATE)), new=1).silent
    # A message just before the last poll, whose news came to be seen only now.
    just_before = NOW - timedelta(hours=5, minutes=9)
    assert not hub_of(fetched(feed=pushed(told=just_before)), new=1).silent
    assert not hub_of(fetched(feed=pushed(told=None, proven=False)), new=1).silent


def test_a_message_that_is_yet_to_come_was_noted_by_a_clock_that_was_ahead():
    ahead = pushed(told=NOW + timedelta(days=365))
    assert not told_of_news(ahead, NOW)
    assert hub_of(fetched(feed=ahead), new=1).silent
    came = replace(fetched(feed=ahead), document=None)
    poll = next_poll(came, new=0, listed=9, settings=CollectSettings())
    assert poll.due - NOW > timedelta(hours=20)
    # The poll itself was at such a time: what was told since is no silence.
    polled = replace(pushed(told=LATE), last_fetch=NOW + timedelta(days=365))
    assert not hub_of(fetched(feed=polled), new=1).silent
