"""Web: what is published, over HTTP. Answers GET and HEAD; POST to ``/hub`` and ``/push/`` alone.

    request ─► Guard (host, method, headers) ─► address ─► Shelf (file, coding, validators) ─► answer
                                                  ├─► /hub: form ─► the hub's reply
                                                  └─► /push/TOKEN: question or message ─► the door

``create_app`` makes the application; ``serving`` binds a port and serves it in the
running loop, leaving signals to whoever owns the process; a connection that takes too
long is ended, and of too many at once the last are refused (``connections``).
"""

from aggregator.web.app import create_app
from aggregator.web.connections import raise_open_files
from aggregator.web.server import serving

__all__ = ["create_app", "raise_open_files", "serving"]
