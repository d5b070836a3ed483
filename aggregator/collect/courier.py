"""Messages to other servers' callbacks: guarded as fetching is, but for one try, soon, without redirects.

Feeds are fetched with pauses between two requests to a host; a message must not wait for
them, nor they for it. Who sends sees to it that no host gets too many at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import aiohttp
from msgspec import Struct
from yarl import URL

from aggregator.collect.caching import retry_after
from aggregator.collect.connecting import checked_host, guarded_session, shown, user_agent
from aggregator.collect.failures import failure
from aggregator.collect.guard import Guard
from aggregator.model.errors import FeedError
from aggregator.model.settings import CollectSettings
from aggregator.model.time import now

# An answer is a short word, or is not read to its end.
_ANSWER_BYTES = 4096


class Answer(Struct, frozen=True, kw_only=True):
    """What a server said: status, the first 4 KiB, and the seconds it asks us to wait, if it does.

    ``location`` is where it says to go instead, or "".
    """

    status: int
    body: bytes
    retry_after: float | None
    location: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Courier:
    """Sends messages. An async context manager that owns the connections."""

    def __init__(
        self,
        settings: CollectSettings,
        version: str,
        *,
        seconds: float,
        allow_networks: Sequence[str] | None = None,
    ) -> None:
        """``seconds``: the most one message may take in all. ``allow_networks``: the private ones
        that messages may lead to; those that feeds may, unless given."""
        self._guard = Guard(settings.allow_networks if allow_networks is None else allow_networks)
        self._seconds = seconds
        self._headers = {"User-Agent": user_agent(version, settings.contact), "Accept": "*/*"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = guarded_session(self._guard, self._seconds)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, url: str) -> Answer | FeedError:
        """Ask a callback. A failure is the result, never raised; a redirect is an answer."""
        return await self._send("GET", url, None, {})

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer | FeedError:
        """Bring a body to a callback. A failure is the result; a redirect is an answer."""
        return await self._send("POST", url, body, headers)

    async def _send(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer | FeedError:
        assert self._session is not None
        named = shown(url)
        try:
            checked_host(self._guard, url, named)
            async with self._session.request(
                method,
                # As it was given, letter for letter: it may be a secret that is compared.
                URL(url, encoded=True),
                data=body,
                headers={**self._headers, **headers},
                allow_redirects=False,
            ) as answer:
                return Answer(
                    status=answer.status,
                    body=await _beginning(answer),
                    retry_after=retry_after(answer.headers, now()),
                    location=_target(url, answer.headers.get("Location", "")),
                )
        except FeedError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever a server does, it costs only its own message
            return failure(named, error)


def _target(url: str, location: str) -> str:
    try:
        return urljoin(url, location.strip()) if location else ""
    except ValueError:
        return ""


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    pieces, size = list[bytes](), 0
    async for piece in answer.content.iter_any():
        pieces.append(piece)
        size += len(piece)
        if size > _ANSWER_BYTES:
            answer.close()
            break
    return b"".join(pieces)[:_ANSWER_BYTES]
