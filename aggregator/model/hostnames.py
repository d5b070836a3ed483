"""Which hosts a list of names means, and how a host stands in an address."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address

# All addresses of a machine are none that a person could open; this machine's own is.
_OPENED = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104


def is_everywhere(host: str) -> bool:
    """Whether a server that listens there does so at every address of its machine."""
    return host in _OPENED


def shown_host(host: str) -> str:
    """The host as it stands in an address that a person can open on this machine."""
    name = _OPENED.get(host, host)
    return f"[{name}]" if ":" in name else name


def answers_to(name: str, hosts: Collection[str]) -> bool:
    """Whether a host is among these: ``*.example.org`` is all below it, ``*`` any name,
    ``<address>`` any IP address."""
    if name in hosts or "*" in hosts:
        return True
    if "<address>" in hosts and _is_ip(name):
        return True
    return any(host.startswith("*.") and name.endswith(host[1:]) for host in hosts)


def _is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
