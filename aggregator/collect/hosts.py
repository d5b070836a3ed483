"""One request at a time to a host, with a pause between two; fair between hosts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from msgspec import Struct, field

# A server that so many in turn got no answer from is not asked by those who still wait:
# hundreds of feeds on a dead server would else hold up all others for hours.
_PATIENCE = 3


class Unused(Exception):
    """Raised by who has a turn and asks nothing: the next need not wait."""


class _Host(Struct):
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0
    waiting: int = 0
    silent: int = 0


class Hosts:
    """Turns at hosts. Waiting for a busy host takes no place from requests to others."""

    def __init__(self, spacing: float, concurrency: int) -> None:
        self._spacing = spacing
        self._places = asyncio.Semaphore(concurrency)
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for the host's turn, then for a place among all requests; hold both.

        Raises TimeoutError, without a turn, where it left those before without an answer.
        Who finds that it need not ask raises Unused.
        """
        host = host.rstrip(".")
        held = self._hosts.setdefault(host, _Host())
        held.waiting += 1
        back = False
        try:
            async with held.lock:
                loop = asyncio.get_running_loop()
                if (wait := held.free_at - loop.time()) > 0:
                    await asyncio.sleep(wait)
                async with self._places:
                    if held.silent >= _PATIENCE:
                        raise TimeoutError
                    try:
                        yield
                    except Unused:
                        back = True
                        raise
                    except aiohttp.ClientConnectorError as error:
                        # Nothing reached the host, so there is nothing to space out; a
                        # machine without a network knows so at once.
                        if isinstance(error, aiohttp.ClientSSLError):
                            held.free_at = loop.time() + self._spacing
                        raise
                    except BaseException as error:
                        held.silent = held.silent + 1 if isinstance(error, TimeoutError) else 0
                        held.free_at = loop.time() + self._spacing
                        raise
                    held.silent = 0
                    held.free_at = loop.time() + self._spacing
        finally:
            held.waiting -= 1
            # Who found no use for the turn comes back, and still waits, in a way.
            if not held.waiting and not back:
                held.silent = 0
                if not self._spacing:
                    self._hosts.pop(host, None)
