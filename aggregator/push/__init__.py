"""Push: hubs of publishers tell us of news, and the feed is asked at once (WebSub subscriber).

    Offer (archive) ─► Subscriptions ─► POST to the hub ─► its question ─► Door.confirm
    its message ─► Door.admit (token, signature) ─► Lane: tell, claim, fetch, write ─► published

``listening`` opens it. What a hub sends is believed to say *that* there is news, never what
it is: hubs send parts of a feed, or a form of their own, and the next poll would take back
what came so. The feed itself is asked, with its validators, and walks the one way.
"""

from aggregator.push.callbacks import PUSH_PATH, Asked, address_of
from aggregator.push.door import Door, listening, standing
from aggregator.push.signatures import Message

__all__ = [
    "PUSH_PATH",
    "Asked",
    "Door",
    "Message",
    "address_of",
    "listening",
    "standing",
]
