"""Which addresses may be reached, in whatever notation they come."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collect.connecting import _numeric
from aggregator.collect.guard import Guard

CLOSED = Guard(())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "::1", "::",
        "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "not an address", "",
    ],
)  # fmt: skip
def test_private_addresses_are_refused(address):
    assert not CLOSED.admits(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1"])
def test_public_addresses_are_admitted(address):
    assert CLOSED.admits(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_what_a_person_allowed_is_admitted(address):
    assert Guard(("127.0.0.0/8",)).admits(address)
    assert not Guard(("10.0.0.0/8",)).admits(address)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("::1", "::1"),
        ("news.example", None),
        ("1a.example.org", None),
    ],
)
def test_odd_notations_are_numbers_too(host, address):
    assert _numeric(host) == address


@given(st.ip_addresses())
def test_nothing_private_gets_through(address):
    if CLOSED.admits(str(address)):
        assert address.is_global
        assert not address.is_private
        assert not address.is_loopback


@given(st.ip_addresses(v=4))
def test_a_wrapped_address_fares_as_the_bare_one(address):
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    assert CLOSED.admits(str(mapped)) <= CLOSED.admits(str(address))
