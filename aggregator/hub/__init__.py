"""Hub: whoever subscribed to a feed gets its changes at once (WebSub).

    publish ─► wake ─► Deliveries ─► POST to each subscriber      the built-in hub
                  └──► Pinger ─► POST to the hub                  an outside hub
    /hub ─► Subscribing ─► "did you mean it?" ─► archive

``telling`` opens what the settings ask for. What is still to be told follows from the
archive: which version of each document was published, and which one each was told of.
"""

from aggregator.hub.asking import Fields, Reply
from aggregator.hub.opening import Silent, Teller, ping_once, standing, telling

__all__ = ["Fields", "Reply", "Silent", "Teller", "ping_once", "standing", "telling"]
