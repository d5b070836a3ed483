"""Which hosts a list of names means."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address


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
