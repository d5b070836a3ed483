"""What systemd is told: ready, reloading, stopping, alive (sd_notify(3))."""

from __future__ import annotations

import os
import socket


def notify(state: str) -> None:
    """Send one state line, such as ``READY=1``; does nothing outside systemd.

    A dozen lines of a fixed protocol; the packages that wrap it are unkept.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    # An address that begins with @ is in Linux's abstract name space (NUL first).
    target = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(state.encode(), target)
    except OSError:
        # Nobody listens any more: the service goes on all the same.
        return


def watchdog_seconds() -> float | None:
    """How long systemd waits for a sign of life, in seconds; None where it does not."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    owner = os.environ.get("WATCHDOG_PID", "")
    if not microseconds.isdigit() or (owner and owner != str(os.getpid())):
        return None
    return int(microseconds) / 1_000_000
