"""Whatever way an address is written or wrapped, it fares as the address that it is."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.collect.address import with_login
from aggregator.collect.connecting import bare, checked_host, shown
from aggregator.collect.guard import Guard
from aggregator.model.address import shown_url
from aggregator.model.errors import RefusedURL

CLOSED = Guard(())
# Where nobody's feed is: our machine, our network, the clouds' own data, many at once.
PRIVATE = st.one_of(
    *(
        st.ip_addresses(v=4, network=network)
        for network in (
            "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
            "100.64.0.0/10", "0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "198.18.0.0/15",
        )
    )
)  # fmt: skip


def wrapped(address: IPv4Address) -> dict[str, IPv6Address]:
    """The ways in which an IPv6 address may lead to an IPv4 one."""
    low = int(address)
    return {
        "mapped": IPv6Address(0xFFFF << 32 | low),
        "compatible": IPv6Address(low),
        "translated": IPv6Address(0xFFFF << 48 | low),
        "NAT64": IPv6Address(0x64FF9B << 96 | low),
        "local NAT64": IPv6Address(0x64FF9B0001 << 80 | low),
        "6to4": IPv6Address(0x2002 << 112 | low << 80 | 1),
        "Teredo": IPv6Address(0x20010000 << 96 | 0x08080808 << 64 | (low ^ 0xFFFFFFFF)),
        "ISATAP": IPv6Address(0x2A00 << 112 | 0x00005EFE << 32 | low),
    }


@given(PRIVATE)
@example(IPv4Address("169.254.169.254"))
def test_no_wrapping_makes_a_private_address_public(address):
    assert not CLOSED.admits(str(address))
    for way, one in wrapped(address).items():
        assert not CLOSED.admits(str(one)), way
        assert not CLOSED.admits(f"{one}%eth0"), way
        assert not CLOSED.admits(one.exploded.upper()), way


@given(st.ip_addresses(v=6))
def test_no_address_is_admitted_that_is_not_global(address):
    if CLOSED.admits(str(address)):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_link_local


@given(st.ip_addresses(v=4, network="10.0.0.0/8"), st.integers(0, 32))
def test_what_a_person_allowed_is_that_network_and_no_more(address, length):
    allowed = ipaddress.ip_network(f"10.1.2.3/{length}", strict=False)
    guard = Guard((str(allowed),))
    assert guard.admits(str(address)) is (address in allowed)
    assert guard.admits(f"::ffff:{address}") is (address in allowed)


@st.composite
def notations(draw: st.DrawFn) -> str:
    """A private address as a host may be written: in parts of any base, in any digits and dots."""
    octets = draw(PRIVATE).packed
    split = draw(st.integers(1, 4))
    numbers = [*octets[: split - 1], int.from_bytes(octets[split - 1 :], "big")]
    parts = [
        draw(st.sampled_from([str, hex, lambda n: f"0{n:o}", lambda n: f"0x{n:08X}"]))(number)
        for number in numbers
    ]
    dot = draw(st.sampled_from([".", "。", "．", "｡"]))
    host = dot.join(parts) + draw(st.sampled_from(["", "."]))
    if draw(st.booleans()):
        host = host.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
    return host


@given(notations(), st.sampled_from(["", ":80", ":8080"]), st.sampled_from(["", "ann:pw@"]))
@example("①②⑦.⓪.⓪.①", "", "")
@example("0x7F000001", "", "")
@example("127.1.", "", "")
def test_no_notation_of_a_private_address_is_asked(host, port, login):
    with pytest.raises(RefusedURL) as refused:
        checked_host(CLOSED, f"http://{login}{host}{port}/feed", "the feed")
    assert "pw" not in str(refused.value)


@given(PRIVATE)
def test_no_wrapping_is_asked_by_its_number(address):
    for one in wrapped(address).values():
        with pytest.raises(RefusedURL):
            checked_host(CLOSED, f"http://[{one}]/", "the feed")


@given(
    st.text(max_size=40), st.sampled_from(["http", "https", "file", "ftp", "data", "javascript"])
)
def test_any_text_is_refused_or_a_host(text, scheme):
    try:
        host = checked_host(CLOSED, f"{scheme}:{text}", "the feed")
    except RefusedURL:
        return
    assert scheme in {"http", "https"}
    assert host


WORDS = st.text("abcdefghij", min_size=3, max_size=8)
HOSTS = st.builds("{}.example".format, WORDS)
SECRET = "s3cr3t"


@given(WORDS, HOSTS, WORDS, st.sampled_from(["http", "https"]))
def test_a_log_in_is_never_shown(user, host, path, scheme):
    url = f"{scheme}://{user}:{SECRET}@{host}/{path}?a=b"
    for told in (bare(url), shown(url), shown_url(url), shown_url(f"see {url} and {url}")):
        assert SECRET not in told
        assert host in told


@given(HOSTS, HOSTS, WORDS, st.sampled_from(["http", "https"]), st.sampled_from(["http", "https"]))
def test_a_log_in_goes_to_its_own_server_alone(feed, page, path, one, other):
    asked = with_login(f"{one}://{page}/{path}", f"{other}://ann:{SECRET}@{feed}/")
    if SECRET in asked:
        assert urlsplit(asked).hostname == feed
        # Never in the clear what was given under a seal.
        assert (other, one) != ("https", "http")
    if (page, one) == (feed, other):
        assert SECRET in asked
    # Never one that the link brought along.
    assert "eve" not in with_login(f"{one}://eve:x@{page}/", f"{other}://ann:{SECRET}@{feed}/")
