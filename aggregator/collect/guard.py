"""Which addresses may be reached: public ones, and what a person allowed.

Asked at connect, after resolution, and again at every redirect, so that no name
and no odd notation leads a feed to our own machine or network.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Not public, though ipaddress, or that of an older Python, calls some of them global: carrier NAT
# (RFC 6598), benchmarks (RFC 2544), relays to 6to4, NAT64 of one's own network (RFC 8215), what
# is translated without a network (RFC 2765), documentation (RFC 9637), segments (RFC 9602).
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "fec0::/10",
        "::/128",
        "::ffff:0:0:0/96",
        "64:ff9b:1::/48",
        "3fff::/20",
        "5f00::/16",
    )
)
# What stands before the IPv4 address in an interface's part (RFC 5214, section 6.1).
_ISATAP = (0x00005EFE, 0x02005EFE)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Guard:
    """The rule, for one ``collect.allow_networks``."""

    def __init__(self, allow_networks: Sequence[str]) -> None:
        self._allowed: tuple[Network, ...] = tuple(
            ipaddress.ip_network(text, strict=False) for text in allow_networks
        )
        self.admits = lru_cache(maxsize=4096)(self._admits)

    def _admits(self, host: str) -> bool:
        """Whether a resolved numeric address may be reached."""
        try:
            address: Address = ipaddress.ip_address(host.split("%", 1)[0])
        except ValueError:
            return False
        inner = _inner(address)
        if any(address in network or inner in network for network in self._allowed):
            return True
        return _public(address) and _public(inner)


def _inner(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one (mapped, 6to4, Teredo, NAT64, ISATAP), else the address."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    isatap = (int(address) >> 32 & 0xFFFFFFFF) in _ISATAP
    if isatap or address in _NAT64 or int(address) >> 32 == 0:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _public(address: Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _NEVER)
    )
