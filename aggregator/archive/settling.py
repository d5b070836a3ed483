"""What a fetch came to, into the feeds' rows and their listings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from aggregator.archive import feeds as feeds_of
from aggregator.archive import notices
from aggregator.archive.columns import name_of, storable
from aggregator.archive.offers import keep_told, store_offers
from aggregator.archive.schema import feed_urls, feeds, listings
from aggregator.archive.statements import execute_many, upsert
from aggregator.model.address import canonical_url
from aggregator.model.batch import Settled
from aggregator.model.entry import EntryId
from aggregator.model.errors import FetchError, Retry
from aggregator.model.feed import (
    SERVED_BYTES,
    FailureKind,
    Feed,
    Response,
    Validators,
)

# So many addresses that redirects lead to in turns are remembered beside the latest.
_ADDRESSES = 4
_TELLING = (
    "content-type", "content-encoding", "cache-control", "expires", "etag", "last-modified", "server",
)  # fmt: skip

# The other names of a row are columns, which are set to what it says.
_SETTLED = (
    sa.update(feeds)
    .where(feeds.c.feed_key == sa.bindparam("of"))
    .values(entries=feeds.c.entries + sa.bindparam("added", type_=sa.Integer))
)


def store_feeds(
    connection: sa.Connection, settled: Sequence[Settled], entry_keys: Mapping[EntryId, int]
) -> None:
    """The feeds' rows after this fetch, claims given back; and what each now lists.

    Of an archive document only its entries are counted: it says nothing of the feed as it is now.
    """
    rows = [_feed_values(one) for one in settled]
    settled = [one for one in settled if not one.decision.fetched.archived]
    told = [
        (one.decision.fetched.feed.key, notice)
        for one in settled
        for notice in (one.noted.notices if one.noted else ())
    ]
    notices.add(connection, told)
    for names in {tuple(row) for row in rows}:
        alike = [row for row in rows if tuple(row) == names]
        execute_many(connection, _SETTLED, alike)
    listed = [
        {"feed_key": one.decision.fetched.feed.key, "items": _listing(one, entry_keys)}
        for one in settled
        if one.decision.listing is not None
    ]
    upsert(connection, listings, listed, replace=("items",))
    moved = [
        {
            "canonical": name_of(canonical_url(one.address.fetch_url)),
            "feed_key": one.decision.fetched.feed.key,
        }
        for one in settled
        if one.address.fetch_url != one.decision.fetched.feed.fetch_url
    ]
    upsert(connection, feed_urls, moved)
    store_offers(connection, settled)
    keep_told(connection, settled)


def _listing(one: Settled, entry_keys: Mapping[EntryId, int]) -> str:
    return feeds_of.pack_listing(
        [
            (item_hash, entry_keys[identifier], missing)
            for item_hash, identifier, missing in one.decision.listing or ()
        ]
    )


def _feed_values(one: Settled) -> dict[str, Any]:
    fetched = one.decision.fetched
    feed, failure, response = fetched.feed, fetched.failure, fetched.response
    values: dict[str, Any] = {"of": feed.key, "added": one.decision.new}
    if fetched.archived:
        return values
    values |= notices.state(one.noted) if one.noted else {}
    values |= {
        "last_fetch": fetched.at,
        "next_due": one.poll.due,
        "due_reason": one.poll.reason,
        "retry_after": one.poll.retry_after,
        "rhythm": json.dumps(one.poll.rhythm),
        "claim_holder": None,
        "claim_until": None,
        "fetch_url": one.address.fetch_url,
        "moved_to": one.address.moved_to,
        "moved_count": one.address.moved_count,
    }
    if failure is not None:
        held = feed.failure
        if response is not None and failure.kind is FailureKind.NOT_A_FEED:
            # It is no feed, but the next request can name it all the same.
            values |= _validators(feed, response)
        return values | {
            "failure_kind": failure.kind.value,
            "failure_message": failure.what,
            "failure_since": held.since if held else fetched.at,
            "failure_count": held.count + 1 if held else 1,
            "stopped": isinstance(failure, FetchError) and failure.retry is Retry.GONE,
        }
    if feed.last_success is None:
        values["first_success"] = fetched.at
    values |= {
        "last_success": fetched.at,
        "failure_kind": None,
        "failure_message": None,
        "failure_since": None,
        "failure_count": 0,
        "body_hash": fetched.body_hash,
    }
    if response is not None:
        values |= _validators(feed, response)
        if response.status == 200:
            values["served"] = json.dumps(_served(response), ensure_ascii=False)
        if fetched.document is not None:
            values["doubted"] = None
    if fetched.document is not None:
        document = fetched.document
        values |= {
            "published_title": document.title or feed.published_title,
            "home": document.home or feed.home,
            "description": document.description or feed.description,
            "lang": document.lang or feed.lang,
            "published_id": document.id or feed.published_id,
            "previous_archive": document.previous_archive,
        }
    return values


def _validators(feed: Feed, response: Response) -> dict[str, Any]:
    """The latest response's, and those of other addresses that redirects led to before.

    A 304 may leave out what it does not change (RFC 9110, 15.4.5).
    """
    found, held = response.validators, feed.validators_of(response.url)
    if response.status == 304 and held is not None:
        found = Validators(
            url=held.url,
            etag=(found and found.etag) or held.etag,
            last_modified=(found and found.last_modified) or held.last_modified,
        )
    others = [
        one
        for one in (feed.validators, *feed.elsewhere)
        if one is not None and one.url != response.url
    ]
    return {
        "validator_url": found.url if found else None,
        "etag": found.etag if found else None,
        "last_modified": found.last_modified if found else None,
        "elsewhere": feeds_of.pack_validators(others[:_ADDRESSES]),
    }


def _served(response: Response) -> dict[str, str]:
    """What the answer says of itself, for whoever wants to tell the publisher."""
    told: dict[str, list[str]] = {}
    for name, value in response.headers:
        told.setdefault(name.lower(), []).append(value)
    kept = {name: storable(", ".join(told[name]))[:200] for name in _TELLING if name in told}
    # A cookie's value is nobody's business, not even ours.
    if "set-cookie" in told:
        kept["set-cookie"] = ""
    return kept | {SERVED_BYTES: str(len(response.body))}
